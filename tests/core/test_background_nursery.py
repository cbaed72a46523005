"""Background nurseries: a client's own tasks never show in what its user sees."""

from __future__ import annotations

import gc
import signal
import weakref
from typing import NoReturn

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus.core import open_background_nursery
from trio_helianthus.testing import cancel_sweep


async def fail_with(error: BaseException) -> NoReturn:
    await trio.lowlevel.checkpoint()
    raise error


async def fail_when_cancelled(error: BaseException) -> NoReturn:
    try:
        await trio.sleep_forever()
    finally:
        raise error


async def test_background_tasks_are_cancelled_when_the_body_ends() -> None:
    async with open_background_nursery() as background:
        background.start_soon(trio.sleep_forever)
        background.start_soon(trio.sleep_forever)


async def test_the_bodys_exception_comes_out_as_it_is() -> None:
    own = ValueError("mine")
    own.__context__ = KeyError("why")
    with pytest.raises(ValueError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(trio.sleep_forever)
            raise own
    assert caught.value is own
    assert isinstance(own.__context__, KeyError)
    assert not hasattr(own, "__notes__")


async def test_the_bodys_group_is_never_unwrapped() -> None:
    own = ExceptionGroup("mine", [ValueError()])
    with pytest.RaisesGroup(ValueError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(trio.sleep_forever)
            raise own
    assert caught.value is own


async def test_a_background_failure_beside_the_bodys_is_a_note() -> None:
    own = ValueError("mine")
    with pytest.raises(ValueError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_when_cancelled, KeyError("theirs"))
            await wait_all_tasks_blocked()
            raise own
    assert caught.value is own
    assert own.__notes__ == ["in the background: KeyError('theirs')"]


async def test_one_failure_that_both_meet_is_told_once() -> None:
    shared = ConnectionError("lost")
    with pytest.raises(ConnectionError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_with, shared)
            try:
                await trio.sleep_forever()
            finally:
                raise shared
    assert caught.value is shared
    assert not hasattr(shared, "__notes__")


async def test_a_background_failure_alone_cancels_the_body_and_comes_out_as_itself() -> None:
    theirs = KeyError("theirs")
    theirs.__context__ = OSError("why")
    with pytest.raises(KeyError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_with, theirs)
            await trio.sleep_forever()
    assert caught.value is theirs
    assert isinstance(theirs.__context__, OSError)


async def test_a_background_failure_that_is_a_group_stays_one() -> None:
    theirs = ExceptionGroup("theirs", [KeyError()])
    with pytest.RaisesGroup(KeyError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_with, theirs)
            await trio.sleep_forever()
    assert caught.value is theirs


async def test_a_background_failure_while_the_body_ends_well_comes_out() -> None:
    with pytest.raises(KeyError):
        async with open_background_nursery() as background:
            background.start_soon(fail_when_cancelled, KeyError("theirs"))
            await wait_all_tasks_blocked()


async def test_several_background_failures_are_one_with_notes() -> None:
    with pytest.raises(KeyError) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_when_cancelled, KeyError("second"))
            background.start_soon(fail_with, KeyError("first"))
            await trio.sleep_forever()
    assert caught.value.args == ("first",)
    assert caught.value.__notes__ == ["in the background: KeyError('second')"]


async def test_of_a_failing_cleanup_only_the_failure_comes_out() -> None:
    async def work_in_parts() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled, KeyError("part"))
            nursery.start_soon(trio.sleep_forever)

    with pytest.RaisesGroup(KeyError):
        async with open_background_nursery() as background:
            background.start_soon(work_in_parts)
            await wait_all_tasks_blocked()


@pytest.mark.parametrize("tasks", [0, 2])
async def test_outer_cancellation_comes_out_bare(tasks: int) -> None:
    seen: list[BaseException] = []
    with trio.CancelScope() as scope:
        try:
            async with open_background_nursery() as background:
                for _ in range(tasks):
                    background.start_soon(trio.sleep_forever)
                await wait_all_tasks_blocked()
                scope.cancel()
                await trio.sleep_forever()
        except BaseException as exc:
            seen.append(exc)
            raise
    assert scope.cancelled_caught
    assert [type(exc) for exc in seen] == [trio.Cancelled]


async def test_outer_cancellation_after_the_body_comes_out_bare() -> None:
    seen: list[BaseException] = []
    with trio.CancelScope() as scope:
        try:
            async with open_background_nursery() as background:
                background.start_soon(trio.sleep_forever)
                await wait_all_tasks_blocked()
                scope.cancel()
        except BaseException as exc:
            seen.append(exc)
            raise
    assert {type(exc) for exc in seen} <= {trio.Cancelled}


async def test_a_failure_during_outer_cancellation_wins_as_anywhere_in_trio() -> None:
    with trio.CancelScope() as scope, pytest.raises(KeyError):
        async with open_background_nursery() as background:
            background.start_soon(fail_when_cancelled, KeyError("theirs"))
            await wait_all_tasks_blocked()
            scope.cancel()
            await trio.sleep_forever()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=repr)
async def test_an_interrupt_in_the_background_comes_out_as_itself(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_with, error)
            await trio.sleep_forever()
    assert caught.value is error


async def test_an_interrupt_in_the_background_wins_over_an_error_of_the_body() -> None:
    interrupt = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as caught:
        async with open_background_nursery() as background:
            background.start_soon(fail_with, interrupt)
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("cut")
    assert caught.value is interrupt
    assert caught.value.__notes__ == ["in the background: ValueError('cut')"]


async def test_an_interrupt_in_the_body_comes_out_as_itself() -> None:
    interrupt = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as caught:
        async with open_background_nursery() as background:
            background.start_soon(trio.sleep_forever)
            raise interrupt
    assert caught.value is interrupt


def test_an_interrupt_that_trio_injects_while_leaving_comes_out_bare() -> None:
    async def interrupt_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        async with open_background_nursery() as background:
            background.start_soon(protected_interrupt)
            await wait_all_tasks_blocked()

    protected_interrupt = trio.lowlevel.enable_ki_protection(interrupt_when_cancelled)
    with pytest.raises(KeyboardInterrupt):
        trio.run(main)


@pytest.mark.parametrize("by", ["body", "task"])
async def test_what_comes_out_is_freed_without_the_garbage_collection(by: str) -> None:
    class Watched(Exception):
        pass

    freed: list[bool] = []

    async def fail() -> NoReturn:
        error = Watched()
        weakref.finalize(error, freed.append, True)
        try:
            raise error
        finally:
            del error

    async def use() -> None:
        try:
            async with open_background_nursery() as background:
                background.start_soon(fail if by == "task" else trio.sleep_forever)
                await wait_all_tasks_blocked()
                await fail()
        except Watched:
            pass

    gc.collect()
    gc.disable()
    try:
        await use()
        assert freed == [True]
    finally:
        gc.enable()


@pytest.mark.sweep
def test_every_point_of_a_background_nursery_can_be_cancelled() -> None:
    async def scenario() -> None:
        async with open_background_nursery() as background:
            background.start_soon(trio.sleep_forever)
            await trio.lowlevel.checkpoint()
            background.start_soon(trio.lowlevel.checkpoint)
            await trio.lowlevel.checkpoint()

    assert cancel_sweep(scenario).points > 10


async def test_a_background_task_that_cancels_the_scope_ends_the_body_and_nothing_else() -> None:
    went_on = False

    async def body() -> None:
        nonlocal went_on
        async with open_background_nursery() as background:
            background.start_soon(cancel, background.cancel_scope)
            await trio.sleep_forever()
        went_on = True

    async def cancel(scope: trio.CancelScope) -> None:
        scope.cancel()

    with trio.CancelScope() as outside:
        await body()
    assert went_on
    assert not outside.cancelled_caught
