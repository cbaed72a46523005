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
    "MASKED",
    "MEDIUM_HEADER",
    "OPCODES",
    "PING",
    "PONG",
    "RESERVED",
    "TEXT",
    "WHOLE_BINARY",
    "WHOLE_TEXT",
    "encode_header",
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
IS_CONTROL: Final = 0x08
WHOLE_TEXT: Final = FINAL | TEXT
WHOLE_BINARY: Final = FINAL | BINARY
# Of the second:
MASKED: Final = 0x80

_SHORT: Final = Struct("!BB").pack
MEDIUM_HEADER: Final = Struct("!BBH").pack
_LONG: Final = Struct("!BBQ").pack


def encode_header(first: int, length: int, masked: int = 0) -> bytes:
    """Return a header, without the mask.

    :param first: the first byte.
    :param length: of the payload.
    :param masked: :data:`MASKED`, if a mask follows.
    """
    if length < 126:
        return _SHORT(first, length | masked)
    if length < 65536:
        return MEDIUM_HEADER(first, 126 | masked, length)
    return _LONG(first, 127 | masked, length)
