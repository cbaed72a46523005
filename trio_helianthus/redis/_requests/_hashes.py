# Made by scripts/generate_redis_commands.py; changes belong there.
"""Hashes: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import (
    as_milliseconds,
    as_seconds,
    at_least,
    fields_of,
    one_or_several,
    pairs_of,
    unix_milliseconds,
    unix_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyValue, Duration, Key, Moment, Value


def hdel(name: Key, *keys: Value) -> tuple[Value, ...]:
    """Return the request of ``HDEL``."""
    if not keys:
        raise ValueError("no keys: give one at least")
    return (b"HDEL", name, *keys)


def hgetdel(name: Key, *keys: Value) -> tuple[Value, ...]:
    """Return the request of ``HGETDEL``."""
    if not keys:
        raise ValueError("no keys: give one at least")
    return (b"HGETDEL", name, b"FIELDS", len(keys), *keys)


def hgetex(
    name: Key,
    *keys: Value,
    ex: Duration | None = None,
    px: Duration | None = None,
    exat: Moment | None = None,
    pxat: Moment | None = None,
    persist: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``HGETEX``."""
    if (ex is not None) + (px is not None) + (exat is not None) + (pxat is not None) + persist > 1:
        raise ValueError("ex, px, exat, pxat, persist exclude each other")
    if not keys:
        raise ValueError("no keys: give one at least")
    request: list[Value] = [b"HGETEX", name]
    if ex is not None:
        request += (b"EX", as_seconds(ex))
    if px is not None:
        request += (b"PX", as_milliseconds(px))
    if exat is not None:
        request += (b"EXAT", unix_seconds(exat))
    if pxat is not None:
        request += (b"PXAT", unix_milliseconds(pxat))
    if persist:
        request.append(b"PERSIST")
    request += (b"FIELDS", len(keys), *keys)
    return tuple(request)


def hmget(name: Key, keys: Value | Iterable[Value], *args: Value) -> tuple[Value, ...]:
    """Return the request of ``HMGET``."""
    listed = one_or_several("keys", keys, args)
    return (b"HMGET", name, *listed)


def hmset(name: Key, mapping: Mapping[AnyValue, Value]) -> tuple[Value, ...]:
    """Return the request of ``HMSET``."""
    pairs = pairs_of("mapping", mapping)
    return (b"HMSET", name, *pairs)


def hrandfield(
    key: Key, count: int | None = None, *, withvalues: bool = False
) -> tuple[Value, ...]:
    """Return the request of ``HRANDFIELD``."""
    if withvalues and count is None:
        raise ValueError("withvalues needs a count")
    request: list[Value] = [b"HRANDFIELD", key]
    if count is not None:
        request.append(count)
    if withvalues:
        request.append(b"WITHVALUES")
    return tuple(request)


def hscan(
    name: Key,
    cursor: int = 0,
    match: Key | None = None,
    count: int | None = None,
    *,
    no_values: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``HSCAN``."""
    request: list[Value] = [b"HSCAN", name, cursor]
    if match is not None:
        request += (b"MATCH", match)
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    if no_values:
        request.append(b"NOVALUES")
    return tuple(request)


def hset(
    name: Key,
    key: Value | None = None,
    value: Value | None = None,
    mapping: Mapping[AnyValue, Value] | None = None,
    items: Iterable[Value] | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``HSET``."""
    pairs = fields_of(key, value, mapping, items)
    return (b"HSET", name, *pairs)


def hsetex(
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
) -> tuple[Value, ...]:
    """Return the request of ``HSETEX``."""
    pairs = fields_of(key, value, mapping, items)
    if nx and xx:
        raise ValueError("nx and xx exclude each other")
    if fnx and fxx:
        raise ValueError("fnx and fxx exclude each other")
    if (ex is not None) + (px is not None) + (exat is not None) + (pxat is not None) + keepttl > 1:
        raise ValueError("ex, px, exat, pxat, keepttl exclude each other")
    request: list[Value] = [b"HSETEX", name]
    if ex is not None:
        request += (b"EX", as_seconds(ex))
    if px is not None:
        request += (b"PX", as_milliseconds(px))
    if exat is not None:
        request += (b"EXAT", unix_seconds(exat))
    if pxat is not None:
        request += (b"PXAT", unix_milliseconds(pxat))
    if keepttl:
        request.append(b"KEEPTTL")
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if fnx:
        request.append(b"FNX")
    if fxx:
        request.append(b"FXX")
    request += (b"FIELDS", len(pairs) // 2, *pairs)
    return tuple(request)
