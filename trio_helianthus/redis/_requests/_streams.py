# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Streams: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, pairs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._values import AnyKey, AnyValue, Key, StreamId, Value


def xadd(
    name: Key,
    fields: Mapping[AnyValue, Value],
    id: StreamId = "*",
    maxlen: int | None = None,
    *,
    approximate: bool = True,
    nomkstream: bool = False,
    minid: StreamId | None = None,
    limit: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``XADD``."""
    pairs = pairs_of("fields", fields)
    if maxlen is not None and minid is not None:
        raise ValueError("maxlen and minid exclude each other")
    if limit is not None and not approximate:
        raise ValueError("limit needs approximate")
    request: list[Value] = [b"XADD", name]
    if nomkstream:
        request.append(b"NOMKSTREAM")
    if maxlen is not None:
        at_least("maxlen", maxlen, 0)
        request += (b"MAXLEN", b"~" if approximate else b"=", maxlen)
    if minid is not None:
        request += (b"MINID", b"~" if approximate else b"=", minid)
    if limit is not None:
        at_least("limit", limit, 0)
        request += (b"LIMIT", limit)
    request += (id, *pairs)
    return tuple(request)


def xdel(name: Key, *ids: StreamId) -> tuple[Value, ...]:
    """Return the request of ``XDEL``."""
    if not ids:
        raise ValueError("no ids: give one at least")
    return (b"XDEL", name, *ids)


def xinfo_stream(name: Key, *, full: bool = False, count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``XINFO STREAM``."""
    if count is not None and not full:
        raise ValueError("count needs full")
    request: list[Value] = [b"XINFO", b"STREAM", name]
    if full:
        request.append(b"FULL")
    if count is not None:
        at_least("count", count, 0)
        request += (b"COUNT", count)
    return tuple(request)


def xrange(
    name: Key, min: StreamId = "-", max: StreamId = "+", count: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``XRANGE``."""
    request: list[Value] = [b"XRANGE", name, min, max]
    if count is not None:
        at_least("count", count, 0)
        request += (b"COUNT", count)
    return tuple(request)


def xread(
    streams: Mapping[AnyKey, StreamId], count: int | None = None, block: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``XREAD``."""
    pairs = pairs_of("streams", streams)
    request: list[Value] = [b"XREAD"]
    if count is not None:
        at_least("count", count, 0)
        request += (b"COUNT", count)
    if block is not None:
        at_least("block", block, 0)
        request += (b"BLOCK", block)
    request += (b"STREAMS", *pairs[::2], *pairs[1::2])
    return tuple(request)


def xrevrange(
    name: Key, max: StreamId = "+", min: StreamId = "-", count: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``XREVRANGE``."""
    request: list[Value] = [b"XREVRANGE", name, max, min]
    if count is not None:
        at_least("count", count, 0)
        request += (b"COUNT", count)
    return tuple(request)


def xsetid(
    name: Key,
    last_id: StreamId,
    entries_added: int | None = None,
    max_deleted_id: StreamId | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``XSETID``."""
    request: list[Value] = [b"XSETID", name, last_id]
    if entries_added is not None:
        at_least("entries_added", entries_added, 0)
        request += (b"ENTRIESADDED", entries_added)
    if max_deleted_id is not None:
        request += (b"MAXDELETEDID", max_deleted_id)
    return tuple(request)


def xtrim(
    name: Key,
    maxlen: int | None = None,
    *,
    approximate: bool = True,
    minid: StreamId | None = None,
    limit: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``XTRIM``."""
    if maxlen is not None and minid is not None:
        raise ValueError("maxlen and minid exclude each other")
    if limit is not None and not approximate:
        raise ValueError("limit needs approximate")
    if maxlen is None and minid is None:
        raise ValueError("give maxlen or minid")
    request: list[Value] = [b"XTRIM", name]
    if maxlen is not None:
        at_least("maxlen", maxlen, 0)
        request += (b"MAXLEN", b"~" if approximate else b"=", maxlen)
    if minid is not None:
        request += (b"MINID", b"~" if approximate else b"=", minid)
    if limit is not None:
        at_least("limit", limit, 0)
        request += (b"LIMIT", limit)
    return tuple(request)
