# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A001, A002 - commands and their arguments are named as the server does
"""Strings: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import (
    as_milliseconds,
    as_seconds,
    at_least,
    one_or_several,
    pairs_of,
    unix_milliseconds,
    unix_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyKey, Duration, Key, Moment, Value


def getex(
    name: Key,
    ex: Duration | None = None,
    px: Duration | None = None,
    exat: Moment | None = None,
    pxat: Moment | None = None,
    *,
    persist: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GETEX``."""
    if (ex is not None) + (px is not None) + (exat is not None) + (pxat is not None) + persist > 1:
        raise ValueError("ex, px, exat, pxat, persist exclude each other")
    request: list[Value] = [b"GETEX", name]
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
    return tuple(request)


def lcs(
    key1: Key,
    key2: Key,
    *,
    len: bool = False,
    idx: bool = False,
    minmatchlen: int | None = None,
    withmatchlen: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``LCS``."""
    if len and idx:
        raise ValueError("len and idx exclude each other")
    request: list[Value] = [b"LCS", key1, key2]
    if len:
        request.append(b"LEN")
    if idx:
        request.append(b"IDX")
    if minmatchlen is not None:
        at_least("minmatchlen", minmatchlen, 0)
        request += (b"MINMATCHLEN", minmatchlen)
    if withmatchlen:
        request.append(b"WITHMATCHLEN")
    return tuple(request)


def mget(keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``MGET``."""
    listed = one_or_several("keys", keys, args)
    return (b"MGET", *listed)


def mset(mapping: Mapping[AnyKey, Value]) -> tuple[Value, ...]:
    """Return the request of ``MSET``."""
    pairs = pairs_of("mapping", mapping)
    return (b"MSET", *pairs)


def msetex(
    mapping: Mapping[AnyKey, Value],
    ex: Duration | None = None,
    px: Duration | None = None,
    exat: Moment | None = None,
    pxat: Moment | None = None,
    *,
    nx: bool = False,
    xx: bool = False,
    keepttl: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``MSETEX``."""
    pairs = pairs_of("mapping", mapping)
    if nx and xx:
        raise ValueError("nx and xx exclude each other")
    if (ex is not None) + (px is not None) + (exat is not None) + (pxat is not None) + keepttl > 1:
        raise ValueError("ex, px, exat, pxat, keepttl exclude each other")
    request: list[Value] = [b"MSETEX", len(pairs) // 2, *pairs]
    if ex is not None:
        request += (b"EX", as_seconds(ex))
    if px is not None:
        request += (b"PX", as_milliseconds(px))
    if exat is not None:
        request += (b"EXAT", unix_seconds(exat))
    if pxat is not None:
        request += (b"PXAT", unix_milliseconds(pxat))
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if keepttl:
        request.append(b"KEEPTTL")
    return tuple(request)


def msetnx(mapping: Mapping[AnyKey, Value]) -> tuple[Value, ...]:
    """Return the request of ``MSETNX``."""
    pairs = pairs_of("mapping", mapping)
    return (b"MSETNX", *pairs)


def psetex(name: Key, time_ms: Duration, value: Value) -> tuple[Value, ...]:
    """Return the request of ``PSETEX``."""
    span = as_milliseconds(time_ms)
    return (b"PSETEX", name, span, value)


def set(
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
) -> tuple[Value, ...]:
    """Return the request of ``SET``."""
    if nx + xx + (ifeq is not None) > 1:
        raise ValueError("nx, xx and ifeq exclude each other")
    if (ex is not None) + (px is not None) + (exat is not None) + (pxat is not None) + keepttl > 1:
        raise ValueError("ex, px, exat, pxat, keepttl exclude each other")
    request: list[Value] = [b"SET", name, value]
    if ex is not None:
        request += (b"EX", as_seconds(ex))
    if px is not None:
        request += (b"PX", as_milliseconds(px))
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if keepttl:
        request.append(b"KEEPTTL")
    if get:
        request.append(b"GET")
    if exat is not None:
        request += (b"EXAT", unix_seconds(exat))
    if pxat is not None:
        request += (b"PXAT", unix_milliseconds(pxat))
    if ifeq is not None:
        request += (b"IFEQ", ifeq)
    return tuple(request)


def setex(name: Key, time: Duration, value: Value) -> tuple[Value, ...]:
    """Return the request of ``SETEX``."""
    span = as_seconds(time)
    return (b"SETEX", name, span, value)


def setrange(name: Key, offset: int, value: Value) -> tuple[Value, ...]:
    """Return the request of ``SETRANGE``."""
    at_least("offset", offset, 0)
    return (b"SETRANGE", name, offset, value)
