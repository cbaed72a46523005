# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Consumer groups of streams: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
from .._command_table._stream_groups import (
    XACK,
    XAUTOCLAIM,
    XAUTOCLAIM_JUSTID,
    XCLAIM,
    XCLAIM_JUSTID,
    XGROUP_CREATE,
    XGROUP_CREATECONSUMER,
    XGROUP_DELCONSUMER,
    XGROUP_DESTROY,
    XGROUP_HELP,
    XGROUP_SETID,
    XPENDING,
    XPENDING_RANGE,
    XREADGROUP,
    XREADGROUP_BLOCK,
)
from .._requests import _stream_groups as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_helianthus.core import CancelToken

    from .._replies import PendingEntry, PendingSummary
    from .._values import AnyKey, Key, StreamId


class StreamGroupsCommands(CommandRunner[T]):
    """Consumer groups of streams."""

    async def xack(
        self,
        name: Key,
        groupname: Key,
        *ids: StreamId,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Say that entries were dealt with.

        :returns: how many were pending.
        :raises ValueError: there are no ``ids``.
        """
        return await self._run(XACK, request.xack(name, groupname, *ids), timeout, token)

    @overload
    async def xautoclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[tuple[T, dict[T, T]]], list[T]]: ...
    @overload
    async def xautoclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[T], list[T]]: ...
    @overload
    async def xautoclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: bool,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[tuple[T, dict[T, T]]], list[T]] | tuple[T, list[T], list[T]]: ...
    async def xautoclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[tuple[T, dict[T, T]]], list[T]] | tuple[T, list[T], list[T]]:
        """Take over pending entries of consumers that seem to be gone.

        :param min_idle_time: only those that were handed out so many milliseconds ago.
        :param start_id: where to begin.
        :param count: how many to look at.
        :param justid: return IDs only, and do not count it as a delivery.
        :returns: where to go on, ``0-0`` at the end; the entries; the IDs of those that were
            deleted.
        :raises ValueError: ``min_idle_time`` is negative; ``count`` is less than 1.
        """
        command = XAUTOCLAIM_JUSTID if justid else XAUTOCLAIM
        return await self._run(
            command,
            request.xautoclaim(
                name, groupname, consumername, min_idle_time, start_id, count, justid=justid
            ),
            timeout,
            token,
        )

    @overload
    async def xclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        message_ids: Iterable[StreamId],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        *,
        force: bool = False,
        justid: Literal[False] = False,
        lastid: StreamId | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, dict[T, T]]]: ...
    @overload
    async def xclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        message_ids: Iterable[StreamId],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        *,
        force: bool = False,
        justid: Literal[True],
        lastid: StreamId | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def xclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        message_ids: Iterable[StreamId],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        *,
        force: bool = False,
        justid: bool,
        lastid: StreamId | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, dict[T, T]]] | list[T]: ...
    async def xclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        message_ids: Iterable[StreamId],
        idle: int | None = None,
        time: int | None = None,
        retrycount: int | None = None,
        *,
        force: bool = False,
        justid: bool = False,
        lastid: StreamId | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[T, dict[T, T]]] | list[T]:
        """Take over pending entries.

        :param min_idle_time: only those that were handed out so many milliseconds ago.
        :param idle: say that it was handed out so many milliseconds ago.
        :param time: the same as Unix time in milliseconds.
        :param retrycount: how often it was handed out.
        :param force: also what is not pending.
        :param justid: return IDs only, and do not count it as a delivery.
        :param lastid: the last ID of the group.
        :returns: IDs and fields of what was taken over.
        :raises ValueError: ``min_idle_time`` is negative; ``message_ids`` is empty; ``idle`` is
            negative; ``time`` is negative; ``retrycount`` is negative.
        """
        command = XCLAIM_JUSTID if justid else XCLAIM
        return await self._run(
            command,
            request.xclaim(
                name,
                groupname,
                consumername,
                min_idle_time,
                message_ids,
                idle,
                time,
                retrycount,
                force=force,
                justid=justid,
                lastid=lastid,
            ),
            timeout,
            token,
        )

    async def xgroup_create(
        self,
        name: Key,
        groupname: Key,
        id: StreamId = "$",
        *,
        mkstream: bool = False,
        entries_read: int | None = None,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Make a consumer group.

        :param id: what it has seen: ``"$"``, all that is there; 0, nothing.
        :param mkstream: make the stream if it is not there.
        :param entries_read: how many entries the group is said to have read.
        :raises RedisGroupExists: there is one of that name.
        """
        return await self._run(
            XGROUP_CREATE,
            request.xgroup_create(
                name, groupname, id, mkstream=mkstream, entries_read=entries_read
            ),
            timeout,
            token,
        )

    async def xgroup_createconsumer(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Make a consumer; reading does that, too.

        :returns: whether it is new.
        """
        return await self._run(
            XGROUP_CREATECONSUMER,
            (b"XGROUP", b"CREATECONSUMER", name, groupname, consumername),
            timeout,
            token,
        )

    async def xgroup_delconsumer(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Delete a consumer; what it had pending can be claimed no more.

        :returns: how many it had pending.
        """
        return await self._run(
            XGROUP_DELCONSUMER,
            (b"XGROUP", b"DELCONSUMER", name, groupname, consumername),
            timeout,
            token,
        )

    async def xgroup_destroy(
        self,
        name: Key,
        groupname: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Delete a consumer group.

        :returns: whether there was one.
        """
        return await self._run(
            XGROUP_DESTROY, (b"XGROUP", b"DESTROY", name, groupname), timeout, token
        )

    async def xgroup_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``XGROUP``."""
        return await self._run(XGROUP_HELP, (b"XGROUP", b"HELP"), timeout, token)

    async def xgroup_setid(
        self,
        name: Key,
        groupname: Key,
        id: StreamId,
        entries_read: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Set what a consumer group has seen.

        :param id: what it has seen.
        :param entries_read: how many entries the group is said to have read.
        """
        return await self._run(
            XGROUP_SETID, request.xgroup_setid(name, groupname, id, entries_read), timeout, token
        )

    async def xpending(
        self,
        name: Key,
        groupname: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> PendingSummary[T]:
        """Return how much a group has read and not acknowledged."""
        return await self._run(XPENDING, (b"XPENDING", name, groupname), timeout, token)

    async def xpending_range(
        self,
        name: Key,
        groupname: Key,
        min: StreamId,
        max: StreamId,
        count: int,
        consumername: Key | None = None,
        idle: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[PendingEntry[T]]:
        """Return entries that a group has read and not acknowledged.

        :param min: from an ID; ``"("`` before it leaves it out, ``"-"`` is the lowest.
        :param max: to an ID; ``"("`` before it leaves it out, ``"+"`` is the highest.
        :param count: how many at most.
        :param consumername: only those of that consumer.
        :param idle: only those that were handed out so many milliseconds ago.
        :raises ValueError: ``count`` is negative; ``idle`` is negative.
        """
        return await self._run(
            XPENDING_RANGE,
            request.xpending_range(name, groupname, min, max, count, consumername, idle),
            timeout,
            token,
        )

    async def xreadgroup(
        self,
        groupname: Key,
        consumername: Key,
        streams: Mapping[AnyKey, StreamId],
        count: int | None = None,
        block: int | None = None,
        *,
        noack: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> dict[T, list[tuple[T, dict[T, T]]]]:
        """Return entries for a consumer of a group, which are pending until acknowledged.

        ``streams`` maps keys to ``">"``, what no consumer has got yet, or to an ID: what this one
        has got behind it and not acknowledged. With ``block`` it is sent on a connection of its
        own. If it is cancelled the server waits no longer.

        :param count: how many at most.
        :param block: how long the server waits for an entry, in milliseconds; 0: for ever.
        :param noack: acknowledge them at once.
        :returns: the entries of each stream that has any, IDs and fields.
        :raises ValueError: ``streams`` is empty; ``count`` is negative; ``block`` is negative.
        """
        command = XREADGROUP_BLOCK if block is not None else XREADGROUP
        return await self._run(
            command,
            request.xreadgroup(groupname, consumername, streams, count, block, noack=noack),
            timeout,
            token,
        )
