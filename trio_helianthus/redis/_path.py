"""Follows work from refusal to refusal, for as long as it makes sense."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus.core import RetryPolicy
from trio_helianthus.errors import (
    NetworkError,
    OperationTimeout,
    RedisReadOnly,
    RedisRedirection,
    RedisUnavailable,
)

from ._node import Elsewhere
from ._routing import Step, step_after
from ._trail import Trail

if TYPE_CHECKING:
    from ._node import Node

WAITS: Final = RetryPolicy(initial_delay=0.01, factor=2.0, max_delay=0.25, jitter=0.5)
"""The waits of work that nobody can do now."""
PASSING: Final = (RedisRedirection, RedisUnavailable, RedisReadOnly, Elsewhere)
"""What one command may be told by a server after which another one, or a later time, may do."""


class Path(Trail):
    """Where one command, or those that run together, go next.

    :param patience: seconds after which waiting ends.
    """

    def __init__(self, patience: float) -> None:
        self.node: Node | None = None
        """Who is asked next; ``None``: whoever has the keys."""
        self.is_asking = False
        """Whether with ``ASKING``."""
        self.wants_primary = False
        """Whether replicas have had their turn."""
        self._patience = patience
        self._until = trio.current_time() + patience
        self._waits = 0

    async def follow(self, error: Exception, *, asked: Node | None = None) -> bool:
        """Find out where to go, having waited if need be, and return whether to.

        :param asked: who has refused, or could not be reached.
        """
        is_lost = isinstance(error, (Elsewhere, NetworkError))
        step = Step.WAIT if is_lost else step_after(error)
        if step is Step.GIVE_UP or trio.current_time() >= self._until:
            return False
        if step is Step.MOVED or step is Step.ASK:
            return await self._follow_redirection(error, asked)
        self.node, self.is_asking = None, False
        if is_lost or step is Step.LOOK:
            self._look()
        self.wants_primary |= not is_lost
        self._waits += 1
        if not is_lost or self._waits > 1:  # another server may be known already
            await self._wait(self._waits)
        return True

    def redirect(self, error: BaseException, asked: Node | None) -> tuple[Node, bool]:
        """Take note of a redirection, and return whom to ask, and whether with ``ASKING``."""
        raise NotImplementedError

    def give_up(self, error: Exception, what: str) -> Exception:
        """Return what the caller is told.

        :param what: the command's name, or what else was wanted.
        """
        if not isinstance(error, Elsewhere):
            return error
        seconds = self._patience
        told = OperationTimeout(
            f"no server could be reached for {what} within {seconds:g} seconds", seconds=seconds
        )
        told.__cause__ = error.__cause__
        return told

    async def _follow_redirection(self, error: Exception, asked: Node | None) -> bool:
        """Go where a server says; only in a cluster there is such a place."""
        return False

    def _look(self) -> None:
        """Have somebody find out who does what now."""

    async def _wait(self, failures: int) -> None:
        delay = WAITS.delay(failures, random.random())  # noqa: S311 - only a wait
        with trio.move_on_after(delay):
            await self._wait_for_news()

    async def _wait_for_news(self) -> None:
        """Wait until trying again may make sense."""
        await trio.sleep_forever()
