# Made by scripts/generate_redis_commands.py; changes belong there.
"""Lists: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._lists import (
    BLMOVE,
    BLMPOP,
    BLPOP,
    BRPOP,
    BRPOPLPUSH,
    LINDEX,
    LINSERT,
    LLEN,
    LMOVE,
    LMPOP,
    LPOP,
    LPOS,
    LPUSH,
    LPUSHX,
    LRANGE,
    LREM,
    LSET,
    LTRIM,
    RPOP,
    RPOPLPUSH,
    RPUSH,
    RPUSHX,
)
from .._requests import _lists as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


class QueuedListsCommands(CommandQueue[T]):
    """Lists."""

    def blmove(
        self,
        first_list: Key,
        second_list: Key,
        timeout: float | None,
        src: Literal["LEFT", "RIGHT"] = "LEFT",
        dest: Literal["LEFT", "RIGHT"] = "RIGHT",
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.blmove`."""
        self._queue(BLMOVE, request.blmove(first_list, second_list, timeout, src, dest))
        return self

    def blmpop(
        self,
        timeout: float | None,
        numkeys: int,
        *args: Key,
        direction: Literal["LEFT", "RIGHT"],
        count: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.blmpop`."""
        self._queue(
            BLMPOP, request.blmpop(timeout, numkeys, *args, direction=direction, count=count)
        )
        return self

    def blpop(self, keys: Key | Iterable[Key], timeout: float | None = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.blpop`."""
        self._queue(BLPOP, request.blpop(keys, timeout))
        return self

    def brpop(self, keys: Key | Iterable[Key], timeout: float | None = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.brpop`."""
        self._queue(BRPOP, request.brpop(keys, timeout))
        return self

    def brpoplpush(self, src: Key, dst: Key, timeout: float | None = 0) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.brpoplpush`."""
        self._queue(BRPOPLPUSH, request.brpoplpush(src, dst, timeout))
        return self

    def lindex(self, name: Key, index: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lindex`."""
        self._queue(LINDEX, (b"LINDEX", name, index))
        return self

    def linsert(
        self, name: Key, where: Literal["BEFORE", "AFTER"], refvalue: Value, value: Value
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.linsert`."""
        self._queue(LINSERT, request.linsert(name, where, refvalue, value))
        return self

    def llen(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.llen`."""
        self._queue(LLEN, (b"LLEN", name))
        return self

    def lmove(
        self,
        first_list: Key,
        second_list: Key,
        src: Literal["LEFT", "RIGHT"] = "LEFT",
        dest: Literal["LEFT", "RIGHT"] = "RIGHT",
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lmove`."""
        self._queue(LMOVE, request.lmove(first_list, second_list, src, dest))
        return self

    def lmpop(
        self,
        num_keys: int,
        *args: Key,
        direction: Literal["LEFT", "RIGHT"],
        count: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lmpop`."""
        self._queue(LMPOP, request.lmpop(num_keys, *args, direction=direction, count=count))
        return self

    def lpop(self, name: Key, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lpop`."""
        self._queue(LPOP, request.lpop(name, count))
        return self

    def lpos(
        self,
        name: Key,
        value: Value,
        rank: int | None = None,
        count: int | None = None,
        maxlen: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lpos`."""
        self._queue(LPOS, request.lpos(name, value, rank, count, maxlen))
        return self

    def lpush(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lpush`."""
        self._queue(LPUSH, request.lpush(name, *values))
        return self

    def lpushx(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lpushx`."""
        self._queue(LPUSHX, request.lpushx(name, *values))
        return self

    def lrange(self, name: Key, start: int, end: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lrange`."""
        self._queue(LRANGE, (b"LRANGE", name, start, end))
        return self

    def lrem(self, name: Key, count: int, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lrem`."""
        self._queue(LREM, (b"LREM", name, count, value))
        return self

    def lset(self, name: Key, index: int, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lset`."""
        self._queue(LSET, (b"LSET", name, index, value))
        return self

    def ltrim(self, name: Key, start: int, end: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.ltrim`."""
        self._queue(LTRIM, (b"LTRIM", name, start, end))
        return self

    def rpop(self, name: Key, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.rpop`."""
        self._queue(RPOP, request.rpop(name, count))
        return self

    def rpoplpush(self, src: Key, dst: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.rpoplpush`."""
        self._queue(RPOPLPUSH, (b"RPOPLPUSH", src, dst))
        return self

    def rpush(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.rpush`."""
        self._queue(RPUSH, request.rpush(name, *values))
        return self

    def rpushx(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.rpushx`."""
        self._queue(RPUSHX, request.rpushx(name, *values))
        return self
