"""Cancels a scenario at each of its scheduling points, and looks for what is left behind."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import trio

Scenario: TypeAlias = Callable[[], Awaitable[object]]
ScenarioWithScope: TypeAlias = Callable[[trio.CancelScope], Awaitable[object]]
MakeClock: TypeAlias = Callable[[], trio.abc.Clock]

# trio shuffles its tasks, so each round is another order; `nox -s sweep` tries more of them.
ROUNDS = 5 if os.environ.get("HELIANTHUS_SWEEP") == "all" else 1


def cancel_at_each_point(scenario: Scenario, *, clock: MakeClock | None = None) -> int:
    """Run ``scenario`` once to the end, then once for each of its points with a cancel there.

    A point is the moment before or after a step of any of the scenario's tasks. So each wait is
    cancelled in the middle, and also when it has just succeeded and its task does not know yet.

    Each run must end with its result or with nothing but ``trio.Cancelled``, its tasks must be
    gone with it, and no socket, file or coroutine may be left for the garbage collection.

    :param scenario: called in a trio run of its own each time; it may assert things itself.
    :param clock: makes the clock of each run, such as a ``MockClock``; the default is real time.
    :returns: how many points there were.
    """

    async def in_its_scope(scope: trio.CancelScope) -> None:
        with scope:
            await scenario()

    return cancel_part_at_each_point(in_its_scope, clock=clock)


def cancel_part_at_each_point(
    scenario: ScenarioWithScope, *, clock: MakeClock | None = None
) -> int:
    """Do the same with a scenario that goes on after a part of it was cancelled.

    :param scenario: called with the scope that is to be cancelled, which it enters itself.
    """
    points = 0
    with _only_new_garbage():
        for _ in range(ROUNDS):
            points = _run_once(scenario, None, clock)
            for point in range(points):
                try:
                    _run_once(scenario, point, clock)
                except BaseException as exc:
                    exc.add_note(f"the scenario was cancelled at point {point} of {points}")
                    raise
    return points


def _run_once(scenario: ScenarioWithScope, cancel_at: int | None, clock: MakeClock | None) -> int:
    counter = _Points(cancel_at)

    async def main() -> None:
        counter.main_task = trio.lowlevel.current_task()
        await scenario(counter.scope)
        left_behind = counter.alive
        assert not left_behind, f"tasks were left behind: {left_behind}"

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trio.run(main, clock=clock and clock(), instruments=[counter])
        gc.collect()
    found = [str(warning.message) for warning in caught]
    assert not found, f"something was left behind: {found}"
    return counter.passed


class _Points(trio.abc.Instrument):
    """Counts the points of the main task and its descendants, and cancels at one of them."""

    def __init__(self, cancel_at: int | None) -> None:
        self.scope = trio.CancelScope()
        self.main_task: trio.lowlevel.Task | None = None
        self.alive: set[trio.lowlevel.Task] = set()
        self.passed = 0
        self._cancel_at = cancel_at

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        if self.main_task is not None:
            self.alive.add(task)

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        self.alive.discard(task)

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._pass(task)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self._pass(task)

    def _pass(self, task: trio.lowlevel.Task) -> None:
        if not self._belongs(task):
            return
        if self.passed == self._cancel_at:
            self.scope.cancel(reason="the test cancels here")
        self.passed += 1

    def _belongs(self, task: trio.lowlevel.Task | None) -> bool:
        while task is not None and task is not self.main_task:
            nursery = task.parent_nursery
            task = None if nursery is None else nursery.parent_task
        return task is not None


@contextmanager
def _only_new_garbage() -> Iterator[None]:
    """Keep collections short: what exists now is not looked at."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
