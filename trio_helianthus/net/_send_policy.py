"""How much a send queue holds, what it does when it is full, and what it tells of itself."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs

HIGH_WATER: Final = 64 * 1024
"""With how many bytes a send queue is full, unless told otherwise."""
LOW_WATER: Final = 16 * 1024
"""At how many bytes left the senders who wait go on, unless told otherwise."""
FLUSH_SECONDS: Final = 5.0
"""How long leaving a send queue waits for the peer to take what is left."""


class WhenFull(Enum):
    """What a send queue does with a message for which it has no room."""

    WAIT = "wait"
    """The sender waits until there is room; ``send_nowait`` raises :exc:`ResourceFull`."""
    DROP_OLDEST = "drop oldest"
    """The messages that have waited longest make room: for states, of which the last counts."""
    DROP_NEWEST = "drop newest"
    """The message is not sent."""
    FAIL = "fail"
    """The sender gets :exc:`ResourceFull`."""
    CLOSE = "close"
    """The connection is reset: the peer is too slow to be served."""


@attrs.frozen
class SendQueueStatistics:
    """What a send queue has done so far.

    :param messages: messages that the system has taken.
    :param bytes: bytes of these.
    :param batches: sends that it took.
    :param largest_batch: messages in the largest of them.
    :param waits: how often a sender had to wait.
    :param drops: messages that were dropped for want of room.
    :param buffered: bytes that wait to be sent, or are being sent.
    :param highest_buffered: the most that these ever were.
    :param waiting_senders: senders who wait for room now.
    """

    messages: int
    bytes: int
    batches: int
    largest_batch: int
    waits: int
    drops: int
    buffered: int
    highest_buffered: int
    waiting_senders: int
