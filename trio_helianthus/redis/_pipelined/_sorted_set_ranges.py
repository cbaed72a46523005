# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Ranges of sorted sets: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._sorted_set_ranges import (
    ZRANGE,
    ZRANGE_WITHSCORES,
    ZRANGEBYLEX,
    ZRANGEBYSCORE,
    ZRANGEBYSCORE_WITHSCORES,
    ZRANGESTORE,
    ZREMRANGEBYLEX,
    ZREMRANGEBYRANK,
    ZREMRANGEBYSCORE,
    ZREVRANGE,
    ZREVRANGE_WITHSCORES,
    ZREVRANGEBYLEX,
    ZREVRANGEBYSCORE,
    ZREVRANGEBYSCORE_WITHSCORES,
)
from .._requests import _sorted_set_ranges as request

if TYPE_CHECKING:
    from .._values import Key


class QueuedSortedSetRangesCommands(CommandQueue[T]):
    """Ranges of sorted sets."""

    def zrange(
        self,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        desc: bool = False,
        withscores: bool = False,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrange`."""
        command = ZRANGE_WITHSCORES if withscores else ZRANGE
        self._queue(
            command,
            request.zrange(
                name,
                start,
                end,
                desc=desc,
                withscores=withscores,
                byscore=byscore,
                bylex=bylex,
                offset=offset,
                num=num,
            ),
        )
        return self

    def zrangebylex(
        self, name: Key, min: Key, max: Key, start: int | None = None, num: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrangebylex`."""
        self._queue(ZRANGEBYLEX, request.zrangebylex(name, min, max, start, num))
        return self

    def zrangebyscore(
        self,
        name: Key,
        min: float | str,
        max: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrangebyscore`."""
        command = ZRANGEBYSCORE_WITHSCORES if withscores else ZRANGEBYSCORE
        self._queue(
            command, request.zrangebyscore(name, min, max, start, num, withscores=withscores)
        )
        return self

    def zrangestore(
        self,
        dest: Key,
        name: Key,
        start: Key | float,
        end: Key | float,
        *,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrangestore`."""
        self._queue(
            ZRANGESTORE,
            request.zrangestore(
                dest,
                name,
                start,
                end,
                byscore=byscore,
                bylex=bylex,
                desc=desc,
                offset=offset,
                num=num,
            ),
        )
        return self

    def zremrangebylex(self, name: Key, min: Key, max: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zremrangebylex`."""
        self._queue(ZREMRANGEBYLEX, (b"ZREMRANGEBYLEX", name, min, max))
        return self

    def zremrangebyrank(self, name: Key, min: int, max: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zremrangebyrank`."""
        self._queue(ZREMRANGEBYRANK, (b"ZREMRANGEBYRANK", name, min, max))
        return self

    def zremrangebyscore(self, name: Key, min: float | str, max: float | str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zremrangebyscore`."""
        self._queue(ZREMRANGEBYSCORE, (b"ZREMRANGEBYSCORE", name, min, max))
        return self

    def zrevrange(self, name: Key, start: int, end: int, *, withscores: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrevrange`."""
        command = ZREVRANGE_WITHSCORES if withscores else ZREVRANGE
        self._queue(command, request.zrevrange(name, start, end, withscores=withscores))
        return self

    def zrevrangebylex(
        self, name: Key, max: Key, min: Key, start: int | None = None, num: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrevrangebylex`."""
        self._queue(ZREVRANGEBYLEX, request.zrevrangebylex(name, max, min, start, num))
        return self

    def zrevrangebyscore(
        self,
        name: Key,
        max: float | str,
        min: float | str,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.zrevrangebyscore`."""
        command = ZREVRANGEBYSCORE_WITHSCORES if withscores else ZREVRANGEBYSCORE
        self._queue(
            command, request.zrevrangebyscore(name, max, min, start, num, withscores=withscores)
        )
        return self
