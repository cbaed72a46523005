"""The WebSocket routes of a router of ours, under other ASGI servers and under our own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio

from tests.asgi.conftest import Reports, ServeApp
from trio_helianthus import asgi, http, websocket
from trio_helianthus.errors import ResourceBusy, WebSocketBroken, WebSocketClosed, WebSocketEnded

DENIAL: dict[str, object] = {"websocket.http.response": {}}


class Ends:
    """How the WebSockets of the router have ended."""

    def __init__(self) -> None:
        self.codes: list[tuple[int | None, str]] = []
        self.happened = trio.Event()

    async def wait(self) -> tuple[int | None, str]:
        with trio.fail_after(5):
            await self.happened.wait()
        return self.codes[-1]


def make_router(ends: Ends | None = None) -> http.Router:
    router = http.Router()

    @router.get("/echo")
    @websocket.endpoint(subprotocols=["b"], headers={"X-Kind": "echo"})
    async def echo(connection: websocket.ServerConnection) -> None:
        try:
            async for message in connection:
                await connection.send(message)
        finally:
            if ends is not None:
                ends.codes.append((connection.close_code, connection.close_reason))
                ends.happened.set()

    @router.get("/{room}/facts")
    @websocket.endpoint
    async def facts(connection: websocket.ServerConnection) -> None:
        request = connection.request
        assert request.client_address is not None
        assert request.client_address[0] == "127.0.0.1"
        await connection.send_json([request.path_params["room"], request.query["q"]])
        await connection.aclose(4000, "enough")

    @router.get("/pieces")
    @websocket.endpoint
    async def pieces(connection: websocket.ServerConnection) -> None:
        for text, parts in ((True, ("ü", "ber")), (False, (b"bi", b"nary"))):
            async with connection.send_stream(text=text) as message:
                for part in parts:
                    await message.send(part)

    @router.get("/small")
    @websocket.endpoint(limits=websocket.WebSocketLimits(max_message_bytes=10))
    async def small(connection: websocket.ServerConnection) -> None:
        async for _ in connection:
            pass

    @router.get("/fail")
    @websocket.endpoint
    async def fail(connection: websocket.ServerConnection) -> None:
        raise KeyError("oops")

    @router.get("/locked")
    async def locked(request: http.Request) -> http.Response:
        raise http.HTTPError(401, "who goes there?", {"WWW-Authenticate": "Basic"})

    return router


async def talk_about_everything(url: str) -> None:
    """Call a server that runs :func:`make_router`."""
    url = url.replace("http", "ws", 1)
    async with websocket.open_websocket(f"{url}/echo", subprotocols=["a", "b"]) as connection:
        assert connection.subprotocol == "b"
        assert connection.response.headers["x-kind"] == "echo"
        for message in ("text", b"binary", "", b"", "ü" * 200_000, bytes(300_000)):
            await connection.send(message)
            assert await connection.receive() == message
    async with websocket.open_websocket(f"{url}/caf%C3%A9/facts?q=1") as connection:
        assert await connection.receive_json() == ["café", "1"]
        with pytest.raises(WebSocketClosed):
            await connection.receive(timeout=5)
        assert (connection.close_code, connection.close_reason) == (4000, "enough")
    async with websocket.open_websocket(f"{url}/pieces") as connection:
        assert [message async for message in connection] == ["über", b"binary"]
        assert connection.close_code == 1000
    async with websocket.open_websocket(f"{url}/small") as connection:
        await connection.send(bytes(11))
        with pytest.raises(WebSocketBroken):
            await connection.receive(timeout=5)
        assert connection.close_code == 1009
    for path, status in (("/locked", 401), ("/missing", 404)):
        with pytest.raises(http.UpgradeRefused) as refused:
            async with websocket.open_websocket(url + path):
                pytest.fail("it must not open")
        assert refused.value.response.status == status


async def test_our_server_runs_them(serve_app: ServeApp, no_errors: None) -> None:
    server = await serve_app(asgi.as_app(make_router()), lifespan="on")
    await talk_about_everything(server.url)


async def test_hypercorn_runs_them_on_trio(nursery: trio.Nursery, no_errors: None) -> None:
    pytest.importorskip("hypercorn", reason="the foreign server")
    from hypercorn.config import Config
    from hypercorn.trio import serve

    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = config.accesslog = None
    app: Any = asgi.as_app(make_router())  # hypercorn has types of its own for it
    bound = await nursery.start(partial(serve, app, config, shutdown_trigger=trio.sleep_forever))
    await talk_about_everything(bound[0])


async def test_an_app_below_a_router_below_an_app_works(
    serve_app: ServeApp, no_errors: None
) -> None:
    router = http.Router()
    router.mount("/inner", asgi.as_handler(asgi.as_app(make_router())))
    server = await serve_app(asgi.as_app(router))
    await talk_about_everything(f"{server.url}/inner")


async def test_a_handler_that_fails_closes_with_1011(serve_app: ServeApp, reports: Reports) -> None:
    server = await serve_app(asgi.as_app(make_router()))
    async with websocket.open_websocket(server.url.replace("http", "ws", 1) + "/fail") as client:
        with pytest.raises(WebSocketBroken):
            await client.receive(timeout=5)
        assert client.close_code == 1011
    assert [repr(error) for error in reports.errors] == ["KeyError('oops')"]


async def test_a_drain_of_the_server_reaches_the_handler(
    serve_app: ServeApp, no_errors: None
) -> None:
    ends = Ends()
    server = await serve_app(asgi.as_app(make_router(ends)))
    url = server.url.replace("http", "ws", 1)
    async with (
        websocket.open_websocket(f"{url}/echo") as connection,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(server.drain, 5)
        with pytest.raises(WebSocketEnded):
            await connection.receive(timeout=5)
        assert (await ends.wait())[0] == 1001


# ---- by hand


class Server:
    """The messages of one WebSocket, as another server would send and take them."""

    def __init__(self, app: asgi.ASGIApp) -> None:
        self.client_left = False
        self.to_app, self._from_test = trio.open_memory_channel[asgi.Message](10)
        self._to_test, self.from_app = trio.open_memory_channel[asgi.Message](10)
        self.ended = trio.Event()
        self._app = app

    async def run(self, scope: asgi.Scope) -> None:
        await self._app(scope, self._from_test.receive, self._send)
        self.ended.set()

    async def _send(self, message: asgi.Message) -> None:
        if self.client_left:
            raise ConnectionResetError("nobody is there")
        await self._to_test.send(message)

    async def tell(self, kind: str, **rest: object) -> None:
        await self.to_app.send({"type": f"websocket.{kind}", **rest})

    async def hear(self) -> asgi.Message:
        with trio.fail_after(5):
            return await self.from_app.receive()

    async def end(self) -> None:
        with trio.fail_after(5):
            await self.ended.wait()


@asynccontextmanager
async def running(handler: http.Handler, **unusual: object) -> AsyncIterator[Server]:
    server = Server(asgi.as_app(handler))
    scope: asgi.Scope = {"type": "websocket", "path": "/echo", "query_string": b"", "headers": []}
    scope.update({"http_version": "1.1", **unusual})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.run, scope)
        await server.tell("connect")
        yield server
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("told", "ended"),
    [
        ({"code": 1000, "reason": "done"}, (1000, "done")),
        ({"code": 1001}, (1001, "")),
        ({"code": 4999, "reason": None}, (4999, "")),
        ({"code": 1005}, (1005, "")),
        ({}, (1005, "")),
        ({"code": None}, (1005, "")),
        ({"code": 1006}, (1006, "")),
        ({"code": 1015, "reason": "tls"}, (1006, "")),
    ],
)
async def test_the_handler_hears_how_the_client_has_ended(
    told: asgi.Message, ended: tuple[int, str], reports: Reports
) -> None:
    ends = Ends()
    async with running(make_router(ends)) as server:
        assert (await server.hear())["type"] == "websocket.accept"
        await server.tell("receive", text="last")
        assert (await server.hear())["text"] == "last"
        await server.tell("disconnect", **told)
        assert await ends.wait() == ended
        await server.end()
        assert server.from_app.statistics().current_buffer_used == 0
    assert reports.errors == []


async def test_the_last_messages_of_a_client_are_received_though_sending_fails(
    no_errors: None,
) -> None:
    ends = Ends()
    received: list[str | bytes] = []

    @websocket.endpoint
    async def answer_each(connection: websocket.ServerConnection) -> None:
        try:
            async for message in connection:
                received.append(message)
                await connection.send("taken")
        finally:
            ends.codes.append((connection.close_code, connection.close_reason))
            ends.happened.set()

    async with running(answer_each) as server:
        assert (await server.hear())["type"] == "websocket.accept"
        server.client_left = True
        for number in range(5):
            await server.tell("receive", text=str(number))
        await server.tell("disconnect", code=4000, reason="bye")
        assert await ends.wait() == (4000, "bye")
        await server.end()
    assert received == ["0", "1", "2", "3", "4"]


async def test_a_handler_that_only_sends_notices_that_the_server_cannot(
    no_errors: None, autojump_clock: trio.testing.MockClock
) -> None:
    ended = trio.Event()

    @websocket.endpoint
    async def tick(connection: websocket.ServerConnection) -> None:
        with pytest.raises(WebSocketBroken):
            while True:
                await connection.send("tick")
                await trio.sleep(0.1)
        ended.set()

    async with running(tick) as server:
        await server.hear()
        server.client_left = True
        with trio.fail_after(20):
            await ended.wait()
            await server.ended.wait()


@pytest.mark.parametrize("fails", [False, True])
async def test_a_client_that_leaves_while_it_is_accepted_was_there_all_the_same(
    no_errors: None, fails: bool
) -> None:
    ends = Ends()

    async def talk(connection: websocket.ServerConnection) -> None:
        async for _ in connection:
            pass
        ends.codes.append((connection.close_code, connection.close_reason))
        ends.happened.set()

    async def handler(request: http.Request) -> http.Response:
        await go_on.wait()
        server.client_left = fails
        # What a task has been given already no cancellation takes away from it.
        server.to_app.send_nowait({"type": "websocket.disconnect", "code": 1001})
        return websocket.accept(request, talk)

    go_on = trio.Event()
    async with running(handler) as server:
        await trio.testing.wait_all_tasks_blocked()
        go_on.set()
        assert await ends.wait() == (1001, "")
        await server.end()
        assert server.from_app.statistics().current_buffer_used == 0


async def test_http_2_has_no_key_and_no_upgrade(no_errors: None) -> None:
    fields = [(b":protocol", b"websocket"), (b"sec-websocket-extensions", b"permessage-deflate")]
    async with running(
        make_router(), http_version="2", headers=fields, subprotocols=["x", "b"]
    ) as server:
        accepted = await server.hear()
        assert accepted["type"] == "websocket.accept"
        assert accepted["subprotocol"] == "b"
        assert accepted["headers"] == [(b"x-kind", b"echo")]


async def test_without_the_extension_a_refusal_is_a_close(no_errors: None) -> None:
    async with running(make_router(), path="/locked") as server:
        assert await server.hear() == {"type": "websocket.close"}
        await server.end()
        assert server.from_app.statistics().current_buffer_used == 0


async def test_with_the_extension_a_refusal_is_an_answer(no_errors: None) -> None:
    async with running(make_router(), path="/locked", extensions=DENIAL) as server:
        start = await server.hear()
        assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
        assert (b"www-authenticate", b"Basic") in start["headers"]
        body = await server.hear()
        assert body["type"] == "websocket.http.response.body"
        assert b"who goes there?" in body["body"]


async def test_a_route_that_is_no_websocket_refuses_with_its_answer(no_errors: None) -> None:
    async def handler(request: http.Request) -> str:
        return "just a page"

    async with running(handler, extensions=DENIAL) as server:
        assert (await server.hear())["status"] == 200
        assert (await server.hear())["body"] == b"just a page"


async def test_another_protocol_is_501(no_errors: None) -> None:
    async def handler(request: http.Request) -> http.Response:
        return http.Response.upgrade("other", lambda stream: stream.aclose())

    async with running(handler, extensions=DENIAL) as server:
        assert (await server.hear())["status"] == 501


async def test_a_client_that_leaves_during_the_handshake_cancels_the_handler() -> None:
    cancelled = trio.Event()

    async def handler(request: http.Request) -> str:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()
        return ""

    async with running(handler) as server:
        await server.tell("disconnect", code=1006)
        await server.end()
    assert cancelled.is_set()


async def test_a_handler_may_stay_around_its_websocket(no_errors: None) -> None:
    steps: list[str] = []

    async def talk(connection: websocket.ServerConnection) -> None:
        steps.append("talk")

    async def handler(request: http.Request) -> http.ResponseWriter:
        writer = await request.respond(websocket.accept(request, talk))
        steps.append("behind it")
        with pytest.raises(ResourceBusy):
            await request.respond(websocket.accept(request, talk))
        return writer

    async with running(handler) as server:
        assert (await server.hear())["type"] == "websocket.accept"
        assert await server.hear() == {"type": "websocket.close", "code": 1000, "reason": ""}
        await server.end()
    assert steps == ["talk", "behind it"]


async def test_pings_of_the_handler_are_answered_here(
    no_errors: None, autojump_clock: trio.testing.MockClock
) -> None:
    async with running(make_router()) as server:
        await server.hear()
        await trio.sleep(1000)
        await server.tell("receive", bytes=b"still here")
        assert await server.hear() == {"type": "websocket.send", "bytes": b"still here"}


async def test_a_slow_client_holds_the_handler_back(no_errors: None) -> None:
    sent = 0

    async def talk(connection: websocket.ServerConnection) -> None:
        nonlocal sent
        while True:
            await connection.send(bytes(10_000))
            sent += 1

    async with running(websocket.endpoint(talk)) as server:
        await server.hear()
        await trio.testing.wait_all_tasks_blocked(0.05)
        before = sent
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert sent == before < 200
        await server.hear()
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert sent > before - 1


async def test_a_handler_that_does_not_notice_the_end_is_cancelled(
    no_errors: None, autojump_clock: trio.testing.MockClock
) -> None:
    cancelled = trio.Event()

    async def talk(connection: websocket.ServerConnection) -> None:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    async with running(websocket.endpoint(talk)) as server:
        await server.hear()
        await server.tell("disconnect", code=1001)
        await server.end()
        assert server.from_app.statistics().current_buffer_used == 0
    assert cancelled.is_set()


async def test_a_handler_whose_client_takes_nothing_is_cut_and_the_server_told(
    no_errors: None, autojump_clock: trio.testing.MockClock
) -> None:
    ended = trio.Event()

    async def talk(connection: websocket.ServerConnection) -> None:
        with pytest.raises(WebSocketBroken):
            while True:
                await connection.send(bytes(100_000))
        ended.set()

    async with running(websocket.endpoint(talk)) as server:
        await ended.wait()
        kinds: list[str] = []
        while kinds[-1:] != ["websocket.close"]:
            message = await server.hear()
            kinds.append(message["type"])
        assert message["code"] == 1011
        await server.end()
