"""aiohttp as a peer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Literal

import attrs

from tests.websocket._peers import Handle, Kind, Message, Options, Peer, Refused, Started

if TYPE_CHECKING:
    import aiohttp


@attrs.frozen
class Aiohttp(Peer):
    """It shows pongs only to those who also answer pings themselves."""

    connection: aiohttp.ClientWebSocketResponse | aiohttp.web.WebSocketResponse
    came: deque[Message] = attrs.Factory(deque)

    @property
    def subprotocol(self) -> str | None:
        name = "protocol" if hasattr(self.connection, "protocol") else "ws_protocol"
        chosen: str | None = getattr(self.connection, name)
        return chosen

    @property
    def close_code(self) -> int | None:
        return self.connection.close_code

    async def send(self, message: Message) -> None:
        if isinstance(message, str):
            await self.connection.send_str(message)
        else:
            await self.connection.send_bytes(message)

    async def receive(self) -> Message | None:
        if self.came:
            return self.came.popleft()
        told = None
        while told is None:
            told = await self._next()
        return None if told is True else told

    async def ping(self) -> None:
        await self.connection.ping(b"are you there?")
        while (told := await self._next()) is not None:
            assert told is not True, "closed before the pong"
            self.came.append(told)

    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code=code, message=reason.encode())

    async def _next(self) -> Message | Literal[True] | None:
        """The next message; true once it is closed, and ``None`` for a pong."""
        from aiohttp import WSMsgType

        while True:
            message = await self.connection.receive()
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    data: Message = message.data
                    return data
                case WSMsgType.PING:
                    await self.connection.pong(message.data)
                case WSMsgType.PONG:
                    return None
                case _:
                    return True


@asynccontextmanager
async def _open_aiohttp(url: str, options: Options) -> AsyncIterator[Peer]:
    import aiohttp

    async with aiohttp.ClientSession() as session:
        opening = session.ws_connect(
            url,
            protocols=options.subprotocols,
            origin=options.origin,
            compress=0 if options.compression is None else options.compression.window_bits,
            autoping=False,
        )
        try:
            async with opening as connection:
                yield Aiohttp(connection)
        except aiohttp.WSServerHandshakeError as exc:
            raise Refused(exc.status) from exc


async def _serve_aiohttp(handle: Handle, options: Options, started: Started) -> None:
    from aiohttp import web

    async def handler(request: web.Request) -> web.WebSocketResponse:
        if options.origin not in {None, request.headers.get("Origin")}:
            raise web.HTTPForbidden
        connection = web.WebSocketResponse(
            protocols=options.subprotocols,
            compress=options.compression is not None,
            autoping=False,
        )
        await connection.prepare(request)
        await handle(Aiohttp(connection))
        return connection

    app = web.Application()
    app.add_routes([web.get("/", handler)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        started(runner.addresses[0][1])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


AIOHTTP: Final = Kind("aiohttp", _open_aiohttp, _serve_aiohttp, compresses=True)
