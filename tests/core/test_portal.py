"""Portals: foreign threads, signal handlers and host loops get work into a trio run."""

from __future__ import annotations

import asyncio
import gc
import math
import signal
import sys
import threading
import weakref
from concurrent.futures import Future
from concurrent.futures import wait as wait_for_futures
from contextlib import suppress
from typing import Any, NoReturn

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus.core import CancelToken, Portal, open_portal
from trio_helianthus.errors import OperationCancelled, OperationTimeout, PortalStopped
from trio_helianthus.testing import cancel_sweep


async def in_thread(function: Any, *args: object) -> Any:
    """Call ``function`` in a thread of which trio knows nothing."""
    outcome: Future[Any] = Future()
    done = trio.Event()
    run = trio.lowlevel.current_trio_token()

    def target() -> None:
        try:
            outcome.set_result(function(*args))
        except BaseException as exc:  # noqa: ASYNC103 - not a trio thread
            outcome.set_exception(exc)
        run.run_sync_soon(done.set)

    thread = threading.Thread(target=target)
    thread.start()
    await done.wait()
    thread.join()
    return outcome.result()


def fail(message: str) -> NoReturn:
    raise ValueError(message)


async def add_later(left: int, right: int) -> int:
    await trio.lowlevel.checkpoint()
    return left + right


# ---------------------------------------------------------------- post


async def test_posts_of_one_thread_run_in_their_order() -> None:
    numbers: list[int] = []

    def post_all() -> None:
        for number in range(1000):
            portal.post(numbers.append, number)

    async with open_portal() as portal:
        await in_thread(post_all)
    assert numbers == list(range(1000))


async def test_posts_of_several_threads_keep_the_order_of_each() -> None:
    seen: list[tuple[int, int]] = []

    def post_all(thread: int) -> None:
        for number in range(200):
            portal.post(seen.append, (thread, number))

    async with open_portal() as portal, trio.open_nursery() as nursery:
        for thread in range(4):
            nursery.start_soon(in_thread, post_all, thread)
    assert len(seen) == 800
    for thread in range(4):
        assert [number for who, number in seen if who == thread] == list(range(200))


async def test_posts_run_in_the_trio_thread() -> None:
    threads: list[threading.Thread] = []
    async with open_portal() as portal:
        await in_thread(portal.post, lambda: threads.append(threading.current_thread()))
    assert threads == [threading.current_thread()]


async def test_a_burst_of_posts_costs_one_wake_up() -> None:
    done: list[int] = []
    async with open_portal() as portal:
        await wait_all_tasks_blocked()
        before = portal.statistics()
        for number in range(10):
            portal.post(done.append, number)
        waiting = portal.statistics()
        await wait_all_tasks_blocked()
        after = portal.statistics()
    assert (before.posted, before.wake_ups) == (0, 0)
    assert (waiting.posted, waiting.waiting) == (10, 10)
    assert (after.posted, after.waiting, after.wake_ups) == (10, 0, 1)
    assert len(done) == 10


async def test_a_quiet_portal_does_not_wake_up() -> None:
    class Steps(trio.abc.Instrument):
        count = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            self.count += "pump" in task.name

    async with open_portal() as portal:
        await wait_all_tasks_blocked()
        trio.lowlevel.add_instrument(steps := Steps())
        await wait_all_tasks_blocked(0.01)
        assert steps.count == 0
        portal.post(lambda: None)
        await wait_all_tasks_blocked(0.01)
        assert 1 <= steps.count <= 2
        trio.lowlevel.remove_instrument(steps)


async def test_a_flood_of_posts_leaves_trios_tasks_their_turns() -> None:
    turns = posts_done = 0

    def count() -> None:
        nonlocal posts_done
        posts_done += 1

    async with open_portal() as portal:
        await wait_all_tasks_blocked()
        for _ in range(1000):
            portal.post(count)
        while posts_done < 1000:
            turns += 1
            await trio.lowlevel.checkpoint()
    assert turns > 10


async def test_a_post_may_post() -> None:
    numbers: list[int] = []

    def count_down(number: int) -> None:
        numbers.append(number)
        if number:
            portal.post(count_down, number - 1)

    async with open_portal() as portal:
        portal.post(count_down, 3)
        await wait_all_tasks_blocked()
        assert numbers == [3, 2, 1, 0]


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this platform has no spare signal")
async def test_a_signal_handler_may_post() -> None:
    posted = trio.Event()
    async with open_portal() as portal:
        previous = signal.signal(signal.SIGUSR1, lambda *_: portal.post(posted.set))
        try:
            signal.raise_signal(signal.SIGUSR1)
            await posted.wait()
            with portal._lock:  # as if the signal had come in the middle of a post
                signal.raise_signal(signal.SIGUSR1)
        finally:
            signal.signal(signal.SIGUSR1, previous)


async def test_a_post_that_raises_ends_the_block_with_its_bare_exception() -> None:
    with pytest.raises(ValueError, match="bare"):
        async with open_portal() as portal:
            await in_thread(portal.post, fail, "bare")
            await trio.sleep_forever()
    with pytest.raises(PortalStopped):
        portal.post(fail, "too late")


async def test_an_async_function_is_no_post() -> None:
    async with open_portal() as portal:
        with pytest.raises(TypeError, match="submit and call take"):
            portal.post(trio.sleep, 0)
        with pytest.raises(TypeError, match="submit and call take"):
            portal.post_delayed(0, trio.sleep, 0)


# ---------------------------------------------------------------- post_delayed


async def test_delayed_posts_run_when_they_are_due(autojump_clock: MockClock) -> None:
    ran: list[tuple[str, object]] = []

    def note(name: str) -> None:
        ran.append((name, trio.current_time()))

    async with open_portal() as portal:
        for seconds, name in [(3, "last"), (1, "first"), (2, "a"), (2, "b"), (0, "at once")]:
            portal.post_delayed(seconds, note, name)
        await wait_all_tasks_blocked()
        assert portal.statistics().delayed == 4
        await trio.sleep(10)
    assert ran == [
        ("at once", pytest.approx(0)),
        ("first", pytest.approx(1)),
        ("a", pytest.approx(2)),
        ("b", pytest.approx(2)),
        ("last", pytest.approx(3)),
    ]


async def test_an_earlier_delayed_post_overtakes_one_that_waits(autojump_clock: MockClock) -> None:
    ran: list[str] = []
    async with open_portal() as portal:
        portal.post_delayed(5, ran.append, "late")
        await trio.sleep(1)
        portal.post_delayed(1, ran.append, "early")
        await trio.sleep(2)
        assert ran == ["early"]
        await trio.sleep(10)
    assert ran == ["early", "late"]


async def test_a_delayed_post_can_be_cancelled_from_any_thread(autojump_clock: MockClock) -> None:
    ran: list[str] = []
    async with open_portal() as portal:
        handle = portal.post_delayed(1, ran.append, "cancelled")
        done = portal.post_delayed(1, ran.append, "done")
        thread = threading.Thread(target=handle.cancel)
        thread.start()
        thread.join()
        handle.cancel()
        await trio.sleep(2)
        done.cancel()
    assert ran == ["done"]


async def test_cancelled_delayed_posts_do_not_pile_up() -> None:
    async with open_portal() as portal:
        for _ in range(1000):
            portal.post_delayed(3600, print).cancel()
        await wait_all_tasks_blocked()
        assert portal.statistics().delayed <= 2 * 64


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
async def test_a_delay_is_a_finite_number_of_seconds(seconds: float) -> None:
    async with open_portal() as portal:
        with pytest.raises(ValueError, match="seconds must be a finite number"):
            portal.post_delayed(seconds, fail, "never")


async def test_a_delayed_post_that_raises_ends_the_block(autojump_clock: MockClock) -> None:
    with pytest.raises(ValueError, match="delayed"):
        async with open_portal() as portal:
            portal.post_delayed(1, fail, "delayed")
            await trio.sleep_forever()


# ---------------------------------------------------------------- call and submit


async def test_call_gives_the_result_of_a_function_of_either_kind() -> None:
    async with open_portal() as portal:
        assert await in_thread(portal.call, pow, 2, 10) == 1024
        assert await in_thread(portal.call, add_later, 2, 3) == 5


async def test_call_raises_what_the_function_raises() -> None:
    async def fail_later() -> None:
        await trio.lowlevel.checkpoint()
        fail("async")

    async with open_portal() as portal:
        with pytest.raises(ValueError, match="sync"):
            await in_thread(portal.call, fail, "sync")
        with pytest.raises(ValueError, match="async"):
            await in_thread(portal.call, fail_later)


async def test_an_interrupt_in_a_call_reaches_both_sides() -> None:
    def interrupt() -> None:
        raise SystemExit(3)

    async def interrupt_later() -> None:
        await trio.lowlevel.checkpoint()
        interrupt()

    for function in (interrupt, interrupt_later):
        with pytest.raises(SystemExit):
            async with open_portal() as portal:
                future: Future[Any] = portal.submit(function)
                await trio.sleep_forever()
        assert isinstance(future.exception(0), SystemExit)


async def test_call_has_two_limits_as_every_operation() -> None:
    async with open_portal() as portal:

        def call_with_timeout() -> None:
            portal.call(trio.sleep_forever, timeout=0.01)

        def call_with_token(token: CancelToken) -> None:
            threading.Timer(0.01, token.cancel, ["enough"]).start()
            portal.call(trio.sleep_forever, token=token)

        with pytest.raises(OperationTimeout):
            await in_thread(call_with_timeout)
        with pytest.raises(OperationCancelled):
            await in_thread(call_with_token, CancelToken())


async def test_a_token_that_is_cancelled_already_keeps_the_function_from_running() -> None:
    token = CancelToken()
    token.cancel("before")
    ran = []

    async def run() -> None:
        ran.append(True)

    async with open_portal() as portal:
        future: Future[None] = portal.submit(run, token=token)
        await wait_all_tasks_blocked()
        assert isinstance(future.exception(0), OperationCancelled)
        wrong: Future[None] = portal.submit(run, timeout=-1)
        await wait_all_tasks_blocked()
        assert isinstance(wrong.exception(0), ValueError)
    assert ran == []


async def test_calling_from_the_trio_thread_is_refused() -> None:
    async with open_portal() as portal:
        with pytest.raises(RuntimeError, match="would wait for its own thread"):
            portal.call(add_later, 1, 2)


async def test_what_a_call_raises_is_freed_without_the_garbage_collection() -> None:
    freed: list[str] = []

    class Watched(Exception):
        pass

    def fail_with(name: str) -> NoReturn:
        error = Watched()
        weakref.finalize(error, freed.append, name)
        try:
            raise error
        finally:
            del error

    async def fail_later() -> None:
        await trio.lowlevel.checkpoint()
        fail_with("later")

    def call(portal: Portal) -> None:
        with suppress(Watched):
            portal.call(fail_with, "at once")
        with suppress(Watched):
            portal.call(fail_later)

    gc.collect()
    gc.disable()
    try:
        async with open_portal() as portal:
            await in_thread(call, portal)
        assert freed == ["at once", "later"]
    finally:
        gc.enable()


async def test_async_calls_run_beside_each_other() -> None:
    first, second = trio.Event(), trio.Event()

    async def meet(mine: trio.Event, other: trio.Event) -> None:
        mine.set()
        await other.wait()

    async with open_portal() as portal:
        portal.submit(meet, first, second)
        await in_thread(portal.call, meet, second, first)


async def test_cancelling_the_future_cancels_the_function() -> None:
    stopped = trio.Event()
    started = trio.Event()

    async def work() -> None:
        started.set()
        try:
            await trio.sleep_forever()
        finally:
            stopped.set()

    async with open_portal() as portal:
        future: Future[None] = portal.submit(work)
        await started.wait()
        await in_thread(future.cancel)
        await stopped.wait()
        await in_thread(lambda: wait_for_futures([future], timeout=5))
        assert wait_for_futures([future], timeout=0).done == {future}


async def test_cancelling_the_future_works_after_stop() -> None:
    async with open_portal() as portal:
        future: Future[None] = portal.submit(trio.sleep_forever)
        portal.stop()
        await portal.wait_stopped()
        assert future.cancel()
        await wait_all_tasks_blocked()
        assert wait_for_futures([future], timeout=0).done == {future}


async def test_a_future_that_is_cancelled_at_once_keeps_the_function_from_running() -> None:
    async with open_portal() as portal:
        future: Future[None] = portal.submit(fail, "it ran")
        future.cancel()
        await wait_all_tasks_blocked()
        assert wait_for_futures([future], timeout=0).done == {future}


async def test_a_future_that_is_cancelled_while_its_function_is_called_stays_so() -> None:
    async with open_portal() as portal:

        def cancel_itself() -> bool:
            return future.cancel()

        future: Future[bool] = portal.submit(cancel_itself)
        await wait_all_tasks_blocked()
        assert future.cancelled()
        assert wait_for_futures([future], timeout=0).done == {future}


async def test_a_cancelled_future_outlives_its_run() -> None:
    kept: list[Any] = []

    async def hold() -> None:
        async with open_portal() as portal:
            kept.append(portal)

    thread = threading.Thread(target=trio.run, args=(hold,))
    thread.start()
    thread.join()
    future: Future[None] = Future()
    future.cancel()
    kept[0]._cancel_if_asked(trio.CancelScope(), future)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot interrupt one thread")
def test_an_interrupt_of_the_caller_cancels_its_call() -> None:
    portals: list[Portal] = []
    caller = threading.get_ident()
    opened, stopped = threading.Event(), threading.Event()

    async def main() -> None:
        async with open_portal() as portal:
            portals.append(portal)
            opened.set()
            await portal.wait_stopped()

    def interrupt() -> None:
        signal.pthread_kill(caller, signal.SIGINT)

    async def work() -> None:
        threading.Timer(0.01, interrupt).start()
        try:
            await trio.sleep_forever()
        finally:
            stopped.set()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    opened.wait()
    with pytest.raises(KeyboardInterrupt):
        portals[0].call(work)
    assert stopped.wait(5)
    portals[0].stop()
    thread.join()


# ---------------------------------------------------------------- the end


async def test_stop_runs_what_was_posted_and_then_lets_the_block_go_on() -> None:
    done: list[int] = []
    async with open_portal() as portal:
        for number in range(200):
            portal.post(done.append, number)
        portal.stop()
        portal.stop()
        await portal.wait_stopped()
        assert len(done) == 200
        for attempt in (portal.post, portal.submit):
            with pytest.raises(PortalStopped):
                attempt(done.append, 1)
        with pytest.raises(trio.RunFinishedError):
            portal.post_delayed(1, done.append, 1)


async def test_a_foreign_thread_may_stop_the_portal() -> None:
    async with open_portal() as portal:
        threading.Thread(target=portal.stop).start()
        await portal.wait_stopped()


async def test_stop_drops_what_is_not_due(autojump_clock: MockClock) -> None:
    async with open_portal() as portal:
        portal.post_delayed(1, fail, "it ran")
        await wait_all_tasks_blocked()
        portal.stop()
        await portal.wait_stopped()
        await trio.sleep(2)


async def test_leaving_the_block_runs_what_was_posted() -> None:
    done: list[int] = []
    async with open_portal() as portal:
        for number in range(200):
            portal.post(done.append, number)
    assert len(done) == 200


async def test_leaving_the_block_fails_the_calls_that_run() -> None:
    async with open_portal() as portal:
        running: Future[None] = portal.submit(trio.sleep_forever)
        await wait_all_tasks_blocked()
        posted: Future[None] = portal.submit(trio.sleep_forever)
    for future in (running, posted):
        assert isinstance(future.exception(0), PortalStopped)


async def test_leaving_the_block_tells_who_waits_for_the_stop(nursery: trio.Nursery) -> None:
    told = trio.Event()

    async def wait(portal: Portal) -> None:
        await portal.wait_stopped()
        told.set()

    async with open_portal() as portal:
        nursery.start_soon(wait, portal)
        await wait_all_tasks_blocked()
    await told.wait()


async def test_a_post_that_raises_at_the_end_leaves_nobody_waiting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="first"):
        async with open_portal() as portal:
            portal.post(fail, "first")
            portal.post(fail, "second")
            future: Future[int] = portal.submit(pow, 2, 3)
    assert future.result(0) == 8
    assert "ValueError: second" in capsys.readouterr().err


async def test_a_call_that_fails_while_it_is_cancelled_fails_its_caller_only() -> None:
    async def fail_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            fail("cleanup")

    async def in_parts() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled)
            nursery.start_soon(trio.sleep_forever)

    async with open_portal() as portal:
        alone: Future[None] = portal.submit(fail_when_cancelled)
        grouped: Future[None] = portal.submit(in_parts)
        await wait_all_tasks_blocked()
    assert isinstance(alone.exception(0), ValueError)
    assert isinstance(grouped.exception(0), ExceptionGroup)


async def test_the_bodys_own_exception_comes_out_as_it_is() -> None:
    own = ExceptionGroup("mine", [ValueError()])
    with pytest.RaisesGroup(ValueError) as caught:
        async with open_portal():
            raise own
    assert caught.value is own


@pytest.mark.sweep
def test_every_point_of_a_portal_can_be_cancelled() -> None:
    async def scenario() -> None:
        futures: list[Future[Any]] = []
        try:
            async with open_portal() as portal:
                portal.post(int)
                futures.append(portal.submit(add_later, 1, 2))
                await trio.lowlevel.checkpoint()
                futures.append(portal.submit(trio.sleep_forever))
                await trio.lowlevel.checkpoint()
                futures[-1].cancel()
                portal.stop()
                await portal.wait_stopped()
        finally:
            assert all(future.done() for future in futures)

    assert cancel_sweep(scenario).points > 10


# ---------------------------------------------------------------- other ways to run


def test_two_runs_in_two_threads_call_each_other() -> None:
    portals: dict[str, Portal] = {}
    both_open = threading.Barrier(2)
    results: dict[str, int] = {}

    async def main(name: str, other: str) -> None:
        async with open_portal() as portal:
            portals[name] = portal
            await trio.to_thread.run_sync(both_open.wait)
            results[name] = await trio.to_thread.run_sync(portals[other].call, add_later, 1, 2)
            await trio.to_thread.run_sync(both_open.wait)

    threads = [
        threading.Thread(target=trio.run, args=(main, *names))
        for names in [("left", "right"), ("right", "left")]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {"left": 3, "right": 3}


def test_a_portal_works_while_trio_is_a_guest_of_asyncio() -> None:
    seen: list[str] = []

    async def guest(opened: asyncio.Event, portals: list[Portal]) -> str:
        async with open_portal() as portal:
            portals.append(portal)
            opened.set()
            assert await in_thread(portal.call, add_later, 1, 2) == 3
            await portal.wait_stopped()
        return "guest done"

    async def host() -> str:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        opened = asyncio.Event()
        portals: list[Portal] = []
        trio.lowlevel.start_guest_run(
            guest,
            opened,
            portals,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=done.set_result,
        )
        await opened.wait()
        portals[0].post(seen.append, "posted by the host")
        with pytest.raises(RuntimeError, match="would wait for its own thread"):
            portals[0].call(int)
        future = portals[0].submit(add_later, 3, 4)
        assert await asyncio.wrap_future(future) == 7
        portals[0].post_delayed(0.001, portals[0].stop)
        outcome = await done
        result: str = outcome.unwrap()
        return result

    assert asyncio.run(host()) == "guest done"
    assert seen == ["posted by the host"]


def test_a_token_reaches_a_guest_run_from_its_host() -> None:
    async def guest(entered: asyncio.Event, token: CancelToken) -> object:
        try:
            with token.scope():
                entered.set()
                await trio.sleep_forever()
        except OperationCancelled as exc:
            return exc.reason

    async def host() -> object:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        entered = asyncio.Event()
        token = CancelToken()
        trio.lowlevel.start_guest_run(
            guest,
            entered,
            token,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=done.set_result,
        )
        await entered.wait()
        token.cancel("by the host")
        return (await done).unwrap()

    assert asyncio.run(host()) == "by the host"


async def test_a_call_is_served_while_the_cancelled_body_waits_for_its_thread() -> None:
    called = threading.Event()
    with trio.CancelScope() as scope:
        async with open_portal() as portal:

            def call_late() -> None:
                trio.from_thread.run_sync(scope.cancel)
                portal.call(called.set)

            with trio.fail_after(5):
                await trio.to_thread.run_sync(call_late)
    assert called.is_set()
