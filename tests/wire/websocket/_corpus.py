"""Byte streams, written by hand and by chance, for both engines to agree on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from tests.wire.websocket._frames import TAIL, Compressor, Role, frame

TEXTS: Final = ["", "a", "hello", "k\u00e4se", "\u20acuro" * 10, "\U0001f600" * 40, "x" * 130]
NOT_UTF_8: Final = [
    *(b"\xff", b"a\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"),
    *(b"abc\x80", b"\xf8\x88\x80\x80\x80", b"\xe0\x80\x80", b"\xf0\x80\x80\x80"),
]
CLOSES: Final = [
    *(b"", b"\x03", b"\x03\xe8", b"\x03\xe8bye", b"\x03\xe8\xc3\xa4", b"\x03\xe8\xff"),
    *(
        code.to_bytes(2, "big")
        for code in (0, 999, 1003, 1004, 1005, 1006, 1007, 1011, 1012, 1014, 1015, 1016, 2999)
    ),
    *(code.to_bytes(2, "big") + b"x" for code in (3000, 3999, 4000, 4999, 5000, 65535)),
]
ODD_FIRST_BYTES: Final = [
    *(0x83, 0x87, 0x8B, 0x8F, 0x91, 0xA1, 0xC1, 0xC2, 0xF1, 0x80, 0x09, 0x08, 0xC9, 0xC0, 0x41),
    *(0x01, 0x02, 0x00),
]


def by_hand(role: Role) -> Iterator[bytes]:
    """Streams of which each has one thing in it that an engine could get wrong."""

    def of(first: int, payload: bytes = b"", **odd: bool | int) -> bytes:
        return frame(role, first, payload, **odd)  # type: ignore[arg-type]

    yield from (of(0x81, text.encode()) for text in TEXTS)
    yield from (of(0x82, bytes(length)) for length in (0, 1, 2, 125, 126, 127, 300))
    yield of(0x81, b"a") * 5 + of(0x82, b"b") + of(0x81) * 2 + of(0x89) * 2
    for text in TEXTS[3:5]:
        data = text.encode()
        for at in range(len(data) + 1):
            yield of(0x01, data[:at]) + of(0x89, b"p") + of(0x80, data[at:]) + of(0x81, b"next")
    yield of(0x02, b"a") + of(0x00, b"") + of(0x8A) + of(0x00, b"b") + of(0x80, b"")
    yield of(0x01) + of(0x80) + of(0x81, b"a")
    for wrong in NOT_UTF_8:
        yield of(0x81, wrong)
        yield of(0x81, b"abc" + wrong + b"def")
        yield of(0x01, wrong) + of(0x80, b"abc")
        yield of(0x01, wrong[:1]) + of(0x80, wrong[1:])
        yield of(0x02, wrong) + of(0x80, wrong)
        yield of(0x88, b"\x03\xe8" + wrong)
    yield from (of(0x81, b"a") + of(0x88, close) + of(0x81, b"behind") for close in CLOSES)
    for first in ODD_FIRST_BYTES:
        yield of(0x81, b"a") + of(first, b"abc") + of(0x81, b"b")
        yield of(0x02, b"a") + of(first, b"abc") + of(0x80, b"b")
    for masked in (True, False):
        yield of(0x81, b"abc", masked=masked) + of(0x89, b"abc", masked=masked)
    for length_bytes in (2, 8):
        yield from (of(0x82, b"a" * n, length_bytes=length_bytes) for n in (0, 125, 126, 300))
    yield of(0x89, b"a" * 126)
    yield of(0x89, b"a" * 125) + of(0x8A, b"a" * 125)
    for length in (2**16, 2**31, 2**63 - 1, 2**63, 2**64 - 1):
        yield bytes([0x82, 127 | (role is Role.SERVER) << 7]) + length.to_bytes(8, "big") + b"mask"


def compressed(role: Role) -> Iterator[bytes]:
    """Streams with compressed messages, right and wrong."""

    def of(first: int, payload: bytes = b"") -> bytes:
        return frame(role, first, payload)

    for text in TEXTS:
        for at in range(0, len(text) + 1, 7):
            peer = Compressor()
            data = text.encode()
            whole = of(0xC1, peer.compress(data))
            parts = of(0x41, peer.compress(data[:at], end=False))
            parts += of(0x89) + of(0x80, peer.compress(data[at:]))
            yield whole + parts + of(0xC2, peer.compress(data)) + of(0x81, data)
    packed = Compressor().compress(b"hello" * 20)
    for wrong in NOT_UTF_8:
        yield of(0xC1, Compressor().compress(wrong))
    yield of(0x41, packed[:4]) + of(0x80, packed[4:]) + of(0x81, b"a")
    yield of(0x41, packed) + of(0xC0, b"")  # the bit belongs to the first frame only
    yield of(0xC9, packed) + of(0x81, b"a")
    yield of(0xC1) + of(0xC1, b"\x00") + of(0xC1, packed)
    yield of(0xC1, b"\x07garbage") + of(0x81, b"a")
    yield of(0xC2, b"\xff" * 30)
    yield of(0xE1, packed)
    yield of(0xC1, packed[: len(packed) // 2]) + of(0xC1, packed)
    # With a block that is the last (RFC 7692, section 7.2.3.4), with and without what follows it.
    last = bytes.fromhex("f348cdc9c90700")
    yield of(0xC1, last + b"\x00") * 2 + of(0xC1, last) + of(0xC1, last + last + b"\x00")
    yield of(0xC1, last + packed) + of(0xC1, packed + TAIL + last)
    yield of(0xC1, b"\x03\x00" * 40)


def by_chance(chance: random.Random, role: Role, *, deflate: bool) -> bytes:
    """Some frames, most of them right, of which a bit may be flipped and the end cut off."""
    peer = Compressor(10)
    data = b"".join(_some_frames(chance, role, peer if deflate else None))
    if data and chance.random() < 0.4:
        at = chance.randrange(len(data))
        data = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if chance.random() < 0.3:
        data = data[: chance.randint(0, len(data))]
    return data


def _some_frames(chance: random.Random, role: Role, peer: Compressor | None) -> Iterator[bytes]:
    def of(first: int, payload: bytes, **odd: bool | int | None) -> bytes:
        mask = chance.randbytes(4)
        return frame(role, first, payload, mask=mask, **odd)  # type: ignore[arg-type]

    for _ in range(chance.randint(1, 4)):
        match chance.randrange(14):
            case 0 | 1 | 2:
                yield of(0x81, chance.choice(TEXTS).encode())
            case 3 | 4:
                yield of(0x82, chance.randbytes(chance.choice([0, 1, 5, 125, 126, 127, 200])))
            case 5 | 6 | 7 | 8:
                yield from _fragments(chance, role, peer)
            case 9:
                yield of(chance.choice([0x89, 0x8A]), bytes(chance.choice([0, 3, 125])))
            case 10 if chance.random() < 0.5:
                yield of(0x88, chance.choice(CLOSES))
            case 11:
                yield of(chance.choice(ODD_FIRST_BYTES), chance.choice([b"", b"abc", b"\xc3"]))
            case 12:
                payload = chance.choice([b"abc", b"x" * 70, b"a" * 300])
                masked = chance.choice([None, True, False])
                length_bytes = chance.choice([None, 2, 8])
                yield of(0x82, payload, masked=masked, length_bytes=length_bytes)
            case _:
                yield of(0x81, chance.choice(NOT_UTF_8))


def _fragments(chance: random.Random, role: Role, peer: Compressor | None) -> Iterator[bytes]:
    is_text = chance.random() < 0.7
    data = chance.choice(TEXTS).encode() * chance.randint(1, 3)
    if not is_text:
        data = chance.randbytes(chance.randint(0, 50))
    places = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(0, 4)))
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    compressor = peer if chance.random() < 0.6 else None
    for number, piece in enumerate(pieces):
        end = number == len(pieces) - 1
        first = end << 7
        if not number:
            first |= (1 if is_text else 2) | (compressor is not None) << 6
        payload = piece if compressor is None else compressor.compress(piece, end=end)
        yield frame(role, first, payload, mask=chance.randbytes(4))
        if chance.random() < 0.3:
            yield frame(role, chance.choice([0x89, 0x8A]), b"p")
