# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Consumer groups of streams: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, pairs_of, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyKey, Key, StreamId, Value


def xack(name: Key, groupname: Key, *ids: StreamId) -> tuple[Value, ...]:
    """Return the request of ``XACK``."""
    if not ids:
        raise ValueError("no ids: give one at least")
    return (b"XACK", name, groupname, *ids)


def xautoclaim(
    name: Key,
    groupname: Key,
    consumername: Key,
    min_idle_time: int,
    start_id: StreamId = "0-0",
    count: int | None = None,
    *,
    justid: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``XAUTOCLAIM``."""
    at_least("min_idle_time", min_idle_time, 0)
    request: list[Value] = [b"XAUTOCLAIM", name, groupname, consumername, min_idle_time, start_id]
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    if justid:
        request.append(b"JUSTID")
    return tuple(request)


def xclaim(
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
) -> tuple[Value, ...]:
    """Return the request of ``XCLAIM``."""
    at_least("min_idle_time", min_idle_time, 0)
    listed = several("message_ids", message_ids)
    request: list[Value] = [b"XCLAIM", name, groupname, consumername, min_idle_time, *listed]
    if idle is not None:
        at_least("idle", idle, 0)
        request += (b"IDLE", idle)
    if time is not None:
        at_least("time", time, 0)
        request += (b"TIME", time)
    if retrycount is not None:
        at_least("retrycount", retrycount, 0)
        request += (b"RETRYCOUNT", retrycount)
    if force:
        request.append(b"FORCE")
    if justid:
        request.append(b"JUSTID")
    if lastid is not None:
        request += (b"LASTID", lastid)
    return tuple(request)


def xgroup_create(
    name: Key,
    groupname: Key,
    id: StreamId = "$",
    *,
    mkstream: bool = False,
    entries_read: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``XGROUP CREATE``."""
    request: list[Value] = [b"XGROUP", b"CREATE", name, groupname, id]
    if mkstream:
        request.append(b"MKSTREAM")
    if entries_read is not None:
        request += (b"ENTRIESREAD", entries_read)
    return tuple(request)


def xgroup_setid(
    name: Key, groupname: Key, id: StreamId, entries_read: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``XGROUP SETID``."""
    request: list[Value] = [b"XGROUP", b"SETID", name, groupname, id]
    if entries_read is not None:
        request += (b"ENTRIESREAD", entries_read)
    return tuple(request)


def xpending_range(
    name: Key,
    groupname: Key,
    min: StreamId,
    max: StreamId,
    count: int,
    consumername: Key | None = None,
    idle: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``XPENDING``."""
    at_least("count", count, 0)
    request: list[Value] = [b"XPENDING", name, groupname]
    if idle is not None:
        at_least("idle", idle, 0)
        request += (b"IDLE", idle)
    request += (min, max, count)
    if consumername is not None:
        request.append(consumername)
    return tuple(request)


def xreadgroup(
    groupname: Key,
    consumername: Key,
    streams: Mapping[AnyKey, StreamId],
    count: int | None = None,
    block: int | None = None,
    *,
    noack: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``XREADGROUP``."""
    pairs = pairs_of("streams", streams)
    request: list[Value] = [b"XREADGROUP", b"GROUP", groupname, consumername]
    if count is not None:
        at_least("count", count, 0)
        request += (b"COUNT", count)
    if block is not None:
        at_least("block", block, 0)
        request += (b"BLOCK", block)
    if noack:
        request.append(b"NOACK")
    request += (b"STREAMS", *pairs[::2], *pairs[1::2])
    return tuple(request)
