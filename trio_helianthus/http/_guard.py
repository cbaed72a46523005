"""What stands between a client and one origin: second tries, a circuit breaker, a rate limit."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.errors import CertificateInvalid, NetworkError, OperationTimeout

from ._call import Call
from ._headers import Headers
from ._origin_pool import seconds_until
from ._proxy import ProxyRefused

__all__ = ["Guard", "Retries", "retry_after"]

_RETRIED: Final = frozenset([429, 502, 503, 504])
_BEFORE_SENDING: Final = frozenset(["connect", "resolve", "TLS handshake"])
_LONGEST_NUMBER: Final = 10  # digits of Retry-After

_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class Retries:
    """When a call that failed is made again.

    A network failure or a timeout of one part is worth another try, and so is an answer with one
    of ``statuses``; not before the time that the server asks for in ``Retry-After``. Only what may
    be sent twice is (:rfc:`9110` section 9.2.2): an idempotent method, and content that is not a
    stream. Where no connection could be made, nothing was sent, and the method does not matter.
    When no further try is to be, the last answer is returned, or the last error raised.
    """

    policy: core.RetryPolicy = attrs.field(factory=core.RetryPolicy)
    """How often, and after which waits."""
    statuses: frozenset[int] = attrs.field(default=_RETRIED, converter=frozenset)
    """Answers that are worth another try."""
    budget: Callable[[], core.RetryBudget] = core.RetryBudget
    """Makes, for each origin, what its retries are paid from."""


class Guard:
    """Makes the calls to one origin, if and when they may be made.

    :param retries: when they are made again; ``None`` for never.
    :param breaker: refuses them while the origin fails.
    :param limiter: makes them wait.
    """

    def __init__(
        self,
        retries: Retries | None,
        breaker: core.CircuitBreaker | None,
        limiter: core.RateLimiter | None,
    ) -> None:
        self._retries = retries
        self._breaker = breaker
        self._limiter = limiter
        self._budget = None if retries is None else retries.budget()
        self._under_way = 0

    def remembers(self) -> bool:
        """Whether a call is under way, or it has something against the origin not to forget."""
        if self._under_way:
            return True
        if self._breaker is not None:
            seen = self._breaker.statistics()
            if seen.failures or seen.state is not core.CircuitState.CLOSED:
                return True
        return self._limiter is not None and self._limiter.tokens < self._limiter.burst

    async def run(
        self,
        call: Call,
        attempt: Callable[[], Awaitable[_T]],
        head_of: Callable[[_T], tuple[int, Headers]],
        drop: Callable[[_T], Awaitable[object]] | None = None,
        *,
        deadline: float,
    ) -> _T:
        """Make a call, and again where that is worth it.

        :param attempt: makes it once.
        :param head_of: status and fields of an answer.
        :param drop: gives an answer up that nobody will see.
        :param deadline: in trio's time.
        :raises CircuitOpen: the origin has failed too often lately.
        """
        if self._budget is not None:
            self._budget.deposit()
        self._under_way += 1
        try:
            return await self._run(call, attempt, head_of, drop, deadline)
        finally:
            self._under_way -= 1

    async def _run(
        self,
        call: Call,
        attempt: Callable[[], Awaitable[_T]],
        head_of: Callable[[_T], tuple[int, Headers]],
        drop: Callable[[_T], Awaitable[object]] | None,
        deadline: float,
    ) -> _T:
        failures = 0
        while True:
            failures += 1
            try:
                answer = await self._attempt(attempt, head_of, deadline)
            except (NetworkError, OperationTimeout) as exc:
                delay = self._delay_after(exc, call, failures, deadline)
                if delay is None:
                    raise
            else:
                status, headers = head_of(answer)
                delay = self._delay_before_another(status, headers, call, failures, deadline)
                if delay is None:
                    return answer
                if drop is not None:
                    await drop(answer)
            await trio.sleep(delay)

    async def _attempt(
        self,
        attempt: Callable[[], Awaitable[_T]],
        head_of: Callable[[_T], tuple[int, Headers]],
        deadline: float,
    ) -> _T:
        if self._limiter is not None:
            await self._limiter.acquire(timeout=seconds_until(deadline))
        if self._breaker is None:
            return await attempt()
        with self._breaker.call() as counted:
            answer = await attempt()
            if head_of(answer)[0] >= 500:
                counted.fail()
            return answer

    def _delay_after(
        self, error: Exception, call: Call, failures: int, deadline: float
    ) -> float | None:
        nothing_sent = isinstance(error, NetworkError) and error.operation in _BEFORE_SENDING
        refused = isinstance(error, ProxyRefused) and error.status < 500
        if refused or isinstance(error, CertificateInvalid):
            return None  # nor would it work the next time
        if not (call.repeatable or (nothing_sent and call.replayable)):
            return None
        return self._delay(failures, None, deadline)

    def _delay_before_another(
        self, status: int, headers: Headers, call: Call, failures: int, deadline: float
    ) -> float | None:
        if self._retries is None or status not in self._retries.statuses or not call.repeatable:
            return None
        hint = retry_after(headers.get("retry-after", ""), time.time())
        return self._delay(failures, hint, deadline)

    def _delay(self, failures: int, hint: float | None, deadline: float) -> float | None:
        if self._retries is None or self._budget is None:
            return None
        delay = self._retries.policy.next_delay(
            failures,
            chance=random.random(),  # noqa: S311 - nobody gains by guessing it
            hint=hint,
            time_left=min(core.remaining_time(), seconds_until(deadline)),
        )
        return delay if delay is not None and self._budget.withdraw() else None


def retry_after(value: str, now: float) -> float | None:
    """The seconds that ``Retry-After`` asks to wait (:rfc:`9110` section 10.2.3).

    :param value: untrusted: seconds, or a date.
    :param now: Unix time.
    :returns: at least 0; ``None`` where it says nothing that can be understood.
    """
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value) if len(value) <= _LONGEST_NUMBER else float("inf")
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)
    except (ValueError, OverflowError):
        return None
