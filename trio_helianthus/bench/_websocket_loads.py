"""The loads of the WebSocket benchmark: what is said, and what a server has to do with it."""

from __future__ import annotations

import enum
import time
from typing import Final

JOIN: Final = "join"
"""Said by a connection that wants what is published; it is told the same when it has joined."""
PUBLISH: Final = "publish"
"""Said by a connection that wants a message published to all who have joined."""
STAMP_DIGITS: Final = 20
PUBLISHED_CHARS: Final = 128
_FILLER: Final = "." * (PUBLISHED_CHARS - STAMP_DIGITS)


class WebSocketLoad(enum.StrEnum):
    """What is measured."""

    ECHO_32 = "echo-32"
    """Echo of a text of 32 bytes; each connection has one under way."""
    ECHO_1K = "echo-1k"
    """The same of 1 KiB."""
    ECHO_64K = "echo-64k"
    """The same of 64 KiB."""
    BROADCAST = "broadcast"
    """A text of 128 bytes for all connections; several are under way."""
    DELIVERY = "delivery"
    """The same with one under way at a time, which tells how long a delivery takes."""
    STALLED = "one-stalled"
    """The same while one more connection, for which much is waiting, never reads."""
    MEMORY = "memory"
    """Connections that have had one message back and are idle."""

    @property
    def echo_bytes(self) -> int:
        """How long the texts are that are to be echoed."""
        return _ECHO_BYTES.get(self, 32)

    @property
    def has_audience(self) -> bool:
        """Whether messages are published."""
        return self in {WebSocketLoad.BROADCAST, WebSocketLoad.DELIVERY, WebSocketLoad.STALLED}


_ECHO_BYTES: Final = {
    WebSocketLoad.ECHO_32: 32,
    WebSocketLoad.ECHO_1K: 1024,
    WebSocketLoad.ECHO_64K: 65_536,
}


def published_text() -> str:
    """Return the next message for all, which says when it was made.

    The clock is the same in all processes where they are measured, on Linux.
    """
    return f"{time.perf_counter_ns():0{STAMP_DIGITS}}{_FILLER}"
