# Made by scripts/generate_redis_commands.py; changes belong there.
"""Hashes: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._hashes import (
    HDEL,
    HEXISTS,
    HGET,
    HGETALL,
    HGETDEL,
    HGETEX,
    HINCRBY,
    HINCRBYFLOAT,
    HKEYS,
    HLEN,
    HMGET,
    HMSET,
    HRANDFIELD,
    HRANDFIELD_WITHVALUES,
    HSCAN,
    HSCAN_NOVALUES,
    HSET,
    HSETEX,
    HSETNX,
    HSTRLEN,
    HVALS,
)
from .._requests import _hashes as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyValue, Duration, Key, Moment, Value


class QueuedHashesCommands(CommandQueue[T]):
    """Hashes."""

    def hdel(self, name: Key, *keys: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hdel`."""
        self._queue(HDEL, request.hdel(name, *keys))
        return self

    def hexists(self, name: Key, key: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hexists`."""
        self._queue(HEXISTS, (b"HEXISTS", name, key))
        return self

    def hget(self, name: Key, key: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hget`."""
        self._queue(HGET, (b"HGET", name, key))
        return self

    def hgetall(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hgetall`."""
        self._queue(HGETALL, (b"HGETALL", name))
        return self

    def hgetdel(self, name: Key, *keys: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hgetdel`."""
        self._queue(HGETDEL, request.hgetdel(name, *keys))
        return self

    def hgetex(
        self,
        name: Key,
        *keys: Value,
        ex: Duration | None = None,
        px: Duration | None = None,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        persist: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hgetex`."""
        self._queue(
            HGETEX, request.hgetex(name, *keys, ex=ex, px=px, exat=exat, pxat=pxat, persist=persist)
        )
        return self

    def hincrby(self, name: Key, key: Value, amount: int = 1) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hincrby`."""
        self._queue(HINCRBY, (b"HINCRBY", name, key, amount))
        return self

    def hincrbyfloat(self, name: Key, key: Value, amount: float = 1.0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hincrbyfloat`."""
        self._queue(HINCRBYFLOAT, (b"HINCRBYFLOAT", name, key, amount))
        return self

    def hkeys(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hkeys`."""
        self._queue(HKEYS, (b"HKEYS", name))
        return self

    def hlen(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hlen`."""
        self._queue(HLEN, (b"HLEN", name))
        return self

    def hmget(self, name: Key, keys: Value | Iterable[Value], *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hmget`."""
        self._queue(HMGET, request.hmget(name, keys, *args))
        return self

    def hmset(self, name: Key, mapping: Mapping[AnyValue, Value]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hmset`."""
        self._queue(HMSET, request.hmset(name, mapping))
        return self

    def hrandfield(self, key: Key, count: int | None = None, *, withvalues: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hrandfield`."""
        command = HRANDFIELD_WITHVALUES if withvalues else HRANDFIELD
        self._queue(command, request.hrandfield(key, count, withvalues=withvalues))
        return self

    def hscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_values: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hscan`."""
        command = HSCAN_NOVALUES if no_values else HSCAN
        self._queue(command, request.hscan(name, cursor, match, count, no_values=no_values))
        return self

    def hset(
        self,
        name: Key,
        key: Value | None = None,
        value: Value | None = None,
        mapping: Mapping[AnyValue, Value] | None = None,
        items: Iterable[Value] | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hset`."""
        self._queue(HSET, request.hset(name, key, value, mapping, items))
        return self

    def hsetex(
        self,
        name: Key,
        key: Value | None = None,
        value: Value | None = None,
        mapping: Mapping[AnyValue, Value] | None = None,
        items: Iterable[Value] | None = None,
        ex: Duration | None = None,
        px: Duration | None = None,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        *,
        keepttl: bool = False,
        nx: bool = False,
        xx: bool = False,
        fnx: bool = False,
        fxx: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hsetex`."""
        self._queue(
            HSETEX,
            request.hsetex(
                name,
                key,
                value,
                mapping,
                items,
                ex,
                px,
                exat,
                pxat,
                keepttl=keepttl,
                nx=nx,
                xx=xx,
                fnx=fnx,
                fxx=fxx,
            ),
        )
        return self

    def hsetnx(self, name: Key, key: Value, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hsetnx`."""
        self._queue(HSETNX, (b"HSETNX", name, key, value))
        return self

    def hstrlen(self, name: Key, key: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hstrlen`."""
        self._queue(HSTRLEN, (b"HSTRLEN", name, key))
        return self

    def hvals(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hvals`."""
        self._queue(HVALS, (b"HVALS", name))
        return self
