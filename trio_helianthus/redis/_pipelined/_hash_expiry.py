# Made by scripts/generate_redis_commands.py; changes belong there.
"""When fields of hashes expire: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._hash_expiry import (
    HEXPIRE,
    HEXPIREAT,
    HEXPIRETIME,
    HPERSIST,
    HPEXPIRE,
    HPEXPIREAT,
    HPEXPIRETIME,
    HPTTL,
    HTTL,
)
from .._requests import _hash_expiry as request

if TYPE_CHECKING:
    from .._values import Duration, Key, Moment, Value


class QueuedHashExpiryCommands(CommandQueue[T]):
    """When fields of hashes expire."""

    def hexpire(
        self,
        name: Key,
        seconds: Duration,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hexpire`."""
        self._queue(HEXPIRE, request.hexpire(name, seconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt))
        return self

    def hexpireat(
        self,
        name: Key,
        unix_time_seconds: Moment,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hexpireat`."""
        self._queue(
            HEXPIREAT,
            request.hexpireat(name, unix_time_seconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt),
        )
        return self

    def hexpiretime(self, key: Key, *fields: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hexpiretime`."""
        self._queue(HEXPIRETIME, request.hexpiretime(key, *fields))
        return self

    def hpersist(self, name: Key, *fields: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hpersist`."""
        self._queue(HPERSIST, request.hpersist(name, *fields))
        return self

    def hpexpire(
        self,
        name: Key,
        milliseconds: Duration,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hpexpire`."""
        self._queue(
            HPEXPIRE, request.hpexpire(name, milliseconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt)
        )
        return self

    def hpexpireat(
        self,
        name: Key,
        unix_time_milliseconds: Moment,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hpexpireat`."""
        self._queue(
            HPEXPIREAT,
            request.hpexpireat(name, unix_time_milliseconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt),
        )
        return self

    def hpexpiretime(self, key: Key, *fields: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hpexpiretime`."""
        self._queue(HPEXPIRETIME, request.hpexpiretime(key, *fields))
        return self

    def hpttl(self, key: Key, *fields: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.hpttl`."""
        self._queue(HPTTL, request.hpttl(key, *fields))
        return self

    def httl(self, key: Key, *fields: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.httl`."""
        self._queue(HTTL, request.httl(key, *fields))
        return self
