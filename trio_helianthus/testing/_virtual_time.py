"""What happens later in a virtual network: callbacks at their time, called by one task."""

from __future__ import annotations

import heapq
import math
from itertools import count
from typing import TYPE_CHECKING

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.define(order=True)
class Timer:
    """One callback that is still to come."""

    when: float
    order: int
    callback: Callable[[], object] | None = attrs.field(order=False)

    def cancel(self) -> None:
        """Do not call it any more."""
        self.callback = None


class Timetable:
    """Calls functions at their time on trio's clock; those of one time in the order given."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._order = count()
        self._sleep = trio.CancelScope()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call ``callback`` at ``when``, a time of :func:`trio.current_time`."""
        timer = Timer(when, next(self._order), callback)
        heapq.heappush(self._timers, timer)
        self._sleep.deadline = min(self._sleep.deadline, when)
        return timer

    def call_later(self, seconds: float, callback: Callable[[], object]) -> None:
        """Call ``callback`` after some time; at once if that is none."""
        if seconds > 0:
            self.call_at(trio.current_time() + seconds, callback)
        else:
            callback()

    async def run(self) -> None:
        """Call what is due, for ever."""
        while True:
            with trio.CancelScope(deadline=self._earliest()) as self._sleep:
                await trio.sleep_forever()
            while self._earliest() <= trio.current_time():
                callback = heapq.heappop(self._timers).callback
                if callback is not None:
                    callback()

    def _earliest(self) -> float:
        while self._timers and self._timers[0].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0].when if self._timers else math.inf
