"""What holds a pool to its bounds, and the counts that tell what it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

import attrs

from ._limits import check_seconds

if TYPE_CHECKING:
    from typing import Any


def _seconds(_: object, field: attrs.Attribute[float], value: float) -> None:
    check_seconds(field.name, value)


def _at_least(least: int) -> Any:
    def check(_: object, field: attrs.Attribute[int], value: int) -> None:
        if value < least:
            raise ValueError(f"{field.name} must be at least {least}, not {value}")

    return check


@attrs.frozen(kw_only=True)
class PoolLimits:
    """How many items a pool has, and for how long. Times are in seconds, ``math.inf`` for ever.

    :raises ValueError: one of them makes no sense, or they contradict each other.
    """

    max_size: int = attrs.field(default=10, validator=_at_least(1))
    """How many items there are at most, those counted that are being opened or closed."""
    min_size: int = attrs.field(default=0, validator=_at_least(0))
    """How many a task in the background keeps open; it tries again more and more seldom."""
    max_idle: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_at_least(0))
    )
    """How many idle ones are kept at most; ``None`` keeps all. The others are closed at once."""
    max_waiting: int = attrs.field(default=10_000, validator=_at_least(0))
    """How many tasks may wait at a time; one more gets a :class:`ResourceFull`."""
    acquire_timeout: float = attrs.field(default=30.0, validator=_seconds)
    """How long acquiring takes at most, opening included, where no ``timeout`` is given."""
    wait_timeout: float = attrs.field(default=math.inf, validator=_seconds)
    """The part of it for which a task waits at most while all items are used."""
    idle_timeout: float = attrs.field(default=300.0, validator=_seconds)
    """After how long an idle item is closed, if there are more than ``min_size``."""
    max_lifetime: float = attrs.field(default=3600.0, validator=_seconds)
    """How old an item gets at most; it is never closed while it is used."""
    lifetime_jitter: float = attrs.field(
        default=0.1, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )
    """By which part, at random, a lifetime is shorter, so that not all end at the same time."""
    check_after: float = attrs.field(default=1.0, validator=_seconds)
    """For how long an item has to be idle to be checked before it is used again."""
    check_timeout: float = attrs.field(default=5.0, validator=_seconds)
    """How long a check takes at most; one that takes longer has failed."""
    close_timeout: float = attrs.field(default=5.0, validator=_seconds)
    """How long closing an item takes at most; until then it counts."""

    def __attrs_post_init__(self) -> None:
        if self.min_size > self.max_size:
            raise ValueError(f"min_size={self.min_size} is more than max_size={self.max_size}")
        if self.max_idle is not None and self.min_size > self.max_idle:
            raise ValueError(f"min_size={self.min_size} is more than max_idle={self.max_idle}")
        if self.min_size and not self.max_lifetime:
            raise ValueError("with max_lifetime=0 no item can be kept open for min_size")


class CloseReason(Enum):
    """Why a pool closed an item."""

    DISCARDED = "discarded"
    """Its user gave it up, or it was in no state to be used again."""
    UNHEALTHY = "unhealthy"
    """The check before its next use failed."""
    IDLE = "idle"
    """Nobody used it for ``idle_timeout`` seconds."""
    LIFETIME = "lifetime"
    """It was as old as ``max_lifetime`` lets it get."""
    SURPLUS = "surplus"
    """``max_idle`` others were idle already."""
    POOL_CLOSED = "pool_closed"
    """The pool was closed, or drains."""


@attrs.frozen(kw_only=True)
class PoolStatistics:
    """What a pool has now, and what it has done so far.

    ``acquired + idle + opening + closing`` is ``size``, which is at most ``max_size``; and
    ``opened`` is ``acquired + idle`` and the sum of ``closed``.
    """

    size: int
    """How many items there are, in any state."""
    acquired: int
    """How many are used now."""
    idle: int
    """How many are open and unused."""
    opening: int
    """How many are being opened."""
    closing: int
    """How many are being closed."""
    waiting: int
    """How many tasks wait."""
    opened: int
    """How many were ever opened."""
    open_failures: int
    """How often opening failed or was cancelled."""
    reused: int
    """How often a task was given an item that another had used."""
    closed: Mapping[CloseReason, int]
    """How many were closed, for each reason; also those that are being closed."""
    waits: int
    """How often a task had to wait because all items were used."""
    wait_seconds: float
    """For how long, all in all, those that have not given up."""
