"""What the DTLS tests share: an echo server on loopback, and a relay that loses datagrams."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypedDict, Unpack

import trio

from trio_helianthus import net

if TYPE_CHECKING:
    import trustme
    from OpenSSL import SSL as SSLModule  # noqa: N811 (pyOpenSSL calls it so)


class Settings(TypedDict, total=False):
    """What tests give a server."""

    authorities: str
    max_connections: int
    max_handshakes: int
    handshake_timeout: float
    incoming_buffer: int
    retransmit_timeout: float


async def echo(channel: net.DTLSChannel) -> None:
    async for data in channel:
        await channel.send(data)


@asynccontextmanager
async def serving(
    leaf: trustme.LeafCert, handler: net.DTLSHandler = echo, **settings: Unpack[Settings]
) -> AsyncIterator[net.DTLSServer]:
    """Serve, with an echo unless told otherwise, while the body runs."""
    async with trio.open_nursery() as nursery:
        serve = partial(net.serve_dtls, handler, configure=leaf.configure_cert, **settings)
        yield await nursery.start(serve)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def half_open(port: int, count: int = 1) -> AsyncIterator[None]:
    """Begin handshakes, each from an address of its own, and do not go on with them."""

    async def begin(task_status: trio.TaskStatus[None]) -> None:
        asked = trio.Event()

        def passes(data: bytes, inwards: bool) -> bool:
            goes_on = inwards and data[13] != 1  # no client hello
            if goes_on:
                asked.set()
            return not goes_on

        async with relay(port, passes) as way, trio.open_nursery() as nursery:
            nursery.start_soon(_be_client, way)
            await asked.wait()
            task_status.started()
            await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            with trio.fail_after(5):
                await nursery.start(begin)
        yield
        nursery.cancel_scope.cancel()


async def _be_client(port: int) -> None:
    def trust_anybody(context: SSLModule.Context) -> None:
        context.set_verify(0)  # VERIFY_NONE

    async with net.open_dtls("127.0.0.1", port, configure=trust_anybody):
        raise AssertionError("the handshake was not to get through")


@asynccontextmanager
async def relay(port: int, passes: Callable[[bytes, bool], bool]) -> AsyncIterator[int]:
    """Pass datagrams on between one client and a server.

    :param passes: says of each datagram, and whether it comes from the client, if it gets through.
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inside,
    ):
        outside.bind(("127.0.0.1", 0))
        inside.connect(("127.0.0.1", port))
        front, back = net.UDPSocket(outside.dup()), net.ConnectedUDPSocket(inside.dup())
        clients: list[net.SocketAddress] = []

        async def inwards() -> None:
            async for data, address, _ in front:
                clients[:] = [address]
                if passes(data, True):
                    await back.send(data)

        async def outwards() -> None:
            async for data in back:
                if passes(data, False):
                    await front.send_to(data, clients[0])

        async with front, back, trio.open_nursery() as nursery:
            nursery.start_soon(inwards)
            nursery.start_soon(outwards)
            yield outside.getsockname()[1]
            nursery.cancel_scope.cancel()
