# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sets: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, numbered, one_or_several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


def sadd(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``SADD``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"SADD", name, *values)


def sdiff(keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``SDIFF``."""
    listed = one_or_several("keys", keys, args)
    return (b"SDIFF", *listed)


def sdiffstore(dest: Key, keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``SDIFFSTORE``."""
    listed = one_or_several("keys", keys, args)
    return (b"SDIFFSTORE", dest, *listed)


def sinter(keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``SINTER``."""
    listed = one_or_several("keys", keys, args)
    return (b"SINTER", *listed)


def sintercard(numkeys: int, keys: Iterable[Key], limit: int = 0) -> tuple[Value, ...]:
    """Return the request of ``SINTERCARD``."""
    listed = numbered("keys", keys, numkeys)
    at_least("limit", limit, 0)
    request: list[Value] = [b"SINTERCARD", numkeys, *listed]
    if limit:
        request += (b"LIMIT", limit)
    return tuple(request)


def sinterstore(dest: Key, keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``SINTERSTORE``."""
    listed = one_or_several("keys", keys, args)
    return (b"SINTERSTORE", dest, *listed)


def smismember(name: Key, values: Value | Iterable[Value], *args: Value) -> tuple[Value, ...]:
    """Return the request of ``SMISMEMBER``."""
    listed = one_or_several("values", values, args)
    return (b"SMISMEMBER", name, *listed)


def spop(name: Key, count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``SPOP``."""
    request: list[Value] = [b"SPOP", name]
    if count is not None:
        at_least("count", count, 0)
        request.append(count)
    return tuple(request)


def srandmember(name: Key, number: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``SRANDMEMBER``."""
    request: list[Value] = [b"SRANDMEMBER", name]
    if number is not None:
        request.append(number)
    return tuple(request)


def srem(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``SREM``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"SREM", name, *values)


def sscan(
    name: Key, cursor: int = 0, match: Key | None = None, count: int | None = None
) -> tuple[Value, ...]:
    """Return the request of ``SSCAN``."""
    request: list[Value] = [b"SSCAN", name, cursor]
    if match is not None:
        request += (b"MATCH", match)
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    return tuple(request)


def sunion(keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``SUNION``."""
    listed = one_or_several("keys", keys, args)
    return (b"SUNION", *listed)


def sunionstore(dest: Key, keys: Key | Iterable[Key], *args: Key) -> tuple[Value, ...]:
    """Return the request of ``SUNIONSTORE``."""
    listed = one_or_several("keys", keys, args)
    return (b"SUNIONSTORE", dest, *listed)
