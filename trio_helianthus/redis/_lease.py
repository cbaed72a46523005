"""A lock or permit while it is held: extended in the background, and its body ended when lost."""

from __future__ import annotations

import math
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import limit, operation
from trio_helianthus.errors import HelianthusError, LockLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio_helianthus.core import CancelToken

    from ._backend import Backend
    from ._claim import Claim

__all__ = ["Lease"]

_EXTENSIONS_PER_TTL: Final = 3
_RETRY_SECONDS: Final = 0.25


class Lease:
    """A lock, or a permit of a semaphore, that the body holds.

    Made by :meth:`Redis.lock` and :meth:`Redis.semaphore`.
    """

    def __init__(self, claim: Claim, token: int, asked_at: float) -> None:
        self.name: Final = claim.name
        """The name of the lock or semaphore."""
        self.token: Final = token
        """The fencing token: greater than that of whoever held it before. Where a write must not
        be done by two, have what is written to keep the greatest token that it has seen, and
        refuse smaller ones."""
        self.extensions: int = 0
        """How often it was extended so far."""
        self._claim = claim
        self._asked_at = asked_at
        self._reason = ""
        self._cause: HelianthusError | None = None
        self._ended_at = math.inf
        self._keeping = trio.CancelScope()
        self._body = trio.CancelScope(deadline=asked_at + claim.held_for)

    def __repr__(self) -> str:
        state = f"{self.remaining:.3f} s left" if self.is_held else "lost or over"
        return f"<Lease of {self._claim.what}: {state}>"

    @property
    def remaining(self) -> float:
        """The seconds for which it is ours for certain, unless it is extended; 0 if it is lost.

        They are counted from when the server was asked, by our own clock, with a margin.
        """
        if self._reason or self._ended_at != math.inf:
            return 0.0
        return max(0.0, self._body.deadline - trio.current_time())

    @property
    def is_held(self) -> bool:
        """Whether it is ours for all that we know."""
        return self.remaining > 0

    def check(self) -> None:
        """Raise an error if it is lost, for code that computes for long between two checkpoints.

        :raises LockLost: it is lost, or the body has ended.
        """
        if not self.is_held:
            raise self._lost() or LockLost(
                f"{self._claim.what} was given back", name=self.name, token=self.token
            )

    async def _keep(self) -> None:
        """Extend it again and again. A failure is no loss: until the end there may be another."""
        claim = self._claim
        every = claim.ttl / _EXTENSIONS_PER_TTL
        with self._keeping:
            due = self._asked_at + every
            while True:
                await trio.sleep_until(due)
                asked_at = trio.current_time()
                try:
                    is_ours = await claim.extend()
                except HelianthusError as exc:
                    self._cause = exc
                    due = trio.current_time() + min(every / 4, _RETRY_SECONDS) * random.random()  # noqa: S311
                    continue
                if not is_ours or not self.is_held:
                    late = "it could not be extended in time"
                    self._lose(late if is_ours else "the server no longer knows that it is ours")
                    return
                self._cause = None
                self.extensions += 1
                self._body.deadline = asked_at + claim.held_for
                due = asked_at + every

    def _lose(self, reason: str) -> None:
        self._reason = reason
        self._body.cancel(reason=f"{self._claim.what} was lost")

    def _end(self) -> None:
        """Take down when the body ended, which is what counts for whether it was lost before."""
        if self._ended_at != math.inf:
            return
        self._keeping.cancel(reason="the body has ended")
        if trio.current_time() >= self._body.deadline and not self._reason:
            self._reason = "it could not be extended in time" if self._cause else "its time was up"
        self._ended_at = trio.current_time()

    def _lost(self) -> LockLost | None:
        """Return the error of having lost it; ``None`` if it was not lost."""
        reason = self._reason
        if not reason and self._ended_at == math.inf and not self.is_held:
            reason = "its time was up"
        if not reason:
            return None
        error = LockLost(f"{self._claim.what} was lost: {reason}", name=self.name, token=self.token)
        error.__cause__ = self._cause
        return error


@asynccontextmanager
async def hold(
    claim: Claim,
    backend: Backend,
    *,
    wait: float | None,
    extend: bool,
    timeout: float | None,
    token: CancelToken | None,
) -> AsyncIterator[Lease]:
    """Hold what is claimed around a block of code.

    :raises ValueError: ``wait`` is negative.
    """
    if wait is not None and not wait >= 0:
        raise ValueError(f"wait must be a number of seconds >= 0, not {wait!r}")
    with operation("redis.acquire"), limit(timeout, token):
        number, asked_at = await claim.acquire(wait)
    lease = Lease(claim, number, asked_at)
    was_ours: bool | None = None
    try:
        if extend:
            backend.nursery.start_soon(lease._keep, name=f"keep {claim.what}")
        with lease._body:
            yield lease
    except Exception as exc:
        lease._end()
        if (lost := lease._lost()) is not None:
            exc.add_note(lost.message)
        raise
    finally:
        lease._end()
        was_ours = await claim.give_back()  # noqa: ASYNC102 - timed in there
    # A command that is sent again finds that what it was to give back is no longer there.
    if was_ours is False and not backend.options.retry_writes and not lease._reason:
        lease._reason = "it was not ours any more when it was given back"
    if (error := lease._lost()) is not None:
        raise error
