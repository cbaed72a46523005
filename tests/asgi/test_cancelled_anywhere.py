"""Apps, cancelled at each of their scheduling points: they end, and nothing is left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio

from trio_helianthus import asgi, http, websocket
from trio_helianthus.testing import cancel_sweep


class App:
    """Counts how often it was started and ended."""

    def __init__(self) -> None:
        self.running = 0

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        self.running += 1
        try:
            kinds = {"lifespan": self.live, "http": self.answer, "websocket": self.talk}
            await kinds[scope["type"]](scope, receive, send)
        finally:
            self.running -= 1

    async def live(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        await trio.lowlevel.checkpoint()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await trio.lowlevel.checkpoint()
        await send({"type": "lifespan.shutdown.complete"})

    async def answer(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/whole":
            await send({"type": "http.response.body", "body": b"whole"})
        elif scope["path"] == "/pieces":
            await send({"type": "http.response.body", "body": b"pie", "more_body": True})
            await trio.lowlevel.checkpoint()
            await send({"type": "http.response.body", "body": b"ces"})
        else:
            await send({"type": "http.response.pathsend", "path": __file__})
        await trio.lowlevel.checkpoint()  # in the background
        assert (await receive())["type"] == "http.disconnect"

    async def talk(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        await receive()
        if scope["path"] == "/refused":
            await send({"type": "websocket.close"})
            return
        async with trio.open_nursery():
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({**message, "type": "websocket.send"})
                if message["text"] == "close":
                    await send({"type": "websocket.close"})


class Pieces:
    """A body in two pieces."""

    def __init__(self) -> None:
        self._pieces = [b"pieces", b"two "]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._pieces:
            raise StopAsyncIteration
        return self._pieces.pop()


async def call(client: http.Client) -> None:
    assert (await client.get("/whole")).text == "whole"
    assert (await client.post("/pieces", content=Pieces())).text == "pieces"
    assert (await client.get("/file")).status == 200


@pytest.mark.sweep
def test_a_served_app_ends_whenever_it_is_cancelled() -> None:
    async def scenario() -> None:
        app = App()
        try:
            async with trio.open_nursery() as nursery:
                server: http.Server = await nursery.start(asgi.serve, app, 0)
                async with http.open_client(server.url) as client:
                    await call(client)
                assert (await server.drain(5)).clean
        finally:
            assert app.running == 0

    assert cancel_sweep(scenario).points > 30


@pytest.mark.sweep
def test_an_app_in_process_ends_whenever_it_is_cancelled() -> None:
    async def scenario() -> None:
        app = App()
        try:
            async with (
                asgi.transport(app) as transport,
                http.open_client("http://app", transport=transport) as client,
            ):
                await call(client)
        finally:
            assert app.running == 0

    assert cancel_sweep(scenario).points > 30


async def talk(client: http.Client) -> None:
    async with websocket.open_websocket("/", client=client) as connection:
        await connection.send("open")
        assert await connection.receive() == "open"
    async with websocket.open_websocket("/", client=client) as connection:
        await connection.send("close")
        assert [message async for message in connection] == ["close"]
    with pytest.raises(http.UpgradeRefused):
        async with websocket.open_websocket("/refused", client=client):
            pass


@pytest.mark.sweep
def test_the_websockets_of_an_app_end_whenever_they_are_cancelled() -> None:
    async def scenario() -> None:
        app = App()
        try:
            async with trio.open_nursery() as nursery:
                server: http.Server = await nursery.start(asgi.serve, app, 0)
                async with http.open_client(server.url) as client:
                    await talk(client)
                assert (await server.drain(5)).clean
        finally:
            assert app.running == 0

    assert cancel_sweep(scenario).points > 30


@pytest.mark.sweep
def test_the_websockets_of_a_router_as_an_app_end_whenever_they_are_cancelled() -> None:
    router = http.Router()

    @router.get("/")
    @websocket.endpoint
    async def echo(connection: websocket.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)
            if message == "close":
                await connection.aclose()

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            server: http.Server = await nursery.start(asgi.serve, asgi.as_app(router), 0)
            async with http.open_client(server.url) as client:
                await talk(client)
            assert (await server.drain(5)).clean

    assert cancel_sweep(scenario).points > 30


@pytest.mark.sweep
def test_a_router_as_an_app_ends_whenever_it_is_cancelled() -> None:
    router = http.Router()

    @router.post("/")
    async def answer(request: http.Request) -> http.Response:
        await request.read()
        return http.Response(Pieces())

    async def scenario() -> None:
        async with (
            asgi.transport(asgi.as_app(router)) as transport,
            http.open_client("http://app", transport=transport) as client,
        ):
            assert (await client.post("/", content=Pieces())).text == "two pieces"

    assert cancel_sweep(scenario).points > 30


@pytest.mark.sweep
def test_a_lifespan_ends_whenever_it_is_cancelled() -> None:
    async def scenario() -> None:
        app = App()
        try:
            async with asgi.open_lifespan(app, "on"):
                await trio.lowlevel.checkpoint()
        finally:
            assert app.running == 0

    assert cancel_sweep(scenario).points > 2
