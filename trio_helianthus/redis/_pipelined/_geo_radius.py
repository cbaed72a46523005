# Made by scripts/generate_redis_commands.py; changes belong there.
# ruff: noqa: A002 - commands and their arguments are named as the server does
"""Places, the older commands: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
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
    from .._values import Key, Value


class QueuedGeoRadiusCommands(CommandQueue[T]):
    """Places, the older commands."""

    def georadius(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.georadius`."""
        command = GEORADIUS_WITH if withcoord or withdist or withhash else GEORADIUS
        self._queue(
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
        )
        return self

    def georadius_ro(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.georadius_ro`."""
        command = GEORADIUS_RO_WITH if withcoord or withdist or withhash else GEORADIUS_RO
        self._queue(
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
        )
        return self

    def georadiusbymember(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.georadiusbymember`."""
        command = GEORADIUSBYMEMBER_WITH if withcoord or withdist or withhash else GEORADIUSBYMEMBER
        self._queue(
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
        )
        return self

    def georadiusbymember_ro(
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
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.georadiusbymember_ro`."""
        command = (
            GEORADIUSBYMEMBER_RO_WITH if withcoord or withdist or withhash else GEORADIUSBYMEMBER_RO
        )
        self._queue(
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
        )
        return self
