"""What a peer may cost us, and how long it may take: the named limits of a WebSocket."""

from __future__ import annotations

from typing import Any

import attrs
from attrs import validators

from trio_helianthus.core import Overflow
from trio_helianthus.wire import websocket as wire

__all__ = ["WebSocketLimits"]


def _count(default: int) -> Any:
    return attrs.field(default=default, validator=[validators.instance_of(int), validators.ge(1)])


def _seconds(default: float) -> Any:
    return attrs.field(default=default, validator=validators.gt(0))


def _seconds_or_none_at_all(default: float) -> Any:
    return attrs.field(default=default, validator=validators.ge(0))


@attrs.frozen(kw_only=True)
class WebSocketLimits:
    """The limits of a WebSocket. Times are seconds, and ``math.inf`` switches one off.

    :raises ValueError: for a number below 1, a time that is not positive, or a low-water mark
        above the high one.
    """

    max_message_bytes: int = _count(1024 * 1024)
    """A message that the peer sends, decompressed; a longer one ends the connection with 1009."""
    max_frame_bytes: int | None = attrs.field(
        default=None,
        validator=validators.optional([validators.instance_of(int), validators.ge(1)]),
    )
    """The content of one frame, as the peer sends it; a longer one ends the connection with
    1009. ``None`` means that a frame may hold the longest message, compressed or not."""
    max_fragments: int = _count(1024)
    """Frames of one message; more end the connection with 1009."""
    max_queued_messages: int = _count(64)
    """Messages that have come and that nobody has received; with so many of them nothing more is
    read from the peer, which has to wait then. What one read has brought is taken as a whole."""
    receive_high_water: int = _count(256 * 1024)
    """Bytes in such messages from which on nothing more is read."""
    receive_low_water: int = attrs.field(default=64 * 1024, validator=validators.ge(0))
    """With no more bytes than these left, it is read again."""
    send_high_water: int = _count(64 * 1024)
    """Bytes on their way to the peer from which on senders wait."""
    send_low_water: int = attrs.field(default=16 * 1024, validator=validators.ge(0))
    """With no more bytes than these left, the senders go on."""
    ping_interval: float = _seconds(20.0)
    """How often a ping is sent, which tells the latency and keeps proxies from closing."""
    ping_timeout: float = _seconds(20.0)
    """How long nothing at all may come behind a ping; then the connection is lost (1006). While
    the ping may still wait behind what a slow peer has to take, ``write_timeout`` counts."""
    max_pings: int = _count(64)
    """Pings that :meth:`Connection.ping` waits for at a time."""
    idle_timeout: float = _seconds(86_400.0)
    """How long there may be no message, neither way; then the WebSocket is closed with 1001."""
    close_timeout: float = _seconds(10.0)
    """The closing handshake, what is still to be sent included; then the connection is reset."""
    closed_grace: float = _seconds_or_none_at_all(1.0)
    """How long a server's handler goes on that has not noticed that its WebSocket has ended, nor
    taken a message that came before; then it is cancelled. One that has been told, by an exception
    or the end of its iteration, is left alone. Where the handler does not receive, the end itself
    is noticed half a second later."""
    write_timeout: float = _seconds(30.0)
    """Sending one piece, at most 65 KiB, to a peer that is slow to read, or does not; then the
    connection is reset."""
    feed_max_messages: int = _count(256)
    """Messages of broadcasts that wait for a slow peer; see ``feed_overflow``."""
    feed_max_bytes: int = _count(1024 * 1024)
    """Bytes in such messages."""
    feed_overflow: Overflow = attrs.field(
        default=Overflow.DISCONNECT, validator=validators.instance_of(Overflow)
    )
    """What happens when more would wait: by default the peer is disconnected with 1013."""

    def __attrs_post_init__(self) -> None:
        for way in ("receive", "send"):
            low, high = getattr(self, f"{way}_low_water"), getattr(self, f"{way}_high_water")
            if low >= high:
                raise ValueError(f"{way}_low_water={low} must be below {way}_high_water={high}")

    @property
    def wire(self) -> wire.Limits:
        """Those of them that the protocol looks after."""
        return wire.Limits(
            max_message_bytes=self.max_message_bytes,
            max_frame_bytes=self.max_frame_bytes or _frame_of(self.max_message_bytes),
            max_fragments=self.max_fragments,
        )


def _frame_of(message_bytes: int) -> int:
    """Return how long a frame with a message may be: compression can make it a little longer."""
    return message_bytes + message_bytes // 64 + 1024
