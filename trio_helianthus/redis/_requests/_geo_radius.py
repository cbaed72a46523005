# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Places, the older commands: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, word_of

if TYPE_CHECKING:
    from .._values import Key, Value


def georadius(
    name: Key,
    longitude: float,
    latitude: float,
    radius: float,
    unit: Literal["m", "km", "ft", "mi"] = "m",
    *,
    withdist: bool = False,
    withcoord: bool = False,
    withhash: bool = False,
    count: int | None = None,
    sort: Literal["ASC", "DESC"] | None = None,
    store: Key | None = None,
    store_dist: Key | None = None,
    any: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEORADIUS``."""
    if store is not None and store_dist is not None:
        raise ValueError("store and store_dist exclude each other")
    if (store is not None or store_dist is not None) and (withdist or withcoord or withhash):
        raise ValueError("what is stored is not returned")
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [b"GEORADIUS", name, longitude, latitude, radius]
    request.append(word_of("unit", unit, ("M", "KM", "FT", "MI")))
    if withdist:
        request.append(b"WITHDIST")
    if withcoord:
        request.append(b"WITHCOORD")
    if withhash:
        request.append(b"WITHHASH")
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    if store is not None:
        request += (b"STORE", store)
    if store_dist is not None:
        request += (b"STOREDIST", store_dist)
    return tuple(request)


def georadius_ro(
    name: Key,
    longitude: float,
    latitude: float,
    radius: float,
    unit: Literal["m", "km", "ft", "mi"] = "m",
    *,
    withdist: bool = False,
    withcoord: bool = False,
    withhash: bool = False,
    count: int | None = None,
    sort: Literal["ASC", "DESC"] | None = None,
    any: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEORADIUS_RO``."""
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [b"GEORADIUS_RO", name, longitude, latitude, radius]
    request.append(word_of("unit", unit, ("M", "KM", "FT", "MI")))
    if withdist:
        request.append(b"WITHDIST")
    if withcoord:
        request.append(b"WITHCOORD")
    if withhash:
        request.append(b"WITHHASH")
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    return tuple(request)


def georadiusbymember(
    name: Key,
    member: Value,
    radius: float,
    unit: Literal["m", "km", "ft", "mi"] = "m",
    *,
    withdist: bool = False,
    withcoord: bool = False,
    withhash: bool = False,
    count: int | None = None,
    sort: Literal["ASC", "DESC"] | None = None,
    store: Key | None = None,
    store_dist: Key | None = None,
    any: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEORADIUSBYMEMBER``."""
    if store is not None and store_dist is not None:
        raise ValueError("store and store_dist exclude each other")
    if (store is not None or store_dist is not None) and (withdist or withcoord or withhash):
        raise ValueError("what is stored is not returned")
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [b"GEORADIUSBYMEMBER", name, member, radius]
    request.append(word_of("unit", unit, ("M", "KM", "FT", "MI")))
    if withdist:
        request.append(b"WITHDIST")
    if withcoord:
        request.append(b"WITHCOORD")
    if withhash:
        request.append(b"WITHHASH")
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    if store is not None:
        request += (b"STORE", store)
    if store_dist is not None:
        request += (b"STOREDIST", store_dist)
    return tuple(request)


def georadiusbymember_ro(
    name: Key,
    member: Value,
    radius: float,
    unit: Literal["m", "km", "ft", "mi"] = "m",
    *,
    withdist: bool = False,
    withcoord: bool = False,
    withhash: bool = False,
    count: int | None = None,
    sort: Literal["ASC", "DESC"] | None = None,
    any: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEORADIUSBYMEMBER_RO``."""
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [b"GEORADIUSBYMEMBER_RO", name, member, radius]
    request.append(word_of("unit", unit, ("M", "KM", "FT", "MI")))
    if withdist:
        request.append(b"WITHDIST")
    if withcoord:
        request.append(b"WITHCOORD")
    if withhash:
        request.append(b"WITHHASH")
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    return tuple(request)
