# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Places: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
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

    from .._values import Key, Value


class QueuedGeoCommands(CommandQueue[T]):
    """Places."""

    def geoadd(
        self,
        name: Key,
        values: Sequence[Value],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geoadd`."""
        self._queue(GEOADD, request.geoadd(name, values, nx=nx, xx=xx, ch=ch))
        return self

    def geodist(
        self,
        name: Key,
        place1: Value,
        place2: Value,
        unit: Literal["m", "km", "ft", "mi"] | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geodist`."""
        self._queue(GEODIST, request.geodist(name, place1, place2, unit))
        return self

    def geohash(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geohash`."""
        self._queue(GEOHASH, request.geohash(name, *values))
        return self

    def geopos(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geopos`."""
        self._queue(GEOPOS, request.geopos(name, *values))
        return self

    def geosearch(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geosearch`."""
        command = GEOSEARCH_WITH if withcoord or withdist or withhash else GEOSEARCH
        self._queue(
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
        )
        return self

    def geosearch_polygon(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geosearch_polygon`."""
        command = GEOSEARCH_WITH if withcoord or withdist or withhash else GEOSEARCH
        self._queue(
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
        )
        return self

    def geosearchstore(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geosearchstore`."""
        self._queue(
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
        )
        return self

    def geosearchstore_polygon(
        self,
        dest: Key,
        name: Key,
        vertices: Iterable[tuple[float, float]],
        sort: Literal["ASC", "DESC"] | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        storedist: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.geosearchstore_polygon`."""
        self._queue(
            GEOSEARCHSTORE,
            request.geosearchstore_polygon(
                dest, name, vertices, sort, count, any=any, storedist=storedist
            ),
        )
        return self
