"""What one WebSocket has done so far."""

from __future__ import annotations

import attrs

__all__ = ["WebSocketStatistics"]


@attrs.frozen
class WebSocketStatistics:
    """What one WebSocket has done, and holds.

    :param received_messages: messages, and fragments of them, that have come.
    :param sent_messages: messages that were sent, or taken for sending.
    :param queued_messages: that have come and that nobody has received.
    :param buffered_bytes: on their way to the peer.
    :param feed_messages: of broadcasts, that wait for the peer.
    :param dropped_messages: of broadcasts, that the peer was too slow for.
    :param conflated_messages: of broadcasts, that newer ones have replaced.
    :param latency: seconds from the last ping that was answered to its pong.
    """

    received_messages: int
    sent_messages: int
    queued_messages: int
    buffered_bytes: int
    feed_messages: int
    dropped_messages: int
    conflated_messages: int
    latency: float | None
