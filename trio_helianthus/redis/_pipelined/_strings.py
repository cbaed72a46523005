# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Strings: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._strings import (
    APPEND,
    DECR,
    DECRBY,
    DELIFEQ,
    GET,
    GETDEL,
    GETEX,
    GETRANGE,
    GETSET,
    INCR,
    INCRBY,
    INCRBYFLOAT,
    LCS,
    LCS_IDX,
    MGET,
    MSET,
    MSETEX,
    MSETNX,
    PSETEX,
    SET,
    SET_GET,
    SETEX,
    SETNX,
    SETRANGE,
    STRLEN,
    SUBSTR,
)
from .._requests import _strings as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyKey, Duration, Key, Moment, Value


class QueuedStringsCommands(CommandQueue[T]):
    """Strings."""

    def append(self, key: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.append`."""
        self._queue(APPEND, (b"APPEND", key, value))
        return self

    def decr(self, name: Key, amount: int = 1) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.decr`."""
        if amount != 1:
            self._queue(DECRBY, (b"DECRBY", name, amount))
        else:
            self._queue(DECR, (b"DECR", name))
        return self

    def decrby(self, name: Key, amount: int = 1) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.decrby`."""
        self._queue(DECRBY, (b"DECRBY", name, amount))
        return self

    def delifeq(self, name: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.delifeq`."""
        self._queue(DELIFEQ, (b"DELIFEQ", name, value))
        return self

    def get(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.get`."""
        self._queue(GET, (b"GET", name))
        return self

    def getdel(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.getdel`."""
        self._queue(GETDEL, (b"GETDEL", name))
        return self

    def getex(
        self,
        name: Key,
        ex: Duration | None = None,
        px: Duration | None = None,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        *,
        persist: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.getex`."""
        self._queue(GETEX, request.getex(name, ex, px, exat, pxat, persist=persist))
        return self

    def getrange(self, key: Key, start: int, end: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.getrange`."""
        self._queue(GETRANGE, (b"GETRANGE", key, start, end))
        return self

    def getset(self, name: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.getset`."""
        self._queue(GETSET, (b"GETSET", name, value))
        return self

    def incr(self, name: Key, amount: int = 1) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.incr`."""
        if amount != 1:
            self._queue(INCRBY, (b"INCRBY", name, amount))
        else:
            self._queue(INCR, (b"INCR", name))
        return self

    def incrby(self, name: Key, amount: int = 1) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.incrby`."""
        self._queue(INCRBY, (b"INCRBY", name, amount))
        return self

    def incrbyfloat(self, name: Key, amount: float = 1.0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.incrbyfloat`."""
        self._queue(INCRBYFLOAT, (b"INCRBYFLOAT", name, amount))
        return self

    def lcs(
        self,
        key1: Key,
        key2: Key,
        *,
        len: bool = False,
        idx: bool = False,
        minmatchlen: int | None = None,
        withmatchlen: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lcs`."""
        command = LCS_IDX if idx else LCS
        self._queue(
            command,
            request.lcs(
                key1, key2, len=len, idx=idx, minmatchlen=minmatchlen, withmatchlen=withmatchlen
            ),
        )
        return self

    def mget(self, keys: Key | Iterable[Key], *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.mget`."""
        self._queue(MGET, request.mget(keys, *args))
        return self

    def mset(self, mapping: Mapping[AnyKey, Value]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.mset`."""
        self._queue(MSET, request.mset(mapping))
        return self

    def msetex(
        self,
        mapping: Mapping[AnyKey, Value],
        ex: Duration | None = None,
        px: Duration | None = None,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.msetex`."""
        self._queue(
            MSETEX, request.msetex(mapping, ex, px, exat, pxat, nx=nx, xx=xx, keepttl=keepttl)
        )
        return self

    def msetnx(self, mapping: Mapping[AnyKey, Value]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.msetnx`."""
        self._queue(MSETNX, request.msetnx(mapping))
        return self

    def psetex(self, name: Key, time_ms: Duration, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.psetex`."""
        self._queue(PSETEX, request.psetex(name, time_ms, value))
        return self

    def set(
        self,
        name: Key,
        value: Value,
        ex: Duration | None = None,
        px: Duration | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool = False,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        ifeq: Value | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.set`."""
        command = SET_GET if get else SET
        self._queue(
            command,
            request.set(
                name,
                value,
                ex,
                px,
                nx=nx,
                xx=xx,
                keepttl=keepttl,
                get=get,
                exat=exat,
                pxat=pxat,
                ifeq=ifeq,
            ),
        )
        return self

    def setex(self, name: Key, time: Duration, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.setex`."""
        self._queue(SETEX, request.setex(name, time, value))
        return self

    def setnx(self, name: Key, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.setnx`."""
        self._queue(SETNX, (b"SETNX", name, value))
        return self

    def setrange(self, name: Key, offset: int, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.setrange`."""
        self._queue(SETRANGE, request.setrange(name, offset, value))
        return self

    def strlen(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.strlen`."""
        self._queue(STRLEN, (b"STRLEN", name))
        return self

    def substr(self, name: Key, start: int, end: int = -1) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.substr`."""
        self._queue(SUBSTR, (b"SUBSTR", name, start, end))
        return self
