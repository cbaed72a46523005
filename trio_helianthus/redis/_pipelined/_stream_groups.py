# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Consumer groups of streams: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
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

    from .._values import AnyKey, Key, StreamId


class QueuedStreamGroupsCommands(CommandQueue[T]):
    """Consumer groups of streams."""

    def xack(self, name: Key, groupname: Key, *ids: StreamId) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xack`."""
        self._queue(XACK, request.xack(name, groupname, *ids))
        return self

    def xautoclaim(
        self,
        name: Key,
        groupname: Key,
        consumername: Key,
        min_idle_time: int,
        start_id: StreamId = "0-0",
        count: int | None = None,
        *,
        justid: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xautoclaim`."""
        command = XAUTOCLAIM_JUSTID if justid else XAUTOCLAIM
        self._queue(
            command,
            request.xautoclaim(
                name, groupname, consumername, min_idle_time, start_id, count, justid=justid
            ),
        )
        return self

    def xclaim(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xclaim`."""
        command = XCLAIM_JUSTID if justid else XCLAIM
        self._queue(
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
        )
        return self

    def xgroup_create(
        self,
        name: Key,
        groupname: Key,
        id: StreamId = "$",
        *,
        mkstream: bool = False,
        entries_read: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xgroup_create`."""
        self._queue(
            XGROUP_CREATE,
            request.xgroup_create(
                name, groupname, id, mkstream=mkstream, entries_read=entries_read
            ),
        )
        return self

    def xgroup_createconsumer(self, name: Key, groupname: Key, consumername: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xgroup_createconsumer`."""
        self._queue(
            XGROUP_CREATECONSUMER, (b"XGROUP", b"CREATECONSUMER", name, groupname, consumername)
        )
        return self

    def xgroup_delconsumer(self, name: Key, groupname: Key, consumername: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xgroup_delconsumer`."""
        self._queue(XGROUP_DELCONSUMER, (b"XGROUP", b"DELCONSUMER", name, groupname, consumername))
        return self

    def xgroup_destroy(self, name: Key, groupname: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xgroup_destroy`."""
        self._queue(XGROUP_DESTROY, (b"XGROUP", b"DESTROY", name, groupname))
        return self

    def xgroup_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xgroup_help`."""
        self._queue(XGROUP_HELP, (b"XGROUP", b"HELP"))
        return self

    def xgroup_setid(
        self, name: Key, groupname: Key, id: StreamId, entries_read: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xgroup_setid`."""
        self._queue(XGROUP_SETID, request.xgroup_setid(name, groupname, id, entries_read))
        return self

    def xpending(self, name: Key, groupname: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xpending`."""
        self._queue(XPENDING, (b"XPENDING", name, groupname))
        return self

    def xpending_range(
        self,
        name: Key,
        groupname: Key,
        min: StreamId,
        max: StreamId,
        count: int,
        consumername: Key | None = None,
        idle: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xpending_range`."""
        self._queue(
            XPENDING_RANGE,
            request.xpending_range(name, groupname, min, max, count, consumername, idle),
        )
        return self

    def xreadgroup(
        self,
        groupname: Key,
        consumername: Key,
        streams: Mapping[AnyKey, StreamId],
        count: int | None = None,
        block: int | None = None,
        *,
        noack: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xreadgroup`."""
        command = XREADGROUP_BLOCK if block is not None else XREADGROUP
        self._queue(
            command, request.xreadgroup(groupname, consumername, streams, count, block, noack=noack)
        )
        return self
