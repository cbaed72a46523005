"""The header of a frame (RFC 6455, section 5.2): its bits, and how it is written."""

from __future__ import annotations

from struct import Struct
from typing import Final

from ._codes import Opcode

__all__ = [
    "BINARY",
    "CLOSE",
    "COMPRESSED",
    "FINAL",
    "IS_CONTROL",
    "LONG",
    "MASKED",
    "OPCODE",
    "OPCODES",
    "PING",
    "PONG",
    "RESERVED",
    "SHORT",
    "TEXT",
    "WHOLE_BINARY",
    "WHOLE_TEXT",
    "encode_header",
    "medium_header",
]

# Plain numbers, since each look at a member of an enumeration costs as much as a call.
TEXT: Final = int(Opcode.TEXT)
BINARY: Final = int(Opcode.BINARY)
CLOSE: Final = int(Opcode.CLOSE)
PING: Final = int(Opcode.PING)
PONG: Final = int(Opcode.PONG)
OPCODES: Final = frozenset(map(int, Opcode))

# Of the first byte:
FINAL: Final = 0x80
COMPRESSED: Final = 0x40  # RSV1 (RFC 7692, section 6)
RESERVED: Final = 0x70
OPCODE: Final = 0x0F
IS_CONTROL: Final = 0x08
WHOLE_TEXT: Final = FINAL | TEXT
WHOLE_BINARY: Final = FINAL | BINARY
# Of the second:
MASKED: Final = 0x80
# Lengths from which on two, and eight, more bytes say how long it is:
SHORT: Final = 126
LONG: Final = 65536

_short_header: Final = Struct("!BB").pack
medium_header: Final = Struct("!BBH").pack
_long_header: Final = Struct("!BBQ").pack


def encode_header(first: int, length: int, masked: int = 0) -> bytes:
    """Return a header, without the mask.

    :param first: the first byte.
    :param length: of the payload.
    :param masked: :data:`MASKED`, if a mask follows.
    """
    if length < SHORT:
        return _short_header(first, length | masked)
    if length < LONG:
        return medium_header(first, SHORT | masked, length)
    return _long_header(first, SHORT + 1 | masked, length)
