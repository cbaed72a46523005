"""What a program that has joined a room is told of it."""

from __future__ import annotations

from typing import TypeAlias

import attrs

__all__ = ["MemberJoined", "MemberLeft", "MessagesMissed", "RoomMessage", "RoomUpdate"]


@attrs.frozen
class RoomMessage:
    """Somebody has said something."""

    id: str
    """Unique in the room; those that come later stand later in it."""
    sender: str | None
    """The member; ``None`` for the server."""
    body: object
    """Anything that JSON can say."""


@attrs.frozen
class MemberJoined:
    """A member has come."""

    member: str
    info: object
    """What it tells of itself."""


@attrs.frozen
class MemberLeft:
    """A member has left, by its last connection."""

    member: str


@attrs.frozen
class MessagesMissed:
    """Messages that stood here are lost to this program: fetch anew what they are about."""


RoomUpdate: TypeAlias = RoomMessage | MemberJoined | MemberLeft | MessagesMissed
