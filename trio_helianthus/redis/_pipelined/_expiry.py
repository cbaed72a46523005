# Made by scripts/generate_redis_commands.py; changes belong there.
"""When keys expire: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._expiry import (
    EXPIRE,
    EXPIREAT,
    EXPIRETIME,
    PERSIST,
    PEXPIRE,
    PEXPIREAT,
    PEXPIRETIME,
    PTTL,
    TTL,
)
from .._requests import _expiry as request

if TYPE_CHECKING:
    from .._values import Duration, Key, Moment


class QueuedExpiryCommands(CommandQueue[T]):
    """When keys expire."""

    def expire(
        self,
        name: Key,
        time: Duration,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.expire`."""
        self._queue(EXPIRE, request.expire(name, time, nx=nx, xx=xx, gt=gt, lt=lt))
        return self

    def expireat(
        self,
        name: Key,
        when: Moment,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.expireat`."""
        self._queue(EXPIREAT, request.expireat(name, when, nx=nx, xx=xx, gt=gt, lt=lt))
        return self

    def expiretime(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.expiretime`."""
        self._queue(EXPIRETIME, (b"EXPIRETIME", key))
        return self

    def persist(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.persist`."""
        self._queue(PERSIST, (b"PERSIST", name))
        return self

    def pexpire(
        self,
        name: Key,
        time: Duration,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pexpire`."""
        self._queue(PEXPIRE, request.pexpire(name, time, nx=nx, xx=xx, gt=gt, lt=lt))
        return self

    def pexpireat(
        self,
        name: Key,
        when: Moment,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pexpireat`."""
        self._queue(PEXPIREAT, request.pexpireat(name, when, nx=nx, xx=xx, gt=gt, lt=lt))
        return self

    def pexpiretime(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pexpiretime`."""
        self._queue(PEXPIRETIME, (b"PEXPIRETIME", key))
        return self

    def pttl(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pttl`."""
        self._queue(PTTL, (b"PTTL", name))
        return self

    def ttl(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.ttl`."""
        self._queue(TTL, (b"TTL", name))
        return self
