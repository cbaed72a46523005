# Made by scripts/generate_redis_commands.py; changes belong there.
"""Several sorted sets: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._sorted_set_unions import (
    ZDIFF,
    ZDIFF_WITHSCORES,
    ZDIFFSTORE,
    ZINTER,
    ZINTER_WITHSCORES,
    ZINTERCARD,
    ZINTERSTORE,
    ZUNION,
    ZUNION_WITHSCORES,
    ZUNIONSTORE,
)
from .._requests import _sorted_set_unions as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyKey, Key


class QueuedSortedSetUnionsCommands(CommandQueue[T]):
    """Several sorted sets."""

    def zdiff(self, keys: Iterable[Key], *, withscores: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zdiff`."""
        command = ZDIFF_WITHSCORES if withscores else ZDIFF
        self._queue(command, request.zdiff(keys, withscores=withscores))
        return self

    def zdiffstore(self, dest: Key, keys: Iterable[Key]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zdiffstore`."""
        self._queue(ZDIFFSTORE, request.zdiffstore(dest, keys))
        return self

    def zinter(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zinter`."""
        command = ZINTER_WITHSCORES if withscores else ZINTER
        self._queue(command, request.zinter(keys, aggregate, withscores=withscores))
        return self

    def zintercard(self, numkeys: int, keys: Iterable[Key], limit: int = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zintercard`."""
        self._queue(ZINTERCARD, request.zintercard(numkeys, keys, limit))
        return self

    def zinterstore(
        self,
        dest: Key,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zinterstore`."""
        self._queue(ZINTERSTORE, request.zinterstore(dest, keys, aggregate))
        return self

    def zunion(
        self,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
        *,
        withscores: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zunion`."""
        command = ZUNION_WITHSCORES if withscores else ZUNION
        self._queue(command, request.zunion(keys, aggregate, withscores=withscores))
        return self

    def zunionstore(
        self,
        dest: Key,
        keys: Iterable[Key] | Mapping[AnyKey, float],
        aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zunionstore`."""
        self._queue(ZUNIONSTORE, request.zunionstore(dest, keys, aggregate))
        return self
