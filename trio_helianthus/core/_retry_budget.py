"""A budget for retries: so that they do not add to the load of a server that is overloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from ._limits import check_seconds

if TYPE_CHECKING:
    from collections.abc import Callable


class RetryBudget:
    """Lets retries be so many for each call, and a few more for callers that call seldom.

    When a server fails for all, each caller's retries multiply its load. Share one budget among
    all calls to a server, and they add no more than ``ratio`` to it (after Finagle's
    ``RetryBudget`` and gRPC's retry throttling, gRFC A6).

    It belongs to one thread.

    :param ratio: how many retries each call pays for.
    :param min_per_second: how many retries there may be besides.
    :param burst: how many may be saved up; it begins with them.
    :param clock: returns the time in seconds; by default trio's.
    """

    def __init__(
        self,
        ratio: float = 0.2,
        *,
        min_per_second: float = 1.0,
        burst: float = 10.0,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        check_seconds("ratio", ratio)
        check_seconds("min_per_second", min_per_second)
        if not burst >= 1:
            raise ValueError(f"burst must be at least 1, not {burst!r}")
        self._ratio = ratio
        self._per_second = min_per_second
        self._burst = burst
        self._clock = clock
        self._saved = float(burst)
        self._saved_at: float | None = None

    @property
    def balance(self) -> float:
        """How many retries there may be now."""
        self._save(0)
        return self._saved

    def deposit(self) -> None:
        """Count a call; not its retries."""
        self._save(self._ratio)

    def withdraw(self) -> bool:
        """Ask for one retry.

        :returns: whether it may be. If it may, it is paid for.
        """
        self._save(0)
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    def _save(self, more: float) -> None:
        now = self._clock()
        elapsed = 0.0 if self._saved_at is None else max(0.0, now - self._saved_at)
        self._saved = min(self._burst, self._saved + more + elapsed * self._per_second)
        self._saved_at = now
