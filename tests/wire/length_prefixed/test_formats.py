"""The bytes themselves, as the formats' definitions have them, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import NEED_DATA, FrameProtocol
from trio_helianthus.wire.length_prefixed import (
    ByteOrder,
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
