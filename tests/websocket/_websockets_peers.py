"""``websockets`` as a peer, on asyncio and on trio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final

import attrs
import trio

from tests.websocket._peers import Handle, Kind, Message, Options, Peer, Refused, Started

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024


@attrs.frozen
class Websockets(Peer):
    connection: Any

    @property
    def subprotocol(self) -> str | None:
        name: str | None = self.connection.subprotocol
        return name

    @property
    def close_code(self) -> int | None:
        code: int | None = self.connection.close_code
        return code

    async def send(self, message: Message) -> None:
        await self.connection.send(message)

    async def receive(self) -> Message | None:
        from websockets.exceptions import ConnectionClosed

        try:
            message: Message = await self.connection.recv()
        except ConnectionClosed:
            return None
        return message

    async def ping(self) -> None:
        await (await self.connection.ping())

    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, reason)

    async def send_fragments(self, fragments: list[str]) -> None:
        await self.connection.send(fragments)


class WebsocketsOnTrio(Websockets):
    async def ping(self) -> None:
        await (await self.connection.ping()).wait()

    async def close(self, code: int, reason: str) -> None:
        await self.connection.aclose(code, reason)


def _websockets_options(options: Options, side: str) -> dict[str, Any]:
    module = import_module("websockets.extensions.permessage_deflate")
    extensions = []
    if options.compression is not None:
        bits, alone = options.compression.window_bits, options.compression.without_context
        extensions = [getattr(module, f"{side}PerMessageDeflateFactory")(alone, alone, bits, bits)]
    return {
        "subprotocols": options.subprotocols or None,
        "extensions": extensions,
        "compression": None,
        "max_size": MAX_MESSAGE_BYTES,
    }


@asynccontextmanager
async def _open_websockets(
    flavour: str, kind: type[Websockets], url: str, options: Options
) -> AsyncIterator[Peer]:
    from websockets.exceptions import InvalidStatus

    connect = import_module(f"websockets.{flavour}.client").connect
    words = _websockets_options(options, "Client")
    try:
        async with connect(url, origin=options.origin, proxy=None, **words) as connection:
            yield kind(connection)
    except InvalidStatus as exc:
        raise Refused(exc.response.status_code) from exc


def _websockets_server_options(options: Options) -> dict[str, Any]:
    origins = None if options.origin is None else [options.origin]
    return {"host": "127.0.0.1", "origins": origins, **_websockets_options(options, "Server")}


async def _serve_websockets(handle: Handle, options: Options, started: Started) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    async def handler(connection: ServerConnection) -> None:
        await handle(Websockets(connection))

    async with serve(handler, port=0, **_websockets_server_options(options)) as server:
        started(next(iter(server.sockets)).getsockname()[1])
        await server.serve_forever()


async def _serve_websockets_on_trio(handle: Handle, options: Options, started: Started) -> None:
    from websockets.trio.server import ServerConnection, serve

    async def handler(connection: ServerConnection) -> None:
        await handle(WebsocketsOnTrio(connection))

    async with trio.open_nursery() as nursery:
        words = _websockets_server_options(options)
        server = await nursery.start(partial(serve, handler, 0, **words))
        started(server.listeners[0].socket.getsockname()[1])


ON_ASYNCIO: Final = Kind(
    "websockets",
    partial(_open_websockets, "asyncio", Websockets),
    _serve_websockets,
    compresses=True,
    sets_windows=True,
    insists_on_subprotocol=True,
)
ON_TRIO: Final = Kind(
    "websockets.trio",
    partial(_open_websockets, "trio", WebsocketsOnTrio),
    _serve_websockets_on_trio,
    on_asyncio=False,
    compresses=True,
    sets_windows=True,
    insists_on_subprotocol=True,
)
