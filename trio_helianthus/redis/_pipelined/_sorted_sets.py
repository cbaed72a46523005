# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Sorted sets: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._sorted_sets import (
    ZADD,
    ZADD_INCR,
    ZCARD,
    ZCOUNT,
    ZINCRBY,
    ZLEXCOUNT,
    ZMSCORE,
    ZRANDMEMBER,
    ZRANDMEMBER_WITHSCORES,
    ZRANK,
    ZRANK_WITHSCORE,
    ZREM,
    ZREVRANK,
    ZREVRANK_WITHSCORE,
    ZSCAN,
    ZSCAN_NOSCORES,
    ZSCORE,
)
from .._requests import _sorted_sets as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyValue, Key, Value


class QueuedSortedSetsCommands(CommandQueue[T]):
    """Sorted sets."""

    def zadd(
        self,
        name: Key,
        mapping: Mapping[AnyValue, float],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zadd`."""
        command = ZADD_INCR if incr else ZADD
        self._queue(
            command, request.zadd(name, mapping, nx=nx, xx=xx, ch=ch, incr=incr, gt=gt, lt=lt)
        )
        return self

    def zcard(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zcard`."""
        self._queue(ZCARD, (b"ZCARD", name))
        return self

    def zcount(self, name: Key, min: float | str, max: float | str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zcount`."""
        self._queue(ZCOUNT, (b"ZCOUNT", name, min, max))
        return self

    def zincrby(self, name: Key, amount: float, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zincrby`."""
        self._queue(ZINCRBY, (b"ZINCRBY", name, amount, value))
        return self

    def zlexcount(self, name: Key, min: Key, max: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zlexcount`."""
        self._queue(ZLEXCOUNT, (b"ZLEXCOUNT", name, min, max))
        return self

    def zmscore(self, key: Key, members: Iterable[Value]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zmscore`."""
        self._queue(ZMSCORE, request.zmscore(key, members))
        return self

    def zrandmember(self, key: Key, count: int | None = None, *, withscores: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrandmember`."""
        command = ZRANDMEMBER_WITHSCORES if withscores else ZRANDMEMBER
        self._queue(command, request.zrandmember(key, count, withscores=withscores))
        return self

    def zrank(self, name: Key, value: Value, *, withscore: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrank`."""
        command = ZRANK_WITHSCORE if withscore else ZRANK
        self._queue(command, request.zrank(name, value, withscore=withscore))
        return self

    def zrevrank(self, name: Key, value: Value, *, withscore: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrevrank`."""
        command = ZREVRANK_WITHSCORE if withscore else ZREVRANK
        self._queue(command, request.zrevrank(name, value, withscore=withscore))
        return self

    def zrem(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrem`."""
        self._queue(ZREM, request.zrem(name, *values))
        return self

    def zscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_scores: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zscan`."""
        command = ZSCAN_NOSCORES if no_scores else ZSCAN
        self._queue(command, request.zscan(name, cursor, match, count, no_scores=no_scores))
        return self

    def zscore(self, name: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zscore`."""
        self._queue(ZSCORE, (b"ZSCORE", name, value))
        return self
