"""What can happen on a WebSocket, in either direction, as frozen values: one for each frame."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

__all__ = ["Binary", "Close", "Event", "Ping", "Pong", "Text"]


@frozen(slots=True)
class Text:
    """A text message, or one frame of it.

    A frame may end within a character on the wire: then ``data`` ends in front of it, and the next
    frame's begins with it.

    :param data: the text of this frame.
    :param start: whether a message begins with it.
    :param end: whether the message ends with it.
    """

    data: str
    start: bool = True
    end: bool = True


@frozen(slots=True)
class Binary:
    """A binary message, or one frame of it.

    :param data: the bytes of this frame.
    :param start: whether a message begins with it.
    :param end: whether the message ends with it.
    """

    data: bytes
    start: bool = True
    end: bool = True


@frozen(slots=True)
class Ping:
    """A question for a :class:`Pong`, which may come between the frames of a message.

    :param payload: at most 125 bytes, for the answer to repeat.
    """

    payload: bytes = b""


@frozen(slots=True)
class Pong:
    """An answer to a :class:`Ping`, or a sign of life that nobody asked for.

    :param payload: at most 125 bytes.
    """

    payload: bytes = b""


@frozen(slots=True)
class Close:
    """The last thing that a side says.

    :param code: a :class:`CloseCode` that may be sent, or 3000 to 4999; ``None`` where there is
        none, which is what 1005 stands for.
    :param reason: for a person to read; at most 123 bytes in UTF-8, and none without a code.
    """

    code: int | None = None
    reason: str = ""


Event: TypeAlias = Text | Binary | Ping | Pong | Close
"""Everything that :meth:`WebSocketConnection.next_event` returns and ``send`` accepts."""
