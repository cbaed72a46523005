"""Cancel tokens: the first reason wins, from any thread, for every dependent, exactly once."""

from __future__ import annotations

import gc
import threading
from contextlib import AbstractContextManager, nullcontext
from weakref import ref

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus.core import CancelToken
from trio_helianthus.errors import OperationCancelled
from trio_helianthus.testing import cancel_sweep

DEEP = 10_000


def test_the_first_reason_wins() -> None:
    token = CancelToken()
    assert (token.cancelled, token.reason) == (False, None)
    assert token.cancel("first")
    assert not token.cancel("second")
    assert (token.cancelled, token.reason) == (True, "first")


def test_none_is_a_reason_too() -> None:
    token = CancelToken()
    token.cancel(None)
    assert not token.cancel("later")
    assert (token.cancelled, token.reason) == (True, None)


def test_it_shows_its_state() -> None:
    token = CancelToken()
    assert repr(token) == "<CancelToken not cancelled>"
    token.cancel("enough")
    assert repr(token) == "<CancelToken cancelled: 'enough'>"


def test_check_raises_the_reason_once_it_is_cancelled() -> None:
    token = CancelToken()
    token.check()
    token.cancel({"any": "object"})
    with pytest.raises(OperationCancelled) as caught:
        token.check()
    assert caught.value.reason == {"any": "object"}


def test_a_reason_that_cannot_be_shown_changes_nothing() -> None:
    class Unspeakable:
        def __str__(self) -> str:
            raise RuntimeError("no words")

    token = CancelToken()
    with pytest.raises(RuntimeError, match="no words"):
        token.cancel(Unspeakable())
    assert not token.cancelled
    assert token.cancel("in words")


# ---------------------------------------------------------------- families


def test_a_child_is_cancelled_with_its_parent_but_not_the_other_way() -> None:
    parent = CancelToken()
    one, other = parent.child(), parent.child()
    one.cancel("only this one")
    assert (parent.cancelled, other.cancelled) == (False, False)
    parent.cancel("all of you")
    assert (one.reason, other.reason) == ("only this one", "all of you")


def test_a_child_of_a_cancelled_token_is_born_cancelled() -> None:
    parent = CancelToken()
    parent.cancel("before")
    assert parent.child().reason == "before"


def test_any_is_cancelled_by_whichever_comes_first() -> None:
    left, right = CancelToken(), CancelToken()
    either = CancelToken.any(left, right)
    right.cancel("right")
    left.cancel("left")
    assert either.reason == "right"


def test_any_of_several_cancelled_tokens_takes_the_first_reason() -> None:
    left, right = CancelToken(), CancelToken()
    right.cancel("right")
    left.cancel("left")
    assert CancelToken.any(left, right).reason == "left"


def test_any_of_none_and_any_of_the_same_token_twice() -> None:
    token = CancelToken()
    twice = CancelToken.any(token, token)
    token.cancel()
    assert twice.cancelled
    assert not CancelToken.any().cancelled


def test_a_diamond_is_cancelled_once() -> None:
    top = CancelToken()
    bottom = CancelToken.any(top.child(), top.child())
    top.cancel("from the top")
    assert bottom.reason == "from the top"


def test_a_long_chain_needs_no_deep_recursion() -> None:
    first = last = CancelToken()
    for _ in range(DEEP):
        last = last.child()
    first.cancel("through all of them")
    assert last.reason == "through all of them"


def test_a_long_chain_disappears_without_deep_recursion() -> None:
    first = last = CancelToken()
    for step in range(DEEP):
        last = CancelToken.any(last, CancelToken()) if step % 2 else last.child()
    watched = ref(last)
    del last
    gc.collect()
    assert watched() is None
    assert not first._dependents


# ---------------------------------------------------------------- memory


def test_a_child_that_nobody_holds_disappears_from_its_parent() -> None:
    parent = CancelToken()
    child = parent.child()
    watched = ref(child)
    assert len(parent._dependents) == 1
    del child
    gc.collect()
    assert watched() is None
    assert not parent._dependents


def test_a_child_keeps_its_parents() -> None:
    parent = CancelToken()
    watched = ref(parent)
    child = parent.child()
    del parent
    gc.collect()
    kept = watched()
    assert kept is not None
    kept.cancel("still there")
    assert child.reason == "still there"


def test_a_child_that_outlives_nothing_is_forgotten_after_its_parent() -> None:
    parent = CancelToken()
    child = parent.child()
    del parent
    watched = ref(child)
    del child
    gc.collect()
    assert watched() is None


async def test_a_scope_leaves_nothing_in_the_token() -> None:
    token = CancelToken()
    with token.scope():
        assert len(token._dependents) == 1
    assert not token._dependents


# ---------------------------------------------------------------- in a trio run


async def test_a_scope_cuts_its_body_short_and_raises_the_reason() -> None:
    token = CancelToken()
    with pytest.raises(OperationCancelled) as caught, token.scope():
        token.cancel("now")
        await trio.sleep_forever()
    assert caught.value.reason == "now"


async def test_a_body_that_got_to_its_end_keeps_its_result() -> None:
    token = CancelToken()
    with token.scope():
        token.cancel("too late")
    assert token.cancelled


async def test_the_scope_of_a_cancelled_token_is_not_entered() -> None:
    token = CancelToken()
    token.cancel("before")
    with pytest.raises(OperationCancelled), token.scope():
        pytest.fail("the body ran")


async def test_one_cancel_ends_all_scopes_in_all_tasks() -> None:
    token = CancelToken()
    ended = []

    async def work(number: int) -> None:
        try:
            with token.child().scope() if number % 2 else token.scope():
                await trio.sleep_forever()
        except OperationCancelled as exc:
            ended.append((number, exc.reason))

    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(work, number)
        await wait_all_tasks_blocked()
        token.cancel("all")
    assert sorted(ended) == [(number, "all") for number in range(10)]


async def test_wait_returns_the_reason() -> None:
    token = CancelToken()
    reasons = []

    async def wait() -> None:
        reasons.append(await token.wait())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert reasons == []
        token.cancel("go")
    assert reasons == ["go", "go"]
    assert await token.wait() == "go"
    assert not token._dependents


async def test_wait_is_a_checkpoint_even_when_the_token_is_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with trio.testing.assert_checkpoints():
        await token.wait()
    with trio.CancelScope() as scope:
        scope.cancel()
        await token.wait()
        pytest.fail("the outer cancellation was lost")
    assert scope.cancelled_caught


async def test_a_wait_that_is_cancelled_leaves_the_token_alone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    token = CancelToken()
    with trio.move_on_after(1) as scope:
        await token.wait()
    assert scope.cancelled_caught
    assert not token.cancelled
    assert not token._dependents


@pytest.mark.parametrize("error", [None, ValueError("body")], ids=["normally", "with an error"])
async def test_a_guard_cancels_on_leaving(error: Exception | None) -> None:
    token = CancelToken()
    expected: AbstractContextManager[object] = (
        nullcontext() if error is None else pytest.raises(ValueError, match="body")
    )
    with expected, token.guard() as guarded:
        assert guarded is token
        assert not token.cancelled
        if error is not None:
            raise error
    assert token.reason == "the guarded block ended"


async def test_a_guard_cancels_what_the_block_started() -> None:
    token = CancelToken()
    async with trio.open_nursery() as nursery:
        with token.guard("no longer wanted"):
            nursery.start_soon(token.wait)
            await wait_all_tasks_blocked()
    assert token.reason == "no longer wanted"


@pytest.mark.sweep
def test_every_point_of_scope_and_wait_can_be_cancelled() -> None:
    async def scenario() -> None:
        token = CancelToken()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(token.wait)
            try:
                with token.child().scope():
                    await trio.lowlevel.checkpoint()
                    nursery.start_soon(cancel_soon, token)
                    await trio.sleep_forever()
            except OperationCancelled:
                pass
            finally:
                token.cancel()
        assert not token._dependents

    async def cancel_soon(token: CancelToken) -> None:
        await trio.lowlevel.checkpoint()
        token.cancel("by a neighbour")

    assert cancel_sweep(scenario).points > 10


# ---------------------------------------------------------------- across threads and runs


async def test_a_foreign_thread_cancels_a_scope() -> None:
    token = CancelToken()
    with pytest.raises(OperationCancelled) as caught, token.scope():
        threading.Thread(target=token.cancel, args=("from outside",)).start()
        await trio.sleep_forever()
    assert caught.value.reason == "from outside"


async def test_a_worker_thread_of_trio_cancels_a_scope() -> None:
    token = CancelToken()
    with pytest.raises(OperationCancelled), token.scope():
        await trio.to_thread.run_sync(token.cancel, "from a worker")
        await trio.sleep_forever()


async def test_another_run_cancels_a_scope() -> None:
    token = CancelToken()

    async def other_main() -> None:
        assert token.cancel("from another run")

    with pytest.raises(OperationCancelled), token.scope():
        thread = threading.Thread(target=trio.run, args=(other_main,))
        thread.start()
        await trio.sleep_forever()
    thread.join()


def test_a_run_that_has_ended_is_ignored() -> None:
    token = CancelToken()
    abandoned = []

    async def main() -> None:
        limit = token.scope()
        limit.__enter__()
        abandoned.append(limit)

    trio.run(main)
    assert token._dependents
    assert token.cancel("nobody is there")


def test_one_cancel_reaches_two_runs_at_once() -> None:
    token = CancelToken()
    both_wait = threading.Barrier(3)
    reasons = []

    async def main() -> None:
        try:
            with token.scope():
                both_wait.wait()
                await trio.sleep_forever()
        except OperationCancelled as exc:
            reasons.append(exc.reason)

    threads = [threading.Thread(target=trio.run, args=(main,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    both_wait.wait()
    token.cancel("both of you")
    for thread in threads:
        thread.join()
    assert reasons == ["both of you", "both of you"]


def test_of_many_threads_exactly_one_is_the_first() -> None:
    for _ in range(50):
        token = CancelToken()
        children = [token.child() for _ in range(5)]
        start = threading.Barrier(4)
        results: list[tuple[int, bool]] = []

        def cancel(
            number: int,
            token: CancelToken = token,
            start: threading.Barrier = start,
            results: list[tuple[int, bool]] = results,
        ) -> None:
            start.wait()
            results.append((number, token.cancel(number)))

        threads = [threading.Thread(target=cancel, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (winner,) = [number for number, was_first in results if was_first]
        assert token.reason == winner
        assert {child.reason for child in children} == {winner}


def test_no_dependent_that_arrives_during_a_cancel_is_missed() -> None:
    async def main() -> None:
        for _ in range(100):
            token = CancelToken()
            thread = threading.Thread(target=token.cancel, args=("race",))
            thread.start()
            for child in [token.child() for _ in range(20)]:
                with pytest.raises(OperationCancelled), child.scope():
                    await trio.sleep_forever()
            thread.join()

    trio.run(main)
