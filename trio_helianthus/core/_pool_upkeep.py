"""What a pool does in the background: close what is old, and keep the fewest open."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import trio

from ._alarm import Alarm
from ._instrument import report_error
from ._limits import limit
from ._parking import Parking
from ._pool_limits import CloseReason
from ._retry_policy import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._pool_stock import Entry, Stock

_T = TypeVar("_T")
_REOPENING: Final = RetryPolicy(initial_delay=0.1, max_delay=30.0)


class Upkeep(Generic[_T]):
    """Looks after the items of a pool that nobody uses."""

    def __init__(self, stock: Stock[_T]) -> None:
        self._stock = stock
        self._limits = stock.limits
        self._idle_timeout = stock.limits.idle_timeout
        self._alarm = Alarm(self._close_old)
        self._too_few = Parking()
        self._scope = trio.CancelScope()  # of the task that keeps the fewest open

    def note_idle(self, entry: Entry[_T], now: float) -> None:
        """Look after an item that has just become idle."""
        due, looks_at = now + self._idle_timeout, self._alarm.at
        if due < looks_at or entry.expires < looks_at:
            self._alarm.set(min(due, entry.expires))

    def note_too_few(self) -> None:
        """Open one more, soon."""
        self._too_few.wake()

    def end(self) -> None:
        """Do nothing more."""
        self._alarm.close()
        self._scope.cancel(reason="the pool was closed")

    def _close_old(self) -> None:
        """Close what was idle for too long, or is too old, and look again when the next is."""
        stock, limits, idle, now = self._stock, self._limits, self._stock.idle, trio.current_time()
        while idle and stock.staying > limits.min_size:
            if idle[0].idle_since + limits.idle_timeout > now:
                break
            stock.retire(idle.popleft(), CloseReason.IDLE)
        for entry in [entry for entry in idle if entry.expires <= now]:
            idle.remove(entry)
            stock.retire(entry, CloseReason.LIFETIME)
        due = min((entry.expires for entry in idle), default=math.inf)
        if idle and stock.staying > limits.min_size:
            due = min(due, idle[0].idle_since + limits.idle_timeout)
        self._alarm.set(due)

    @trio.lowlevel.enable_ki_protection
    async def keep_open(self, open_one: Callable[[], Awaitable[Entry[_T]]]) -> None:
        """Keep ``min_size`` items open, until the pool drains.

        :param open_one: opens an item at a place that was reserved for it, and lends it.
        """
        stock, failures = self._stock, 0
        with self._scope:
            while not stock.draining:
                if stock.size >= self._limits.min_size:
                    await self._too_few
                    continue
                stock.reserve()
                try:
                    with limit(self._limits.acquire_timeout, None):
                        entry = await open_one()
                except Exception as exc:
                    if stock.closed:
                        return
                    failures += 1
                    if failures == 1:
                        report_error(exc, where="opening an item of a pool in the background")
                    await trio.sleep(_REOPENING.delay(failures, chance()))
                else:
                    failures = 0
                    del stock.lent[id(entry.item)]
                    stock.give(entry)


def chance() -> float:
    """Return a number from 0 up to 1."""
    return random.random()  # noqa: S311 - nobody gains by guessing it
