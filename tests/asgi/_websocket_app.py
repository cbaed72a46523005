"""An app that tests tell what to do with its WebSocket, and what they know of its client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio

from trio_helianthus import asgi, http, websocket
from trio_helianthus.errors import WebSocketClosed

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
Talk = Callable[[asgi.Receive, asgi.Send], Awaitable[None]]


class App:
    """An app that keeps what it was told, and does as the test says."""

    def __init__(self, talk: Talk, *, accepts: bool = True) -> None:
        self.scopes: list[asgi.Scope] = []
        self.received: list[asgi.Message] = []
        self.cancelled = False
        self.ended = trio.Event()
        self._talk = talk
        self._accepts = accepts

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        self.scopes.append(scope)

        async def note() -> asgi.Message:
            message = await receive()
            self.received.append(message)
            return message

        try:
            if self._accepts:
                assert (await note())["type"] == "websocket.connect"
                await send({"type": "websocket.accept"})
            await self._talk(note, send)
        except trio.Cancelled:
            self.cancelled = True
            raise
        finally:
            self.ended.set()

    async def end(self) -> None:
        with trio.fail_after(5):
            await self.ended.wait()


async def until_disconnect(receive: asgi.Receive, send: asgi.Send) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def echo(receive: asgi.Receive, send: asgi.Send) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def ws_url(server: http.Server, path: str = "/") -> str:
    return server.url.replace("http", "ws", 1) + path


async def end_of(connection: websocket.Connection) -> tuple[int | None, str]:
    """Code and reason with which the other side ends it."""
    with trio.fail_after(5):
        try:
            while True:
                await connection.receive()
        except WebSocketClosed:
            return connection.close_code, connection.close_reason


async def refusal_of(server: http.Server) -> http.ClientResponse:
    with pytest.raises(http.UpgradeRefused) as caught:
        async with websocket.open_websocket(ws_url(server)):
            pytest.fail("it must not open")
    return caught.value.response
