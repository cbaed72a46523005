r"""Frames that end at a mark, without I/O: lines, and frames with any other delimiter.

Every protocol keeps the contract of :class:`~trio_helianthus.wire.FrameProtocol`::

    protocol = LinesProtocol(b"\r\n")
    protocol.send(b"hello")  # b'hello\r\n'
    protocol.receive_data(b"hello\r\nwor")
    protocol.next_event()  # b'hello'
    protocol.next_event()  # NEED_DATA

A frame that has the mark in itself is refused when it is sent, as the peer would see two.
"""

from __future__ import annotations

from ._delimiter import DelimiterProtocol as DelimiterProtocol
from ._lines import LineEnding as LineEnding
from ._lines import LinesProtocol as LinesProtocol

__all__ = ["DelimiterProtocol", "LineEnding", "LinesProtocol"]
