# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sets: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._sets import (
    SADD,
    SCARD,
    SDIFF,
    SDIFFSTORE,
    SINTER,
    SINTERCARD,
    SINTERSTORE,
    SISMEMBER,
    SMEMBERS,
    SMISMEMBER,
    SMOVE,
    SPOP,
    SPOP_COUNT,
    SRANDMEMBER,
    SREM,
    SSCAN,
    SUNION,
    SUNIONSTORE,
)
from .._requests import _sets as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


class QueuedSetsCommands(CommandQueue[T]):
    """Sets."""

    def sadd(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sadd`."""
        self._queue(SADD, request.sadd(name, *values))
        return self

    def scard(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.scard`."""
        self._queue(SCARD, (b"SCARD", name))
        return self

    def sdiff(self, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sdiff`."""
        self._queue(SDIFF, request.sdiff(keys, *args))
        return self

    def sdiffstore(self, dest: Key, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sdiffstore`."""
        self._queue(SDIFFSTORE, request.sdiffstore(dest, keys, *args))
        return self

    def sinter(self, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sinter`."""
        self._queue(SINTER, request.sinter(keys, *args))
        return self

    def sintercard(self, numkeys: int, keys: Iterable[Key], limit: int = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sintercard`."""
        self._queue(SINTERCARD, request.sintercard(numkeys, keys, limit))
        return self

    def sinterstore(self, dest: Key, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sinterstore`."""
        self._queue(SINTERSTORE, request.sinterstore(dest, keys, *args))
        return self

    def sismember(self, name: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sismember`."""
        self._queue(SISMEMBER, (b"SISMEMBER", name, value))
        return self

    def smembers(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.smembers`."""
        self._queue(SMEMBERS, (b"SMEMBERS", name))
        return self

    def smismember(self, name: Key, values: Value | Iterable[Value], *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.smismember`."""
        self._queue(SMISMEMBER, request.smismember(name, values, *args))
        return self

    def smove(self, src: Key, dst: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.smove`."""
        self._queue(SMOVE, (b"SMOVE", src, dst, value))
        return self

    def spop(self, name: Key, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.spop`."""
        command = SPOP_COUNT if count is not None else SPOP
        self._queue(command, request.spop(name, count))
        return self

    def srandmember(self, name: Key, number: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.srandmember`."""
        self._queue(SRANDMEMBER, request.srandmember(name, number))
        return self

    def srem(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.srem`."""
        self._queue(SREM, request.srem(name, *values))
        return self

    def sscan(
        self, name: Key, cursor: int = 0, match: Key | None = None, count: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sscan`."""
        self._queue(SSCAN, request.sscan(name, cursor, match, count))
        return self

    def sunion(self, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sunion`."""
        self._queue(SUNION, request.sunion(keys, *args))
        return self

    def sunionstore(self, dest: Key, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sunionstore`."""
        self._queue(SUNIONSTORE, request.sunionstore(dest, keys, *args))
        return self
