"""Cancelled at each point, nothing is left behind, whatever a WebSocket is in the middle of."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from tests.websocket.conftest import echo, raw_client, running, ws_url
from trio_helianthus import core, errors, http, testing, websocket
from trio_helianthus.wire import websocket as wire

pytestmark = pytest.mark.sweep

LIMITS = websocket.WebSocketLimits(
    close_timeout=0.2, closed_grace=0.05, feed_overflow=core.Overflow.DROP_OLDEST
)


async def broadcasting() -> None:
    inside = list[websocket.ServerConnection]()

    async def handler(connection: websocket.ServerConnection) -> None:
        inside.append(connection)
        async for _ in connection:
            assert await websocket.broadcast(inside, b"x" * 1000) <= len(inside)

    async with (
        running(handler) as server,
        websocket.open_websocket(ws_url(server)) as one,
        websocket.open_websocket(ws_url(server), deflate=None) as other,
    ):
        await one.send("go")
        await one.receive()
        await other.send("go")
        await other.receive()


async def callbacks() -> None:
    service = websocket.WebSocketServer()

    @service.on_connect
    async def hello(connection: websocket.ServerConnection) -> None:
        await connection.send("hello")

    @service.on_message
    async def spread(connection: websocket.ServerConnection, message: str | bytes) -> None:
        service.broadcast(message)

    @service.on_disconnect
    async def goodbye(connection: websocket.ServerConnection) -> None:
        await trio.lowlevel.checkpoint()

    async with running(service) as server, websocket.open_websocket(ws_url(server)) as connection:
        await connection.receive()
        await connection.send("x")
        await connection.receive()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(service.close, 1001, "over")
            async for _ in connection:
                pass


async def reconnecting() -> None:
    count = 0

    async def handler(connection: websocket.ServerConnection) -> None:
        nonlocal count
        count += 1
        await connection.aclose(1001 if count < 3 else 1000)

    async def follow(connection: websocket.ClientConnection) -> None:
        async for _ in connection:
            pass

    async with running(handler) as server:
        quick = core.RetryPolicy(max_attempts=9, initial_delay=0.001, max_delay=0.001)
        await websocket.keep_connected(ws_url(server), follow, policy=quick)


async def closing_on_both_sides() -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ignoring_the_end, connection.receive)
            await connection.send(b"x" * 100_000)
            await connection.aclose(3000, "server")

    async with (
        running(handler, limits=LIMITS, deflate=None) as server,
        websocket.open_websocket(ws_url(server), limits=LIMITS) as connection,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(ignoring_the_end, connection.receive)
        nursery.start_soon(ignoring_the_end, connection.ping)
        await trio.lowlevel.checkpoint()
        await connection.aclose(3001, "client")


async def ignoring_the_end(operation: Callable[[], Awaitable[object]]) -> None:
    with suppress(errors.WebSocketClosed, errors.ResourceClosed):
        while True:
            await operation()


async def streaming_beside_others() -> None:
    async with running(echo) as server, websocket.open_websocket(ws_url(server)) as connection:
        async with trio.open_nursery() as nursery:
            async with connection.send_stream(text=True, timeout=5) as message:
                await message.send("a")
                nursery.start_soon(connection.send, "b")
                await message.send("c")
            async with connection.receive_stream(timeout=5) as incoming:
                assert await incoming.receive()
        await connection.receive()


async def a_slow_peer() -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        for _ in range(3):
            connection.offer(websocket.PreparedMessage(b"x" * 3_000_000))
        await connection.send(b"y" * 1_000_000)

    async with running(handler, limits=LIMITS, deflate=None) as server, raw_client(server) as peer:
        await peer.send_event(wire.Ping(b"p"))
        await peer.stream.receive_some(10)
        await peer.stream.receive_some(10)


async def without_sockets() -> None:
    async with (
        http.in_process(websocket.endpoint(echo)) as transport,
        http.open_client("http://inside", transport=transport) as client,
        websocket.open_websocket("/", client=client) as connection,
    ):
        await connection.send(b"x" * 300_000)
        await connection.receive()


async def draining() -> None:
    async with (
        running(echo, limits=LIMITS) as server,
        websocket.open_websocket(ws_url(server), limits=LIMITS) as connection,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(server.drain, 1)
        async for _ in connection:
            pass


async def over_tls(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    theirs, ours = contexts
    async with (
        running(echo, ssl_context=theirs) as server,
        websocket.open_websocket(ws_url(server), ssl_context=ours) as connection,
    ):
        await connection.send(b"x" * 200_000)
        await connection.receive()


# Where the other side, which is cancelled as well, has gone first.
THE_OTHER_IS_GONE = (errors.NetworkError, errors.WebSocketBroken)
SCENARIOS = [
    broadcasting,
    callbacks,
    reconnecting,
    closing_on_both_sides,
    streaming_beside_others,
    a_slow_peer,
    without_sockets,
    draining,
]


@pytest.mark.parametrize("budget", [1, 16])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_over_sockets(scenario: Callable[[], Awaitable[object]], budget: int) -> None:
    testing.cancel_sweep(scenario, checkpoint_budget=budget, may_raise=THE_OTHER_IS_GONE)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_on_a_virtual_network(scenario: Callable[[], Awaitable[object]]) -> None:
    async def within() -> None:
        async with testing.open_virtual_network(testing.Link(latency=0.01)) as network:
            with network.host("there"):
                await scenario()

    testing.cancel_sweep(
        within, clock=lambda: MockClock(autojump_threshold=0), may_raise=THE_OTHER_IS_GONE
    )


def test_over_tls() -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    testing.cancel_sweep(partial(over_tls, (theirs, ours)))


def test_a_receiver_alone() -> None:
    """A task of the user's that is cancelled beside others: those are told, and all of them end."""
    testing.cancel_sweep(
        closing_on_both_sides,
        children=lambda task: task.name.endswith("ignoring_the_end"),
        may_raise=(errors.WebSocketClosed, errors.ResourceClosed),
    )
