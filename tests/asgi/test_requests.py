"""What an app receives: the body as it asks for it, and the news that its client is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from tests.asgi.conftest import Reports, ServeApp, get, raw_answer, reply
from trio_helianthus import asgi, http, net

POST = b"POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"


class Receiver:
    """An app that keeps the messages it gets, up to the end of the body."""

    def __init__(self) -> None:
        self.messages: list[asgi.Message] = []

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        more = True
        while more:
            message = await receive()
            self.messages.append(message)
            more = message.get("more_body", False)
        await reply(send, b"done")


@pytest.mark.usefixtures("no_errors")
async def test_a_request_without_a_body_is_one_message(serve_app: ServeApp) -> None:
    app = Receiver()
    await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    assert app.messages == [{"type": "http.request", "body": b"", "more_body": False}]


@pytest.mark.usefixtures("no_errors")
async def test_a_short_body_is_one_message_too(serve_app: ServeApp) -> None:
    app = Receiver()
    server = await serve_app(app, lifespan="off")
    await raw_answer(server, POST + b"Content-Length: 5\r\n\r\nhello")
    assert app.messages == [{"type": "http.request", "body": b"hello", "more_body": False}]


@pytest.mark.usefixtures("no_errors")
async def test_chunks_are_messages_and_the_end_one_more(serve_app: ServeApp) -> None:
    app = Receiver()
    server = await serve_app(app, lifespan="off")
    body = b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    await raw_answer(server, POST + body)
    assert b"".join(message["body"] for message in app.messages) == b"onetwo"
    assert app.messages[-1] == {"type": "http.request", "body": b"", "more_body": False}
    assert all(message["more_body"] for message in app.messages[:-1])


@pytest.mark.usefixtures("no_errors")
async def test_nothing_is_read_that_the_app_does_not_ask_for(serve_app: ServeApp) -> None:
    go_on = trio.Event()
    sent = 0
    size = 50 * 1024**2

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await go_on.wait()
        received = 0
        while (message := await receive())["more_body"]:
            assert len(message["body"]) <= 2**20
            received += len(message["body"])
        await reply(send, b"%d" % (received + len(message["body"])))

    async def content() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(size // 2**16):
            yield bytes(2**16)
            sent += 2**16

    limits = http.ServerLimits(max_body_bytes=size)
    server = await serve_app(app, lifespan="off", limits=limits)
    async with http.open_client(server.url) as client, trio.open_nursery() as nursery:

        async def call() -> None:
            assert (await client.post("/", content=content())).text == str(size)

        nursery.start_soon(call)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert sent < size / 2
        go_on.set()


@pytest.mark.usefixtures("no_errors")
async def test_behind_its_answer_an_app_receives_the_disconnect(serve_app: ServeApp) -> None:
    messages = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await reply(send, b"done")
        messages.extend([await receive(), await receive()])

    await raw_answer(await serve_app(app, lifespan="off"), get("/"))
    await trio.testing.wait_all_tasks_blocked()
    assert messages == [{"type": "http.disconnect"}] * 2


@pytest.mark.usefixtures("no_errors")
async def test_who_waits_for_the_disconnect_is_woken_by_the_end_of_the_answer(
    serve_app: ServeApp,
) -> None:
    messages = []

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()

        async def listen() -> None:
            messages.append(await receive())

        async with trio.open_nursery() as nursery:  # as Litestar does
            nursery.start_soon(listen)
            await trio.testing.wait_all_tasks_blocked()
            assert messages == []
            await reply(send, b"done")

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        assert (await client.get("/", timeout=5)).text == "done"
    assert messages == [{"type": "http.disconnect"}]


@pytest.mark.usefixtures("no_errors")
async def test_an_app_hears_that_its_client_has_left(serve_app: ServeApp) -> None:
    heard = trio.Event()
    waits = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        waits.set()
        if await receive() == {"type": "http.disconnect"}:
            heard.set()

    server = await serve_app(app, lifespan="off")
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(get("/"))
        await waits.wait()
        await stream.send_eof()
        with trio.fail_after(5):
            await heard.wait()


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("size", [5, 100_000])
async def test_who_asks_for_news_only_loses_nothing_of_the_body(
    serve_app: ServeApp, size: int
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        with trio.CancelScope() as at_once:  # as Request.is_disconnected() of Starlette
            at_once.cancel()
            await receive()
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        await reply(send, b"%d" % len(body))

    server = await serve_app(app, lifespan="off")
    async with http.open_client(server.url) as client:
        assert (await client.post("/", content=bytes(size), timeout=5)).text == str(size)


async def test_who_asks_again_and_again_for_news_is_told_of_the_end(
    serve_app: ServeApp, no_errors: None
) -> None:
    waits = trio.Event()
    told = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        message: asgi.Message = {}
        while message.get("type") != "http.disconnect":
            await trio.sleep(0.01)
            waits.set()
            with trio.CancelScope() as at_once:
                at_once.cancel()
                message = await receive()
        told.set()

    server = await serve_app(app, lifespan="off")
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(get("/"))
        await waits.wait()
        await stream.send_eof()
        with trio.fail_after(5):
            await told.wait()


@pytest.mark.usefixtures("no_errors")
async def test_an_app_is_cancelled_when_its_client_resets(serve_app: ServeApp) -> None:
    waits = trio.Event()
    cancelled = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        waits.set()
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            cancelled.set()
            raise

    server = await serve_app(app, lifespan="off")
    stream = await net.connect_tcp("127.0.0.1", server.port)
    await stream.send_all(get("/"))
    await waits.wait()
    stream.reset()
    with trio.fail_after(5):
        await cancelled.wait()


async def test_sending_to_a_client_that_is_gone_is_an_os_error(
    serve_app: ServeApp, reports: Reports
) -> None:
    raised: list[OSError] = []
    gone = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        with trio.CancelScope(shield=True):
            try:
                while True:
                    body = bytes(100_000)
                    await send({"type": "http.response.body", "body": body, "more_body": True})
            except OSError as exc:
                raised.append(exc)
                gone.set()
                raise ValueError("as frameworks wrap it") from exc

    server = await serve_app(app, lifespan="off")
    stream = await net.connect_tcp("127.0.0.1", server.port)
    await stream.send_all(get("/"))
    await stream.receive_some()
    stream.reset()
    with trio.fail_after(5):
        await gone.wait()
    await trio.testing.wait_all_tasks_blocked()
    assert len(raised) == 1


@pytest.mark.parametrize("swallows", [True, False])
async def test_a_body_that_is_refused_ends_with_a_disconnect_and_the_servers_answer(
    serve_app: ServeApp, reports: Reports, swallows: bool
) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        try:
            await reply(send, b"an error page", status=500)
        except OSError:
            if not swallows:
                raise

    limits = http.ServerLimits(max_body_bytes=10)
    server = await serve_app(app, lifespan="off", limits=limits)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await raw_answer(server, POST + chunked + b"14\r\n" + bytes(20) + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    answer = await raw_answer(server, POST + chunked + b"nonsense\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert reports.errors == []


@pytest.mark.usefixtures("no_errors")
async def test_100_continue_is_sent_when_the_app_asks_for_the_body(serve_app: ServeApp) -> None:
    server = await serve_app(Receiver(), lifespan="off")
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert (await stream.receive_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        await stream.send_all(b"hello")
        assert (await stream.receive_all()).endswith(b"done")


async def test_a_drain_waits_for_requests_and_then_shuts_the_app_down(
    nursery: trio.Nursery, reports: Reports
) -> None:
    happened = []
    go_on = trio.Event()
    waits = trio.Event()

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            happened.append("shutdown")
            await send({"type": "lifespan.shutdown.complete"})
        else:
            waits.set()
            await go_on.wait()
            happened.append("answer")
            await reply(send, b"late")

    server: http.Server = await nursery.start(asgi.serve, app, 0)
    async with trio.open_nursery() as inner:
        answers: list[Any] = []

        async def ask() -> None:
            answers.append(await raw_answer(server, get("/")))

        inner.start_soon(ask)
        await waits.wait()
        inner.start_soon(server.drain, 5)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert happened == []
        go_on.set()
    assert happened[0] == "answer"
    await trio.testing.wait_all_tasks_blocked()
    assert happened == ["answer", "shutdown"]
    assert answers[0].endswith(b"late")
