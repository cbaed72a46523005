"""A circuit breaker: does not call for a while what fails nearly every time."""

from __future__ import annotations

import math
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Final, Self

import attrs
import trio

from trio_helianthus.errors import CircuitOpen, OperationCancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_SLICES: Final = 10


def _is_any_but_a_cancelled_token(error: Exception) -> bool:
    return not isinstance(error, OperationCancelled)


class CircuitState(Enum):
    """What a :class:`CircuitBreaker` does with calls."""

    CLOSED = "closed"
    """It lets them through, and counts those that fail."""
    OPEN = "open"
    """It lets none through."""
    HALF_OPEN = "half_open"
    """It lets a few through, to see how they end."""


_CLOSED: Final = CircuitState.CLOSED  # an attribute of an enum costs as much as a call
_OPEN: Final = CircuitState.OPEN
_HALF_OPEN: Final = CircuitState.HALF_OPEN


@attrs.frozen(kw_only=True)
class CircuitStatistics:
    """What a :class:`CircuitBreaker` has seen."""

    state: CircuitState
    calls: int
    """How many calls have ended within the window."""
    failures: int
    """How many of them failed."""
    probes: int
    """How many calls are under way that show whether to close again."""
    refused: int
    """How many calls were ever refused."""
    opened: int
    """How often it has opened."""


class CircuitBreaker:
    """Refuses calls at once, for a while, when too many of the last ones have failed.

    Share one among all calls to a server. It spares them the wait for what would fail anyway,
    and the server the load while it recovers::

        with breaker.call() as call:
            response = await ask()
            if response.status >= 500:
                call.fail()

    Calls that began before it opened do not count when they end after that. It belongs to one
    thread.

    :param name: what is called, for the error.
    :param failure_ratio: it opens when this part of the calls within ``window`` failed,
    :param min_calls: provided that there were so many.
    :param window: seconds.
    :param open_seconds: for how long it lets nothing through.
    :param probes: how many calls it lets through then at a time, and how many have to succeed
        for it to close. The first that fails opens it again.
    :param is_failure: which errors that come out of a call are failures; by default all. A
        cancellation is neither a failure nor a success.
    :param clock: returns the time in seconds; by default trio's.
    :raises ValueError: one of them makes no sense.
    """

    def __init__(
        self,
        name: str = "",
        *,
        failure_ratio: float = 0.5,
        min_calls: int = 20,
        window: float = 10.0,
        open_seconds: float = 5.0,
        probes: int = 1,
        is_failure: Callable[[Exception], bool] = _is_any_but_a_cancelled_token,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        if not 0 < failure_ratio <= 1:
            raise ValueError(f"failure_ratio must be above 0 and at most 1, not {failure_ratio!r}")
        for what, value in (("min_calls", min_calls), ("probes", probes)):
            if value < 1:
                raise ValueError(f"{what} must be at least 1, not {value}")
        for what, seconds in (("window", window), ("open_seconds", open_seconds)):
            if not seconds > 0:
                raise ValueError(f"{what} must be a positive number of seconds, not {seconds!r}")
        self.name = name
        self._ratio = failure_ratio
        self._min_calls = min_calls
        self._open_seconds = open_seconds
        self._max_probes = probes
        self._is_failure = is_failure
        self._clock = clock
        self._window = _Window(window)
        self._state = _CLOSED
        self._period = 0  # counts the changes of state
        self._opened_at = 0.0
        self._probes = self._successes = 0
        self._refused = self._opened = 0

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r}: {self.state.value}>"

    @property
    def state(self) -> CircuitState:
        """What it does with calls now."""
        if self._state is _OPEN and self._seconds_left() <= 0:
            self._change(_HALF_OPEN)
        return self._state

    def call(self) -> CircuitCall:
        """Return a context manager around one call. How its body ends is how the call ended.

        :raises CircuitOpen: on entering, if the call must not be made.
        """
        return CircuitCall(self)

    def statistics(self) -> CircuitStatistics:
        """Return what it has seen."""
        calls, failures = self._window.counts(self._clock())
        return CircuitStatistics(
            state=self.state,
            calls=calls,
            failures=failures,
            probes=self._probes,
            refused=self._refused,
            opened=self._opened,
        )

    def _seconds_left(self) -> float:
        return self._opened_at + self._open_seconds - self._clock()

    def _begin(self) -> int:
        """Begin a call; return the period to which it belongs."""
        if self._state is _CLOSED:
            return self._period
        state = self.state
        if state is _HALF_OPEN and self._probes < self._max_probes - self._successes:
            self._probes += 1
            return self._period
        self._refused += 1
        left = self._seconds_left() if state is _OPEN else 0.0
        raise CircuitOpen(name=self.name, retry_after=left)

    def _end(self, period: int, failed: bool | None) -> None:
        """End a call, with ``None`` if nobody knows how it would have ended."""
        if period != self._period:
            return
        if self._state is _HALF_OPEN:
            self._probes -= 1
            if failed:
                self._open()
            elif failed is not None:
                self._successes += 1
                if self._successes >= self._max_probes:
                    self._change(_CLOSED)
        elif failed is not None:
            now = self._clock()
            self._window.add(now, failed)
            if failed:
                calls, failures = self._window.counts(now)
                if calls >= self._min_calls and failures >= calls * self._ratio:
                    self._open()

    def _open(self) -> None:
        self._change(_OPEN)
        self._opened_at = self._clock()
        self._opened += 1

    def _change(self, state: CircuitState) -> None:
        self._state = state
        self._period += 1
        self._probes = self._successes = 0
        self._window.clear()


class CircuitCall:
    """One call through a :class:`CircuitBreaker`; see :meth:`CircuitBreaker.call`."""

    __slots__ = ("_breaker", "_failed", "_period")

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker
        self._failed = False

    def fail(self) -> None:
        """Count the call as failed although it raises nothing, as for an answer of status 500."""
        self._failed = True

    def __enter__(self) -> Self:
        self._period = self._breaker._begin()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        failed: bool | None = self._failed
        if exc is not None and not failed:
            is_failure = isinstance(exc, Exception) and self._breaker._is_failure(exc)
            failed = True if is_failure else None
        self._breaker._end(self._period, failed)


class _Window:
    """Counts calls and failures of the last seconds, in slices that are dropped as a whole."""

    def __init__(self, seconds: float) -> None:
        self._slice = seconds / _SLICES
        # Number of the slice; calls and failures.
        self._slices: deque[tuple[int, list[int]]] = deque(maxlen=_SLICES + 1)
        self._slice_ends = -math.inf
        self._last = [0, 0]

    def add(self, now: float, failed: bool) -> None:
        if now >= self._slice_ends:
            number = int(now / self._slice)
            self._slice_ends = (number + 1) * self._slice
            self._last = [0, 0]
            self._slices.append((number, self._last))
        self._last[0] += 1
        self._last[1] += failed

    def counts(self, now: float) -> tuple[int, int]:
        oldest = int(now / self._slice) - _SLICES
        while self._slices and self._slices[0][0] <= oldest:
            self._slices.popleft()
        return (
            sum(counts[0] for _, counts in self._slices),
            sum(counts[1] for _, counts in self._slices),
        )

    def clear(self) -> None:
        self._slices.clear()
        self._slice_ends = -math.inf
