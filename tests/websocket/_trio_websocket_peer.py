"""``trio-websocket`` as a peer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
import trio

from tests.websocket._peers import Handle, Kind, Message, Options, Peer, Refused, Started

if TYPE_CHECKING:
    import trio_websocket


@attrs.frozen
class TrioWebsocket(Peer):
    connection: trio_websocket.WebSocketConnection

    @property
    def subprotocol(self) -> str | None:
        return self.connection.subprotocol

    @property
    def close_code(self) -> int | None:
        closed = self.connection.closed
        return None if closed is None else closed.code

    async def send(self, message: Message) -> None:
        await self.connection.send_message(message)

    async def receive(self) -> Message | None:
        from trio_websocket import ConnectionClosed

        try:
            return await self.connection.get_message()
        except ConnectionClosed:
            return None

    async def ping(self) -> None:
        await self.connection.ping()

    async def close(self, code: int, reason: str) -> None:
        await self.connection.aclose(code, reason)


@asynccontextmanager
async def _open_trio_websocket(url: str, options: Options) -> AsyncIterator[Peer]:
    from trio_websocket import ConnectionRejected, wrap_client_stream

    fields = [] if options.origin is None else [(b"Origin", options.origin.encode())]
    place = urlsplit(url).netloc
    host, _, port = place.partition(":")
    # Over a stream of ours: its own stays open when the server refuses, or closes.
    async with await trio.open_tcp_stream(host, int(port)) as stream:
        try:
            async with trio.open_nursery() as nursery:
                connection = await wrap_client_stream(
                    nursery,
                    stream,
                    place,
                    "/",
                    subprotocols=options.subprotocols,
                    extra_headers=fields,
                )
                yield TrioWebsocket(connection)
                await connection.aclose()
        except BaseExceptionGroup as group:
            rejected, others = group.split(ConnectionRejected)
            if rejected is None or others is not None:
                raise
            refusal: Any = rejected.exceptions[0]
            raise Refused(refusal.status_code) from refusal


async def _serve_trio_websocket(handle: Handle, options: Options, started: Started) -> None:
    from trio_websocket import WebSocketRequest, serve_websocket

    async def handler(request: WebSocketRequest) -> None:
        headers = dict(request.headers)
        if options.origin is not None and headers.get(b"origin") != options.origin.encode():
            await request.reject(403)
            return
        common = [name for name in request.proposed_subprotocols if name in options.subprotocols]
        connection = await request.accept(subprotocol=common[0] if common else None)
        await handle(TrioWebsocket(connection))

    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve_websocket, handler, "127.0.0.1", 0, None)
        started(server.port)


TRIO_WEBSOCKET: Final = Kind(
    "trio_websocket", _open_trio_websocket, _serve_trio_websocket, on_asyncio=False
)
