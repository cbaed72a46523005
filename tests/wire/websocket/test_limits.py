"""Limits are exact, known before anything is kept, and memory is bounded."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from tests.wire.websocket._frames import (
    DEFLATE,
    Compressor,
    Role,
    connect,
    cut_by_chance,
    frame,
    one_by_one,
    play,
)
from trio_helianthus.errors import LimitExceeded
from trio_helianthus.wire.websocket import Binary, Engine, Limits, Text

MEBIBYTE = 1024 * 1024


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Fail when the block has more memory at any time than that, beyond what there was."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size


@cache
def gibibyte_of_zeros() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(MEBIBYTE)
    return b"".join(packer.compress(zeros) for _ in range(1024)) + packer.flush(zlib.Z_SYNC_FLUSH)


def refusal(role: Role, engine: Engine, data: bytes, limits: Limits) -> str | None:
    _, code, limit = play(connect(role, engine, limits=limits, deflate=DEFLATE), [data])
    assert code == (1009 if limit else 1006)
    return limit


@pytest.mark.parametrize("size", [10, 125, 126, 1000, 65535, 65536, 70_000])
@pytest.mark.parametrize("name", ["max_message_bytes", "max_frame_bytes"])
def test_a_message_at_the_limit_passes_and_one_byte_more_does_not(
    role: Role, engine: Engine, size: int, name: str
) -> None:
    limits = Limits(**{name: size})
    for first in (0x81, 0x82):
        assert refusal(role, engine, frame(role, first, b"a" * size), limits) is None
        assert refusal(role, engine, frame(role, first, b"a" * (size + 1)), limits) == name


def test_the_frames_of_a_message_are_added_up(role: Role, engine: Engine) -> None:
    data = frame(role, 0x01, b"a" * 6) + frame(role, 0x00, b"a" * 4)
    limits = Limits(max_message_bytes=10)
    assert refusal(role, engine, data + frame(role, 0x80), limits) is None
    assert refusal(role, engine, data + frame(role, 0x80, b"a"), limits) == "max_message_bytes"
    whole = data + frame(role, 0x80)
    assert refusal(role, engine, whole * 3, limits) is None  # each message by itself


def test_text_counts_in_bytes(role: Role, engine: Engine) -> None:
    text = frame(role, 0x81, "\u20ac".encode() * 4)
    assert refusal(role, engine, text, Limits(max_message_bytes=12)) is None
    assert refusal(role, engine, text, Limits(max_message_bytes=11)) == "max_message_bytes"


def test_fragments_are_counted_even_if_they_are_empty(role: Role, engine: Engine) -> None:
    limits = Limits(max_fragments=3)
    start, end = frame(role, 0x02), frame(role, 0x80)
    more = frame(role, 0x00)
    ping = frame(role, 0x89)
    assert refusal(role, engine, (start + more + ping + end) * 2, limits) is None
    assert refusal(role, engine, start + more * 2 + end, limits) == "max_fragments"
    assert refusal(role, engine, start + more * 3, limits) == "max_fragments"


def test_what_comes_out_of_compression_is_what_counts(role: Role, engine: Engine) -> None:
    for size in (1000, 1001):
        packed = Compressor().compress(b"a" * size)
        limits = Limits(max_message_bytes=1000)
        expected = None if size == 1000 else "max_message_bytes"
        assert refusal(role, engine, frame(role, 0xC1, packed), limits) == expected
        halves = frame(role, 0x41, packed[:5]) + frame(role, 0x80, packed[5:])
        assert refusal(role, engine, halves, limits) == expected


def test_a_frame_is_refused_for_what_its_header_announces(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    header = frame(role, 0x82, bytes(70_000), mask=bytes(4))[:2] + (2**40).to_bytes(8, "big")
    connection.receive_data(header)
    assert connection.next_batch() == []
    assert connection.refused
    with pytest.raises(LimitExceeded) as refused:
        connection.next_event()
    assert (refused.value.limit_name, refused.value.limit) == ("max_frame_bytes", MEBIBYTE)


def test_a_bomb_costs_no_more_than_the_limit(role: Role, engine: Engine) -> None:
    data = frame(role, 0xC2, gibibyte_of_zeros())
    connection = connect(role, engine, limits=Limits(max_frame_bytes=4 * MEBIBYTE), deflate=DEFLATE)
    with at_most(8 * MEBIBYTE):
        connection.receive_data(data)
        assert connection.next_batch() == []
    assert connection.refusal_code == 1009


def test_many_small_bombs_come_out_in_several_batches(role: Role, engine: Engine) -> None:
    packed = zlib.compress(bytes(MEBIBYTE), 9, wbits=-15)
    bombs = frame(role, 0xC2, packed + b"\x00") * 40
    connection = connect(role, engine, deflate=DEFLATE)
    connection.receive_data(bombs)
    came = 0
    with at_most(8 * MEBIBYTE):
        while batch := connection.next_batch():
            assert len(batch) <= 2
            came += len(batch)
            del batch
    assert came == 40
    assert not connection.more
    assert connection.buffered == 0


def test_stream_ends_in_compressed_data_are_counted(role: Role, engine: Engine) -> None:
    connection = connect(role, engine, deflate=DEFLATE)
    connection.receive_data(frame(role, 0xC2, b"\x03\x00" * 30_000))
    assert connection.next_batch() == []
    assert connection.refusal_code == 1002


@pytest.mark.parametrize("first", [0x81, 0x82], ids=["text", "binary"])
def test_a_long_frame_in_many_pieces_is_kept_about_twice(
    role: Role, engine: Engine, first: int
) -> None:
    data = frame(role, first, b"a" * MEBIBYTE)
    pieces = [data[at : at + 64] for at in range(0, len(data), 64)]
    connection = connect(role, engine)
    with at_most(6 * MEBIBYTE):
        for piece in pieces[:-1]:
            connection.receive_data(piece)
            assert connection.next_batch() == []
        connection.receive_data(pieces[-1])
        (message,) = connection.next_batch()
    assert len(message) == MEBIBYTE  # type: ignore[arg-type]


def test_an_idle_connection_holds_nothing() -> None:
    for role in Role:
        connection = connect(role)
        message = frame(role, 0x81, b"a" * 60_000)
        with at_most(300_000):
            connection.receive_data(message + message[:5])
            assert connection.next_batch() == ["a" * 60_000]
            held, _ = tracemalloc.get_traced_memory()
            assert held < 10_000
        connection.receive_data(message[5:])
        assert connection.next_batch() == ["a" * 60_000]
        assert connection.buffered == 0


def test_receiving_without_taking_keeps_what_came_and_no_more(role: Role, engine: Engine) -> None:
    data = frame(role, 0x81, b"hello") * 1000
    connection = connect(role, engine)
    pieces = one_by_one(data)
    with at_most(3 * len(data)):
        for piece in pieces:
            connection.receive_data(piece)
    assert connection.buffered == len(data)
    assert connection.trailing_data == (data, False)
    assert connection.next_event() == Text("hello")
    assert connection.more
    assert connection.next_batch() == ["hello"] * 999
    assert not connection.more


def test_frames_of_every_size_arrive_in_every_cutting(role: Role, engine: Engine) -> None:
    chance = random.Random(3)
    sizes = [0, 1, 2, 125, 126, 127, 5000, 65535, 65536, 100_000]
    contents = [chance.randbytes(size) for size in sizes]
    data = b"".join(frame(role, 0x82, content) for content in contents)
    for _ in range(5):
        events, _, _ = play(connect(role, engine), cut_by_chance(chance, data), in_batches=True)
        assert events == [Binary(content) for content in contents]


@pytest.mark.parametrize("name", ["max_message_bytes", "max_frame_bytes", "max_fragments"])
def test_a_limit_is_a_positive_number(name: str) -> None:
    with pytest.raises(ValueError):
        Limits(**{name: 0})
