# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Places, the older commands: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._command_runner import CommandRunner, T
from .._command_table._geo_radius import (
    GEORADIUS,
    GEORADIUS_RO,
    GEORADIUS_RO_WITH,
    GEORADIUS_WITH,
    GEORADIUSBYMEMBER,
    GEORADIUSBYMEMBER_RO,
    GEORADIUSBYMEMBER_RO_WITH,
    GEORADIUSBYMEMBER_WITH,
)
from .._requests import _geo_radius as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._replies import GeoMember
    from .._values import Key, Value


class GeoRadiusCommands(CommandRunner[T]):
    """Places, the older commands."""

    async def georadius(
        self,
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[GeoMember[T]] | int:
        """Find members in a circle.

        It is deprecated: use :meth:`geosearch`, :meth:`geosearchstore`.

        :param longitude: in degrees.
        :param latitude: in degrees.
        :param radius: in ``unit``.
        :param unit: of distances: metres, kilometres, feet or miles.
        :param withdist: return how far each is.
        :param withcoord: return where each is.
        :param withhash: return each one's score.
        :param count: so many at most.
        :param sort: the nearest first, or the farthest.
        :param store: store the result as a geospatial index there.
        :param store_dist: store it as a sorted set by distance.
        :param any: with ``count``: those that are found first, not the nearest.
        :returns: their names; or all that was asked for, or how many were stored.
        :raises ValueError: there are both ``store`` and ``store_dist``; there is ``store`` with
            what is to be returned; ``count`` is less than 1; there is ``any`` without ``count``;
            ``sort`` is none of these.
        """
        command = GEORADIUS_WITH if withcoord or withdist or withhash else GEORADIUS
        return await self._run(
            command,
            request.georadius(
                name,
                longitude,
                latitude,
                radius,
                unit,
                withdist=withdist,
                withcoord=withcoord,
                withhash=withhash,
                count=count,
                sort=sort,
                store=store,
                store_dist=store_dist,
                any=any,
            ),
            timeout,
            token,
        )

    async def georadius_ro(
        self,
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[GeoMember[T]]:
        """Find members in a circle.

        It is deprecated: use :meth:`geosearch`.

        :param longitude: in degrees.
        :param latitude: in degrees.
        :param radius: in ``unit``.
        :param unit: of distances: metres, kilometres, feet or miles.
        :param withdist: return how far each is.
        :param withcoord: return where each is.
        :param withhash: return each one's score.
        :param count: so many at most.
        :param sort: the nearest first, or the farthest.
        :param any: with ``count``: those that are found first, not the nearest.
        :returns: their names; or all that was asked for, or how many were stored.
        :raises ValueError: ``count`` is less than 1; there is ``any`` without ``count``; ``sort``
            is none of these.
        """
        command = GEORADIUS_RO_WITH if withcoord or withdist or withhash else GEORADIUS_RO
        return await self._run(
            command,
            request.georadius_ro(
                name,
                longitude,
                latitude,
                radius,
                unit,
                withdist=withdist,
                withcoord=withcoord,
                withhash=withhash,
                count=count,
                sort=sort,
                any=any,
            ),
            timeout,
            token,
        )

    async def georadiusbymember(
        self,
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[GeoMember[T]] | int:
        """Find members around another one.

        It is deprecated: use :meth:`geosearch`, :meth:`geosearchstore`.

        :param radius: in ``unit``.
        :param unit: of distances: metres, kilometres, feet or miles.
        :param withdist: return how far each is.
        :param withcoord: return where each is.
        :param withhash: return each one's score.
        :param count: so many at most.
        :param sort: the nearest first, or the farthest.
        :param store: store the result as a geospatial index there.
        :param store_dist: store it as a sorted set by distance.
        :param any: with ``count``: those that are found first, not the nearest.
        :returns: their names; or all that was asked for, or how many were stored.
        :raises ValueError: there are both ``store`` and ``store_dist``; there is ``store`` with
            what is to be returned; ``count`` is less than 1; there is ``any`` without ``count``;
            ``sort`` is none of these.
        """
        command = GEORADIUSBYMEMBER_WITH if withcoord or withdist or withhash else GEORADIUSBYMEMBER
        return await self._run(
            command,
            request.georadiusbymember(
                name,
                member,
                radius,
                unit,
                withdist=withdist,
                withcoord=withcoord,
                withhash=withhash,
                count=count,
                sort=sort,
                store=store,
                store_dist=store_dist,
                any=any,
            ),
            timeout,
            token,
        )

    async def georadiusbymember_ro(
        self,
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
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T] | list[GeoMember[T]]:
        """Find members around another one.

        It is deprecated: use :meth:`geosearch`.

        :param radius: in ``unit``.
        :param unit: of distances: metres, kilometres, feet or miles.
        :param withdist: return how far each is.
        :param withcoord: return where each is.
        :param withhash: return each one's score.
        :param count: so many at most.
        :param sort: the nearest first, or the farthest.
        :param any: with ``count``: those that are found first, not the nearest.
        :returns: their names; or all that was asked for, or how many were stored.
        :raises ValueError: ``count`` is less than 1; there is ``any`` without ``count``; ``sort``
            is none of these.
        """
        command = (
            GEORADIUSBYMEMBER_RO_WITH if withcoord or withdist or withhash else GEORADIUSBYMEMBER_RO
        )
        return await self._run(
            command,
            request.georadiusbymember_ro(
                name,
                member,
                radius,
                unit,
                withdist=withdist,
                withcoord=withcoord,
                withhash=withhash,
                count=count,
                sort=sort,
                any=any,
            ),
            timeout,
            token,
        )
