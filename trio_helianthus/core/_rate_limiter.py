"""A rate limiter: so many in a second, in the order in which they ask."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.errors import ResourceFull

from ._checkpoint import checkpoint_budget
from ._limits import limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._token import CancelToken

_ROUNDING: Final = 1e-9  # what adding up floats may have lost


class RateLimiter:
    """A bucket that fills with ``rate`` tokens a second, up to ``burst``; it begins full.

    Who wants more tokens than there are waits for them, in the order in which they came. Who is
    cancelled while it waits has taken nothing.

    It belongs to one thread, and its :meth:`acquire` to one trio run at a time.

    :param rate: tokens per second.
    :param burst: how many can be taken at once; by default what comes in a second, at least 1.
    :param max_waiting: how many tasks may wait at a time; one more gets a :class:`ResourceFull`.
    :param clock: returns the time in seconds; by default trio's.
    :raises ValueError: one of them makes no sense.
    """

    def __init__(
        self,
        rate: float,
        *,
        burst: float | None = None,
        max_waiting: int = 10_000,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        if not 0 < rate < math.inf:
            raise ValueError(f"rate must be a positive number per second, not {rate!r}")
        if burst is None:
            burst = max(1.0, rate)
        if not 0 < burst < math.inf:
            raise ValueError(f"burst must be a positive number, not {burst!r}")
        if max_waiting < 0:
            raise ValueError(f"max_waiting must be at least 0, not {max_waiting}")
        self.rate = rate
        self.burst = burst
        self._max_waiting = max_waiting
        self._clock = clock
        self._tokens = float(burst)
        self._filled_at: float | None = None
        self._line = trio.StrictFIFOLock()
        self._waiting = 0
        self._wanted = 0.0  # by those who wait

    @property
    def tokens(self) -> float:
        """How many tokens there are now."""
        self._fill()
        return self._tokens

    @property
    def waiting(self) -> int:
        """How many tasks wait."""
        return self._waiting

    def try_acquire(self, number: float = 1) -> bool:
        """Take tokens if they are there and nobody waits for them.

        :returns: whether they were taken.
        :raises ValueError: the number is negative, or more than ``burst``.
        """
        self._check(number)
        return not self._waiting and self._take(number)

    async def acquire(
        self, number: float = 1, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Take tokens, when they are there.

        :param number: up to ``burst``; a costly call may count as several.
        :param timeout: seconds to wait; ``None`` is no limit.
        :param token: gives up.
        :raises OperationTimeout: they were not there in time.
        :raises OperationCancelled: the token was cancelled.
        :raises ResourceFull: ``max_waiting`` tasks wait already.
        :raises ValueError: the number is negative, or more than ``burst``.
        """
        self._check(number)
        await trio.lowlevel.checkpoint_if_cancelled()
        if token is not None:
            token.check()
        if not self._waiting and self._take(number):
            budget = checkpoint_budget()
            if budget.spend():
                await budget.refill()
            return
        if self._waiting >= self._max_waiting:
            raise ResourceFull(limit_name="max_waiting", limit=self._max_waiting)
        with limit(timeout, token):
            await self._wait(number)

    def time_until(self, number: float = 1) -> float:
        """Return in how many seconds the tokens can be had, after those who wait already.

        :raises ValueError: the number is negative, or more than ``burst``.
        """
        self._check(number)
        return self._seconds_for(number + self._wanted)

    async def _wait(self, number: float) -> None:
        self._waiting += 1
        self._wanted += number
        try:
            async with self._line:
                while not self._take(number):  # noqa: ASYNC110 - nobody else knows when
                    await trio.sleep(self._seconds_for(number))
        finally:
            self._waiting -= 1
            self._wanted = self._wanted - number if self._waiting else 0.0

    def _check(self, number: float) -> None:
        if not 0 <= number <= self.burst:
            raise ValueError(f"number must be from 0 to burst={self.burst:g}, not {number!r}")

    def _seconds_for(self, number: float) -> float:
        self._fill()
        return max(0.0, (number - self._tokens) / self.rate)

    def _take(self, number: float) -> bool:
        self._fill()
        if self._tokens + _ROUNDING < number:
            return False
        self._tokens = max(0.0, self._tokens - number)
        return True

    def _fill(self) -> None:
        now = self._clock()
        if self._filled_at is not None and now > self._filled_at:
            self._tokens = min(self.burst, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
