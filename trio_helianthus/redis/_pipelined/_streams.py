# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Streams: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
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

    from .._values import AnyKey, AnyValue, Key, StreamId, Value


class QueuedStreamsCommands(CommandQueue[T]):
    """Streams."""

    def xadd(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xadd`."""
        self._queue(
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
        )
        return self

    def xdel(self, name: Key, *ids: StreamId) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xdel`."""
        self._queue(XDEL, request.xdel(name, *ids))
        return self

    def xinfo_consumers(self, name: Key, groupname: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xinfo_consumers`."""
        self._queue(XINFO_CONSUMERS, (b"XINFO", b"CONSUMERS", name, groupname))
        return self

    def xinfo_groups(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xinfo_groups`."""
        self._queue(XINFO_GROUPS, (b"XINFO", b"GROUPS", name))
        return self

    def xinfo_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xinfo_help`."""
        self._queue(XINFO_HELP, (b"XINFO", b"HELP"))
        return self

    def xinfo_stream(self, name: Key, *, full: bool = False, count: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xinfo_stream`."""
        self._queue(XINFO_STREAM, request.xinfo_stream(name, full=full, count=count))
        return self

    def xlen(self, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xlen`."""
        self._queue(XLEN, (b"XLEN", name))
        return self

    def xrange(
        self, name: Key, min: StreamId = "-", max: StreamId = "+", count: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xrange`."""
        self._queue(XRANGE, request.xrange(name, min, max, count))
        return self

    def xread(
        self, streams: Mapping[AnyKey, StreamId], count: int | None = None, block: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xread`."""
        command = XREAD_BLOCK if block is not None else XREAD
        self._queue(command, request.xread(streams, count, block))
        return self

    def xrevrange(
        self, name: Key, max: StreamId = "+", min: StreamId = "-", count: int | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xrevrange`."""
        self._queue(XREVRANGE, request.xrevrange(name, max, min, count))
        return self

    def xsetid(
        self,
        name: Key,
        last_id: StreamId,
        entries_added: int | None = None,
        max_deleted_id: StreamId | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xsetid`."""
        self._queue(XSETID, request.xsetid(name, last_id, entries_added, max_deleted_id))
        return self

    def xtrim(
        self,
        name: Key,
        maxlen: int | None = None,
        *,
        approximate: bool = True,
        minid: StreamId | None = None,
        limit: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.xtrim`."""
        self._queue(
            XTRIM, request.xtrim(name, maxlen, approximate=approximate, minid=minid, limit=limit)
        )
        return self
