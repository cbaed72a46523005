# Made by scripts/generate_redis_commands.py; changes belong there.
"""Several sorted sets: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, numbered, several, weighted, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import AnyKey, Key, Value


def zdiff(keys: Iterable[Key], *, withscores: bool = False) -> tuple[Value, ...]:
    """Return the request of ``ZDIFF``."""
    listed = several("keys", keys)
    request: list[Value] = [b"ZDIFF", len(listed), *listed]
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zdiffstore(dest: Key, keys: Iterable[Key]) -> tuple[Value, ...]:
    """Return the request of ``ZDIFFSTORE``."""
    listed = several("keys", keys)
    return (b"ZDIFFSTORE", dest, len(listed), *listed)


def zinter(
    keys: Iterable[Key] | Mapping[AnyKey, float],
    aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
    *,
    withscores: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``ZINTER``."""
    listed, weights = weighted(keys)
    request: list[Value] = [b"ZINTER", len(listed), *listed]
    if weights:
        request += (b"WEIGHTS", *weights)
    if aggregate is not None:
        request += (b"AGGREGATE", word_of("aggregate", aggregate, ("SUM", "MIN", "MAX")))
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zintercard(numkeys: int, keys: Iterable[Key], limit: int = 0) -> tuple[Value, ...]:
    """Return the request of ``ZINTERCARD``."""
    listed = numbered("keys", keys, numkeys)
    at_least("limit", limit, 0)
    request: list[Value] = [b"ZINTERCARD", numkeys, *listed]
    if limit:
        request += (b"LIMIT", limit)
    return tuple(request)


def zinterstore(
    dest: Key,
    keys: Iterable[Key] | Mapping[AnyKey, float],
    aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``ZINTERSTORE``."""
    listed, weights = weighted(keys)
    request: list[Value] = [b"ZINTERSTORE", dest, len(listed), *listed]
    if weights:
        request += (b"WEIGHTS", *weights)
    if aggregate is not None:
        request += (b"AGGREGATE", word_of("aggregate", aggregate, ("SUM", "MIN", "MAX")))
    return tuple(request)


def zunion(
    keys: Iterable[Key] | Mapping[AnyKey, float],
    aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
    *,
    withscores: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``ZUNION``."""
    listed, weights = weighted(keys)
    request: list[Value] = [b"ZUNION", len(listed), *listed]
    if weights:
        request += (b"WEIGHTS", *weights)
    if aggregate is not None:
        request += (b"AGGREGATE", word_of("aggregate", aggregate, ("SUM", "MIN", "MAX")))
    if withscores:
        request.append(b"WITHSCORES")
    return tuple(request)


def zunionstore(
    dest: Key,
    keys: Iterable[Key] | Mapping[AnyKey, float],
    aggregate: Literal["SUM", "MIN", "MAX"] | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``ZUNIONSTORE``."""
    listed, weights = weighted(keys)
    request: list[Value] = [b"ZUNIONSTORE", dest, len(listed), *listed]
    if weights:
        request += (b"WEIGHTS", *weights)
    if aggregate is not None:
        request += (b"AGGREGATE", word_of("aggregate", aggregate, ("SUM", "MIN", "MAX")))
    return tuple(request)
