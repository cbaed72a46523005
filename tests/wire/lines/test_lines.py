"""Lines and delimiters: which endings are taken, which frames cannot be sent, and how it scales."""

from __future__ import annotations

import pytest

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA, FrameProtocol
from trio_helianthus.wire.lines import DelimiterProtocol, LinesProtocol


def receive(protocol: FrameProtocol, data: bytes) -> list[bytes]:
    protocol.receive_data(data)
    return protocol.next_frames()


def test_lines_end_with_either_unless_told_otherwise() -> None:
    assert receive(LinesProtocol(), b"a\r\nb\n\n\r\nc\rd\ne\r\r\n") == [
        *(b"a", b"b", b"", b"", b"c\rd", b"e\r")
    ]


def test_what_is_sent_ends_as_told() -> None:
    assert LinesProtocol().send(b"hi") == b"hi\n"
    assert LinesProtocol(b"\r\n").send(b"hi") == b"hi\r\n"
    assert LinesProtocol(b"\r\n", strict=True).send_buffers(b"hi") == (b"hi", b"\r\n")


def test_strict_lf_keeps_cr() -> None:
    assert receive(LinesProtocol(strict=True), b"a\r\nb\n") == [b"a\r", b"b"]


@pytest.mark.parametrize("data", [b"a\n", b"\n", b"a\rb\r\n", b"\r\r\n", b"a\nb\r\n", b"x\r\n\n"])
def test_strict_crlf_refuses_either_alone(data: bytes) -> None:
    protocol = LinesProtocol(b"\r\n", strict=True)
    assert receive(protocol, data) in ([], [b"x"])
    with pytest.raises(RemoteProtocolError, match="CR or LF alone"):
        protocol.next_event()


def test_strict_crlf_refuses_a_bare_lf_without_waiting_for_an_ending() -> None:
    protocol = LinesProtocol(b"\r\n", strict=True)
    protocol.receive_data(b"MAIL\n")
    with pytest.raises(RemoteProtocolError, match="alone"):
        protocol.next_event()


@pytest.mark.parametrize(
    ("protocol", "line"),
    [
        (LinesProtocol(), b"a\nb"),
        (LinesProtocol(), b"a\r"),
        (LinesProtocol(strict=True), b"\n"),
        (LinesProtocol(b"\r\n"), b"a\r"),
        (LinesProtocol(b"\r\n", strict=True), b"a\rb"),
        (LinesProtocol(b"\r\n", strict=True), b"\n"),
        (DelimiterProtocol(b"\0"), b"a\0b"),
        (DelimiterProtocol(b"--"), b"a--b"),
        (DelimiterProtocol(b"--"), b"a-"),
        (DelimiterProtocol(b"aba"), b"ab"),
    ],
)
def test_a_frame_that_the_peer_would_take_for_another_is_not_sent(
    protocol: FrameProtocol, line: bytes
) -> None:
    with pytest.raises(LocalProtocolError):
        protocol.send(line)
    with pytest.raises(LocalProtocolError):
        protocol.send_buffers(line)


def test_a_part_of_the_delimiter_may_be_sent() -> None:
    assert DelimiterProtocol(b"\r\n").send(b"a\r") == b"a\r\r\n"
    assert receive(DelimiterProtocol(b"\r\n"), b"a\r\r\n") == [b"a\r"]
    assert LinesProtocol(strict=True).send(b"a\r") == b"a\r\n"


def test_the_first_of_two_overlapping_delimiters_counts() -> None:
    assert receive(DelimiterProtocol(b"aa"), b"xaaaayaa") == [b"x", b"", b"y"]


@pytest.mark.parametrize(
    ("protocol", "data", "last"),
    [
        (DelimiterProtocol(b"--", unterminated=True), b"a--b-", b"b-"),
        (LinesProtocol(unterminated=True), b"a\nb", b"b"),
        (LinesProtocol(unterminated=True), b"a\nb\r", b"b"),
        (LinesProtocol(b"\r\n", unterminated=True), b"a\nb\r", b"b\r"),
        (LinesProtocol(b"\r\n", strict=True, unterminated=True), b"a\r\nb", b"b"),
    ],
)
def test_the_last_frame_may_come_without_its_ending(
    protocol: FrameProtocol, data: bytes, last: bytes
) -> None:
    assert receive(protocol, data) == [b"a"]
    assert protocol.next_event() is NEED_DATA
    protocol.receive_eof()
    assert protocol.next_event() == last
    assert protocol.next_event() is END_OF_STREAM


def test_an_unterminated_frame_has_the_same_limit_and_strictness() -> None:
    protocol: FrameProtocol = DelimiterProtocol(b"--", unterminated=True, max_frame_bytes=3)
    protocol.receive_data(b"abcd")
    assert protocol.next_event() is NEED_DATA
    protocol.receive_eof()
    with pytest.raises(LimitExceeded):
        protocol.next_event()
    protocol = LinesProtocol(b"\r\n", strict=True, unterminated=True)
    protocol.receive_data(b"abc\r")
    protocol.receive_eof()
    with pytest.raises(RemoteProtocolError, match="alone"):
        protocol.next_event()


def test_the_ending_does_not_count() -> None:
    assert receive(LinesProtocol(max_frame_bytes=3), b"abc\r\nabc\n") == [b"abc", b"abc"]
    protocol = LinesProtocol(max_frame_bytes=3)
    assert receive(protocol, b"abcd") == []
    assert protocol.next_event() is NEED_DATA  # it could be abc and CR
    assert receive(protocol, b"\n") == []
    with pytest.raises(LimitExceeded, match="a frame of 4 bytes"):
        protocol.next_event()


def test_no_byte_is_searched_twice() -> None:
    searched = 0

    class Counted(bytearray):
        def find(self, sub: bytes, start: int, end: int) -> int:  # type: ignore[override]
            nonlocal searched
            searched += min(end, len(self)) - start
            return bytearray.find(self, sub, start, end)

    protocol = DelimiterProtocol(b"\r\n")
    protocol._buffer = Counted()
    for _ in range(1000):
        protocol._buffer += b"0123456789"
        assert protocol.next_event() is NEED_DATA
    assert searched <= 11 * 1000


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        DelimiterProtocol(b"")
    with pytest.raises(TypeError, match="must be bytes, not str"):
        DelimiterProtocol("\n")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ending must be"):
        LinesProtocol(b"\r")  # type: ignore[arg-type]
