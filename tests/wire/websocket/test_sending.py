"""What may be said, how it is written, and that another side reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.websocket._frames import Role, connect, play
from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.wire.websocket import (
    Binary,
    Close,
    DeflateParameters,
    Engine,
    Event,
    Ping,
    Pong,
    PreparedMessage,
    Text,
    WebSocketConnection,
    _mask,
    apply_mask,
)

ENGINES = st.sampled_from([Engine.OWN, Engine.WSPROTO])
PAYLOADS = st.binary(max_size=125)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def other(role: Role) -> Role:
    return Role.CLIENT if role is Role.SERVER else Role.SERVER


@st.composite
def messages(draw: st.DrawFn) -> list[Event]:
    """Whole messages and fragmented ones, and control frames anywhere."""
    events: list[Event] = []
    control = st.lists(st.builds(Ping, PAYLOADS) | st.builds(Pong, PAYLOADS), max_size=1)
    for _ in range(draw(st.integers(1, 3))):
        contents = draw(st.lists(TEXTS, min_size=1, max_size=4))
        is_text = draw(st.booleans())
        for number, content in enumerate(contents):
            start, end = number == 0, number == len(contents) - 1
            events += draw(control)
            if is_text:
                events.append(Text(content, start, end))
            else:
                events.append(Binary(content.encode(), start, end))
    if draw(st.booleans()):
        code = draw(st.sampled_from([None, 1000, 1014, 3000, 4999]))
        reason = "" if code is None else draw(st.text("a\u20ac", max_size=41))
        events.append(Close(code, reason))
    return events


@given(
    messages(),
    st.sampled_from(Role),
    ENGINES,
    ENGINES,
    st.none() | st.builds(DeflateParameters, min_bytes=st.sampled_from([0, 20])),
)
def test_what_one_side_sends_the_other_receives(
    events: list[Event],
    role: Role,
    ours: Engine,
    theirs: Engine,
    deflate: DeflateParameters | None,
) -> None:
    sender = connect(other(role), ours, deflate=deflate)
    data = [sender.send(event) for event in events]
    for pieces in (data, [b"".join(data)]):
        received, code, _ = play(connect(role, theirs, deflate=deflate), pieces, in_batches=True)
        assert received == events
        assert code == (0 if isinstance(events[-1], Close) else 1006)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 70_000])
@pytest.mark.parametrize("min_bytes", [None, 0, 200])
def test_whole_messages_are_the_same_in_every_form(
    role: Role, engine: Engine, length: int, min_bytes: int | None
) -> None:
    deflate = None if min_bytes is None else DeflateParameters(min_bytes=min_bytes)
    sender, receiver = connect(other(role), engine, deflate=deflate), connect(role, deflate=deflate)
    text, data = "a" * length, bytes(range(256)) * (length // 256 + 1)
    data = data[:length]
    forms = [
        sender.send_text(text),
        sender.send(Text(text)),
        sender.send_prepared(PreparedMessage(text)),
        sender.send_binary(data),
        sender.send_binary(bytearray(data)),
        sender.send_binary(memoryview(data)),
        sender.send(Binary(data)),
        sender.send_prepared(PreparedMessage(bytearray(data))),
    ]
    assert all(type(form) is bytes for form in forms)
    received, _, _ = play(receiver, forms, in_batches=True)
    assert received == [Text(text)] * 3 + [Binary(data)] * 5


def test_frames_are_written_as_the_rfc_shows_them() -> None:
    server = connect(Role.SERVER)  # RFC 6455, section 5.7
    assert server.send(Text("Hello")) == b"\x81\x05Hello"
    assert server.send(Text("Hel", end=False)) == b"\x01\x03Hel"
    assert server.send(Text("lo", start=False)) == b"\x80\x02lo"
    assert server.send(Ping(b"Hello")) == b"\x89\x05Hello"
    assert server.send_binary(bytes(256)) == b"\x82\x7e\x01\x00" + bytes(256)
    assert server.send_binary(bytes(65536)).startswith(b"\x82\x7f\0\0\0\0\0\1\0\0\0")
    assert server.send(Close(1001, "so")) == b"\x88\x04\x03\xe9so"


def test_a_client_masks_each_frame_with_a_mask_of_its_own(engine: Engine) -> None:
    client = connect(Role.CLIENT, engine)
    frames = [client.send_text("Hello") for _ in range(1000)]
    masks = {frame[2:6] for frame in frames}
    assert len(masks) > 990
    assert all(apply_mask(frame[6:], frame[2:6]) == b"Hello" for frame in frames)


def test_masks_are_drawn_in_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def urandom(size: int) -> bytes:
        drawn.append(size)
        return bytes(range(256)) * (size // 256)

    monkeypatch.setattr(_mask, "_stock", [])
    monkeypatch.setattr("os.urandom", urandom)
    masks = [_mask.next_mask() for _ in range(257)]
    assert drawn == [1024, 1024]
    assert all(len(mask) == 4 for mask in masks)
    assert len(set(masks)) == 64  # each four bytes of what was drawn


def said(connection: WebSocketConnection, *events: Event) -> WebSocketConnection:
    for event in events:
        connection.send(event)
    return connection


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ([], Text("b", start=False)),
        ([], Binary(b"b", start=False, end=False)),
        ([Text("a", end=False)], Text("b")),
        ([Text("a", end=False)], Binary(b"b", start=False)),
        ([Binary(b"a", end=False)], Text("b", start=False)),
        ([Text("a", end=False), Text("b", start=False)], Text("c", start=False)),
        ([], Ping(bytes(126))),
        ([], Pong(bytes(126))),
        ([], Close(1000, "a" * 124)),
        ([], Close(1000, "\u20ac" * 42)),
        ([], Close(None, "why")),
        ([], Close(1005)),
        ([], Close(1006)),
        ([], Close(1015)),
        ([], Close(1004)),
        ([], Close(999)),
        ([], Close(5000)),
        ([], Close(1000, "\ud800")),
        ([], Text("\ud800")),
        ([Close()], Close()),
        ([Close()], Ping()),
        ([Close()], Text("a")),
        ([Text("a", end=False), Close()], Text("b", start=False)),
    ],
)
def test_what_does_not_belong_here_is_not_sent(
    role: Role, engine: Engine, before: list[Event], event: Event
) -> None:
    connection = said(connect(role, engine), *before)
    with pytest.raises(LocalProtocolError):
        connection.send(event)


def test_what_is_no_event_is_not_sent(engine: Engine) -> None:
    with pytest.raises(LocalProtocolError, match="not an event"):
        connect(Role.SERVER, engine).send("text")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "before", [[Text("a", end=False)], [Close()], [Binary(b"a", end=False), Close()]]
)
def test_no_whole_message_goes_into_another_or_behind_a_close(
    role: Role, engine: Engine, before: list[Event]
) -> None:
    connection = said(connect(role, engine), *before)
    with pytest.raises(LocalProtocolError):
        connection.send_text("b")
    with pytest.raises(LocalProtocolError):
        connection.send_binary(b"b")
    with pytest.raises(LocalProtocolError):
        connection.send_prepared(PreparedMessage("b"))


def test_half_a_surrogate_pair_is_never_sent(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    with pytest.raises(LocalProtocolError, match="UTF-8"):
        connection.send_text("a\ud800b")
    with pytest.raises(LocalProtocolError, match="UTF-8"):
        PreparedMessage("\udfff")
    assert play(connect(other(role)), [connection.send_text("after")])[0] == [Text("after")]


def test_who_gives_too_long_a_reason_to_close_is_told_how_long_it_may_be(
    role: Role, engine: Engine
) -> None:
    connection = connect(role, engine)
    with pytest.raises(LocalProtocolError, match="a reason of 124 bytes in a Close, and 123 is"):
        connection.send(Close(1000, "a" * 124))
    assert play(connect(other(role)), [connection.send(Close(1000, "a" * 123))])[0] == [
        Close(1000, "a" * 123)
    ]


def test_only_text_is_sent_as_text_and_only_bytes_as_bytes(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    with pytest.raises(TypeError, match="a text message is a str, not bytes"):
        connection.send_text(b"a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a message is a str, or made of bytes, not of dict"):
        PreparedMessage({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a message is a str, or made of bytes, not of int"):
        connection.send_binary(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a binary message is made of bytes, not of str"):
        connection.send_binary("a")  # type: ignore[arg-type]


def test_a_message_goes_on_after_what_was_refused(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    data = connection.send(Text("a", end=False))
    for wrong in (Text("b"), Text("\ud800", start=False), Close(1005), Ping(bytes(126))):
        with pytest.raises(LocalProtocolError):
            connection.send(wrong)
    data += connection.send(Pong(b"p")) + connection.send(Text("b", start=False))
    assert connection.close_sent is None
    assert play(connect(other(role)), [data])[0] == [
        Text("a", end=False),
        Pong(b"p"),
        Text("b", start=False),
    ]


def test_a_close_that_was_sent_is_remembered(role: Role, engine: Engine) -> None:
    connection = connect(role, engine)
    connection.send(Close(1001, "bye"))
    assert connection.close_sent == Close(1001, "bye")


def test_a_peer_is_heard_after_our_close(role: Role, engine: Engine) -> None:
    connection = said(connect(role, engine), Close())
    connection.receive_data(connect(other(role)).send_text("late"))
    assert connection.next_batch() == ["late"]


def test_a_prepared_message_says_how_long_it_is() -> None:
    message = PreparedMessage("\u20ac")
    assert len(message) == 3
    assert message.data == "\u20ac"
    assert "3 bytes" in repr(message)
    assert PreparedMessage(bytearray(b"ab")).data == b"ab"
