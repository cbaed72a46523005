"""Protocols without I/O: bytes go in, events come out, and the other way round.

Nothing in here waits, reads a clock or knows a socket, so a protocol is tested by calling it.
Every protocol keeps the contract of :class:`WireProtocol`.
"""

from __future__ import annotations

from ._contract import (
    NEED_DATA as NEED_DATA,
)
from ._contract import (
    PAUSED as PAUSED,
)
from ._contract import (
    NeedData as NeedData,
)
from ._contract import (
    Paused as Paused,
)
from ._contract import (
    WireProtocol as WireProtocol,
)
from ._frames import END_OF_STREAM as END_OF_STREAM
from ._frames import MAX_FRAME_BYTES as MAX_FRAME_BYTES
from ._frames import EndOfStream as EndOfStream
from ._frames import FrameBuffer as FrameBuffer
from ._frames import FrameProtocol as FrameProtocol

__all__ = [
    "END_OF_STREAM",
    "MAX_FRAME_BYTES",
    "NEED_DATA",
    "PAUSED",
    "EndOfStream",
    "FrameBuffer",
    "FrameProtocol",
    "NeedData",
    "Paused",
    "WireProtocol",
]
