# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Streams: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._command_runner import CommandRunner, T
from .._command_table._streams import (
    XADD,
    XDEL,
    XINFO_CONSUMERS,
    XINFO_GROUPS,
    XINFO_HELP,
    XINFO_STREAM,
    XLEN,
    XRANGE,
    XREAD,
    XREAD_BLOCK,
    XREVRANGE,
    XSETID,
    XTRIM,
)
from .._requests import _streams as request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_helianthus.core import CancelToken

    from .._values import AnyKey, AnyValue, Key, StreamId, Value


class StreamsCommands(CommandRunner[T]):
    """Streams."""

    async def xadd(
        self,
        name: Key,
        fields: Mapping[AnyValue, Value],
        id: StreamId = "*",
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        nomkstream: bool = False,
        minid: StreamId | None = None,
        limit: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> T | None:
        """Append an entry to a stream, which may be trimmed thereby.

        :param id: ``"*"``: the server makes one.
        :param maxlen: remove the oldest entries beyond so many.
        :param approximate: remove them where that is cheap: some more may stay.
        :param nomkstream: only if the stream is there.
        :param minid: remove entries with lower IDs.
        :param limit: look at so many entries at most; 0: at all.
        :returns: its ID; ``None`` with ``nomkstream`` and without a stream.
        :raises ValueError: ``fields`` is empty; there are both ``maxlen`` and ``minid``; there is
            ``limit`` without ``approximate``; ``maxlen`` is negative; ``limit`` is negative.
        """
        return await self._run(
            XADD,
            request.xadd(
                name,
                fields,
                id,
                maxlen,
                approximate=approximate,
                nomkstream=nomkstream,
                minid=minid,
                limit=limit,
            ),
            timeout,
            token,
        )

    async def xdel(
        self,
        name: Key,
        *ids: StreamId,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Delete entries of a stream.

        :returns: how many there were.
        :raises ValueError: there are no ``ids``.
        """
        return await self._run(XDEL, request.xdel(name, *ids), timeout, token)

    async def xinfo_consumers(
        self,
        name: Key,
        groupname: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[dict[str, Any]]:
        """Return the consumers of a group."""
        return await self._run(
            XINFO_CONSUMERS, (b"XINFO", b"CONSUMERS", name, groupname), timeout, token
        )

    async def xinfo_groups(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, Any]]:
        """Return the groups of a stream."""
        return await self._run(XINFO_GROUPS, (b"XINFO", b"GROUPS", name), timeout, token)

    async def xinfo_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``XINFO``."""
        return await self._run(XINFO_HELP, (b"XINFO", b"HELP"), timeout, token)

    async def xinfo_stream(
        self,
        name: Key,
        *,
        full: bool = False,
        count: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> dict[str, Any]:
        """Return what there is to know of a stream.

        :param full: return entries, groups and consumers, too.
        :param count: with ``full``: how many entries; 0: all.
        :raises ValueError: there is ``count`` without ``full``; ``count`` is negative.
        """
        return await self._run(
            XINFO_STREAM, request.xinfo_stream(name, full=full, count=count), timeout, token
        )

    async def xlen(
        self, name: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the entries of a stream; 0 without one."""
        return await self._run(XLEN, (b"XLEN", name), timeout, token)

    async def xrange(
        self,
        name: Key,
        min: StreamId = "-",
        max: StreamId = "+",
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, dict[T, T]]]:
        """Return entries of a stream.

        :param min: from an ID; ``"("`` before it leaves it out, ``"-"`` is the lowest.
        :param max: to an ID; ``"("`` before it leaves it out, ``"+"`` is the highest.
        :param count: how many at most.
        :returns: IDs and fields.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(XRANGE, request.xrange(name, min, max, count), timeout, token)

    async def xread(
        self,
        streams: Mapping[AnyKey, StreamId],
        count: int | None = None,
        block: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> dict[T, list[tuple[T, dict[T, T]]]]:
        """Return what was added to streams behind an ID.

        ``streams`` maps keys to the ID that was seen last; ``"$"``: only what comes from now on;
        ``"+"``: the last entry. With ``block`` it is sent on a connection of its own. If it is
        cancelled the server waits no longer.

        :param count: how many at most.
        :param block: how long the server waits for an entry, in milliseconds; 0: for ever.
        :returns: the entries of each stream that has any, IDs and fields.
        :raises ValueError: ``streams`` is empty; ``count`` is negative; ``block`` is negative.
        """
        command = XREAD_BLOCK if block is not None else XREAD
        return await self._run(command, request.xread(streams, count, block), timeout, token)

    async def xrevrange(
        self,
        name: Key,
        max: StreamId = "+",
        min: StreamId = "-",
        count: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, dict[T, T]]]:
        """Return entries of a stream, the last first.

        :param max: to an ID; ``"("`` before it leaves it out, ``"+"`` is the highest.
        :param min: from an ID; ``"("`` before it leaves it out, ``"-"`` is the lowest.
        :param count: how many at most.
        :returns: IDs and fields.
        :raises ValueError: ``count`` is negative.
        """
        return await self._run(XREVRANGE, request.xrevrange(name, max, min, count), timeout, token)

    async def xsetid(
        self,
        name: Key,
        last_id: StreamId,
        entries_added: int | None = None,
        max_deleted_id: StreamId | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set the last ID of a stream; servers use it among themselves.

        :param entries_added: how many there ever were.
        :param max_deleted_id: the highest that was deleted.
        :raises ValueError: ``entries_added`` is negative.
        """
        return await self._run(
            XSETID, request.xsetid(name, last_id, entries_added, max_deleted_id), timeout, token
        )

    async def xtrim(
        self,
        name: Key,
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        minid: StreamId | None = None,
        limit: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Remove the oldest entries of a stream.

        :param maxlen: remove the oldest entries beyond so many.
        :param approximate: remove them where that is cheap: some more may stay.
        :param minid: remove entries with lower IDs.
        :param limit: look at so many entries at most; 0: at all.
        :returns: how many were removed.
        :raises ValueError: there are both ``maxlen`` and ``minid``; there is ``limit`` without
            ``approximate``; there is neither ``maxlen`` nor ``minid``; ``maxlen`` is negative;
            ``limit`` is negative.
        """
        return await self._run(
            XTRIM,
            request.xtrim(name, maxlen, approximate=approximate, minid=minid, limit=limit),
            timeout,
            token,
        )
