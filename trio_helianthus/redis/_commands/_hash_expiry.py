# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""When fields of hashes expire: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._values import Duration, Key, Moment, Value


class HashExpiryCommands(CommandRunner[T]):
    """When fields of hashes expire."""

    async def hexpire(
        self,
        name: Key,
        seconds: Duration,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Have fields of a hash expire.

        :param seconds: seconds, or a ``timedelta``.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: for each field 1: set, 0: the condition does not hold, 2: deleted at once, as that
            is past, -2: no such field.
        :raises ValueError: there is ``nx`` with another condition; there are both ``gt`` and
            ``lt``; there are no ``fields``.
        """
        return await self._run(
            HEXPIRE,
            request.hexpire(name, seconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt),
            timeout,
            token,
        )

    async def hexpireat(
        self,
        name: Key,
        unix_time_seconds: Moment,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Have fields of a hash expire at a point in time.

        :param unix_time_seconds: Unix time in seconds, or a ``datetime`` with a time zone.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: for each field 1: set, 0: the condition does not hold, 2: deleted at once, as that
            is past, -2: no such field.
        :raises ValueError: ``unix_time_seconds`` has no time zone; there is ``nx`` with another
            condition; there are both ``gt`` and ``lt``; there are no ``fields``.
        """
        return await self._run(
            HEXPIREAT,
            request.hexpireat(name, unix_time_seconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt),
            timeout,
            token,
        )

    async def hexpiretime(
        self,
        key: Key,
        *fields: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Return when fields of a hash expire.

        :returns: Unix times in seconds; -1 for a field that never expires, -2 for one that is not
            there.
        :raises ValueError: there are no ``fields``.
        """
        return await self._run(HEXPIRETIME, request.hexpiretime(key, *fields), timeout, token)

    async def hpersist(
        self,
        name: Key,
        *fields: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Have fields of a hash never expire.

        :returns: for each field 1: done, -1: it never expired, -2: no such field.
        :raises ValueError: there are no ``fields``.
        """
        return await self._run(HPERSIST, request.hpersist(name, *fields), timeout, token)

    async def hpexpire(
        self,
        name: Key,
        milliseconds: Duration,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Have fields of a hash expire.

        :param milliseconds: milliseconds, or a ``timedelta``.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: for each field 1: set, 0: the condition does not hold, 2: deleted at once, as that
            is past, -2: no such field.
        :raises ValueError: there is ``nx`` with another condition; there are both ``gt`` and
            ``lt``; there are no ``fields``.
        """
        return await self._run(
            HPEXPIRE,
            request.hpexpire(name, milliseconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt),
            timeout,
            token,
        )

    async def hpexpireat(
        self,
        name: Key,
        unix_time_milliseconds: Moment,
        *fields: Value,
        nx: bool = False,
        xx: bool = False,
        gt: bool = False,
        lt: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Have fields of a hash expire at a point in time.

        :param unix_time_milliseconds: Unix time in milliseconds, or a ``datetime`` with a time
            zone.
        :param nx: only if it never expires now.
        :param xx: only if it expires now.
        :param gt: only if that is later than now.
        :param lt: only if that is sooner than now.
        :returns: for each field 1: set, 0: the condition does not hold, 2: deleted at once, as that
            is past, -2: no such field.
        :raises ValueError: ``unix_time_milliseconds`` has no time zone; there is ``nx`` with
            another condition; there are both ``gt`` and ``lt``; there are no ``fields``.
        """
        return await self._run(
            HPEXPIREAT,
            request.hpexpireat(name, unix_time_milliseconds, *fields, nx=nx, xx=xx, gt=gt, lt=lt),
            timeout,
            token,
        )

    async def hpexpiretime(
        self,
        key: Key,
        *fields: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Return when fields of a hash expire.

        :returns: Unix times in milliseconds; -1 for a field that never expires, -2 for one that is
            not there.
        :raises ValueError: there are no ``fields``.
        """
        return await self._run(HPEXPIRETIME, request.hpexpiretime(key, *fields), timeout, token)

    async def hpttl(
        self,
        key: Key,
        *fields: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Return how long fields of a hash will live.

        :returns: in milliseconds; -1 for a field that never expires, -2 for one that is not there.
        :raises ValueError: there are no ``fields``.
        """
        return await self._run(HPTTL, request.hpttl(key, *fields), timeout, token)

    async def httl(
        self,
        key: Key,
        *fields: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[int]:
        """Return how long fields of a hash will live.

        :returns: in seconds; -1 for a field that never expires, -2 for one that is not there.
        :raises ValueError: there are no ``fields``.
        """
        return await self._run(HTTL, request.httl(key, *fields), timeout, token)
