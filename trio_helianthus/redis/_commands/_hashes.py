# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Hashes: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
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

    from trio_helianthus.core import CancelToken

    from .._values import AnyValue, Duration, Key, Moment, Value


class HashesCommands(CommandRunner[T]):
    """Hashes."""

    async def hdel(
        self,
        name: Key,
        *keys: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Delete fields of a hash.

        :returns: how many there were.
        :raises ValueError: there are no ``keys``.
        """
        return await self._run(HDEL, request.hdel(name, *keys), timeout, token)

    async def hexists(
        self,
        name: Key,
        key: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Return whether a hash has a field."""
        return await self._run(HEXISTS, (b"HEXISTS", name, key), timeout, token)

    async def hget(
        self,
        name: Key,
        key: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None:
        """Return the value of a field.

        :returns: ``None`` if there is none.
        """
        return await self._run(HGET, (b"HGET", name, key), timeout, token)

    async def hgetall(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[T, T]:
        """Return all fields of a hash, and their values; an empty dict without one."""
        return await self._run(HGETALL, (b"HGETALL", name), timeout, token)

    async def hgetdel(
        self,
        name: Key,
        *keys: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None]:
        """Return the values of fields, and delete these.

        :raises ValueError: there are no ``keys``.
        """
        return await self._run(HGETDEL, request.hgetdel(name, *keys), timeout, token)

    async def hgetex(
        self,
        name: Key,
        *keys: Value,
        ex: Duration | None = None,
        px: Duration | None = None,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        persist: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None]:
        """Return the values of fields, and change when these expire.

        :param ex: expire after so many seconds, or a ``timedelta``.
        :param px: the same in milliseconds.
        :param exat: expire at that Unix time in seconds, or a ``datetime`` with a time zone.
        :param pxat: the same in milliseconds.
        :param persist: expire never.
        :raises ValueError: there are several of ``ex``, ``px``, ``exat``, ``pxat``, ``persist``;
            there are no ``keys``.
        """
        return await self._run(
            HGETEX,
            request.hgetex(name, *keys, ex=ex, px=px, exat=exat, pxat=pxat, persist=persist),
            timeout,
            token,
        )

    async def hincrby(
        self,
        name: Key,
        key: Value,
        amount: int = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Add to a number in a field, which is 0 if it is not there.

        :returns: the new number.
        """
        return await self._run(HINCRBY, (b"HINCRBY", name, key, amount), timeout, token)

    async def hincrbyfloat(
        self,
        name: Key,
        key: Value,
        amount: float = 1.0,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float:
        """Add to a number in a field that has a fraction, and is 0 if it is not there.

        :returns: the new number.
        """
        return await self._run(HINCRBYFLOAT, (b"HINCRBYFLOAT", name, key, amount), timeout, token)

    async def hkeys(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return all fields of a hash."""
        return await self._run(HKEYS, (b"HKEYS", name), timeout, token)

    async def hlen(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the fields of a hash."""
        return await self._run(HLEN, (b"HLEN", name), timeout, token)

    async def hmget(
        self,
        name: Key,
        keys: Value | Iterable[Value],
        *args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None]:
        """Return the values of several fields; ``None`` stands for one that is not there.

        :param keys: one by one, or one list.
        :returns: in the order of the fields.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(HMGET, request.hmget(name, keys, *args), timeout, token)

    async def hmset(
        self,
        name: Key,
        mapping: Mapping[AnyValue, Value],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set fields of a hash.

        It is deprecated: use :meth:`hset`.

        :raises ValueError: ``mapping`` is empty.
        """
        return await self._run(HMSET, request.hmset(name, mapping), timeout, token)

    @overload
    async def hrandfield(
        self,
        key: Key,
        count: None = None,
        *,
        withvalues: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def hrandfield(
        self,
        key: Key,
        count: int,
        *,
        withvalues: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def hrandfield(
        self,
        key: Key,
        count: int,
        *,
        withvalues: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, T]]: ...
    async def hrandfield(
        self,
        key: Key,
        count: int | None = None,
        *,
        withvalues: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | list[T] | list[tuple[T, T]] | None:
        """Return any field of a hash, or several.

        :param count: how many; negative: the same may come twice.
        :param withvalues: return pairs of field and value.
        :raises ValueError: there is ``withvalues`` without ``count``.
        """
        command = HRANDFIELD_WITHVALUES if withvalues else HRANDFIELD
        return await self._run(
            command, request.hrandfield(key, count, withvalues=withvalues), timeout, token
        )

    @overload
    async def hscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_values: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, dict[T, T]]: ...
    @overload
    async def hscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_values: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, list[T]]: ...
    @overload
    async def hscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_values: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, dict[T, T]] | tuple[int, list[T]]: ...
    async def hscan(
        self,
        name: Key,
        cursor: int = 0,
        match: Key | None = None,
        count: int | None = None,
        *,
        no_values: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[int, dict[T, T]] | tuple[int, list[T]]:
        """Return some of the fields of a hash, and where to go on.

        :param cursor: 0, or what the last call has returned.
        :param match: a pattern, such as ``"user:*"``.
        :param count: how much to look at; about so many are found.
        :param no_values: return the fields only.
        :returns: the next cursor, which is 0 at the end; fields and values.
        :raises ValueError: ``count`` is less than 1.
        """
        command = HSCAN_NOVALUES if no_values else HSCAN
        return await self._run(
            command, request.hscan(name, cursor, match, count, no_values=no_values), timeout, token
        )

    async def hset(
        self,
        name: Key,
        key: Value | None = None,
        value: Value | None = None,
        mapping: Mapping[AnyValue, Value] | None = None,
        items: Iterable[Value] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Set fields of a hash.

        :param key: a field, whose value is ``value``.
        :param mapping: fields and their values.
        :param items: fields and values by turns.
        :returns: how many fields are new.
        :raises ValueError: there is no field; there is a field without a value.
        """
        return await self._run(HSET, request.hset(name, key, value, mapping, items), timeout, token)

    async def hsetex(
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Set fields of a hash that expire.

        :param key: a field, whose value is ``value``.
        :param mapping: fields and their values.
        :param items: fields and values by turns.
        :param ex: expire after so many seconds, or a ``timedelta``.
        :param px: the same in milliseconds.
        :param exat: expire at that Unix time in seconds, or a ``datetime`` with a time zone.
        :param pxat: the same in milliseconds.
        :param keepttl: leave alone when it expires.
        :param nx: only if there is no such hash.
        :param xx: only if there is such a hash.
        :param fnx: only if none of the fields is there.
        :param fxx: only if all of the fields are there.
        :returns: whether they were set.
        :raises ValueError: there is no field; there is a field without a value; there are both
            ``nx`` and ``xx``; there are both ``fnx`` and ``fxx``; there are several of ``ex``,
            ``px``, ``exat``, ``pxat``, ``keepttl``.
        """
        return await self._run(
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
            timeout,
            token,
        )

    async def hsetnx(
        self,
        name: Key,
        key: Value,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Set a field if it is not there.

        :returns: whether it was set.
        """
        return await self._run(HSETNX, (b"HSETNX", name, key, value), timeout, token)

    async def hstrlen(
        self,
        name: Key,
        key: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Return the length of a field's value in bytes; 0 without one."""
        return await self._run(HSTRLEN, (b"HSTRLEN", name, key), timeout, token)

    async def hvals(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return all values of a hash."""
        return await self._run(HVALS, (b"HVALS", name), timeout, token)
