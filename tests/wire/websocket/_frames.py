"""Frames as a peer writes them, right and wrong, and what a connection makes of them."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable
from enum import Enum
from typing import Final

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA
from trio_helianthus.wire.websocket import (
    DEFAULT_LIMITS,
    Binary,
    DeflateParameters,
    Engine,
    Event,
    Limits,
    Text,
    WebSocketConnection,
    apply_mask,
    client_connection,
    server_connection,
)

TAIL: Final = b"\x00\x00\xff\xff"
DEFLATE: Final = DeflateParameters(min_bytes=0)


class Role(Enum):
    """Which side receives."""

    SERVER = "server"
    CLIENT = "client"


def connect(
    role: Role,
    engine: Engine = Engine.OWN,
    *,
    limits: Limits = DEFAULT_LIMITS,
    deflate: DeflateParameters | None = None,
) -> WebSocketConnection:
    make = server_connection if role is Role.SERVER else client_connection
    return make(limits=limits, engine=engine, deflate=deflate)


def frame(
    role: Role,
    first: int,
    payload: bytes = b"",
    *,
    masked: bool | None = None,
    length_bytes: int | None = None,
    mask: bytes = b"\x12\xf0\x81\x5a",
) -> bytes:
    """Write a frame for a receiver; ``masked`` and ``length_bytes`` are as it has to be."""
    length = len(payload)
    if masked is None:
        masked = role is Role.SERVER
    if length_bytes is None:
        length_bytes = 0 if length < 126 else 2 if length < 65536 else 8
    number = {0: length, 2: 126, 8: 127}[length_bytes]
    header = bytes([first, number | masked << 7]) + length.to_bytes(length_bytes or 1, "big")
    if not length_bytes:
        header = header[:2]
    return header + (mask + apply_mask(payload, mask) if masked else payload)


class Compressor:
    """A peer that compresses, by the words of RFC 7692, section 7.2.1."""

    def __init__(self, bits: int = 15) -> None:
        self._zlib = zlib.compressobj(6, zlib.DEFLATED, -bits)

    def compress(self, data: bytes, *, end: bool = True) -> bytes:
        compressed = self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        return (compressed.removesuffix(TAIL) or b"\x00") if end else compressed


def play(
    connection: WebSocketConnection,
    pieces: Iterable[bytes],
    *,
    in_batches: bool = False,
    take_each: int = 1,
) -> tuple[list[Event], int, str | None]:
    """Receive all pieces and the end; return the events, the refusal's code, and its limit.

    Events are taken after each piece, or after so many.
    """
    take = take_batches if in_batches else take_events
    events: list[Event] = []
    try:
        for number, piece in enumerate(pieces, 1):
            connection.receive_data(piece)
            if number % take_each == 0:
                take(connection, events)
        connection.receive_eof()
        take(connection, events)
    except RemoteProtocolError as exc:
        limit = exc.limit_name if isinstance(exc, LimitExceeded) else None
        return events, connection.refusal_code, limit
    return events, 0, None


def take_events(connection: WebSocketConnection, events: list[Event]) -> None:
    while (event := connection.next_event()) is not NEED_DATA and event is not END_OF_STREAM:
        events.append(event)


def take_batches(connection: WebSocketConnection, events: list[Event]) -> None:
    while batch := connection.next_batch():
        for item in batch:
            if isinstance(item, str):
                events.append(Text(item))
            else:
                events.append(Binary(item) if isinstance(item, bytes) else item)
        if not connection.more:
            break
    if not connection.more:
        connection.next_event()  # which tells why there is nothing


def one_by_one(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def cut_by_chance(chance: random.Random, data: bytes) -> list[bytes]:
    places = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(1, 8)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
