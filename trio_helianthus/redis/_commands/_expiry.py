# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""When keys expire: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._values import Duration, Key, Moment


class ExpiryCommands(CommandRunner[T]):
    """When keys expire."""

    async def expire(
        self,
        name: Key,
        time: Duration,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Have a key expire.

        :param time: seconds, or a ``timedelta``.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: whether it was set: not if there is no such key.
        :raises ValueError: there is ``nx`` with another condition; there are both ``gt`` and
            ``lt``.
        """
        return await self._run(
            EXPIRE, request.expire(name, time, nx=nx, xx=xx, gt=gt, lt=lt), timeout, token
        )

    async def expireat(
        self,
        name: Key,
        when: Moment,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Have a key expire at a point in time.

        :param when: Unix time in seconds, or a ``datetime`` with a time zone.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: whether it was set: not if there is no such key.
        :raises ValueError: ``when`` has no time zone; there is ``nx`` with another condition; there
            are both ``gt`` and ``lt``.
        """
        return await self._run(
            EXPIREAT, request.expireat(name, when, nx=nx, xx=xx, gt=gt, lt=lt), timeout, token
        )

    async def expiretime(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return when a key expires.

        :returns: Unix time in seconds; -1 if it never expires, -2 if it is not there.
        """
        return await self._run(EXPIRETIME, (b"EXPIRETIME", key), timeout, token)

    async def persist(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bool:
        """Have a key never expire.

        :returns: whether it would have expired.
        """
        return await self._run(PERSIST, (b"PERSIST", name), timeout, token)

    async def pexpire(
        self,
        name: Key,
        time: Duration,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Have a key expire.

        :param time: milliseconds, or a ``timedelta``.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: whether it was set: not if there is no such key.
        :raises ValueError: there is ``nx`` with another condition; there are both ``gt`` and
            ``lt``.
        """
        return await self._run(
            PEXPIRE, request.pexpire(name, time, nx=nx, xx=xx, gt=gt, lt=lt), timeout, token
        )

    async def pexpireat(
        self,
        name: Key,
        when: Moment,
        *,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Have a key expire at a point in time.

        :param when: Unix time in milliseconds, or a ``datetime`` with a time zone.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: whether it was set: not if there is no such key.
        :raises ValueError: ``when`` has no time zone; there is ``nx`` with another condition; there
            are both ``gt`` and ``lt``.
        """
        return await self._run(
            PEXPIREAT, request.pexpireat(name, when, nx=nx, xx=xx, gt=gt, lt=lt), timeout, token
        )

    async def pexpiretime(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return when a key expires.

        :returns: Unix time in milliseconds; -1 if it never expires, -2 if it is not there.
        """
        return await self._run(PEXPIRETIME, (b"PEXPIRETIME", key), timeout, token)

    async def pttl(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return how long a key will live.

        :returns: in milliseconds; -1 if it never expires, -2 if it is not there.
        """
        return await self._run(PTTL, (b"PTTL", name), timeout, token)

    async def ttl(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return how long a key will live.

        :returns: in seconds; -1 if it never expires, -2 if it is not there.
        """
        return await self._run(TTL, (b"TTL", name), timeout, token)
