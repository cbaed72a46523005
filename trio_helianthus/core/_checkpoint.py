"""The checkpoint budget: how many operations in a row may succeed without a schedule point."""

from __future__ import annotations

from typing import Final

import trio

CHECKPOINT_BUDGET: Final = 16
_run_budget: Final = trio.lowlevel.RunVar["CheckpointBudget"]("checkpoint_budget")


class CheckpointBudget:
    """Counts operations of one trio run that succeeded at once since it last changed tasks.

    A schedule point costs as much as a small send, so an operation that need not wait skips it,
    yet delivers cancellation, and every :attr:`limit` operations the next one has to let other
    tasks run. The count is kept for the whole run: no task, with however many streams, keeps the
    others waiting for longer than that.

    Streams keep a reference and count inline::

        await trio.lowlevel.checkpoint_if_cancelled()
        sent = socket.send(data)       # did not block
        if budget.spend():
            await budget.refill()

    Where even a call is too much, :meth:`reset` is ``budget.left = budget.full``.
    """

    __slots__ = ("full", "left")

    def __init__(self, limit: int = CHECKPOINT_BUDGET) -> None:
        self.limit = limit

    @property
    def limit(self) -> int:
        """How many operations may follow each other without a schedule point.

        Setting it starts the count again.
        """
        return self.full

    @limit.setter
    def limit(self, limit: int) -> None:
        self.full: int = limit
        self.left: int = limit

    def spend(self) -> bool:
        """Count one operation that succeeded at once; return whether a schedule point is due."""
        self.left -= 1
        return self.left <= 0

    def reset(self) -> None:
        """Start again: the caller has just been at a schedule point."""
        self.left = self.full

    async def refill(self) -> None:
        """Let other tasks run. The operation has happened, so this cannot be cancelled."""
        self.left = self.full  # else each of those who run meanwhile would do the same
        await trio.lowlevel.cancel_shielded_checkpoint()
        self.left = self.full


def checkpoint_budget() -> CheckpointBudget:
    """Return the budget of the current trio run.

    Setting its ``limit`` to 1 makes every operation a full checkpoint, as trio's own are.
    """
    try:
        return _run_budget.get()
    except LookupError:
        budget = CheckpointBudget()
        _run_budget.set(budget)
        return budget
