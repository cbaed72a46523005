r"""Frames behind their length, without I/O: fixed-size prefixes, headers, varints and netstrings.

Every protocol keeps the contract of :class:`~trio_helianthus.wire.FrameProtocol`::

    protocol = LengthPrefixProtocol(2, "big")
    protocol.send(b"hello")  # b'\x00\x05hello'
    protocol.receive_data(b"\x00\x05hello\x00\x05wor")
    protocol.next_event()  # b'hello'
    protocol.next_event()  # NEED_DATA

A length is looked at before anything is allocated for it, and memory grows only by what has come.
"""

from __future__ import annotations

from ._fixed import ByteOrder as ByteOrder
from ._fixed import LengthPrefixProtocol as LengthPrefixProtocol
from ._fixed import PrefixSize as PrefixSize
from ._header import HeaderProtocol as HeaderProtocol
from ._netstring import NetstringProtocol as NetstringProtocol
from ._varint import VarintProtocol as VarintProtocol

__all__ = [
    "ByteOrder",
    "HeaderProtocol",
    "LengthPrefixProtocol",
    "NetstringProtocol",
    "PrefixSize",
    "VarintProtocol",
]
