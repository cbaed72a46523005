"""Echo servers on asyncio and uvloop: streams, and the protocol API."""

from __future__ import annotations

import asyncio
import ssl
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ._being_measured import announce, answer_the_meter, read_orders

if TYPE_CHECKING:
    from collections.abc import Coroutine

RECEIVE_BYTES: Final = 65_536
BACKLOG: Final = 1024


class Echo(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: Any) -> None:
        """Keep the transport; uvloop's is no :class:`asyncio.Transport`."""
        self._write = transport.write

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self._write(data)


class EchoDatagrams(asyncio.DatagramProtocol):
    """One socket for all flows."""

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._send = transport.sendto

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Send it back."""
        self._send(data, addr)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection with the streams API."""
    while data := await reader.read(RECEIVE_BYTES):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(api: str, protocol: str, context: ssl.SSLContext | None) -> None:
    """Serve until the one who measures has gone."""
    loop = asyncio.get_running_loop()
    if protocol == "udp":
        transport, _ = await loop.create_datagram_endpoint(EchoDatagrams, ("127.0.0.1", 0))
        address = transport.get_extra_info("sockname")
    else:
        where: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "backlog": BACKLOG, "ssl": context}
        if api == "streams":
            server = await asyncio.start_server(echo, **where)
        else:
            server = await loop.create_server(Echo, **where)
        address = server.sockets[0].getsockname()
    announce(address[1])
    await asyncio.to_thread(answer_the_meter)


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    """Run it on asyncio's own loop, or on uvloop's."""
    if loop == "uvloop":
        import_module("uvloop").run(main)
    else:
        asyncio.run(main)


if __name__ == "__main__":
    (loop, api, protocol), context = read_orders()
    run(loop, serve(api, protocol, context))
