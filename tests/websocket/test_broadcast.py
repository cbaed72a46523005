"""One message for many, some of whom are slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import trio

from tests.websocket.conftest import RawPeer, Serve, raw_client, ws_url
from trio_helianthus import core, errors, http, websocket
from trio_helianthus.core import Overflow


class Audience:
    """A handler that keeps its connections, and waits until they end."""

    def __init__(self) -> None:
        self.connections: list[websocket.ServerConnection] = []

    async def __call__(self, connection: websocket.ServerConnection) -> None:
        self.connections.append(connection)
        async for _ in connection:
            pass

    async def wait_for(self, number: int) -> None:
        with trio.fail_after(10):
            while len(self.connections) < number:  # noqa: ASYNC110 nothing else tells
                await trio.sleep(0.005)


@asynccontextmanager
async def listeners(
    server: http.Server, number: int
) -> AsyncIterator[list[websocket.ClientConnection]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                websocket.open_websocket(
                    ws_url(server), deflate=websocket.Deflate() if i % 2 else None
                )
            )
            for i in range(number)
        ]


async def test_everybody_gets_it(serve: Serve) -> None:
    audience = Audience()
    server = await serve(audience)
    async with listeners(server, 120) as clients:
        await audience.wait_for(120)
        for message in ("short", "long " * 100, b"binary" * 50):
            assert await websocket.broadcast(audience.connections, message) == 120
        prepared = websocket.PreparedMessage("prepared " * 50)
        assert await websocket.broadcast(iter(audience.connections), prepared) == 120
        for client in clients:
            assert await client.receive(timeout=5) == "short"
            assert await client.receive(timeout=5) == "long " * 100
            assert await client.receive(timeout=5) == b"binary" * 50
            assert await client.receive(timeout=5) == "prepared " * 50


async def test_broadcasts_and_own_messages_share_a_compressor(serve: Serve) -> None:
    audience = Audience()
    server = await serve(audience)
    text = "the same words again and again " * 20
    async with websocket.open_websocket(ws_url(server)) as client:
        await audience.wait_for(1)
        connection = audience.connections[0]
        assert connection.deflate is not None
        for number in range(10):
            await connection.send(f"{text}{number}")
            await websocket.broadcast([connection], f"{text}all {number}")
        for number in range(10):
            assert await client.receive(timeout=5) == f"{text}{number}"
            assert await client.receive(timeout=5) == f"{text}all {number}"


@pytest.mark.parametrize("number", [0, 2])
async def test_it_lets_other_tasks_run_with_few_connections_too(serve: Serve, number: int) -> None:
    audience = Audience()
    server = await serve(audience)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with listeners(server, number), trio.open_nursery() as nursery:
        await audience.wait_for(number)
        nursery.start_soon(other)
        for _ in range(100):
            assert await websocket.broadcast(audience.connections, "tick") == number
        nursery.cancel_scope.cancel()
    assert turns >= 5


async def test_those_who_have_left_are_not_counted(serve: Serve) -> None:
    audience = Audience()
    server = await serve(audience)
    async with listeners(server, 3) as clients:
        await audience.wait_for(3)
        await clients[0].aclose()
        assert await websocket.broadcast(audience.connections, "hello") == 2


def limits(overflow: Overflow) -> websocket.WebSocketLimits:
    return websocket.WebSocketLimits(feed_max_messages=4, feed_overflow=overflow, close_timeout=0.5)


def fill(connection: websocket.Connection) -> None:
    """Broadcast to one who does not read, until the system takes no more."""
    while not connection.statistics().feed_messages:
        assert connection.offer(websocket.PreparedMessage(b"x" * 100_000))


async def take(peer: RawPeer) -> list[object]:
    """What comes that is not of the filling."""
    got = list[object]()
    while True:
        event = await peer.next_event()
        data = getattr(event, "data", event)
        if not (isinstance(data, bytes) and data[:1] == b"x"):
            got.append(data)
        if event is None or data == "last":
            return got


@pytest.mark.parametrize(
    "overflow", [Overflow.DROP_OLDEST, Overflow.DROP_NEWEST, Overflow.CONFLATE]
)
async def test_a_slow_peer_misses_some(serve: Serve, overflow: Overflow) -> None:
    audience = Audience()
    server = await serve(audience, limits=limits(overflow), deflate=None)
    async with raw_client(server) as slow, listeners(server, 1) as quick:
        await audience.wait_for(2)
        first = audience.connections[0]
        fill(first)
        while first.statistics().feed_messages:
            first._outgoing.drop()
        for number in range(10):
            message = str(number)
            await websocket.broadcast(audience.connections, message, key=number % 2)
            assert await quick[0].receive(timeout=5) == message
        statistics = first.statistics()
        if overflow is Overflow.CONFLATE:
            assert (statistics.conflated_messages, statistics.feed_messages) == (8, 2)
        else:
            assert (statistics.dropped_messages, statistics.feed_messages) == (6, 4)
        async with trio.open_nursery() as nursery:

            async def finish() -> None:
                with trio.fail_after(10):
                    while first.statistics().feed_messages:  # noqa: ASYNC110 nothing else tells
                        await trio.sleep(0.01)
                    await first.send("last")

            nursery.start_soon(finish)
            got = await take(slow)
    wanted = {
        Overflow.DROP_OLDEST: ["6", "7", "8", "9", "last"],
        Overflow.DROP_NEWEST: ["0", "1", "2", "3", "last"],
        Overflow.CONFLATE: ["8", "9", "last"],
    }
    assert got == wanted[overflow]


async def test_what_waits_is_measured_in_bytes(serve: Serve) -> None:
    audience = Audience()
    few_bytes = websocket.WebSocketLimits(
        feed_max_bytes=1000, feed_overflow=Overflow.DROP_OLDEST, close_timeout=0.5
    )
    server = await serve(audience, limits=few_bytes, deflate=None)
    async with raw_client(server) as slow:
        await audience.wait_for(1)
        connection = audience.connections[0]
        fill(connection)
        for _ in range(3):
            await websocket.broadcast([connection], "\N{EURO SIGN}" * 300)
        assert connection.statistics().feed_messages == 1
        slow.stream.reset()


async def test_a_peer_that_is_too_slow_is_disconnected(serve: Serve) -> None:
    audience = Audience()
    server = await serve(audience, limits=limits(Overflow.DISCONNECT), deflate=None)
    async with raw_client(server) as slow, listeners(server, 1) as quick:
        await audience.wait_for(2)
        first = audience.connections[0]
        sent = 0
        with trio.fail_after(10):
            while await websocket.broadcast([first], b"x" * 100_000):
                sent += 1
        assert sent < 1000
        assert await websocket.broadcast(audience.connections, "hello") == 1
        assert await quick[0].receive(timeout=5) == "hello"
        with trio.fail_after(10):
            while first.close_code is None:  # noqa: ASYNC110 nothing else tells
                await trio.sleep(0.05)
        assert first.close_code == 1006  # it did not read our 1013, either
        slow.stream.reset()


async def test_core_broadcast_keeps_the_order_for_all(serve: Serve) -> None:
    audience = Audience()
    server = await serve(audience)
    async with listeners(server, 5) as clients:
        await audience.wait_for(5)
        everybody = core.Broadcast[websocket.PreparedMessage]()
        for connection in audience.connections:
            everybody.attach(connection.offer)

        async def speak(name: str) -> None:
            for number in range(50):
                await everybody.publish(websocket.PreparedMessage(f"{name}{number}"))
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(speak, name)
        heard = [[await client.receive(timeout=5) for _ in range(150)] for client in clients]
        assert all(one == heard[0] for one in heard)


async def test_callbacks(serve: Serve) -> None:
    server_object = websocket.WebSocketServer()
    log = list[str]()

    @server_object.on_connect
    async def hello(connection: websocket.ServerConnection) -> None:
        await connection.send("welcome")

    @server_object.on_message
    async def spread(connection: websocket.ServerConnection, message: str | bytes) -> None:
        assert server_object.broadcast(message, but=connection) == 1

    @server_object.on_disconnect
    async def goodbye(connection: websocket.ServerConnection) -> None:
        await trio.lowlevel.checkpoint()
        log.append(f"left with {connection.close_code}")

    server = await serve(server_object)
    async with listeners(server, 2) as (ann, bob):
        assert await ann.receive(timeout=5) == await bob.receive(timeout=5) == "welcome"
        await ann.send("hi")
        assert await bob.receive(timeout=5) == "hi"
        assert len(server_object.connections) == 2
        await bob.aclose(3000)
        with trio.fail_after(5):
            while not log:  # noqa: ASYNC110 nothing else tells
                await trio.sleep(0.01)
        assert log == ["left with 3000"]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server_object.close, 1012, "restart")
            with pytest.raises(errors.WebSocketBroken) as caught:
                await ann.receive(timeout=5)
        assert caught.value.code == 1012
    assert not server_object.connections


async def test_a_callback_that_refuses(serve: Serve, reports: list[BaseException]) -> None:
    server_object = websocket.WebSocketServer()

    @server_object.on_connect
    async def refuse(connection: websocket.ServerConnection) -> None:
        await connection.aclose(1008, "not you")
        raise ZeroDivisionError

    server = await serve(server_object)
    async with websocket.open_websocket(ws_url(server)) as client:
        with pytest.raises(errors.WebSocketBroken) as caught:
            await client.receive(timeout=5)
        assert caught.value.code == 1008
    assert [type(error) for error in reports] == [ZeroDivisionError]
    assert not server_object.connections
