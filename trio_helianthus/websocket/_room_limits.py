"""What rooms, their members and their clients may cost: limits with names."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import validators

__all__ = ["HistoryLimits", "RoomLimits"]


def _count(default: int, least: int = 1) -> Any:
    return attrs.field(
        default=default, validator=[validators.instance_of(int), validators.ge(least)]
    )


def _seconds(default: float) -> Any:
    return attrs.field(default=default, validator=validators.gt(0))


@attrs.frozen(kw_only=True)
class HistoryLimits:
    """What a bus keeps of a room's messages, for newcomers and for those who come back.

    :raises ValueError: one of them makes no sense.
    """

    max_messages: int = _count(100, 0)
    """Messages of a room; 0 for none."""
    max_bytes: int = _count(256 * 1024, 0)
    """Bytes of those messages, in UTF-8; they go out in one message with the welcome."""
    keep_seconds: float = _seconds(300.0)
    """How long a room in which nobody is keeps its messages."""


@attrs.frozen(kw_only=True)
class RoomLimits:
    """The limits of :class:`Rooms`. Times are seconds.

    :raises ValueError: one of them makes no sense.
    """

    max_rooms: int = _count(10_000)
    """Rooms that have members in this process."""
    max_members: int = _count(10_000)
    """Connections in one room; those of other processes count as far as they are known here."""
    max_rooms_per_connection: int = _count(64)
    """Rooms that one client has joined at a time."""
    max_name_length: int = _count(128)
    """Characters in the name of a room or of a member."""
    max_body_bytes: int = _count(64 * 1024)
    """Bytes of a message's, a request's or a reply's body, as JSON in UTF-8."""
    max_info_bytes: int = _count(1024)
    """Bytes of what a member tells of itself."""
    max_depth: int = _count(100)
    """Lists and objects within one another, in a body or an info: not all that read it can take
    as much as the one that lets it pass."""
    max_history_bytes: int = _count(64 * 1024 * 1024)
    """Bytes of the messages that this process keeps for newcomers, of all rooms; where there are
    more, the oldest are forgotten of the rooms in which nothing was said for longest."""
    max_behind: int = _count(100)
    """Messages of a room that were sent here, and not yet told here; those who send more wait."""
    max_listed_bytes: int = _count(128 * 1024)
    """Bytes of the list of members in a welcome; it is cut there, and their number told."""
    max_outstanding: int = _count(64)
    """Requests of one connection that wait for their replies, each way."""
    reply_timeout: float = _seconds(30.0)
    """How long a request of the server's waits for its reply."""
    lease: float = _seconds(30.0)
    """How long after its last sign of life the members of a process count as gone."""
    join_timeout: float = _seconds(10.0)
    """How long a member who joins waits for the bus."""
    send_timeout: float = _seconds(10.0)
    """How long a message waits for a room that is ``max_behind``."""
    leave_timeout: float = _seconds(5.0)
    """How long a member who leaves waits for the bus; it is tried again in the background."""
