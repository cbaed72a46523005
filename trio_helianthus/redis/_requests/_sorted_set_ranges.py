# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Ranges of sorted sets: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._values import Key, Value


def zrange(
    name: Key,
    start: Key | float,
    end: Key | float,
    *,
    desc: bool = False,
    withscores: bool = False,
    byscore: bool = False,
    bylex: bool = False,
    offset: int | None = None,
    num: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``ZRANGE``."""
    if withscores and bylex:
        raise ValueError("withscores and bylex exclude each other")
    if byscore and bylex:
        raise ValueError("byscore and bylex exclude each other")
    if offset is not None and not (byscore or bylex):
        raise ValueError("offset and num need byscore or bylex")
    if (offset is None) != (num is None):
        raise ValueError("offset and num go together")
    request: list[Value] = [b"ZRANGE", name, start, end]
    if byscore:
        request.append(b"BYSCORE")
    if bylex:
        request.append(b"BYLEX")
    if desc:
        request.append(b"REV")
    if offset is not None and num is not None:
        request += (b"LIMIT", offset, num)
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zrangebylex(
    name: Key, min: Key, max: Key, start: int | None = None, num: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``ZRANGEBYLEX``."""
    if (start is None) != (num is None):
        raise ValueError("start and num go together")
    request: list[Value] = [b"ZRANGEBYLEX", name, min, max]
    if start is not None and num is not None:
        request += (b"LIMIT", start, num)
    return tuple(request)


def zrangebyscore(
    name: Key,
    min: float | str,
    max: float | str,
    start: int | None = None,
    num: int | None = None,
    *,
    withscores: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``ZRANGEBYSCORE``."""
    if (start is None) != (num is None):
        raise ValueError("start and num go together")
    request: list[Value] = [b"ZRANGEBYSCORE", name, min, max]
    if start is not None and num is not None:
        request += (b"LIMIT", start, num)
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zrangestore(
    dest: Key,
    name: Key,
    start: Key | float,
    end: Key | float,
    *,
    byscore: bool = False,
    bylex: bool = False,
    desc: bool = False,
    offset: int | None = None,
    num: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``ZRANGESTORE``."""
    if byscore and bylex:
        raise ValueError("byscore and bylex exclude each other")
    if offset is not None and not (byscore or bylex):
        raise ValueError("offset and num need byscore or bylex")
    if (offset is None) != (num is None):
        raise ValueError("offset and num go together")
    request: list[Value] = [b"ZRANGESTORE", dest, name, start, end]
    if byscore:
        request.append(b"BYSCORE")
    if bylex:
        request.append(b"BYLEX")
    if desc:
        request.append(b"REV")
    if offset is not None and num is not None:
        request += (b"LIMIT", offset, num)
    return tuple(request)


def zrevrange(name: Key, start: int, end: int, *, withscores: bool = False) -> tuple[Value, ...]:
    """Return the request of ``ZREVRANGE``."""
    request: list[Value] = [b"ZREVRANGE", name, start, end]
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zrevrangebylex(
    name: Key, max: Key, min: Key, start: int | None = None, num: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``ZREVRANGEBYLEX``."""
    if (start is None) != (num is None):
        raise ValueError("start and num go together")
    request: list[Value] = [b"ZREVRANGEBYLEX", name, max, min]
    if start is not None and num is not None:
        request += (b"LIMIT", start, num)
    return tuple(request)


def zrevrangebyscore(
    name: Key,
    max: float | str,
    min: float | str,
    start: int | None = None,
    num: int | None = None,
    *,
    withscores: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``ZREVRANGEBYSCORE``."""
    if (start is None) != (num is None):
        raise ValueError("start and num go together")
    request: list[Value] = [b"ZREVRANGEBYSCORE", name, max, min]
    if start is not None and num is not None:
        request += (b"LIMIT", start, num)
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)
