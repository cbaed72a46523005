from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus import errors, http
from trio_helianthus.http._event_parser import EventParser
from trio_helianthus.http._event_stream import EventStream
from trio_helianthus.http._server_sent_event import encode_event
from trio_helianthus.testing import cancel_sweep

from .conftest import Connect, Reports, Serve


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (http.ServerSentEvent("hello"), b"data: hello\n\n"),
        (http.ServerSentEvent(""), b"data: \n\n"),
        (http.ServerSentEvent(" x"), b"data:  x\n\n"),
        (http.ServerSentEvent("a\nb\r\nc\rd\n"), b"data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        (http.ServerSentEvent("a\u2028b\x0bc"), "data: a\u2028b\x0bc\n\n".encode()),
        (http.ServerSentEvent("x", "e", "7", 1.5), b"event: e\nid: 7\nretry: 1500\ndata: x\n\n"),
        (http.ServerSentEvent(id=""), b"id: \n\n"),
        (http.ServerSentEvent("\ud800"), b"data: ?\n\n"),
        (http.ServerSentEvent.json(["ü"], event_id="1"), 'id: 1\ndata: ["ü"]\n\n'.encode()),
    ],
)
def test_events_on_the_wire(event: http.ServerSentEvent, wire: bytes) -> None:
    assert encode_event(event) == wire


@pytest.mark.parametrize(
    "make",
    [
        lambda: http.ServerSentEvent("x", "a\nb"),
        lambda: http.ServerSentEvent("x", id="a\rb"),
        lambda: http.ServerSentEvent("x", id="a\0b"),
        lambda: http.ServerSentEvent("x", retry=-1),
        lambda: http.ServerSentEvent("x", retry=math.inf),
        lambda: http.ServerSentEvent("x", retry=math.nan),
        lambda: http.Response.events(forever(), ping=0),
        lambda: http.Response.events(forever(), ping=math.nan),
        lambda: http.Response.events(forever(), retry=-1),
    ],
)
def test_what_no_event_can_be(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


_LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))
_EVENTS = st.builds(
    http.ServerSentEvent,
    st.text(st.characters(exclude_categories=["Cs"])),
    _LINE.filter(bool) | st.none(),
    _LINE.filter(bool),
)


@given(st.lists(_EVENTS), st.integers(1, 20))
def test_what_was_sent_arrives(events: list[http.ServerSentEvent], size: int) -> None:
    wire = b"".join(map(encode_event, events))
    parser = EventParser()
    received = []
    for at in range(0, len(wire), size):
        received += parser.feed(wire[at : at + size])
    assert received == [
        http.ServerSentEvent(_lines(event.data), event.event, event.id) for event in events
    ]


def _lines(data: str | None) -> str:
    assert data is not None
    return data.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (b"data: x\n\n", [("x", None, None)]),
        (b"\xef\xbb\xbfdata: x\n\n", [("x", None, None)]),
        (b"data:x\r\ndata\r\rdata: y\r\n\r\n", [("x\n", None, None), ("y", None, None)]),
        (b": x\nevent: a\n\nid: 1\ndata: x\n\ndata: y\n\n", [("x", None, "1"), ("y", None, "1")]),
        (b"id: 1\ndata: x\n\nid\ndata: y\n\n", [("x", None, "1"), ("y", None, None)]),
        (b"id: a\0b\nretry: x\nfoo: bar\ndata: x\n\n", [("x", None, None)]),
        (b"data: never dispatched\n", []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_the_examples_of_the_standard(
    wire: bytes, events: list[tuple[str, str | None, str | None]], size: int
) -> None:
    parser = EventParser()
    received = []
    for at in range(0, len(wire), size):
        received += parser.feed(wire[at : at + size])
    assert [(event.data, event.event, event.id) for event in received] == events


def test_the_time_to_reconnect_and_the_longest_event() -> None:
    parser = EventParser(max_event_bytes=100)
    parser.feed(b"retry: 2500\nretry: 1e3\n\n")
    assert parser.retry == 2.5
    for _ in range(20):
        parser.feed(b"data: 0123456789\n\n")
    for _ in range(20):
        parser.feed(b": are you still there?\n")
    with pytest.raises(errors.LimitExceeded):
        parser.feed(b"data: " + b"x" * 200)
    with pytest.raises(errors.LimitExceeded):
        EventParser(max_event_bytes=100).feed(b":" + b"x" * 200)


# ---- the body of the answer


async def forever() -> AsyncIterator[str]:
    while True:
        await trio.sleep(1)
        yield "x"


async def take(stream: EventStream, count: int) -> list[bytes]:
    return [await anext(stream) for _ in range(count)]


async def test_silence_is_filled_with_comments(autojump_clock: trio.testing.MockClock) -> None:
    async def slow() -> AsyncIterator[str]:
        for text in ("a", "b"):
            await trio.sleep(25)
            yield text

    stream = EventStream(slow(), ping=10, retry=3)
    received = [piece async for piece in stream]
    assert received == [
        *(b"retry: 3000\n\n", b":\n\n", b":\n\n", b"data: a\n\n"),
        *(b":\n\n", b":\n\n", b"data: b\n\n"),
    ]
    await stream.aclose()


async def test_events_from_a_channel(autojump_clock: trio.testing.MockClock) -> None:
    send, receive = trio.open_memory_channel[Any](10)
    stream = EventStream(receive, ping=10, retry=None)
    send.send_nowait("a")
    send.send_nowait(http.ServerSentEvent("b"))
    assert await take(stream, 2) == [b"data: a\n\ndata: b\n\n", b":\n\n"]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send.send, "c")
        assert await anext(stream) == b"data: c\n\n"
    send.close()
    assert [piece async for piece in stream] == []
    await stream.aclose()
    with pytest.raises(trio.ClosedResourceError):
        receive.receive_nowait()


@pytest.mark.parametrize("wrong", [b"bytes", None, 3])
async def test_what_is_no_event(wrong: Any) -> None:
    async def source() -> AsyncIterator[Any]:
        yield wrong

    stream = EventStream(source(), ping=10, retry=None)
    with pytest.raises(TypeError, match="ServerSentEvent"):
        await anext(stream)
    await stream.aclose()
    with pytest.raises(TypeError, match="async iterable"):
        EventStream(["x"], ping=1, retry=None)  # type: ignore[arg-type]


async def test_an_error_of_the_source_is_raised() -> None:
    async def source() -> AsyncIterator[str]:
        yield "x"
        raise LookupError("broken")

    stream = EventStream(source(), ping=10, retry=None)
    assert await anext(stream) == b"data: x\n\n"
    with pytest.raises(LookupError, match="broken"):
        await anext(stream)
    await stream.aclose()


async def test_an_error_while_closing_is_reported(reports: Reports) -> None:
    async def source() -> AsyncIterator[str]:
        try:
            yield "x"
        finally:
            raise LookupError("broken")

    stream = EventStream(source(), ping=10, retry=None)
    await anext(stream)
    await stream.aclose()
    assert [str(error) for error in reports.errors] == ["broken"]


async def test_a_source_that_was_never_asked_is_closed() -> None:
    send, receive = trio.open_memory_channel[str](0)
    stream = EventStream(receive, ping=10, retry=None)
    await stream.aclose()
    await stream.aclose()
    with pytest.raises(trio.BrokenResourceError):
        send.send_nowait("x")
    assert [piece async for piece in stream] == []


async def test_a_source_is_asked_in_one_task_and_sees_our_context() -> None:
    from contextvars import ContextVar

    name = ContextVar[str]("name")
    name.set("ada")
    tasks = []

    async def source() -> AsyncIterator[str]:
        try:
            async with trio.open_nursery():  # fine, as one task runs it from beginning to end
                while True:
                    tasks.append(trio.lowlevel.current_task())
                    yield name.get()  # noqa: ASYNC101, ASYNC119 - fine, as said above
        finally:
            tasks.append(trio.lowlevel.current_task())

    stream = EventStream(source(), ping=10, retry=None)
    assert await take(stream, 2) == [b"data: ada\n\n"] * 2
    await stream.aclose()
    assert len(set(tasks)) == 1


# ---- with a server


async def test_the_source_ends_with_its_client(
    serve: Serve, connect: Connect, no_errors: None
) -> None:
    ended = trio.Event()

    async def source() -> AsyncIterator[str]:
        try:
            yield "first"
            await trio.sleep_forever()
        finally:
            ended.set()

    async def handler(request: http.Request) -> http.Response:
        assert request.last_event_id == "7ü"
        return http.Response.events(source())

    client = await connect(await serve(handler))
    await client.send("GET / HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 7ü\r\n\r\n".encode())
    head = await client.stream.receive_until(b"\r\n\r\n")
    assert b"Content-Type: text/event-stream\r\n" in head
    assert b"Cache-Control: no-cache\r\n" in head
    await client.stream.receive_until(b"data: first\n\n")
    client.stream.reset()
    with trio.fail_after(5):
        await ended.wait()


async def test_head_does_not_begin_the_source(serve: Serve, connect: Connect) -> None:
    send, receive = trio.open_memory_channel[str](0)

    async def handler(request: http.Request) -> http.Response:
        return http.Response.events(receive)

    client = await connect(await serve(handler))
    await client.send(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await client.answer(bodiless=True)).headers["content-type"] == "text/event-stream"
    with pytest.raises(trio.BrokenResourceError):
        await send.send("x")


async def test_a_client_reads_events(serve: Serve, no_errors: None) -> None:
    async def handler(request: http.Request) -> http.Response:
        match request.path:
            case "/ticks":
                return http.Response.events(three_ticks(), retry=0.5)
            case "/nothing":
                return http.Response(status=204)
        return http.Response.text("no events")

    async def three_ticks() -> AsyncIterator[http.ServerSentEvent]:
        for number in range(3):
            yield http.ServerSentEvent(f"{number}\n", "tick", id=str(number))
            await trio.lowlevel.checkpoint()

    server = await serve(handler)
    async with http.open_client(server.url) as client:
        async with client.stream("GET", "/ticks") as response:
            reader = http.EventReader(response)
            assert [(event.event, event.data) async for event in reader] == [
                *(("tick", "0\n"), ("tick", "1\n"), ("tick", "2\n")),
            ]
            assert (reader.last_event_id, reader.retry) == ("2", 0.5)
        for path in ("/nothing", "/text"):
            async with client.stream("GET", path) as response:
                with pytest.raises(errors.RemoteProtocolError, match="no events"):
                    http.EventReader(response)


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["generator", "channel"])
def test_events_are_cancelled_anywhere(kind: str) -> None:
    async def generator() -> AsyncIterator[str]:
        for _ in range(3):
            await trio.lowlevel.checkpoint()
            yield "x"

    async def scenario() -> None:
        send, receive = trio.open_memory_channel[str](3)
        with send, receive:
            for _ in range(3):
                send.send_nowait("x")
            send.close()
            source = generator() if kind == "generator" else receive
            stream = EventStream(source, ping=10, retry=1)
            try:
                async for _ in stream:
                    await trio.lowlevel.checkpoint()
            finally:
                await stream.aclose()

    assert cancel_sweep(scenario).points > 5


@pytest.mark.sweep
def test_a_server_of_events_is_cancelled_anywhere() -> None:
    async def source() -> AsyncIterator[str]:
        for _ in range(2):
            await trio.sleep(0.001)
            yield "x"

    async def handler(request: http.Request) -> http.Response:
        return http.Response.events(source())

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(http.serve, handler, 0)
            async with http.open_client(server.url) as client:
                assert (await client.get("/")).text == "data: x\n\ndata: x\n\n"
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 20
