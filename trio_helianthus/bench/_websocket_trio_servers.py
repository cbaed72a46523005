"""WebSocket servers on trio: ours, ``websockets`` and ``trio-websocket``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from ._being_measured import announce, leave_room_in_heap, listen
from ._open_files import allow_open_files
from ._websocket_loads import JOIN, PUBLISH, WebSocketLoad, published_text

if TYPE_CHECKING:
    import socket


async def serve_ours(nursery: trio.Nursery, load: WebSocketLoad, engine: str) -> None:
    """Start ours as it is by default, beside HTTP, with all of its timeouts.

    :param engine: one of the engines, or ``pure`` for our own without C.
    """
    if engine == "pure":
        modules: dict[str, Any] = sys.modules
        modules["websockets.speedups"] = None  # importing it fails then, as where it is missing
        engine = "own"
    from trio_helianthus import http, websocket

    audience: list[websocket.ServerConnection] = []

    async def echo(connection: websocket.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def feed(connection: websocket.ServerConnection) -> None:
        async for message in connection:
            if message == PUBLISH:
                await websocket.broadcast(audience, published_text())
                continue
            if message == JOIN:
                audience.append(connection)
            await connection.send(message)

    handler = feed if load.has_audience else echo
    router = http.Router()
    router.get("/")(websocket.endpoint(handler, engine=websocket.Engine(engine)))
    server: http.Server = await nursery.start(http.serve, router)
    announce(server.port)


async def serve_websockets(nursery: trio.Nursery, load: WebSocketLoad) -> None:
    """Start ``websockets``."""
    from websockets.trio.server import ServerConnection, broadcast, serve

    audience: list[ServerConnection] = []

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def feed(connection: ServerConnection) -> None:
        async for message in connection:
            if message == PUBLISH:
                await broadcast(audience, published_text())
                continue
            if message == JOIN:
                audience.append(connection)
            await connection.send(message)

    handler = feed if load.has_audience else echo
    listener = listen()
    await nursery.start(partial(serve, handler, listeners=[_trio_listener(listener)]))
    announce(listener.getsockname()[1])


async def serve_trio_websocket(nursery: trio.Nursery, load: WebSocketLoad) -> None:
    """Start ``trio-websocket``."""
    from trio_websocket import (
        ConnectionClosed,
        WebSocketConnection,
        WebSocketRequest,
        WebSocketServer,
    )

    audience: list[WebSocketConnection] = []

    async def echo(connection: WebSocketConnection) -> None:
        while True:
            await connection.send_message(await connection.get_message())

    async def feed(connection: WebSocketConnection) -> None:
        while True:
            message = await connection.get_message()
            if message == PUBLISH:
                text = published_text()
                for each in audience:
                    await each.send_message(text)
                continue
            if message == JOIN:
                audience.append(connection)
            await connection.send_message(message)

    serve = feed if load.has_audience else echo

    async def handle(request: WebSocketRequest) -> None:
        connection = await request.accept()
        try:
            await serve(connection)
        except ConnectionClosed:
            pass

    listener = listen()
    server = WebSocketServer(handle, [_trio_listener(listener)])
    await nursery.start(server.run)
    announce(listener.getsockname()[1])


async def main(words: list[str]) -> None:
    """Serve until the one who measures has gone."""
    name, *rest, load = words
    async with trio.open_nursery() as nursery:
        match name:
            case "ours":
                await serve_ours(nursery, WebSocketLoad(load), *rest)
            case "websockets":
                await serve_websockets(nursery, WebSocketLoad(load))
            case _:
                await serve_trio_websocket(nursery, WebSocketLoad(load))
        await trio.to_thread.run_sync(sys.stdin.read)
        nursery.cancel_scope.cancel()


def _trio_listener(listener: socket.socket) -> trio.SocketListener:
    return trio.SocketListener(trio.socket.from_stdlib_socket(listener))


if __name__ == "__main__":
    allow_open_files()
    leave_room_in_heap()
    trio.run(main, sys.argv[1:])
