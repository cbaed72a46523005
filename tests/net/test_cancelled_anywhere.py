"""Every public operation, cancelled at each of its scheduling points: nothing is left behind."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable

import pytest
import trio

from tests._cancel_points import cancel_at_each_point
from trio_helianthus import net


async def echo(stream: net.ByteStream) -> None:
    while data := await stream.receive_some():
        await stream.send_all(data)


async def use_everything(stream: net.ByteStream) -> None:
    await stream.send_vectored([b"some ", b"exact", b"until\n"])
    assert await stream.receive_some(5) == b"some "
    assert await stream.receive_exactly(5) == b"exact"
    assert await stream.receive_until(b"\n") == b"until\n"
    await stream.wait_send_all_might_not_block()
    await stream.send_all(b"all")
    if isinstance(stream, net.TCPStream):
        await stream.send_eof()
        assert await stream.receive_all() == b"all"
    else:
        assert await stream.receive_exactly(3) == b"all"


async def use_tcp() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        async with await net.connect_tcp("127.0.0.1", server.port) as stream:
            await use_everything(stream)
        assert (await server.drain()).clean


async def use_tcp_with_limits() -> None:
    async with trio.open_nursery() as nursery:
        server: net.Server = await nursery.start(net.serve_tcp, echo)
        async with await net.connect_tcp("localhost", server.port, timeout=5) as stream:
            await stream.send_all(b"x", timeout=5)
            assert await stream.receive_exactly(1, timeout=5) == b"x"
        await server.drain(0)


async def race() -> None:
    """Two addresses; nobody listens at the first."""
    from trio_helianthus.net import _connect
    from trio_helianthus.net._address import Endpoint

    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        stream = await _connect._connect_first(
            [
                Endpoint(socket.AF_INET, nobody.getsockname()),
                Endpoint(socket.AF_INET, listener.getsockname()),
                Endpoint(socket.AF_INET, listener.getsockname()),
            ],
            {},
            [],
            0.001,
        )
        await stream.aclose()


async def accept() -> None:
    async with (await net.listen_tcp(0))[0] as listener:
        client = socket.create_connection(listener.socket.getsockname())
        with client:
            async with await listener.accept():
                pass


SCENARIOS: list[Callable[[], Awaitable[object]]] = [use_tcp, use_tcp_with_limits, race, accept]


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_tcp_cancelled_anywhere(scenario: Callable[[], Awaitable[object]]) -> None:
    assert cancel_at_each_point(scenario) > 5


@pytest.mark.sweep
def test_tls_cancelled_anywhere(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def serve(task_status: trio.TaskStatus[net.Server]) -> None:
        await net.serve_tls(echo, ssl_context=server_context, task_status=task_status)

    async def use_tls() -> None:
        async with trio.open_nursery() as nursery:
            server: net.Server = await nursery.start(serve)
            stream = await net.connect_tls("127.0.0.1", server.port, ssl_context=client_context)
            async with stream:
                await use_everything(stream)
            assert (await server.drain()).clean

    assert cancel_at_each_point(use_tls) > 20
