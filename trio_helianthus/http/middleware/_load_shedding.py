"""No more work than can be done: a bounded number of requests at a time, and a short queue."""

from __future__ import annotations

from collections import OrderedDict

import attrs
import outcome
import trio
from trio.lowlevel import enable_ki_protection

from trio_helianthus import core

from .._http_errors import HTTPError
from .._middleware_chain import CallNext
from .._request import Request
from .._response import Response

__all__ = ["LoadShedding", "LoadStatistics"]


@attrs.frozen
class LoadStatistics:
    """What a :class:`LoadShedding` has to do.

    :param in_flight: requests that are being handled.
    :param waiting: requests that wait for a place.
    :param shed: how many were refused so far.
    """

    in_flight: int
    waiting: int
    shed: int


class _Waiting:
    """One request in the queue."""

    __slots__ = ("gives_up_at", "task")

    def __init__(self, task: trio.lowlevel.Task, gives_up_at: float) -> None:
        self.task = task
        self.gives_up_at = gives_up_at


class LoadShedding:
    """Handles a bounded number of requests at a time, and refuses at once what would take too long.

    Under overload a service that accepts everything answers everything too late. This one lets
    ``max_in_flight`` requests in, up to ``max_waiting`` wait for at most ``max_wait`` seconds, and
    the rest is refused with 503 and ``Retry-After``, before anything of it was read. While more
    than half of the queue is taken the newest goes first, and when it is full the oldest is
    refused: its client is the likeliest to have given up.

    Invariants:

    1. A request has a place from before its handler starts until its answer is there; what is then
       streamed is no longer counted, and a handler that sends by itself is, to its end.
    2. A place that becomes free is given to a waiting request at once, by whoever leaves it, so
       nobody can take it in between; a cancelled request has either no place, or leaves it.
    3. Only who waits for a place is ever parked: where there is one, nothing here waits.

    One instance serves one trio run.

    :param max_in_flight: how many requests are handled at a time.
    :param max_waiting: how many may wait.
    :param max_wait: for how many seconds.
    :param retry_after: what is said to those who are refused, in seconds.
    """

    def __init__(
        self,
        max_in_flight: int,
        *,
        max_waiting: int = 100,
        max_wait: float = 1.0,
        retry_after: int = 1,
    ) -> None:
        if max_in_flight < 1 or max_waiting < 0 or not max_wait > 0:
            raise ValueError("max_in_flight and max_wait must be above 0, max_waiting not below")
        self._max_in_flight = max_in_flight
        self._max_waiting = max_waiting
        self._max_wait = max_wait
        self._refusal = {"Retry-After": str(int(retry_after))}
        self._in_flight = 0
        self._shed = 0
        self._queue: OrderedDict[_Waiting, None] = OrderedDict()
        self._alarm: core.Alarm | None = None

    def statistics(self) -> LoadStatistics:
        """What there is to do at the moment."""
        return LoadStatistics(self._in_flight, len(self._queue), self._shed)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Handle the request when there is a place for it.

        :raises HTTPError: 503 when there is none.
        """
        if self._in_flight < self._max_in_flight:
            self._in_flight += 1
        elif not (self._max_waiting and await self._wait_for_place()):
            self._shed += 1
            raise HTTPError(503, "too much to do", self._refusal)
        try:
            return await call_next(request)
        finally:
            self._leave()

    @enable_ki_protection
    async def _wait_for_place(self) -> bool:
        """Wait; true with a place that is this task's."""
        if len(self._queue) >= self._max_waiting:
            self._refuse(next(iter(self._queue)))
        me = _Waiting(trio.lowlevel.current_task(), trio.current_time() + self._max_wait)
        self._queue[me] = None
        if self._alarm is None:
            self._alarm = core.Alarm(self._refuse_late)
            self._alarm.set(me.gives_up_at)

        def abort(_: object) -> trio.lowlevel.Abort:
            self._remove(me)
            return trio.lowlevel.Abort.SUCCEEDED

        return bool(await trio.lowlevel.wait_task_rescheduled(abort))

    @enable_ki_protection
    def _leave(self) -> None:
        """Give the place on, or free it."""
        if not self._queue:
            self._in_flight -= 1
            return
        newest_first = len(self._queue) > self._max_waiting // 2
        chosen = next(reversed(self._queue)) if newest_first else next(iter(self._queue))
        self._remove(chosen)
        trio.lowlevel.reschedule(chosen.task, outcome.Value(True))

    def _refuse(self, waiting: _Waiting) -> None:
        self._remove(waiting)
        trio.lowlevel.reschedule(waiting.task, outcome.Value(False))

    def _remove(self, waiting: _Waiting) -> None:
        del self._queue[waiting]
        if not self._queue and self._alarm is not None:
            self._alarm.close()
            self._alarm = None

    def _refuse_late(self) -> None:
        """Refuse those who have waited for too long; the alarm calls it."""
        now = trio.current_time()
        while self._queue and (oldest := next(iter(self._queue))).gives_up_at <= now:
            self._refuse(oldest)
        if self._alarm is not None:
            self._alarm.set(next(iter(self._queue)).gives_up_at)
