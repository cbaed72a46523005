"""Frames of WebSockets as the load needs them: made before anything is measured (RFC 6455, 5.2)."""

from __future__ import annotations

import random
import string
import struct
from typing import Final

from ._websocket_loads import PUBLISHED_CHARS, STAMP_DIGITS, published_text

TEXT: Final = 0x1
PING: Final = 0x9
PONG: Final = 0xA
FINAL: Final = 0x80
MASKED: Final = 0x80
VARIETY: Final = 16
"""How many different texts take turns."""


def header(opcode: int, length: int, mask: bytes = b"") -> bytes:
    """Return what comes before the payload of an unfragmented frame."""
    first, flag = FINAL | opcode, MASKED if mask else 0
    if length < 126:
        return bytes((first, flag | length)) + mask
    if length < 1 << 16:
        return struct.pack("!BBH", first, flag | 126, length) + mask
    return struct.pack("!BBQ", first, flag | 127, length) + mask


def client_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """Return a frame as a client sends it."""
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return header(opcode, length, mask) + masked.to_bytes(length, "big")


def server_frame(opcode: int, payload: bytes) -> bytes:
    """Return a frame as a server sends it."""
    return header(opcode, len(payload)) + payload


def split_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return the first byte and the payload of a server's frame, and what comes after it.

    :returns: ``None`` while it is not all there.
    """
    if len(data) < 2:
        return None
    length, begin = data[1], 2
    if length >= 126:
        begin = 4 if length == 126 else 10
        length = int.from_bytes(data[2:begin], "big")
    end = begin + length
    return (data[0], data[begin:end], data[end:]) if len(data) >= end > 0 else None


def echoes(length: int) -> list[tuple[bytes, bytes]]:
    """Return texts of so many bytes, each as a client sends it and as it has to come back."""
    draw = random.Random(length)  # noqa: S311 # the same each time
    letters = string.ascii_letters + string.digits + " .,:"
    texts = ["".join(draw.choices(letters, k=length)).encode() for _ in range(VARIETY)]
    masks = [draw.randbytes(4) for _ in texts]
    return [
        (client_frame(TEXT, text, mask), server_frame(TEXT, text))
        for text, mask in zip(texts, masks, strict=True)
    ]


PUBLISHED_HEADER: Final = header(TEXT, PUBLISHED_CHARS)
PUBLISHED_BYTES: Final = len(PUBLISHED_HEADER) + PUBLISHED_CHARS
PUBLISHED_FILLER: Final = published_text().encode()[STAMP_DIGITS:]
