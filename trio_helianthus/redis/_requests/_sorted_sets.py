# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sorted sets: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, scores_of, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyValue, Key, Value


def zadd(
    name: Key,
    mapping: Mapping[AnyValue, float],
    *,
    nx: bool = False,
    xx: bool = False,
    ch: bool = False,
    incr: bool = False,
    gt: bool = False,
    lt: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``ZADD``."""
    pairs = scores_of("mapping", mapping)
    if nx and (xx or gt or lt):
        raise ValueError("nx excludes xx, gt and lt")
    if gt and lt:
        raise ValueError("gt and lt exclude each other")
    if incr and len(pairs) != 2:
        raise ValueError("incr takes one member")
    request: list[Value] = [b"ZADD", name]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if ch:
        request.append(b"CH")
    if incr:
        request.append(b"INCR")
    if gt:
        request.append(b"GT")
    if lt:
        request.append(b"LT")
    request += pairs
    return tuple(request)


def zmscore(key: Key, members: Iterable[Value]) -> tuple[Value, ...]:
    """Return the request of ``ZMSCORE``."""
    listed = several("members", members)
    return (b"ZMSCORE", key, *listed)


def zrandmember(
    key: Key, count: int | None = None, *, withscores: bool = False
) -> tuple[Value, ...]:
    """Return the request of ``ZRANDMEMBER``."""
    if withscores and count is None:
        raise ValueError("withscores needs a count")
    request: list[Value] = [b"ZRANDMEMBER", key]
    if count is not None:
        request.append(count)
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zrank(name: Key, value: Value, *, withscore: bool = False) -> tuple[Value, ...]:
    """Return the request of ``ZRANK``."""
    request: list[Value] = [b"ZRANK", name, value]
    if withscore:
        request.append(b"WITHSCORE")
    return tuple(request)


def zrevrank(name: Key, value: Value, *, withscore: bool = False) -> tuple[Value, ...]:
    """Return the request of ``ZREVRANK``."""
    request: list[Value] = [b"ZREVRANK", name, value]
    if withscore:
        request.append(b"WITHSCORE")
    return tuple(request)


def zrem(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``ZREM``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"ZREM", name, *values)


def zscan(
    name: Key,
    cursor: int = 0,
    match: Key | None = None,
    count: int | None = None,
    *,
    no_scores: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``ZSCAN``."""
    request: list[Value] = [b"ZSCAN", name, cursor]
    if match is not None:
        request += (b"MATCH", match)
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    if no_scores:
        request.append(b"NOSCORES")
    return tuple(request)
