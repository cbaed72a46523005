"""Parking: one task waits for a wake-up, at a fraction of what a general wait costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import outcome
import trio
from trio.lowlevel import current_task, enable_ki_protection

from trio_helianthus.errors import ResourceBusy

if TYPE_CHECKING:
    from collections.abc import Generator


class Parking:
    """A place where one task at a time waits until somebody wakes it: ``await parking``.

    For waits that come again and again at the same place, such as a connection's for its next
    bytes. Where two tasks may wait use a :class:`trio.lowlevel.ParkingLot`.

    Waiting is a full checkpoint. A cancelled wait leaves the place empty, and a wake-up that finds
    it empty is lost, so keep the reason for it elsewhere and look there first.

    It does what :func:`trio.lowlevel.wait_task_rescheduled` does, and saves what that makes anew
    for each wait: the message to trio's scheduler, which is taken from it once, and the outcome
    of being woken. :meth:`wait` is the plain form, for comparison.

    A KeyboardInterrupt comes before or after, as a cancellation would, and never in between.
    """

    __slots__ = ("_message", "task")

    def __init__(self) -> None:
        self.task: trio.lowlevel.Task | None = None
        """Who waits here."""
        self._message: object = None

    @enable_ki_protection
    def __await__(self) -> Generator[Any, Any, None]:
        """Wait until :meth:`wake` or :meth:`fail` is called.

        :raises ResourceBusy: another task is waiting here.
        """
        if self.task is not None:
            raise ResourceBusy("another task is waiting here")
        self.task = current_task()
        woken = yield self._message or self._make_message()
        if woken is not WOKEN:  # an error, or the cancellation
            try:
                woken.unwrap()
            finally:
                del woken  # it holds the error, whose traceback refers to this frame

    @enable_ki_protection
    async def wait(self) -> None:
        """Wait in the plain form; otherwise the same.

        :raises ResourceBusy: another task is waiting here.
        """
        if self.task is not None:
            raise ResourceBusy("another task is waiting here")
        self.task = current_task()
        await trio.lowlevel.wait_task_rescheduled(self._abort)

    @enable_ki_protection
    def wake(self) -> bool:
        """Wake the task that waits here.

        :returns: whether there was one.
        """
        task = self.task
        if task is None:
            return False
        self.task = None
        trio.lowlevel.reschedule(task, WOKEN)
        return True

    @enable_ki_protection
    def fail(self, error: BaseException) -> bool:
        """Wake the task that waits here by raising ``error`` there.

        :returns: whether there was one.
        """
        task = self.task
        if task is None:
            return False
        self.task = None
        trio.lowlevel.reschedule(task, outcome.Error(error))
        return True

    def clear(self) -> None:
        """Forget what later waits would need, so that nothing is left for the garbage collector.

        The place can be used again afterwards.
        """
        self._message = None

    def _make_message(self) -> object:
        """Return what a wait here tells trio's scheduler, and keep it."""
        wait = trio.lowlevel.wait_task_rescheduled(self._abort)  # noqa: ASYNC105 - driven here
        self._message = wait.send(None)
        wait.close()
        return self._message

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self.task = None
        return trio.lowlevel.Abort.SUCCEEDED


class _Woken(outcome.Outcome[None]):
    """An outcome that, unlike :class:`outcome.Value`, can be delivered more than once."""

    def unwrap(self) -> None:
        """Be nothing."""

    def send(self, gen: Generator[Any, None, Any]) -> Any:
        """Send nothing."""
        return gen.send(None)

    async def asend(self, agen: Any) -> Any:
        """Send nothing."""
        return await agen.asend(None)


WOKEN: Final = _Woken()
"""What a task is rescheduled with that just goes on."""
