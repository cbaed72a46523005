"""What is refused, with which code, and how early."""

from __future__ import annotations

import pytest

from tests.wire.websocket._corpus import NOT_UTF_8
from tests.wire.websocket._frames import DEFLATE, Role, connect, frame, one_by_one, play
from trio_helianthus.errors import LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA
from trio_helianthus.wire.websocket import Binary, Close, Engine, Ping, Text


def code_of(role: Role, engine: Engine, data: bytes) -> int:
    """The code of the refusal, which is known before the stream ends; 0 if there is none."""
    connection = connect(role, engine)
    connection.receive_data(data)
    while not connection.refused and connection.next_batch():
        pass
    return connection.refusal_code


@pytest.mark.parametrize("bit", [0x40, 0x20, 0x10])
def test_a_reserved_bit_means_nothing_here(role: Role, engine: Engine, bit: int) -> None:
    assert code_of(role, engine, frame(role, 0x81 | bit, b"a")) == 1002


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_a_reserved_opcode_is_refused_with_its_first_two_bytes(
    role: Role, engine: Engine, opcode: int
) -> None:
    assert code_of(role, engine, frame(role, 0x80 | opcode)[:2]) == 1002


def test_a_client_has_to_mask_and_a_server_must_not(role: Role, engine: Engine) -> None:
    wrong = role is Role.CLIENT
    assert code_of(role, engine, frame(role, 0x81, b"abc", masked=wrong)) == 1002
    assert code_of(role, engine, frame(role, 0x82, b"abc" * 99, masked=wrong)) == 1002
    assert code_of(role, engine, frame(role, 0x89, b"", masked=wrong)) == 1002


@pytest.mark.parametrize(
    ("length_bytes", "length"), [(2, 0), (2, 125), (8, 0), (8, 125), (8, 126), (8, 65535)]
)
def test_a_length_takes_as_few_bytes_as_it_can(
    role: Role, engine: Engine, length_bytes: int, length: int
) -> None:
    data = frame(role, 0x82, bytes(length), length_bytes=length_bytes)
    assert code_of(role, engine, data) == 1002


def test_no_length_has_its_top_bit_set(role: Role, engine: Engine) -> None:
    data = bytes([0x82, 127 | (role is Role.SERVER) << 7, 0x80, 0, 0, 0, 0, 0, 0, 0])
    assert code_of(role, engine, data) == 1002


@pytest.mark.parametrize("opcode", [0x8, 0x9, 0xA])
def test_control_frames_are_short_and_in_one_piece(role: Role, engine: Engine, opcode: int) -> None:
    assert code_of(role, engine, frame(role, opcode, b"")) == 1002
    assert code_of(role, engine, frame(role, 0x80 | opcode, bytes(126))[:2]) == 1002


def test_a_continuation_continues_something(role: Role, engine: Engine) -> None:
    assert code_of(role, engine, frame(role, 0x80, b"a")) == 1002
    assert code_of(role, engine, frame(role, 0x00, b"a")) == 1002


@pytest.mark.parametrize("first", [0x81, 0x82, 0x01, 0x02])
def test_no_message_begins_within_another(role: Role, engine: Engine, first: int) -> None:
    data = frame(role, 0x01, b"a") + frame(role, 0x89, b"") + frame(role, first, b"b")
    assert code_of(role, engine, data) == 1002


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535])
def test_some_codes_are_never_sent(role: Role, engine: Engine, code: int) -> None:
    assert code_of(role, engine, frame(role, 0x88, code.to_bytes(2, "big"))) == 1002


@pytest.mark.parametrize("code", [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999])
def test_the_other_codes_are(role: Role, engine: Engine, code: int) -> None:
    connection = connect(role, engine)
    connection.receive_data(frame(role, 0x88, code.to_bytes(2, "big") + b"why"))
    assert connection.next_event() == Close(code, "why")
    assert connection.close_received == Close(code, "why")


def test_a_close_has_no_half_of_a_code(role: Role, engine: Engine) -> None:
    assert code_of(role, engine, frame(role, 0x88, b"\x03")) == 1002


@pytest.mark.parametrize("wrong", NOT_UTF_8)
def test_text_is_utf_8(role: Role, engine: Engine, wrong: bytes) -> None:
    assert code_of(role, engine, frame(role, 0x81, b"abc" + wrong)) == 1007
    assert code_of(role, engine, frame(role, 0x88, b"\x03\xe8" + wrong)) == 1007
    assert code_of(role, engine, frame(role, 0x01, wrong) + frame(role, 0x80, b"a")) == 1007
    assert code_of(role, engine, frame(role, 0x82, wrong)) == 0


@pytest.mark.parametrize("whole", [100, 1000, 70_000])
def test_wrong_text_is_refused_before_its_frame_has_come(
    role: Role, engine: Engine, whole: int
) -> None:
    data = frame(role, 0x81, b"ab\xf4\x90" + b"c" * whole)
    connection = connect(role, engine)
    header = len(data) - whole - 4
    place = header + 3  # of the first byte that no text can have there
    for byte in one_by_one(data[:place]):
        connection.receive_data(byte)
        assert connection.next_batch() == []
        assert not connection.refused
    connection.receive_data(data[place : place + 1])
    assert connection.next_batch() == []
    assert connection.refusal_code == 1007


def test_a_character_may_be_cut_by_frames(role: Role, engine: Engine) -> None:
    euro = "\u20ac".encode()
    data = b"".join(
        frame(role, first, euro[at : at + 1]) for at, first in enumerate((0x01, 0x00, 0x80))
    )
    assert play(connect(role, engine), [data])[0] == [
        Text("", end=False),
        Text("", start=False, end=False),
        Text("\u20ac", start=False),
    ]


def test_events_in_front_of_what_is_refused_are_told(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    connection.receive_data(frame(role, 0x81, b"a") + frame(role, 0x82, b"b") + b"\xff\xff")
    assert connection.next_batch() == ["a", b"b"]
    assert connection.refused
    assert connection.next_batch() == []
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match="opcode"):
            connection.next_event()
    connection.receive_data(b"more" * 1000)
    assert connection.buffered == 0


def test_what_follows_a_close_is_dropped(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    connection.receive_data(frame(role, 0x88) + b"\xff" * 100)
    assert connection.next_event() == Close()
    assert connection.next_event() is NEED_DATA
    connection.receive_data(b"\xff" * 100)
    assert connection.buffered == 0
    assert connection.next_batch() == []
    connection.receive_eof()
    assert connection.next_event() is END_OF_STREAM
    assert connection.next_event() is END_OF_STREAM
    assert not connection.refused


@pytest.mark.parametrize("left", [b"", b"\x81"])
def test_an_end_without_a_close_is_an_abnormal_one(role: Role, engine: Engine, left: bytes) -> None:
    connection = connect(role, engine)
    connection.receive_data(frame(role, 0x82, b"a") + left)
    connection.receive_eof()
    connection.receive_eof()
    assert connection.next_event() == Binary(b"a")
    with pytest.raises(RemoteProtocolError, match="without a Close"):
        connection.next_event()
    assert connection.refusal_code == 1006


def test_nothing_is_received_behind_the_end(role: Role, engine: Engine) -> None:
    for connection in (connect(role, engine), connect(role, engine)):
        connection.receive_eof()
        connection.receive_data(b"")
        with pytest.raises(LocalProtocolError):
            connection.receive_data(b"a")


def test_control_frames_may_come_within_a_message(role: Role, engine: Engine) -> None:
    data = frame(role, 0x02, b"a") + frame(role, 0x89, b"p") + frame(role, 0x80, b"b")
    assert play(connect(role, engine), one_by_one(data))[0] == [
        Binary(b"a", end=False),
        Ping(b"p"),
        Binary(b"b", start=False),
    ]


def test_the_bit_of_compression_belongs_to_the_first_frame_of_a_message(
    role: Role, engine: Engine
) -> None:
    for data in (frame(role, 0xC9, b""), frame(role, 0x01, b"a") + frame(role, 0xC0, b"b")):
        connection = connect(role, engine, deflate=DEFLATE)
        connection.receive_data(data)
        connection.next_batch()
        assert connection.refused
        assert connection.refusal_code == 1002


def test_any_buffer_of_bytes_is_received(role: Role, engine: Engine) -> None:
    data = frame(role, 0x81, b"abc") + frame(role, 0x82, b"x" * 300)
    for kind in (bytearray, memoryview):
        connection = connect(role, engine)
        connection.receive_data(kind(data))  # type: ignore[arg-type]
        assert connection.next_batch() == ["abc", b"x" * 300]
        assert type(connection.next_batch()) is list


def test_a_connection_shows_how_far_it_is(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    connection.send(Close(1000))
    assert role.value in repr(connection)
    assert "close_sent=Close(code=1000" in repr(connection)
