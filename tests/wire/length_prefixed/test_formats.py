"""The bytes themselves, as the formats' definitions have them, and what is refused."""

from __future__ import annotations

import re
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import NEED_DATA, FrameProtocol
from trio_helianthus.wire.length_prefixed import (
    ByteOrder,
    HeaderProtocol,
    LengthPrefixProtocol,
    NetstringProtocol,
    PrefixSize,
    VarintProtocol,
)


def receive(protocol: FrameProtocol, data: bytes) -> object:
    protocol.receive_data(data)
    return protocol.next_event()


@pytest.mark.parametrize(
    ("size", "byteorder", "expected"),
    [
        (1, "big", b"\x02hi"),
        (2, "big", b"\0\x02hi"),
        (2, "little", b"\x02\0hi"),
        (4, "big", b"\0\0\0\x02hi"),
        (4, "little", b"\x02\0\0\0hi"),
        (8, "big", b"\0\0\0\0\0\0\0\x02hi"),
        (8, "little", b"\x02\0\0\0\0\0\0\0hi"),
    ],
)
def test_a_fixed_prefix(size: PrefixSize, byteorder: ByteOrder, expected: bytes) -> None:
    protocol = LengthPrefixProtocol(size, byteorder)
    assert protocol.send(b"hi") == expected
    assert receive(protocol, expected) == b"hi"


def test_a_prefix_is_unsigned() -> None:
    assert receive(LengthPrefixProtocol(1), b"\xff" + bytes(255)) == bytes(255)
    with pytest.raises(LimitExceeded, match="18446744073709551615"):
        receive(LengthPrefixProtocol(8), b"\xff" * 8)


def test_a_frame_that_the_prefix_cannot_say_is_not_sent() -> None:
    assert LengthPrefixProtocol(1).send(bytes(255)) == b"\xff" + bytes(255)
    with pytest.raises(LocalProtocolError, match="256 bytes are too long for a prefix of 1"):
        LengthPrefixProtocol(1).send(bytes(256))
    with pytest.raises(LocalProtocolError, match="too long"):
        LengthPrefixProtocol(2).send_buffers(bytes(65536))


def test_a_prefix_of_another_size_or_order_is_refused() -> None:
    with pytest.raises(ValueError, match="1, 2, 4 or 8"):
        LengthPrefixProtocol(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'big' or 'little'"):
        LengthPrefixProtocol(4, "network")  # type: ignore[arg-type]


# https://protobuf.dev/programming-guides/encoding/#varints has 150 as its example.
@pytest.mark.parametrize(
    ("length", "prefix"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "80 01"), (150, "96 01"), (16384, "80 80 01")],
)
def test_a_varint(length: int, prefix: str) -> None:
    protocol = VarintProtocol()
    data = bytes.fromhex(prefix) + bytes(length)
    assert protocol.send(bytes(length)) == data
    assert receive(protocol, data) == bytes(length)


@pytest.mark.parametrize("prefix", ["80 00", "81 00", "ff 00", "80 80 00", "96 81 00"])
def test_a_varint_that_is_longer_than_it_must_be_is_refused(prefix: str) -> None:
    with pytest.raises(RemoteProtocolError, match="not in its shortest form") as caught:
        receive(VarintProtocol(), bytes.fromhex(prefix) + bytes(200))
    assert not isinstance(caught.value, LimitExceeded)


@pytest.mark.parametrize("limit", [1, 127, 128, 1000, 1 << 14, 1 << 21, 1 << 35])
def test_a_varint_does_not_go_on_and_on(limit: int) -> None:
    protocol = VarintProtocol(max_frame_bytes=limit)
    protocol.receive_data(b"\xff" * 5)
    protocol.receive_data(b"\xff" * 5)
    with pytest.raises(LimitExceeded):
        protocol.next_event()


@given(st.integers(min_value=0, max_value=1 << 64))
def test_varints_are_those_of_the_definition(number: int) -> None:
    from trio_helianthus.wire.length_prefixed._varint import encode_varint

    digits = encode_varint(number)
    assert sum((digit & 0x7F) << 7 * index for index, digit in enumerate(digits)) == number
    assert [digit >> 7 for digit in digits] == [1] * (len(digits) - 1) + [0]
    assert digits[-1] or digits == b"\0"


# The example of https://cr.yp.to/proto/netstrings.txt.
@pytest.mark.parametrize(
    ("frame", "data"), [(b"hello world!", b"12:hello world!,"), (b"", b"0:,"), (b",", b"1:,,")]
)
def test_a_netstring(frame: bytes, data: bytes) -> None:
    protocol = NetstringProtocol()
    assert protocol.send(frame) == data
    assert receive(protocol, data) == frame


@pytest.mark.parametrize(
    "data",
    [b":", b":,", b"-1:", b"+1:x,", b" 1:x,", b"1 :x,", b"1_0:", b"x", b"1x", b"\xd9\xa3:abc,"],
)
def test_a_length_is_nothing_but_digits(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="not the length of a netstring"):
        receive(NetstringProtocol(), data)


@pytest.mark.parametrize("data", [b"00:,", b"01:x,", b"012", b"00"])
def test_a_length_has_no_leading_zero(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="not the length of a netstring"):
        receive(NetstringProtocol(), data)


def test_a_netstring_ends_with_a_comma() -> None:
    protocol = NetstringProtocol()
    assert receive(protocol, b"3:abc") is NEED_DATA
    with pytest.raises(RemoteProtocolError, match="no comma"):
        receive(protocol, b";")


def test_digits_without_end_are_refused_for_the_length_that_they_make() -> None:
    protocol = NetstringProtocol(max_frame_bytes=999)
    assert receive(protocol, b"999") is NEED_DATA
    with pytest.raises(LimitExceeded, match="at least 9999 bytes"):
        receive(protocol, b"9")


def size_of_rest(header: bytes) -> int:
    """A letter, and then a length that counts itself, as PostgreSQL's messages have it."""
    kind, length = struct.unpack(">cI", header)
    if not kind.isalpha():
        raise ValueError(f"no message is a {kind!r}")
    return int(length) - 4


def message(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">cI", kind, len(body) + 4) + body


def make_header_protocol(**kwargs: int) -> HeaderProtocol:
    return HeaderProtocol(5, size_of_rest, **kwargs)


@given(
    bodies=st.lists(st.binary(max_size=50), max_size=6),
    junk=st.binary(max_size=12),
    cuts=st.lists(st.integers(0, 400), max_size=6),
)
def test_a_header_tells_how_much_follows(
    check_protocol: Any, bodies: list[bytes], junk: bytes, cuts: list[int]
) -> None:
    messages = [message(b"Q", body) for body in bodies]
    protocol = make_header_protocol()
    assert [protocol.send(it) for it in messages] == messages
    assert [protocol.send_buffers(it) for it in messages] == [(it,) for it in messages]
    protocol.receive_data(b"".join(messages))
    assert protocol.next_frames() == messages
    check_protocol(make_header_protocol, b"".join(messages) + junk, cuts=cuts)


def test_a_header_may_be_all_there_is() -> None:
    protocol = HeaderProtocol(4, lambda header: 0)
    protocol.receive_data(b"aaaabbbbcc")
    assert protocol.next_frames() == [b"aaaa", b"bbbb"]
    assert (protocol.missing, protocol.next_event()) == (2, NEED_DATA)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"?\0\0\0\x08", "does not know: no message is a b'?'"),
        (b"Q\0\0\0\x03", "says that -1 bytes follow"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(data: bytes, told: str) -> None:
    protocol = make_header_protocol()
    protocol.receive_data(message(b"A", b"good") + data)
    assert protocol.next_event() == message(b"A", b"good")
    for _ in range(2):
        with pytest.raises(RemoteProtocolError, match=re.escape(told)):
            protocol.next_event()


def test_the_limit_counts_the_header() -> None:
    protocol = make_header_protocol(max_frame_bytes=10)
    protocol.receive_data(message(b"A", b"12345") + message(b"A", b"123456")[:5])
    assert protocol.next_event() == message(b"A", b"12345")
    with pytest.raises(LimitExceeded, match="a frame of 11 bytes"):
        protocol.next_event()


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b"Q\0\0", "without the 5 bytes of its header"),
        (message(b"Q", b"body") + b"!", "a frame of 10 bytes whose header says 9"),
        (message(b"?", b""), "no message is a"),
        (message(b"Q", bytes(100)), "more than max_frame_bytes=100"),
    ],
)
def test_a_frame_that_its_header_belies_is_not_sent(frame: bytes, told: str) -> None:
    for kind in (frame, memoryview(frame)):
        with pytest.raises(LocalProtocolError, match=told):
            make_header_protocol(max_frame_bytes=100).send(kind)


def test_an_error_of_the_size_s_function_comes_out_and_takes_nothing() -> None:
    sizes = {b"a": 1}
    protocol = HeaderProtocol(1, lambda header: sizes[header])
    protocol.receive_data(b"a1b22")
    with pytest.raises(KeyError):
        protocol.next_frames()
    sizes[b"b"] = 2
    assert protocol.next_frames() == [b"a1", b"b22"]


@pytest.mark.parametrize("size", [0, -1, 11])
def test_a_header_has_a_byte_and_fits_in_a_frame(size: int) -> None:
    with pytest.raises(ValueError, match="header_size"):
        HeaderProtocol(size, lambda header: 0, max_frame_bytes=10)
