"""What every protocol of whole frames keeps: chunking, ends, limits, and its batch form."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.errors import LimitExceeded, LocalProtocolError, RemoteProtocolError
from trio_helianthus.wire import END_OF_STREAM, NEED_DATA, EndOfStream, FrameProtocol, WireProtocol
from trio_helianthus.wire.length_prefixed import (
    LengthPrefixProtocol,
    NetstringProtocol,
    VarintProtocol,
)
from trio_helianthus.wire.lines import DelimiterProtocol, LinesProtocol

Make: TypeAlias = Callable[..., FrameProtocol]

PROTOCOLS: Final[dict[str, Make]] = {
    "1 byte": lambda **kw: LengthPrefixProtocol(1, **kw),
    "2 bytes, little": lambda **kw: LengthPrefixProtocol(2, "little", **kw),
    "4 bytes": LengthPrefixProtocol,
    "8 bytes": lambda **kw: LengthPrefixProtocol(8, **kw),
    "varint": VarintProtocol,
    "netstring": NetstringProtocol,
    "delimiter": lambda **kw: DelimiterProtocol(b"\0", **kw),
    "overlapping delimiter": lambda **kw: DelimiterProtocol(b"aba", **kw),
    "unterminated": lambda **kw: DelimiterProtocol(b"--", unterminated=True, **kw),
    "lines": LinesProtocol,
    "unterminated lines": lambda **kw: LinesProtocol(b"\r\n", unterminated=True, **kw),
    "LF only": lambda **kw: LinesProtocol(strict=True, **kw),
    "CRLF only": lambda **kw: LinesProtocol(b"\r\n", strict=True, **kw),
    "CRLF only, unterminated": lambda **kw: LinesProtocol(
        b"\r\n", strict=True, unterminated=True, **kw
    ),
}
every_protocol = pytest.mark.parametrize("make", PROTOCOLS.values(), ids=PROTOCOLS)
every_cut_is_an_error = pytest.mark.parametrize(
    "make",
    [make for name, make in PROTOCOLS.items() if "unterminated" not in name],
    ids=[name for name in PROTOCOLS if "unterminated" not in name],
)

# Bytes that mean something to one of the formats are likely; so are their neighbours.
tricky = st.lists(
    st.sampled_from([b"\r", b"\n", b"\0", b"-", b"a", b"b", b",", b":", b"0", b"3", b"\x80"]),
    max_size=8,
).map(b"".join)
frames = st.lists(tricky | st.binary(max_size=300), max_size=8)
cuts = st.lists(st.integers(min_value=0, max_value=3000), max_size=6)


def collect(first: Any, second: Any) -> Any | None:
    """Collect frames, as two equal ones in a row are two."""
    if second is END_OF_STREAM:
        return None
    return (*(first if isinstance(first, tuple) else (first,)), second)


def frames_of(events: tuple[Any, ...]) -> list[bytes]:
    *received, end = events
    assert end is END_OF_STREAM
    return list(*(it if isinstance(it, tuple) else (it,) for it in received))


def sendable(protocol: FrameProtocol, frames: Iterable[bytes]) -> dict[int, bytes]:
    """What is sent for those frames that the format can say, by their index."""
    sent = {}
    for index, frame in enumerate(frames):
        try:
            sent[index] = protocol.send(frame)
        except LocalProtocolError:
            continue
    return sent


def cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@every_protocol
@given(frames=frames, cuts=cuts)
def test_half_and_sticky_packets_make_no_difference(
    check_protocol: Any, make: Make, frames: list[bytes], cuts: list[int]
) -> None:
    sent = sendable(make(), frames)
    outcome = check_protocol(make, b"".join(sent.values()), cuts=cuts, join=collect)
    assert not outcome.refused
    assert frames_of(outcome.events) == [frames[index] for index in sent]
    assert outcome.trailing == b""


@every_protocol
@given(data=tricky | st.binary(max_size=40) | st.lists(tricky, max_size=9).map(b"\n".join))
def test_junk_is_taken_or_refused_alike_however_it_is_cut(
    check_protocol: Any, make: Make, data: bytes
) -> None:
    check_protocol(make, data, join=collect)
    check_protocol(lambda: make(max_frame_bytes=3), data, join=collect)


@every_protocol
@given(data=tricky | st.binary(max_size=60), cuts=cuts, eof=st.booleans())
def test_the_batch_form_tells_what_the_plain_form_tells(
    make: Make, data: bytes, cuts: list[int], eof: bool
) -> None:
    def run(*, batch: bool) -> list[object]:
        protocol, told = make(max_frame_bytes=20), list[object]()
        for piece in cut(data, cuts):
            protocol.receive_data(piece)
            if batch:
                told += protocol.next_frames()
            else:
                told += take_one_by_one(protocol)
        if eof:
            protocol.receive_eof()
        told += protocol.next_frames() if batch else take_one_by_one(protocol)
        assert protocol.next_frames() == []
        told += [answer(protocol), answer(protocol), protocol.trailing_data, protocol.buffered]
        return told

    assert run(batch=True) == run(batch=False)


def take_one_by_one(protocol: FrameProtocol) -> list[bytes]:
    taken: list[bytes] = []
    while isinstance(event := answer(protocol), bytes):
        taken.append(event)
    return taken


def answer(protocol: FrameProtocol) -> object:
    try:
        return protocol.next_event()
    except RemoteProtocolError as exc:
        return type(exc), str(exc)


@every_cut_is_an_error
def test_an_end_is_an_end_between_frames_and_an_error_elsewhere(make: Make) -> None:
    pieces = [make().send(frame) for frame in (b"hello", b"", b"x" * 200)]
    borders = [0, *(len(b"".join(pieces[: count + 1])) for count in range(3))]
    data = b"".join(pieces)
    for length in range(len(data) + 1):
        protocol = make()
        protocol.receive_data(data[:length])
        protocol.receive_eof()
        assert len(protocol.next_frames()) == sum(border <= length for border in borders) - 1
        if length in borders:
            assert protocol.next_event() is END_OF_STREAM
        else:
            for _ in range(2):
                with pytest.raises(RemoteProtocolError, match="the stream ended in a frame"):
                    protocol.next_event()


@every_protocol
def test_the_limit_is_exact_and_known_by_name(make: Make) -> None:
    protocol = make(max_frame_bytes=100)
    data = protocol.send(b"x" * 100) + make().send(b"x" * 101)
    protocol.receive_data(data)
    assert protocol.next_frames() == [b"x" * 100]
    for _ in range(2):
        with pytest.raises(LimitExceeded, match="max_frame_bytes=100") as caught:
            protocol.next_event()
        assert (caught.value.limit_name, caught.value.limit) == ("max_frame_bytes", 100)
    assert protocol.next_frames() == []
    assert protocol.trailing_data == (data[-protocol.buffered :], False)


@every_protocol
def test_what_the_peer_would_refuse_is_not_sent(make: Make) -> None:
    protocol = make(max_frame_bytes=100)
    for send in (protocol.send, protocol.send_buffers):
        for frame in (b"x" * 101, bytearray(101), memoryview(bytes(101))):
            with pytest.raises(LocalProtocolError, match="101 bytes, more than max_frame_bytes="):
                send(frame)


@every_protocol
def test_a_frame_is_refused_before_all_of_it_is_there(make: Make) -> None:
    protocol = make(max_frame_bytes=100)
    for byte in make().send(b"x" * 200):
        protocol.receive_data(bytes((byte,)))
        assert protocol.buffered <= 103
        try:
            assert protocol.next_event() is NEED_DATA
        except LimitExceeded:
            return
    pytest.fail("the whole frame was taken in")


@every_protocol
@given(frame=st.binary(min_size=1, max_size=50))
def test_buffers_are_what_is_sent_around_the_frame_itself(make: Make, frame: bytes) -> None:
    protocol = make()
    for sent in sendable(protocol, [frame]).values():
        buffers = protocol.send_buffers(frame)
        assert b"".join(buffers) == sent
        assert any(buffer is frame for buffer in buffers)
        for kind in (bytearray(frame), memoryview(frame)):
            assert protocol.send(kind) == b"".join(protocol.send_buffers(kind)) == sent


@every_protocol
def test_a_long_frame_in_short_pieces_is_put_together(make: Make) -> None:
    protocol, frame = make(), b"0123456789" * 25
    protocol.receive_data(protocol.send(b"xx") + (data := protocol.send(frame))[:3])
    assert protocol.next_frames() == [b"xx"]
    for at in range(3, len(data)):
        assert protocol.next_event() is NEED_DATA
        assert protocol.missing <= len(data) - at
        protocol.receive_data(data[at : at + 1])
    assert protocol.next_event() == frame
    assert protocol.buffered == 0
    assert type(protocol.trailing_data[0]) is bytes


@every_protocol
def test_what_was_received_may_be_changed_afterwards(make: Make) -> None:
    protocol = make()
    data = bytearray(protocol.send(b"hello"))
    protocol.receive_data(data)  # type: ignore[arg-type]
    data.clear()
    assert protocol.next_event() == b"hello"


def test_the_missing_bytes_follow_what_was_announced() -> None:
    protocol = LengthPrefixProtocol(4)
    assert protocol.missing == 4
    protocol.receive_data(b"\0")
    assert protocol.missing == 3
    protocol.receive_data(b"\0\x10\0" + bytes(1000))
    assert protocol.next_event() is NEED_DATA
    assert protocol.missing == 0x1000 - 1000


def test_the_end_names_itself_and_stays_itself() -> None:
    assert repr(END_OF_STREAM) == "END_OF_STREAM"
    assert pickle.loads(pickle.dumps(END_OF_STREAM)) is END_OF_STREAM


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_has_room_for_a_byte(limit: int) -> None:
    with pytest.raises(ValueError, match="max_frame_bytes"):
        VarintProtocol(max_frame_bytes=limit)


def test_frame_protocols_are_wire_protocols_for_the_type_checker() -> None:
    protocols: list[WireProtocol[bytes | EndOfStream, bytes]] = [VarintProtocol(), LinesProtocol()]
    assert [protocol.next_event() for protocol in protocols] == [NEED_DATA, NEED_DATA]
