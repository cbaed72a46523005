"""WebSocket servers on asyncio and uvloop: ``websockets``, aiohttp and picows."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from ._asyncio_servers import run
from ._being_measured import announce, leave_room_in_heap, listen
from ._open_files import allow_open_files
from ._websocket_loads import JOIN, PUBLISH, WebSocketLoad, published_text

if TYPE_CHECKING:
    from picows import WSFrame, WSTransport, WSUpgradeRequest


async def serve_websockets(load: WebSocketLoad) -> None:
    """Serve with ``websockets`` until the one who measures has gone."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    audience: list[ServerConnection] = []

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def feed(connection: ServerConnection) -> None:
        async for message in connection:
            if message == PUBLISH:
                broadcast(audience, published_text())
                continue
            if message == JOIN:
                audience.append(connection)
            await connection.send(message)

    listener = listen()
    async with serve(feed if load.has_audience else echo, sock=listener):
        announce(listener.getsockname()[1])
        await asyncio.to_thread(sys.stdin.read)


async def serve_aiohttp(load: WebSocketLoad) -> None:
    """Serve with aiohttp until the one who measures has gone."""
    from aiohttp import WSMsgType, web

    audience: list[web.WebSocketResponse] = []

    async def echo(connection: web.WebSocketResponse) -> None:
        async for message in connection:
            if message.type is WSMsgType.TEXT:
                await connection.send_str(message.data)

    async def feed(connection: web.WebSocketResponse) -> None:
        async for message in connection:
            if message.data == PUBLISH:
                text = published_text()
                for each in audience:
                    await each.send_str(text)
                continue
            if message.data == JOIN:
                audience.append(connection)
            await connection.send_str(message.data)

    serve = feed if load.has_audience else echo

    async def handle(request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        await serve(connection)
        return connection

    app = web.Application()
    app.add_routes([web.get("/", handle)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = listen()
    await web.SockSite(runner, listener).start()
    announce(listener.getsockname()[1])
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


async def serve_picows(load: WebSocketLoad) -> None:
    """Serve with picows until the one who measures has gone."""
    from picows import WSListener, WSMsgType, ws_create_server

    audience: list[WSTransport] = []
    join, publish = JOIN.encode(), PUBLISH.encode()

    class Echo(WSListener):
        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code())
                transport.disconnect()
            else:
                transport.send(frame.msg_type, frame.get_payload_as_memoryview())

    class Feed(Echo):
        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            message = frame.get_payload_as_bytes()
            if message == publish:
                text = published_text().encode()
                for each in audience:
                    each.send(WSMsgType.TEXT, text)
                return
            if message == join:
                audience.append(transport)
            super().on_ws_frame(transport, frame)

    def listen_to(_request: WSUpgradeRequest) -> WSListener:
        return Feed() if load.has_audience else Echo()

    listener = listen()
    await ws_create_server(listen_to, sock=listener)
    announce(listener.getsockname()[1])
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    allow_open_files()
    leave_room_in_heap()
    name, loop, load = sys.argv[1:]
    match name:
        case "websockets":
            run(loop, serve_websockets(WebSocketLoad(load)))
        case "aiohttp":
            run(loop, serve_aiohttp(WebSocketLoad(load)))
        case _:
            run(loop, serve_picows(WebSocketLoad(load)))
