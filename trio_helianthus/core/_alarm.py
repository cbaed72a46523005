"""Alarms: deadlines that move again and again, and one task in each run that looks after them."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import trio

from ._instrument import report_error

if TYPE_CHECKING:
    from collections.abc import Callable

GRAIN: Final = 1 / 128
"""Seconds by which an alarm may be late: those that are due within it go off together."""


class Alarm:
    """Calls a function at a time that may be moved as often as one likes, for next to nothing.

    For deadlines that nearly never come, such as a connection's idle timeout, which each request
    puts off: a cancel scope for each costs more than the request. Moving an alarm to a later time
    just stores a number. One task in each trio run, the sweeper, finds out when it looks there::

        alarm = core.Alarm(connection.give_up)
        try:
            while True:
                alarm.set(trio.current_time() + 30)
                ...
        finally:
            alarm.close()

    The sweeper sleeps on trio's clock until the earliest time that it knows, wakes nobody while
    nothing is due, and ends when the last alarm that was set is closed. (Whoever makes many short
    rows of them keeps one more, set far away, so that it need not start anew each time.)

    An alarm belongs to the run, and so to the thread, in which it was made. At the end of the run
    the sweeper ends with trio's other system tasks; alarms that are set then do not go off.

    :param callback: called without arguments, in the sweeper, and so in nobody's task or context.
        It must be short and must not wait. It may set and close alarms, this one too. What it
        raises is reported (:func:`report_error`).
    """

    __slots__ = ("_bucket", "_callback", "_looked_at", "_sweeper", "_uses_sweeper", "at")

    def __init__(self, callback: Callable[[], object]) -> None:
        self.at: float = math.inf
        """The trio time at which it goes off; ``math.inf`` for never. Change it by :meth:`set`."""
        self._callback = callback
        self._looked_at = math.inf  # when the sweeper looks here: no later than `at`, but for GRAIN
        self._bucket: dict[Alarm, None] | None = None
        self._sweeper = _current_sweeper()
        self._uses_sweeper = False

    def set(self, at: float) -> None:
        """Have it go off at another time, instead of the one that was set before.

        It goes off once, at that time or up to 8 ms later. To put it off costs a comparison; to
        bring it forward wakes nobody either.

        :param at: absolute, in trio's time (:func:`trio.current_time`); a time that has passed
            means soon, but never from within this call.
        """
        self.at = at
        if at < self._looked_at:
            self._sweeper.look_at(self)

    def clear(self) -> None:
        """Do not go off, until it is set again."""
        self.at = math.inf

    def close(self) -> None:
        """Never go off again, and let go of the callback. Idempotent."""
        self.at = math.inf
        self._looked_at = -math.inf  # so that nothing comes of setting it
        self._callback = _nothing
        if self._bucket is not None:
            del self._bucket[self]
            self._bucket = None
        if self._uses_sweeper:
            self._uses_sweeper = False
            self._sweeper.leave()


class _Sweeper:
    """Looks at the alarms of one trio run, when the time of one may have come.

    Each alarm that was set is in one bucket, which is named after the time of the look. That time
    is rounded, so that a look serves many alarms: down, by a few per cent of what is still to go,
    as long as that is more than a grain, and up to the next grain at last.
    """

    def __init__(self) -> None:
        self._buckets: dict[float, dict[Alarm, None]] = {}
        self._times: list[float] = []  # a heap of the buckets' names
        self._users = 0
        self._scope: trio.CancelScope | None = None  # of the task, while there is one
        self._nap: trio.CancelScope | None = None  # what the task sleeps in
        self._run_is_over = False

    @trio.lowlevel.enable_ki_protection
    def look_at(self, alarm: Alarm) -> None:
        """Look at an alarm no later than it has to go off."""
        if self._run_is_over:
            return
        if self._scope is None and not self._start():
            return
        if not alarm._uses_sweeper:
            alarm._uses_sweeper = True
            self._users += 1
        if alarm._bucket is not None:
            del alarm._bucket[alarm]
        time = _time_of_look(alarm.at, trio.current_time())
        bucket = self._buckets.get(time)
        if bucket is None:
            bucket = self._buckets[time] = {}
            heappush(self._times, time)
        bucket[alarm] = None
        alarm._bucket, alarm._looked_at = bucket, time
        if self._nap is not None and time < self._nap.deadline:
            self._nap.deadline = time

    @trio.lowlevel.enable_ki_protection
    def leave(self) -> None:
        """Note that an alarm was closed; the last one ends the task."""
        self._users -= 1
        if self._users == 0 and self._scope is not None:
            self._scope.cancel(reason="no alarm is left")
            self._scope = self._nap = None
            self._buckets.clear()
            self._times.clear()

    def _start(self) -> bool:
        scope = trio.CancelScope()
        try:
            trio.lowlevel.spawn_system_task(self._sweep_on, scope, name="core's sweeper")
        except RuntimeError:  # trio finalises async generators when its system tasks have ended
            self._run_is_over = True
            return False
        self._scope = scope
        return True

    async def _sweep_on(self, scope: trio.CancelScope) -> None:
        try:
            with scope:
                while True:
                    with trio.CancelScope(deadline=self._next_time()) as nap:
                        self._nap = nap
                        await trio.sleep_forever()
                    self._sweep(trio.current_time())
        finally:
            if scope is self._scope:
                self._run_is_over = True
                self._scope = self._nap = None

    def _next_time(self) -> float:
        while self._times and not self._buckets[self._times[0]]:
            del self._buckets[heappop(self._times)]
        return self._times[0] if self._times else math.inf

    def _sweep(self, now: float) -> None:
        while self._times and self._times[0] <= now:
            bucket = self._buckets.pop(heappop(self._times))
            for alarm in list(bucket):
                if alarm._bucket is bucket:  # the callback of another may have moved it
                    alarm._bucket, alarm._looked_at = None, math.inf
                    if alarm.at <= now:
                        _go_off(alarm)
                    elif alarm.at < math.inf:
                        self.look_at(alarm)


def _time_of_look(at: float, now: float) -> float:
    """Return when to look at an alarm: later than now, and seldom a time of its own."""
    if at - now >= GRAIN * 64:
        _, exponent = math.frexp(at - now)
        step = math.ldexp(1.0, exponent - 6)  # 1/64 to 1/32 of what is still to go
        return math.floor(at / step) * step
    return max(math.ceil(max(at, now) / GRAIN), math.floor(now / GRAIN) + 1) * GRAIN


def _go_off(alarm: Alarm) -> None:
    alarm.at = math.inf
    try:
        alarm._callback()
    except Exception as exc:
        report_error(exc, where="the callback of an alarm")


def _nothing() -> None:
    """Be called by an alarm that was closed, which never happens."""


def _current_sweeper() -> _Sweeper:
    """Return the sweeper of the current trio run."""
    try:
        return _run_sweeper.get()
    except LookupError:
        sweeper = _Sweeper()
        _run_sweeper.set(sweeper)
        return sweeper


_run_sweeper: Final = trio.lowlevel.RunVar["_Sweeper"]("sweeper")
