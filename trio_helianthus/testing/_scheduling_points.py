"""Counts the scheduling points of a scenario, and cancels it, or one of its tasks, at one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import trio

from ._trio_internals import cancellation_given_to, is_entered, put_under
from ._whereabouts import whereabouts

WhichTasks: TypeAlias = Callable[[trio.lowlevel.Task], bool]

REASON: Final = "cancel_sweep"


class SchedulingPoints(trio.abc.Instrument):
    """Watches one run, in which each moment around a step of the scenario's tasks is a point.

    A point lies after each step, when the task waits for something, and before it, when it was
    woken and does not know yet; where nothing has happened between two of them, they are one.
    The first point is before the scenario begins.

    :param cancel_at: the number of the point at which to cancel, from 0 on; ``None`` only counts.
    :param children: ``None`` cancels the whole scenario. Otherwise single tasks of its nurseries
        are cancelled, those for which it returns true, each at its own points.
    """

    def __init__(self, cancel_at: int | None, children: WhichTasks | None) -> None:
        self.scope = trio.CancelScope()
        self.count = 0
        self.place: str | None = None  # where the scenario was cancelled
        self.error: Exception | None = None  # what `children` raised: trio would only log it
        self.alive: set[trio.lowlevel.Task] = set()
        self.not_chosen: set[str] = set()  # the names of children that are left alone
        self.cancel_at = cancel_at
        self._children = children
        self._main: trio.lowlevel.Task | None = None
        self._ours: set[trio.lowlevel.Task] = set()
        self._child_scopes: dict[trio.lowlevel.Task, trio.CancelScope] = {}
        self._counting = False
        self._something_happened = True
        self._cancelled_scope: trio.CancelScope | None = None
        self._delivered = False

    def begin(self) -> None:
        """Count from here on; the current task is the scenario's first."""
        self._main = trio.lowlevel.current_task()
        self._ours.add(self._main)
        if self._children is None:
            self._count(self.scope, "before the scenario began")
        self._counting = True

    def end(self) -> None:
        """Count no more; what is still :attr:`alive` is what the scenario has left behind."""
        self._counting = False

    def was_entered(self) -> bool:
        """Whether anybody has been inside of the scope; behind the scenario, and only once."""
        try:
            with self.scope:
                pass
        except RuntimeError:  # a scope is entered once
            return True
        return False

    @property
    def swallowed(self) -> bool:
        """Whether a task was told that it is cancelled, and nothing came out of the scope."""
        scope = self._cancelled_scope
        return self._delivered and scope is not None and not scope.cancelled_caught

    def task_spawned(self, task: trio.lowlevel.Task) -> None:
        """Take a task in that one of ours, or the system on its behalf, has started."""
        if not self._counting:
            return
        self.alive.add(task)
        nursery = task.parent_nursery
        if nursery is not None and nursery.parent_task in self._ours:
            self._ours.add(task)
            if self._is_wanted(task):
                self._child_scopes[task] = scope = trio.CancelScope()
                put_under(scope, task)
            elif self._children is not None:
                self.not_chosen.add(task.name)

    def _is_wanted(self, task: trio.lowlevel.Task) -> bool:
        try:
            return self._children is not None and self._children(task)
        except Exception as exc:  # raised by the sweep, after the run
            self.error = exc
            return False

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        """Forget a task; the point after its last step is still to come."""
        self.alive.discard(task)
        self._child_scopes.pop(task, None)

    def before_io_wait(self, timeout: float) -> None:
        """Take note that time may pass and sockets may wake tasks."""
        self._something_happened = True

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """Pass the point at which a task was woken, and does not know yet."""
        if self._something_happened or self._children is not None:
            self._pass(task, "before")
        # A nursery throws its own task's Cancelled away, but not that of its children, so it counts
        # who of them all is told. Without a Cancelled from them a scenario may just end.
        if self._cancelled_scope is not None and task in self._ours:
            given = cancellation_given_to(task)
            self._delivered |= given is not None and given.reason == REASON

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """Pass the point at which a task waits, or has ended."""
        self._something_happened = True
        self._pass(task, "after")
        if task is not self._main and task not in self.alive:
            self._ours.discard(task)

    def _pass(self, task: trio.lowlevel.Task, when: str) -> None:
        if not self._counting or task not in self._ours or not is_entered(self.scope):
            return
        self._something_happened = False
        if self._children is None:
            self._count(self.scope, when, task)
        # A child that has not called task_status.started() is still a part of its parent.
        elif task in self._child_scopes and task.eventual_parent_nursery is None:
            self._count(self._child_scopes[task], f"alone, {when}", task)

    def _count(
        self, scope: trio.CancelScope, when: str, task: trio.lowlevel.Task | None = None
    ) -> None:
        if self.count == self.cancel_at:
            self.place = when if task is None else f"{when} a step of {whereabouts(task)}"
            self._cancelled_scope = scope
            scope.cancel(reason=REASON)
        self.count += 1
