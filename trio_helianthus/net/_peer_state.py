"""What the system says of the other side of a connection while nobody receives from it."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["PeerState", "PeerWatcher"]


class PeerState(enum.IntEnum):
    """How far the peer has left, as far as the system has told."""

    PRESENT = 0
    """Nothing is known."""
    ENDED = 1
    """It has ended its side of the stream, and may still receive."""
    GONE = 2
    """The connection has failed or was reset."""


PeerWatcher: TypeAlias = Callable[[PeerState], object]
"""Is called when the peer leaves: from the scheduler, so it must neither wait nor raise."""
