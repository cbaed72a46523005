"""Tasks that wait in the order in which they came, each with something that it waits with."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

import outcome
import trio

_V = TypeVar("_V")


class WaitingTasks(Generic[_V]):
    """A line of waiting tasks. Who is cancelled leaves it, and nobody else notices.

    Each has a value: what it waits for, or wants to be done before it goes on.
    """

    def __init__(self) -> None:
        self._values: OrderedDict[trio.lowlevel.Task, _V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    async def wait(self, value: _V) -> bool:
        """Wait at the end of the line; a full checkpoint.

        :returns: whether the task may go on; otherwise it was turned away.
        """
        task = trio.lowlevel.current_task()

        def abort(_: object) -> trio.lowlevel.Abort:
            del self._values[task]
            return trio.lowlevel.Abort.SUCCEEDED

        self._values[task] = value
        may_go_on: bool = await trio.lowlevel.wait_task_rescheduled(abort)
        return may_go_on

    @property
    def first(self) -> _V:
        """The value of the task that has waited longest."""
        return next(iter(self._values.values()))

    def release_first(self) -> _V:
        """Let the task that has waited longest go on; return its value."""
        task, value = self._values.popitem(last=False)
        trio.lowlevel.reschedule(task, outcome.Value(True))
        return value

    def turn_away(self) -> None:
        """Let nobody wait any more, and tell them that it was in vain."""
        for task in self._values:
            trio.lowlevel.reschedule(task, outcome.Value(False))
        self._values.clear()
