"""Parking: waking, failing and cancelling one task that waits again and again."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from trio_helianthus.core import WOKEN, Parking
from trio_helianthus.errors import ResourceBusy

FORMS: list[Callable[[Parking], Awaitable[None]]] = [lambda parking: parking, Parking.wait]
each_form = pytest.mark.parametrize("wait", FORMS, ids=["fast", "plain"])


def interrupt_before(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have a KeyboardInterrupt come just before a function of :mod:`trio.lowlevel` is called."""
    function = getattr(trio.lowlevel, name)

    def interrupted(*args: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return function(*args)

    monkeypatch.setattr(trio.lowlevel, name, interrupted)


@each_form
async def test_a_wake_up_ends_the_wait(wait: Callable[[Parking], Awaitable[None]]) -> None:
    parking, log = Parking(), []

    async def sleeper() -> None:
        for number in range(3):
            await wait(parking)
            log.append(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper)
        for number in range(3):
            await trio.testing.wait_all_tasks_blocked()
            assert log == list(range(number))
            assert parking.wake()
            assert not parking.wake()
    assert log == [0, 1, 2]


@each_form
async def test_it_can_end_by_an_error(wait: Callable[[Parking], Awaitable[None]]) -> None:
    parking = Parking()
    assert not parking.fail(ValueError("nobody is there"))

    async def sleeper() -> None:
        with pytest.raises(ValueError, match="because"):
            await wait(parking)
        await wait(parking)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper)
        await trio.testing.wait_all_tasks_blocked()
        assert parking.fail(ValueError("because"))
        await trio.testing.wait_all_tasks_blocked()
        parking.wake()


@each_form
async def test_a_cancelled_wait_leaves_the_place_empty(
    wait: Callable[[Parking], Awaitable[None]],
) -> None:
    parking = Parking()
    with trio.move_on_after(0) as scope:
        await wait(parking)
    assert scope.cancelled_caught
    assert parking.task is None
    assert not parking.wake()

    with trio.CancelScope() as scope:
        scope.cancel()
        await wait(parking)
    assert scope.cancelled_caught


@each_form
async def test_a_task_that_is_woken_and_then_cancelled_goes_on(
    wait: Callable[[Parking], Awaitable[None]],
) -> None:
    parking, woken = Parking(), False

    async def sleeper() -> None:
        nonlocal woken
        await wait(parking)
        woken = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper)
        await trio.testing.wait_all_tasks_blocked()
        parking.wake()
        nursery.cancel_scope.cancel()
    assert woken


@each_form
async def test_two_tasks_are_one_too_many(wait: Callable[[Parking], Awaitable[None]]) -> None:
    parking = Parking()
    async with trio.open_nursery() as nursery:

        async def sleeper() -> None:
            await wait(parking)

        nursery.start_soon(sleeper)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await wait(parking)
        parking.wake()


@each_form
async def test_waiting_is_a_checkpoint(wait: Callable[[Parking], Awaitable[None]]) -> None:
    parking = Parking()
    async with trio.open_nursery() as nursery:

        async def wake() -> None:
            parking.wake()

        nursery.start_soon(wake)
        with trio.testing.assert_checkpoints():
            await wait(parking)


@each_form
def test_an_interrupt_while_it_begins_to_wait_leaves_the_place_empty(
    wait: Callable[[Parking], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    parking = Parking()
    interrupt_before(monkeypatch, "wait_task_rescheduled")

    async def main() -> None:
        try:
            await wait(parking)
        finally:
            assert parking.task is None

    with pytest.raises(KeyboardInterrupt):
        trio.run(main)


@pytest.mark.parametrize("fails", [False, True])
def test_an_interrupt_loses_no_wake_up(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parking, log = Parking(), []

    async def sleeper() -> None:
        with trio.CancelScope(shield=True):
            try:
                await parking
            except ValueError as exc:
                log.append(str(exc))
            else:
                log.append("woken")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleeper)
            await trio.testing.wait_all_tasks_blocked()
            interrupt_before(monkeypatch, "reschedule")
            if fails:
                parking.fail(ValueError("failed"))
            else:
                parking.wake()
            monkeypatch.undo()

    with pytest.RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        trio.run(main)
    assert log == ["failed" if fails else "woken"]


async def test_the_place_can_be_cleared_and_used_again() -> None:
    parking = Parking()
    for _ in range(2):
        with trio.move_on_after(0):
            await parking
        parking.clear()


def test_being_woken_is_an_outcome_that_can_be_used_twice() -> None:
    def generator() -> object:
        while True:
            yield "sent" if (yield "ready") is None else "something"

    one = generator()
    assert next(one) == "ready"  # type: ignore[call-overload]
    assert WOKEN.send(one) == "sent"  # type: ignore[arg-type]
    assert WOKEN.unwrap() is WOKEN.unwrap() is None  # type: ignore[func-returns-value]
