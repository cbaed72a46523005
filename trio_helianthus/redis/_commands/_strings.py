# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Strings: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
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

    from trio_helianthus.core import CancelToken

    from .._replies import CommonParts
    from .._values import AnyKey, Duration, Key, Moment, Value


class StringsCommands(CommandRunner[T]):
    """Strings."""

    async def append(
        self,
        key: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Append to a string; without one, make it.

        :returns: the new length in bytes.
        """
        return await self._run(APPEND, (b"APPEND", key, value), timeout, token)

    async def decr(
        self,
        name: Key,
        amount: int = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Subtract from a number, which is 0 if it is not there.

        :returns: the new number.
        """
        if amount != 1:
            return await self._run(DECRBY, (b"DECRBY", name, amount), timeout, token)
        return await self._run(DECR, (b"DECR", name), timeout, token)

    async def decrby(
        self,
        name: Key,
        amount: int = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Subtract from a number, which is 0 if it is not there.

        :returns: the new number.
        """
        return await self._run(DECRBY, (b"DECRBY", name, amount), timeout, token)

    async def delifeq(
        self,
        name: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Delete a key if it has this very value.

        :returns: whether it was deleted.
        """
        return await self._run(DELIFEQ, (b"DELIFEQ", name, value), timeout, token)

    async def get(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T | None:
        """Return a string.

        :returns: ``None`` if there is none.
        """
        return await self._run(GET, (b"GET", name), timeout, token)

    async def getdel(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T | None:
        """Return a string, and delete it."""
        return await self._run(GETDEL, (b"GETDEL", name), timeout, token)

    async def getex(
        self,
        name: Key,
        ex: Duration | None = None,
        px: Duration | None = None,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        *,
        persist: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None:
        """Return a string, and change when it expires.

        :param ex: expire after so many seconds, or a ``timedelta``.
        :param px: the same in milliseconds.
        :param exat: expire at that Unix time in seconds, or a ``datetime`` with a time zone.
        :param pxat: the same in milliseconds.
        :param persist: expire never.
        :raises ValueError: there are several of ``ex``, ``px``, ``exat``, ``pxat``, ``persist``.
        """
        return await self._run(
            GETEX, request.getex(name, ex, px, exat, pxat, persist=persist), timeout, token
        )

    async def getrange(
        self,
        key: Key,
        start: int,
        end: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T:
        """Return a part of a string; it may be empty.

        :param start: the first byte; negative: from the end.
        :param end: the last byte, which is part of it.
        """
        return await self._run(GETRANGE, (b"GETRANGE", key, start, end), timeout, token)

    async def getset(
        self,
        name: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None:
        """Set a string, and return what it was.

        It is deprecated: use :meth:`set` with ``get``.

        :returns: what it was.
        """
        return await self._run(GETSET, (b"GETSET", name, value), timeout, token)

    async def incr(
        self,
        name: Key,
        amount: int = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Add to a number, which is 0 if it is not there.

        :returns: the new number.
        """
        if amount != 1:
            return await self._run(INCRBY, (b"INCRBY", name, amount), timeout, token)
        return await self._run(INCR, (b"INCR", name), timeout, token)

    async def incrby(
        self,
        name: Key,
        amount: int = 1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Add to a number, which is 0 if it is not there.

        :returns: the new number.
        """
        return await self._run(INCRBY, (b"INCRBY", name, amount), timeout, token)

    async def incrbyfloat(
        self,
        name: Key,
        amount: float = 1.0,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float:
        """Add to a number that has a fraction, and is 0 if it is not there.

        :returns: the new number.
        """
        return await self._run(INCRBYFLOAT, (b"INCRBYFLOAT", name, amount), timeout, token)

    @overload
    async def lcs(
        self,
        key1: Key,
        key2: Key,
        *,
        len: Literal[False] = False,
        idx: Literal[False] = False,
        minmatchlen: int | None = None,
        withmatchlen: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T: ...
    @overload
    async def lcs(
        self,
        key1: Key,
        key2: Key,
        *,
        len: Literal[True],
        idx: Literal[False] = False,
        minmatchlen: int | None = None,
        withmatchlen: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int: ...
    @overload
    async def lcs(
        self,
        key1: Key,
        key2: Key,
        *,
        len: Literal[False] = False,
        idx: Literal[True],
        minmatchlen: int | None = None,
        withmatchlen: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> CommonParts: ...
    async def lcs(
        self,
        key1: Key,
        key2: Key,
        *,
        len: bool = False,
        idx: bool = False,
        minmatchlen: int | None = None,
        withmatchlen: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | int | CommonParts:
        """Find the longest common subsequence of two strings.

        :param len: return only how long it is.
        :param idx: return where its parts stand in both strings.
        :param minmatchlen: leave out parts shorter than this.
        :param withmatchlen: say how long each part is.
        :returns: the subsequence itself, or what ``len`` or ``idx`` ask for.
        :raises ValueError: there are both ``len`` and ``idx``; ``minmatchlen`` is negative.
        """
        command = LCS_IDX if idx else LCS
        return await self._run(
            command,
            request.lcs(
                key1, key2, len=len, idx=idx, minmatchlen=minmatchlen, withmatchlen=withmatchlen
            ),
            timeout,
            token,
        )

    async def mget(
        self,
        keys: Key | Iterable[Key],
        *args: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None]:
        """Return several strings; ``None`` stands for what is no string.

        :param keys: one by one, or one list.
        :returns: in the order of the keys.
        :raises ValueError: ``keys`` is empty.
        """
        return await self._run(MGET, request.mget(keys, *args), timeout, token)

    async def mset(
        self,
        mapping: Mapping[AnyKey, Value],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set several strings, all at once.

        :param mapping: keys and values.
        :raises ValueError: ``mapping`` is empty.
        """
        return await self._run(MSET, request.mset(mapping), timeout, token)

    async def msetex(
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Set several strings, all at once, which expire together.

        :param mapping: keys and values.
        :param ex: expire after so many seconds, or a ``timedelta``.
        :param px: the same in milliseconds.
        :param exat: expire at that Unix time in seconds, or a ``datetime`` with a time zone.
        :param pxat: the same in milliseconds.
        :param nx: only if none of the keys is there.
        :param xx: only if all of the keys are there.
        :param keepttl: leave alone when it expires.
        :returns: whether they were set.
        :raises ValueError: ``mapping`` is empty; there are both ``nx`` and ``xx``; there are
            several of ``ex``, ``px``, ``exat``, ``pxat``, ``keepttl``.
        """
        return await self._run(
            MSETEX,
            request.msetex(mapping, ex, px, exat, pxat, nx=nx, xx=xx, keepttl=keepttl),
            timeout,
            token,
        )

    async def msetnx(
        self,
        mapping: Mapping[AnyKey, Value],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Set several strings if none of the keys is there.

        :param mapping: keys and values.
        :returns: whether they were set.
        :raises ValueError: ``mapping`` is empty.
        """
        return await self._run(MSETNX, request.msetnx(mapping), timeout, token)

    async def psetex(
        self,
        name: Key,
        time_ms: Duration,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set a string that expires; :meth:`set` does it with ``px``.

        It is deprecated: use :meth:`set` with ``px``.

        :param time_ms: milliseconds, or a ``timedelta``.
        """
        return await self._run(PSETEX, request.psetex(name, time_ms, value), timeout, token)

    @overload
    async def set(
        self,
        name: Key,
        value: Value,
        ex: Duration | None = None,
        px: Duration | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        ifeq: Value | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool: ...
    @overload
    async def set(
        self,
        name: Key,
        value: Value,
        ex: Duration | None = None,
        px: Duration | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[True],
        exat: Moment | None = None,
        pxat: Moment | None = None,
        ifeq: Value | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None: ...
    @overload
    async def set(
        self,
        name: Key,
        value: Value,
        ex: Duration | None = None,
        px: Duration | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: bool,
        exat: Moment | None = None,
        pxat: Moment | None = None,
        ifeq: Value | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool | T | None: ...
    async def set(
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool | T | None:
        """Set a string, whatever the key was before.

        :param ex: expire after so many seconds, or a ``timedelta``.
        :param px: the same in milliseconds.
        :param nx: only if the key is not there.
        :param xx: only if the key is there.
        :param keepttl: leave alone when it expires.
        :param get: return what it was.
        :param exat: expire at that Unix time in seconds, or a ``datetime`` with a time zone.
        :param pxat: the same in milliseconds.
        :param ifeq: only if it has this very value.
        :returns: whether it was set; with ``get`` what it was before.
        :raises ValueError: there are several of ``nx``, ``xx``, ``ifeq``; there are several of
            ``ex``, ``px``, ``exat``, ``pxat``, ``keepttl``.
        """
        if not (
            ex is not None
            or px is not None
            or nx
            or xx
            or keepttl
            or get
            or exat is not None
            or pxat is not None
            or ifeq is not None
        ):
            return await self._run(SET, (b"SET", name, value), timeout, token)
        command = SET_GET if get else SET
        return await self._run(
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
            timeout,
            token,
        )

    async def setex(
        self,
        name: Key,
        time: Duration,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set a string that expires; :meth:`set` does it with ``ex``.

        It is deprecated: use :meth:`set` with ``ex``.

        :param time: seconds, or a ``timedelta``.
        """
        return await self._run(SETEX, request.setex(name, time, value), timeout, token)

    async def setnx(
        self,
        name: Key,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Set a string if the key is not there.

        It is deprecated: use :meth:`set` with ``nx``.

        :returns: whether it was set.
        """
        return await self._run(SETNX, (b"SETNX", name, value), timeout, token)

    async def setrange(
        self,
        name: Key,
        offset: int,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Overwrite a part of a string, which grows by zero bytes as needed.

        :param offset: in bytes.
        :returns: the new length in bytes.
        :raises ValueError: ``offset`` is negative.
        """
        return await self._run(SETRANGE, request.setrange(name, offset, value), timeout, token)

    async def strlen(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return the length of a string in bytes; 0 without one."""
        return await self._run(STRLEN, (b"STRLEN", name), timeout, token)

    async def substr(
        self,
        name: Key,
        start: int,
        end: int = -1,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T:
        """Return a part of a string.

        It is deprecated: use :meth:`getrange`.

        :param start: the first byte; negative: from the end.
        :param end: the last byte, which is part of it.
        """
        return await self._run(SUBSTR, (b"SUBSTR", name, start, end), timeout, token)
