"""A rate limiter that all processes share: so many in a time span, spread evenly, with bursts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import attrs
import trio

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import HelianthusError, OperationTimeout, ResourceFull

from ._command_table import COMMANDS
from ._rate_limit_scripts import GIVE_BACK, TAKE
from ._recipe_keys import plain_key
from ._recipe_numbers import check_amount, check_span
from ._scripts import Script

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from ._command_runner import CommandRunner
    from ._values import Key

__all__ = ["RateDecision", "RateLimiter"]

_GOODBYE_SECONDS: Final = 1.0
_MICROSECONDS: Final = 1_000_000
_SHORTEST_PER: Final = 0.001


@attrs.frozen
class RateDecision:
    """What a rate limiter has decided; true where it is allowed."""

    allowed: bool
    """Whether it is."""
    remaining: int
    """How many more would be allowed now, of cost 1."""
    retry_after: float
    """In how many seconds it would be allowed; 0 if it is."""
    reset_after: float
    """In how many seconds the whole burst is there again, if nobody comes meanwhile."""

    def __bool__(self) -> bool:
        return self.allowed


class RateLimiter:
    """Allows so many in a time span, for each key; made by :meth:`Redis.rate_limiter`.

    It has no state of its own: all that use the same name, rate and keys share one limit.

    One unit comes every ``per / limit`` seconds, up to ``burst`` of them; in any time span of ``t``
    seconds at most ``burst + t * limit / per`` are allowed. (Generic cell rate algorithm, ITU-T
    I.371.) The clock is the server's, so callers' clocks need not agree.
    """

    def __init__(
        self,
        runner: CommandRunner[Any],
        name: Key,
        *,
        limit: float,
        per: float,
        burst: float,
        max_wait: float,
    ) -> None:
        check_span("per", per, _SHORTEST_PER)
        check_span("max_wait", max_wait, 0)
        if not 0 < limit < math.inf:
            raise ValueError(f"limit must be a positive number, not {limit!r}")
        if not 1 <= burst < math.inf:
            raise ValueError(f"burst must be at least 1, and finite, not {burst!r}")
        plain_key("", name, "check")
        self.name: Final = name
        """The first part of its keys."""
        self.limit: Final = limit
        """How many come in ``per`` seconds."""
        self.per: Final = per
        """A time span in seconds."""
        self.burst: Final = burst
        """How many are allowed at once."""
        self.max_wait: Final = max_wait
        """For how many seconds one may wait in :meth:`acquire`."""
        self._runner = runner
        self._interval = per * _MICROSECONDS / limit
        self._take = Script(runner, TAKE)
        self._give_back = Script(runner, GIVE_BACK)

    async def try_acquire(
        self,
        key: Key,
        cost: float = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> RateDecision:
        """Take so many if they are there now.

        ::

            if not (decision := await limiter.try_acquire(user)):
                raise TooManyRequests(decision.retry_after)

        :param key: whose they are, such as a user's name or an address.
        :param cost: how many, up to ``burst``; 0 only looks.
        :param timeout: seconds.
        :param token: cancels it. Then they may have been taken.
        :raises ValueError: ``cost`` is negative, or more than ``burst``, so that it would never be
            allowed; or ``key`` is empty.
        :raises OutcomeUnknown: the connection was lost: they may have been taken.
        """
        where = self._checked(key, cost)
        with operation("redis.rate_limit"), limit(timeout, token):
            return (await self._ask(where, cost, 0))[0]

    async def acquire(
        self,
        key: Key,
        cost: float = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Take so many, and wait until they are there.

        The server is asked once, and says until when to wait: who comes later gets a later time.

        :param key: see :meth:`try_acquire`.
        :param cost: how many, up to ``burst``.
        :param timeout: seconds. Where they will not be there in time this raises at once.
        :param token: gives up.
        :raises OperationTimeout: they will not be there in time; none are taken.
        :raises ResourceFull: one would have to wait for more than ``max_wait``; none are taken.
        :raises ValueError: see :meth:`try_acquire`.

        Who is cancelled while it waits gives back what it has taken, unless somebody has come
        behind it: what it leaves then stays unused.
        """
        where = self._checked(key, cost)
        patience = self.max_wait if timeout is None else min(timeout, self.max_wait)
        with operation("redis.rate_limit"), limit(timeout, token):
            decision, written = await self._ask(where, cost, patience)
            if not decision:
                seconds = decision.retry_after
                if timeout is not None and timeout <= self.max_wait:
                    raise OperationTimeout(
                        f"they are there in {seconds:g} seconds, not in {timeout:g}",
                        seconds=timeout,
                    )
                raise ResourceFull(
                    f"they are there in {seconds:g} seconds, and max_wait={self.max_wait:g}",
                    limit_name="max_wait",
                    limit=math.ceil(self.max_wait),
                )
            try:
                await trio.sleep(decision.retry_after)
            except BaseException:
                if decision.retry_after:
                    await self._return(where, cost, written)  # noqa: ASYNC102 - timed in there
                raise

    async def reset(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Forget what was taken: the whole burst is there.

        :param key: whose.
        :param timeout: seconds.
        :param token: cancels it.
        """
        args = ("DEL", self._checked(key, 0))
        with limit(timeout, token):
            await self._runner._run(COMMANDS["DEL"], args, None, None)

    def _checked(self, key: Key, cost: float) -> bytes:
        check_amount("cost", cost, self.burst)
        return plain_key("rate:", self.name, key)

    async def _ask(
        self, where: bytes, cost: float, patience: float
    ) -> tuple[RateDecision, bytes | str]:
        """Return a decision, and what was written."""
        args = (
            self._interval,
            self.burst,
            cost,
            math.floor(patience * _MICROSECONDS),
            math.ceil(self.max_wait * _MICROSECONDS),
        )
        is_allowed, remaining, wait, reset, written = await self._take([where], args)
        decision = RateDecision(
            allowed=bool(is_allowed),
            remaining=int(remaining),
            retry_after=int(wait) / _MICROSECONDS,
            reset_after=int(reset) / _MICROSECONDS,
        )
        return decision, written

    async def _return(self, where: bytes, cost: float, written: bytes | str) -> None:
        try:
            with trio.move_on_after(_GOODBYE_SECONDS, shield=True):
                await self._give_back([where], [written, cost * self._interval])
        except HelianthusError:
            pass  # it stays unused
