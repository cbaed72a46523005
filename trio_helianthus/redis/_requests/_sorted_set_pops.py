# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Taking from sorted sets: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least, block_seconds, numbered, one_or_several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key, Value


def bzmpop(
    timeout: float | None,
    numkeys: int,
    keys: Iterable[Key],
    *,
    min: bool = False,
    max: bool = False,
    count: int = 1,
) -> tuple[Value, ...]:
    """Return the request of ``BZMPOP``."""
    wait = block_seconds(timeout)
    listed = numbered("keys", keys, numkeys)
    if min == max:
        raise ValueError("give either min or max")
    at_least("count", count, 1)
    return (b"BZMPOP", wait, numkeys, *listed, b"MIN" if min else b"MAX", b"COUNT", count)


def bzpopmax(keys: Key | Iterable[Key], timeout: float | None = 0) -> tuple[Value, ...]:
    """Return the request of ``BZPOPMAX``."""
    listed = one_or_several("keys", keys)
    wait = block_seconds(timeout)
    return (b"BZPOPMAX", *listed, wait)


def bzpopmin(keys: Key | Iterable[Key], timeout: float | None = 0) -> tuple[Value, ...]:
    """Return the request of ``BZPOPMIN``."""
    listed = one_or_several("keys", keys)
    wait = block_seconds(timeout)
    return (b"BZPOPMIN", *listed, wait)


def zmpop(
    num_keys: int, keys: Iterable[Key], *, min: bool = False, max: bool = False, count: int = 1
) -> tuple[Value, ...]:
    """Return the request of ``ZMPOP``."""
    listed = numbered("keys", keys, num_keys)
    if min == max:
        raise ValueError("give either min or max")
    at_least("count", count, 1)
    return (b"ZMPOP", num_keys, *listed, b"MIN" if min else b"MAX", b"COUNT", count)


def zpopmax(name: Key, count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``ZPOPMAX``."""
    request: list[Value] = [b"ZPOPMAX", name]
    if count is not None:
        at_least("count", count, 0)
        request.append(count)
    return tuple(request)


def zpopmin(name: Key, count: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``ZPOPMIN``."""
    request: list[Value] = [b"ZPOPMIN", name]
    if count is not None:
        at_least("count", count, 0)
        request.append(count)
    return tuple(request)
