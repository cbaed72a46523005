"""Answers of the commands for places."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

__all__ = ["GeoMember", "geo_members", "positions"]

T = TypeVar("T", bytes, str)


@attrs.frozen
class GeoMember(Generic[T]):
    """A member of a geospatial index that was found; what was not asked for is ``None``."""

    member: T
    """Its name."""
    distance: float | None = None
    """How far it is from the centre, in the unit of the search."""
    hash: int | None = None
    """Its position as a number of 52 bits, which is its score."""
    position: tuple[float, float] | None = None
    """Its longitude and latitude, in degrees."""


def positions(answer: Any) -> list[tuple[float, float] | None]:
    """Return longitudes and latitudes; ``None`` for members that there are not."""
    return [None if each is None else _position(each) for each in answer]


def geo_members(answer: Any) -> list[GeoMember[Any]]:
    """Return what was found, with all that was asked for beside its name."""
    return [_member(each) for each in answer]


def _member(answer: list[Any]) -> GeoMember[Any]:
    distance = hashed = position = None
    for each in answer[1:]:  # they come in this order, and differ in type
        if isinstance(each, list):
            position = _position(each)
        elif isinstance(each, int):
            hashed = each
        else:
            distance = float(each)
    return GeoMember(answer[0], distance, hashed, position)


def _position(answer: list[Any]) -> tuple[float, float]:
    return float(answer[0]), float(answer[1])
