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
    from ._pool import Pool

_T = TypeVar("_T")
_REOPENING: Final = RetryPolicy(initial_delay=0.1, max_delay=30.0)


class Entry(Generic[_T]):
    """An open item, and until when."""

    __slots__ = ("expires", "idle_since", "item")

    def __init__(self, item: _T, expires: float) -> None:
        self.item = item
        self.expires = expires
        self.idle_since = -math.inf


class Upkeep(Generic[_T]):
    """Looks after the items of a pool that nobody uses."""

    def __init__(self, pool: Pool[_T]) -> None:
        self._pool = pool
        self._limits = pool.limits
        self._idle_timeout = pool.limits.idle_timeout
        self._alarm = Alarm(self._close_old)
        self._too_few = Parking()

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
        self._too_few.wake()

    def _close_old(self) -> None:
        """Close what was idle for too long, or is too old, and look again when the next is."""
        pool, limits, idle, now = self._pool, self._limits, self._pool._idle, trio.current_time()
        while idle and pool._size > limits.min_size:
            if idle[0].idle_since + limits.idle_timeout > now:
                break
            pool._retire(idle.popleft(), CloseReason.IDLE)
        for entry in [entry for entry in idle if entry.expires <= now]:
            idle.remove(entry)
            pool._retire(entry, CloseReason.LIFETIME)
        due = min((entry.expires for entry in idle), default=math.inf)
        if idle and pool._size > limits.min_size:
            due = min(due, idle[0].idle_since + limits.idle_timeout)
        self._alarm.set(due)

    async def keep_open(self) -> None:
        """Keep ``min_size`` items open, until the pool drains."""
        pool, failures = self._pool, 0
        while not pool._draining:
            if pool._size >= self._limits.min_size:
                await self._too_few
                continue
            pool._size += 1
            pool._opening += 1
            try:
                with limit(self._limits.acquire_timeout, None):
                    entry = await pool._open()
            except Exception as exc:
                if pool._closed:
                    return
                failures += 1
                if failures == 1:
                    report_error(exc, where="opening an item of a pool in the background")
                await trio.sleep(_REOPENING.delay(failures, chance()))
            else:
                failures = 0
                del pool._lent[id(entry.item)]
                pool._give(entry, trio.current_time())


def chance() -> float:
    """Return a number from 0 up to 1."""
    return random.random()  # noqa: S311 - nobody gains by guessing it
