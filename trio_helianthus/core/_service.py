"""The running tasks of one server, and how they end: finished, cut, or stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVarTuple

import attrs
import trio

from trio_helianthus.errors import ServiceDraining

from ._instrument import report_error
from ._limits import check_seconds
from ._nursery import BackgroundNursery, open_background_nursery, without_cancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_Args = TypeVarTuple("_Args")

DRAIN_SECONDS: Final = 30.0
"""How long a drain lets running work finish, unless it is told otherwise."""
STOP_SECONDS: Final = 5.0
"""How long work that was cut may take to clean up before the report calls it stuck."""


@attrs.frozen
class DrainReport:
    """How the work of one service ended.

    :param name: the service.
    :param finished: how many tasks were running when the drain began and ended by themselves.
    :param cut: what was still running at the deadline and was cancelled.
    :param stuck: what had not even ended ``stop_timeout`` seconds after it was cancelled.
    :param seconds: from the begin of the drain to its end.
    """

    name: str
    finished: int
    cut: tuple[str, ...]
    stuck: tuple[str, ...]
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether everything finished by itself."""
        return not self.cut


class Service:
    """Runs the tasks of one server, and ends them in two phases.

    A server's ``serve`` function makes one, and calls :meth:`run` with its accept loop, which
    calls :meth:`start_soon` for each connection. Draining stops the accept loop and lets the
    tasks finish until the deadline; what still runs then is cancelled.

    :param name: appears in reports.
    :param drain_timeout: seconds, used by :meth:`drain` where it is not given one.
    :param stop_timeout: seconds to clean up after being cut.
    """

    def __init__(
        self,
        name: str,
        *,
        drain_timeout: float = DRAIN_SECONDS,
        stop_timeout: float = STOP_SECONDS,
    ) -> None:
        check_seconds("drain_timeout", drain_timeout)
        check_seconds("stop_timeout", stop_timeout)
        self.name = name
        self._drain_timeout = drain_timeout
        self._stop_timeout = stop_timeout
        self._tasks: dict[object, Callable[[], str]] = {}
        self._started = 0
        self._nursery: BackgroundNursery | None = None
        self._accept_scope = trio.CancelScope()
        self._finish_scope = trio.CancelScope()
        self._task_ended = trio.lowlevel.ParkingLot()
        self._ended = trio.Event()
        self._drain_began: float | None = None
        self._running_at_drain = 0
        self._cut_from_outside: list[str] = []
        self._last_calls: list[Callable[[], object]] = []
        self._callbacks: list[Callable[[], object]] = []
        self._report: DrainReport | None = None

    @property
    def running(self) -> int:
        """How many tasks are running."""
        return len(self._tasks)

    @property
    def started(self) -> int:
        """How many tasks were ever started."""
        return self._started

    @property
    def draining(self) -> bool:
        """Whether a drain has begun."""
        return self._drain_began is not None

    @property
    def report(self) -> DrainReport | None:
        """How it ended; ``None`` before that."""
        return self._report

    def start_soon(
        self,
        async_fn: Callable[[*_Args], Awaitable[object]],
        *args: *_Args,
        label: Callable[[], str],
        name: object = None,
    ) -> None:
        """Run one task. An exception that it raises is reported and ends only this task.

        :param label: tells, when asked, what the task is busy with; for reports. It may be
            asked by any thread, and must not raise.
        :param name: what trio calls the task; ``None`` means ``async_fn``.
        :raises ServiceDraining: the service takes no new work.
        """
        if self._nursery is None or self.draining:
            raise ServiceDraining(f"{self.name} takes no new work")
        key = object()
        self._tasks[key] = label
        self._started += 1
        self._nursery.contained.start_soon(
            self._run_task, key, async_fn, args, name=name or async_fn
        )

    async def wait_below(self, count: int) -> None:
        """Wait until fewer than ``count`` tasks are running."""
        while len(self._tasks) >= count:
            await self._task_ended.park()

    async def run(self, accept: Callable[[], Awaitable[object]]) -> None:
        """Run ``accept`` until it ends or a drain begins; then finish, cut, and report.

        Cancelling this cuts everything at once. A report is made in any case. What ``accept``
        raises comes out as it is.
        """
        try:
            async with open_background_nursery() as nursery:
                self._nursery = nursery
                try:
                    with self._accept_scope:
                        await accept()
                    with self._finish_scope:
                        await self.wait_below(1)
                finally:
                    await self._cut(nursery)  # noqa: ASYNC102 - shielded and timed in there
        finally:
            self._ended.set()

    async def drain(self, timeout: float | None = None) -> DrainReport:
        """Stop taking new work, let the running work finish, and cut what does not.

        Draining twice is fine: the earlier deadline counts.

        :param timeout: seconds that running work may take; ``None`` means the service's own
            setting, 0 cuts at once, ``math.inf`` waits for as long as it takes.
        :returns: the report, when all is over or known to be stuck.

        Being cancelled while waiting here does not stop the drain.
        """
        self.begin_drain(self._drain_timeout if timeout is None else timeout)
        await self._ended.wait()
        assert self._report is not None
        return self._report

    def begin_drain(self, timeout: float) -> None:
        """Begin to drain, without waiting; see :meth:`drain`."""
        check_seconds("timeout", timeout)
        now = trio.current_time()
        self._finish_scope.deadline = min(self._finish_scope.deadline, now + timeout)
        if self._drain_began is not None:
            return
        for last_call in self._last_calls:
            tell_of_drain(last_call, self.name)
        self._drain_began = now
        self._running_at_drain = len(self._tasks)
        self._accept_scope.cancel(reason=f"{self.name} drains")
        for callback in self._callbacks:
            tell_of_drain(callback, self.name)

    def before_drain(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` just before a drain begins, while it can still start tasks.

        It takes in what has come already, such as connections that nobody has accepted yet. What
        it raises is reported (:func:`report_error`), and does not stop the drain.
        """
        self._last_calls.append(callback)

    def on_drain(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when a drain begins, or at once if it has begun.

        What it raises is reported (:func:`report_error`), and does not stop the drain.
        """
        if self.draining:
            tell_of_drain(callback, self.name)
        else:
            self._callbacks.append(callback)

    def still_running(self) -> tuple[str, ...]:
        """Return the labels of the running tasks. May be called from any thread."""
        return tuple(label() for label in list(self._tasks.values()))

    async def _run_task(
        self,
        key: object,
        async_fn: Callable[..., Awaitable[object]],
        args: tuple[object, ...],
    ) -> None:
        try:
            await async_fn(*args)
        except BaseException as exc:  # noqa: ASYNC103 - ordinary errors are reported
            # An error may come in one group with the Cancelled of tasks that were cut with it.
            error = without_cancelled(exc)
            if error is not exc:
                self._cut_from_outside.append(self._tasks[key]())
            if not isinstance(error, Exception):
                raise
            report_error(error, where=f"{self.name}, {self._tasks[key]()}")
            del error  # its traceback refers to this frame
        finally:
            del self._tasks[key]
            self._task_ended.unpark_all()

    async def _cut(self, nursery: BackgroundNursery) -> None:
        cut = (*self._cut_from_outside, *self.still_running())
        if self._drain_began is None:
            self._drain_began = trio.current_time()
            self._running_at_drain = len(cut)
        nursery.cancel_scope.cancel(reason=f"{self.name} is cut")
        with trio.move_on_after(self._stop_timeout, shield=True):
            await self.wait_below(1)
        self._report = DrainReport(
            name=self.name,
            finished=max(0, self._running_at_drain - len(cut)),
            cut=cut,
            stuck=self.still_running(),
            seconds=trio.current_time() - self._drain_began,
        )
        self._ended.set()


def tell_of_drain(callback: Callable[[], object], name: str) -> None:
    """Call an ``on_drain`` callback, whose mistakes must not keep a program from stopping."""
    try:
        callback()
    except Exception as exc:
        report_error(exc, where=f"{name}, on_drain")
