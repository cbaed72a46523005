"""A server of WebSockets, our client for it, and raw bytes to talk to it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Protocol

import attrs
import pytest
import trio

from trio_helianthus import core, http, net, websocket
from trio_helianthus.wire import websocket as wire

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
).encode()
FOR_EVER = websocket.WebSocketLimits(
    ping_interval=math.inf, idle_timeout=math.inf, close_timeout=math.inf
)


class Serve(Protocol):
    def __call__(self, handler: websocket.Handler, **options: Any) -> Awaitable[http.Server]: ...


@pytest.fixture
def serve(nursery: trio.Nursery) -> Serve:
    """Serve WebSockets until the test ends; the options are those of ``serve_websocket``."""

    async def start(handler: websocket.Handler, **options: Any) -> http.Server:
        server: http.Server = await nursery.start(
            partial(websocket.serve_websocket, handler, **options)
        )
        return server

    return start


def ws_url(server: http.Server, path: str = "/") -> str:
    return server.url.replace("http", "ws", 1) + path


async def echo(connection: websocket.ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@attrs.define
class RawPeer:
    """The other side by hand: frames out, frames in, whatever they are."""

    stream: net.ByteStream
    protocol: wire.WebSocketConnection

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def send_event(self, event: wire.Event) -> None:
        await self.stream.send_all(self.protocol.send(event))

    async def next_event(self) -> wire.Event | None:
        """The next event; ``None`` at the end of the stream."""
        while True:
            event = self.protocol.next_event()
            if isinstance(event, (wire.Text, wire.Binary, wire.Ping, wire.Pong, wire.Close)):
                return event
            data = await self.stream.receive_some()
            if not data:
                return None
            self.protocol.receive_data(data)


@asynccontextmanager
async def raw_client(server: http.Server) -> AsyncIterator[RawPeer]:
    """A client whose handshake is done, and that does nothing by itself."""
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(HANDSHAKE)
        head = await stream.receive_until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        yield RawPeer(stream, wire.client_connection())


class Reports(core.Instrument):
    """Keeps the errors that were reported."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.errors.append(error)
        return True


@pytest.fixture
def reports() -> Any:
    """The errors that are reported while the test runs."""
    reports = Reports()
    with core.subscribe(reports):
        yield reports.errors


RunServer = Callable[..., AbstractAsyncContextManager[http.Server]]


@asynccontextmanager
async def running(handler: websocket.Handler, **options: Any) -> AsyncIterator[http.Server]:
    """A server for as long as the body runs; what is left of it then is cancelled."""
    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(
            partial(websocket.serve_websocket, handler, **options)
        )
        yield server
        nursery.cancel_scope.cancel()
