"""What a handler of ours is given, and gives, where the server is another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from tests.asgi.conftest import ServeApp
from trio_helianthus import asgi, http


class OtherServer:
    """Calls an app once, as a server would, and keeps what it is sent.

    :param messages: what the app receives; it waits behind them.
    """

    def __init__(self, *messages: asgi.Message) -> None:
        self.received = 0
        self.sent: list[asgi.Message] = []
        self._messages = messages

    async def call(self, handler: http.Handler, **scope: Any) -> None:
        usual = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
        }
        await asgi.as_app(handler)({**usual, **scope}, self._receive, self._send)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        headers: list[tuple[bytes, bytes]] = self.sent[0]["headers"]
        return headers

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    async def _receive(self) -> asgi.Message:
        await trio.lowlevel.checkpoint()
        if self.received == len(self._messages):
            await trio.sleep_forever()
        self.received += 1
        return self._messages[self.received - 1]

    async def _send(self, message: asgi.Message) -> None:
        await trio.lowlevel.checkpoint()
        self.sent.append(message)


async def echo(request: http.Request) -> bytes:
    return await request.read()


async def push(request: http.Request) -> http.ResponseWriter:
    writer = await request.start_response(http.Response(content_type="text/plain"))
    await writer.send_all(b"pushed")
    return writer


@pytest.mark.parametrize("http_version", ["2", "3"])
async def test_a_body_needs_no_length_where_the_protocol_needs_none(http_version: str) -> None:
    server = OtherServer(
        {"type": "http.request", "body": b"one ", "more_body": True},
        {"type": "http.request", "body": b"two"},
    )
    await server.call(echo, method="POST", http_version=http_version)
    assert server.body == b"one two"


async def test_a_handler_that_leaves_the_body_alone_is_cancelled_all_the_same() -> None:
    async def wait(request: http.Request) -> str:
        await trio.sleep_forever()
        raise AssertionError

    server = OtherServer({"type": "http.request", "body": b"x"}, {"type": "http.disconnect"})
    with trio.fail_after(5):
        await server.call(wait, method="POST", http_version="2")
    assert server.sent == []


async def test_a_client_that_leaves_at_once_cancels_the_handler() -> None:
    cancelled = []

    async def wait(request: http.Request) -> str:
        try:
            await request.wait_disconnect()
            await trio.sleep_forever()
        finally:
            cancelled.append(True)
        raise AssertionError

    with trio.fail_after(5):
        await OtherServer({"type": "http.disconnect"}).call(wait, http_version="2")
    assert cancelled == [True]


async def test_nothing_is_received_before_the_handler_reads_where_the_client_waits_for_that() -> (
    None
):
    server = OtherServer({"type": "http.request", "body": b"x"})
    before = []

    async def read(request: http.Request) -> bytes:
        await trio.testing.wait_all_tasks_blocked()
        before.append(server.received)
        return await request.read()

    fields = [(b"expect", b"100-continue"), (b"content-length", b"1")]
    await server.call(read, method="POST", headers=fields)
    assert before == [0]
    assert server.body == b"x"


async def test_of_a_body_one_message_is_received_ahead_and_no_more() -> None:
    more = {"type": "http.request", "body": b"x", "more_body": True}
    server = OtherServer(more, more, {"type": "http.request", "body": b"x"})
    before = []

    async def read(request: http.Request) -> bytes:
        await trio.testing.wait_all_tasks_blocked()
        before.append(server.received)
        return await request.read()

    await server.call(read, method="POST", http_version="2")
    assert before == [1]
    assert server.body == b"xxx"


async def test_middleware_changes_answers_that_the_handler_starts_itself() -> None:
    async def mark(request: http.Request, call_next: http.CallNext) -> http.Response:
        request.before_start(lambda response: response.headers.add("x-mark", "1"))
        return await call_next(request)

    router = http.Router(middleware=[mark])
    router.get("/pushed")(push)

    @router.get("/early")
    async def early(request: http.Request) -> http.ResponseWriter:
        return await request.respond(http.Response.text("early"))

    for path in ("/pushed", "/early"):
        server = OtherServer()
        await server.call(router, path=path)
        assert server.headers.count((b"x-mark", b"1")) == 1


async def test_a_handler_below_a_prefix_starts_its_answer_itself() -> None:
    router = http.Router()
    router.mount("/below", push)
    server = OtherServer()
    await server.call(router, path="/below/here")
    assert server.body == b"pushed"
    assert [message["type"] for message in server.sent].count("http.response.start") == 1


async def test_a_response_that_is_given_again_and_again_stays_as_it_is() -> None:
    same = http.Response(b"same", headers={"x-one": "1"})
    before = same.headers.pairs

    async def give(request: http.Request) -> http.Response:
        return same

    server = OtherServer()
    await server.call(give)
    assert (b"content-length", b"4") in server.headers
    assert same.headers.pairs == before


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_no_body_follows_where_there_is_none(method: str, status: int) -> None:
    async def answer(request: http.Request) -> http.Response:
        if status == 200:
            return http.Response(b"12345")
        return http.Response(status=status)

    server = OtherServer()
    await server.call(answer, method=method)
    assert [message.get("body") for message in server.sent] == [None, b""]
    assert dict(server.headers).get(b"content-length") == (b"5" if status == 200 else None)


async def test_httpx_calls_it_without_a_server() -> None:
    httpx = pytest.importorskip("httpx", reason="the foreign client")
    router = http.Router()
    router.post("/echo")(echo)
    router.get("/push")(push)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    transport = httpx.ASGITransport(asgi.as_app(router))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.post("/echo", content=b"whole")).content == b"whole"
        assert (await client.post("/echo", content=pieces())).content == b"one two"
        assert (await client.get("/push")).text == "pushed"
        assert (await client.get("/none")).status_code == 404


async def test_an_asgi_app_in_it_is_served_as_anywhere(serve_app: ServeApp) -> None:
    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        message = await receive()
        headers = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        body = message["body"] + scope["root_path"].encode()
        await send({"type": "http.response.body", "body": body})

    router = http.Router()
    router.mount("/inner", asgi.as_handler(app))
    server = await serve_app(asgi.as_app(router))
    async with http.open_client(server.url) as client:
        answer = await client.post("/inner/x", content=b"body of ")
    assert (answer.status, answer.text) == (201, "body of /inner")
