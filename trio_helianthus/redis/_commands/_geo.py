# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Places: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .._command_runner import CommandRunner, T
from .._command_table._geo import (
    GEOADD,
    GEODIST,
    GEOHASH,
    GEOPOS,
    GEOSEARCH,
    GEOSEARCH_WITH,
    GEOSEARCHSTORE,
)
from .._requests import _geo as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trio_helianthus.core import CancelToken

    from .._replies import GeoMember
    from .._values import Key, Value


class GeoCommands(CommandRunner[T]):
    """Places."""

    async def geoadd(
        self,
        name: Key,
        values: Sequence[Value],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Add members to a geospatial index, or move them.

        :param values: longitude, latitude and member by turns, in degrees.
        :param nx: only new members.
        :param xx: only those that are there.
        :param ch: count also those that have moved.
        :returns: how many are new.
        :raises ValueError: there are both ``nx`` and ``xx``; ``values`` are not such threes;
            ``values`` is empty.
        """
        return await self._run(
            GEOADD, request.geoadd(name, values, nx=nx, xx=xx, ch=ch), timeout, token
        )

    async def geodist(
        self,
        name: Key,
        place1: Value,
        place2: Value,
        unit: Literal["m", "km", "ft", "mi"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> float | None:
        """Return how far two members are from each other.

        :param unit: metres if not said.
        :returns: ``None`` if one of them is not there.
        :raises ValueError: ``unit`` is none of these.
        """
        return await self._run(GEODIST, request.geodist(name, place1, place2, unit), timeout, token)

    async def geohash(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T | None]:
        """Return the geohashes of members; ``None`` for one that is not there.

        :raises ValueError: there are no ``values``.
        """
        return await self._run(GEOHASH, request.geohash(name, *values), timeout, token)

    async def geopos(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[tuple[float, float] | None]:
        """Return where members are.

        :returns: longitude and latitude, in degrees; ``None`` for one that is not there.
        :raises ValueError: there are no ``values``.
        """
        return await self._run(GEOPOS, request.geopos(name, *values), timeout, token)

    @overload
    async def geosearch(
        self,
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
        withcoord: Literal[False] = False,
        withdist: Literal[False] = False,
        withhash: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def geosearch(
        self,
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
        withdist: Literal[True],
        withhash: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[GeoMember[T]]: ...
    @overload
    async def geosearch(
        self,
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
        withcoord: Literal[True],
        withdist: bool = False,
        withhash: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[GeoMember[T]]: ...
    @overload
    async def geosearch(
        self,
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
        withhash: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[GeoMember[T]]: ...
    async def geosearch(
        self,
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[GeoMember[T]]:
        """Find members in a circle or box.

        :param member: the centre is this one.
        :param longitude: of the centre, in degrees.
        :param latitude: of the centre, in degrees.
        :param unit: of distances: metres, kilometres, feet or miles.
        :param radius: search in a circle.
        :param width: search in a box.
        :param height: search in a box.
        :param sort: the nearest first, or the farthest.
        :param count: so many at most.
        :param any: with ``count``: those that are found first, not the nearest.
        :param withcoord: return where each is.
        :param withdist: return how far each is from the centre.
        :param withhash: return each one's score.
        :returns: their names; or all that was asked for.
        :raises ValueError: there is no centre, or there are two; there is no area, or there are
            two; ``unit`` is none of these; ``sort`` is none of these; ``count`` is less than 1;
            there is ``any`` without ``count``.
        """
        command = GEOSEARCH_WITH if withcoord or withdist or withhash else GEOSEARCH
        return await self._run(
            command,
            request.geosearch(
                name,
                member,
                longitude,
                latitude,
                unit,
                radius,
                width,
                height,
                sort,
                count,
                any=any,
                withcoord=withcoord,
                withdist=withdist,
                withhash=withhash,
            ),
            timeout,
            token,
        )

    @overload
    async def geosearch_polygon(
        self,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: Literal[False] = False,
        withdist: Literal[False] = False,
        withhash: Literal[False] = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]: ...
    @overload
    async def geosearch_polygon(
        self,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: bool = False,
        withdist: Literal[True],
        withhash: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[GeoMember[T]]: ...
    @overload
    async def geosearch_polygon(
        self,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: Literal[True],
        withdist: bool = False,
        withhash: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[GeoMember[T]]: ...
    @overload
    async def geosearch_polygon(
        self,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: Literal[True],
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[GeoMember[T]]: ...
    async def geosearch_polygon(
        self,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[GeoMember[T]]:
        """Find members in a polygon.

        :param vertices: longitude and latitude of each corner, in degrees.
        :param sort: the nearest first, or the farthest.
        :param count: so many at most.
        :param any: with ``count``: those that are found first, not the nearest.
        :param withcoord: return where each is.
        :param withdist: return how far each is from the polygon's centre.
        :param withhash: return each one's score.
        :returns: their names; or all that was asked for.
        :raises ValueError: there are less than three ``vertices``; ``sort`` is none of these;
            ``count`` is less than 1; there is ``any`` without ``count``.
        """
        command = GEOSEARCH_WITH if withcoord or withdist or withhash else GEOSEARCH
        return await self._run(
            command,
            request.geosearch_polygon(
                name,
                vertices,
                sort,
                count,
                any=any,
                withcoord=withcoord,
                withdist=withdist,
                withhash=withhash,
            ),
            timeout,
            token,
        )

    async def geosearchstore(
        self,
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Find members in a circle or box, and store them as another index.

        :param member: the centre is this one.
        :param longitude: of the centre, in degrees.
        :param latitude: of the centre, in degrees.
        :param unit: of distances: metres, kilometres, feet or miles.
        :param radius: search in a circle.
        :param width: search in a box.
        :param height: search in a box.
        :param sort: the nearest first, or the farthest.
        :param count: so many at most.
        :param any: with ``count``: those that are found first, not the nearest.
        :param storedist: store a sorted set by distance.
        :returns: how many there are.
        :raises ValueError: there is no centre, or there are two; there is no area, or there are
            two; ``unit`` is none of these; ``sort`` is none of these; ``count`` is less than 1;
            there is ``any`` without ``count``.
        """
        return await self._run(
            GEOSEARCHSTORE,
            request.geosearchstore(
                dest,
                name,
                member,
                longitude,
                latitude,
                unit,
                radius,
                width,
                height,
                sort,
                count,
                any=any,
                storedist=storedist,
            ),
            timeout,
            token,
        )

    async def geosearchstore_polygon(
        self,
        dest: Key,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        storedist: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Find members in a polygon, and store them as another index.

        :param vertices: longitude and latitude of each corner, in degrees.
        :param sort: the nearest first, or the farthest.
        :param count: so many at most.
        :param any: with ``count``: those that are found first, not the nearest.
        :param storedist: store a sorted set by distance.
        :returns: how many there are.
        :raises ValueError: there are less than three ``vertices``; ``sort`` is none of these;
            ``count`` is less than 1; there is ``any`` without ``count``.
        """
        return await self._run(
            GEOSEARCHSTORE,
            request.geosearchstore_polygon(
                dest, name, vertices, sort, count, any=any, storedist=storedist
            ),
            timeout,
            token,
        )
