# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Places: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, several, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .._values import Key, Value


def geoadd(
    name: Key, values: Sequence[Value], *, nx: bool = False, xx: bool = False, ch: bool = False
) -> tuple[Value, ...]:
    """Return the request of ``GEOADD``."""
    if nx and xx:
        raise ValueError("nx and xx exclude each other")
    listed = several("values", values)
    if len(listed) % 3:
        raise ValueError("values are longitude, latitude and member by turns")
    request: list[Value] = [b"GEOADD", name]
    if nx:
        request.append(b"NX")
    if xx:
        request.append(b"XX")
    if ch:
        request.append(b"CH")
    request += listed
    return tuple(request)


def geodist(
    name: Key, place1: Value, place2: Value, unit: Literal["m", "km", "ft", "mi"] | None = None
) -> tuple[Value, ...]:
    """Return the request of ``GEODIST``."""
    request: list[Value] = [b"GEODIST", name, place1, place2]
    if unit is not None:
        request.append(word_of("unit", unit, ("M", "KM", "FT", "MI")))
    return tuple(request)


def geohash(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``GEOHASH``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"GEOHASH", name, *values)


def geopos(name: Key, *values: Value) -> tuple[Value, ...]:
    """Return the request of ``GEOPOS``."""
    if not values:
        raise ValueError("no values: give one at least")
    return (b"GEOPOS", name, *values)


def geosearch(
    name: Key,
    member: Value | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    unit: Literal["m", "km", "ft", "mi"] = "m",
    radius: float | None = None,
    width: float | None = None,
    height: float | None = None,
    sort: Literal["ASC", "DESC"] | None = None,
    count: int | None = None,
    *,
    any: bool = False,
    withcoord: bool = False,
    withdist: bool = False,
    withhash: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEOSEARCH``."""
    if (longitude is None) != (latitude is None):
        raise ValueError("longitude and latitude go together")
    if (member is None) == (longitude is None):
        raise ValueError("give member, or longitude and latitude")
    if (width is None) != (height is None):
        raise ValueError("width and height go together")
    if (radius is None) == (width is None):
        raise ValueError("give radius, or width and height")
    chosen_unit = word_of("unit", unit, ("M", "KM", "FT", "MI"))
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [b"GEOSEARCH", name]
    if member is not None:
        request += (b"FROMMEMBER", member)
    if longitude is not None and latitude is not None:
        request += (b"FROMLONLAT", longitude, latitude)
    if radius is not None:
        request += (b"BYRADIUS", radius, chosen_unit)
    if width is not None and height is not None:
        request += (b"BYBOX", width, height, chosen_unit)
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if withcoord:
        request.append(b"WITHCOORD")
    if withdist:
        request.append(b"WITHDIST")
    if withhash:
        request.append(b"WITHHASH")
    return tuple(request)


def geosearch_polygon(
    name: Key,
    vertices: Iterable[tuple[float, float]],
    sort: Literal["ASC", "DESC"] | None = None,
    count: int | None = None,
    *,
    any: bool = False,
    withcoord: bool = False,
    withdist: bool = False,
    withhash: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEOSEARCH``."""
    corners = several("vertices", vertices)
    if len(corners) < 3:
        raise ValueError("a polygon has three vertices at least")
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [
        b"GEOSEARCH",
        name,
        b"BYPOLYGON",
        len(corners),
        *[each for corner in corners for each in corner],
    ]
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if withcoord:
        request.append(b"WITHCOORD")
    if withdist:
        request.append(b"WITHDIST")
    if withhash:
        request.append(b"WITHHASH")
    return tuple(request)


def geosearchstore(
    dest: Key,
    name: Key,
    member: Value | None = None,
    longitude: float | None = None,
    latitude: float | None = None,
    unit: Literal["m", "km", "ft", "mi"] = "m",
    radius: float | None = None,
    width: float | None = None,
    height: float | None = None,
    sort: Literal["ASC", "DESC"] | None = None,
    count: int | None = None,
    *,
    any: bool = False,
    storedist: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEOSEARCHSTORE``."""
    if (longitude is None) != (latitude is None):
        raise ValueError("longitude and latitude go together")
    if (member is None) == (longitude is None):
        raise ValueError("give member, or longitude and latitude")
    if (width is None) != (height is None):
        raise ValueError("width and height go together")
    if (radius is None) == (width is None):
        raise ValueError("give radius, or width and height")
    chosen_unit = word_of("unit", unit, ("M", "KM", "FT", "MI"))
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [b"GEOSEARCHSTORE", dest, name]
    if member is not None:
        request += (b"FROMMEMBER", member)
    if longitude is not None and latitude is not None:
        request += (b"FROMLONLAT", longitude, latitude)
    if radius is not None:
        request += (b"BYRADIUS", radius, chosen_unit)
    if width is not None and height is not None:
        request += (b"BYBOX", width, height, chosen_unit)
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if storedist:
        request.append(b"STOREDIST")
    return tuple(request)


def geosearchstore_polygon(
    dest: Key,
    name: Key,
    vertices: Iterable[tuple[float, float]],
    sort: Literal["ASC", "DESC"] | None = None,
    count: int | None = None,
    *,
    any: bool = False,
    storedist: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``GEOSEARCHSTORE``."""
    corners = several("vertices", vertices)
    if len(corners) < 3:
        raise ValueError("a polygon has three vertices at least")
    if any and count is None:
        raise ValueError("any needs a count")
    request: list[Value] = [
        b"GEOSEARCHSTORE",
        dest,
        name,
        b"BYPOLYGON",
        len(corners),
        *[each for corner in corners for each in corner],
    ]
    if sort is not None:
        request.append(word_of("sort", sort, ("ASC", "DESC")))
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
        if any:
            request.append(b"ANY")
    if storedist:
        request.append(b"STOREDIST")
    return tuple(request)
