"""Why something about a room was refused."""

from __future__ import annotations

import enum
from typing import ClassVar

from trio_helianthus.errors import HelianthusError

__all__ = ["RoomError", "RoomProblem"]


class RoomProblem(enum.Enum):
    """Why something about a room was refused; ``code`` of an error message."""

    BAD_MESSAGE = "bad_message"
    """It is no JSON object, or a field is missing or of a wrong kind."""
    UNKNOWN_TYPE = "unknown_type"
    """There is no such ``type``."""
    BAD_NAME = "bad_name"
    """The name of the room is empty, too long, or not printable."""
    TOO_LARGE = "too_large"
    """What it carries is too large."""
    NOT_JOINED = "not_joined"
    """The client is not in that room."""
    ALREADY_JOINED = "already_joined"
    """The client is in that room already."""
    TOO_MANY_ROOMS = "too_many_rooms"
    """The client is in too many rooms, or the server has too many."""
    ROOM_FULL = "room_full"
    """Too many are in that room."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """Too many requests wait for their replies."""
    REFUSED = "refused"
    """The application does not want it."""
    FAILED = "failed"
    """The application has failed."""
    UNAVAILABLE = "unavailable"
    """The bus cannot be reached now; it may have happened, or not."""


class RoomError(HelianthusError):
    """Something about a room was refused: by the server, or, in a hook, by the application.

    :param problem: what is wrong, for programs.
    :param message: what is wrong, for people; the client is told.
    """

    _shown_in_repr: ClassVar[tuple[str, ...]] = ("problem",)

    problem: RoomProblem
    """What is wrong, for programs."""

    def __init__(
        self, message: str | None = None, *, problem: RoomProblem = RoomProblem.REFUSED
    ) -> None:
        super().__init__(problem.value.replace("_", " ") if message is None else message)
        self.problem = problem
