"""A thousand WebSockets that come, chat and leave in every way leave nothing behind."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Final

import pytest
import trio

from tests.soak._footprint import MAX_GROWTH_BYTES, footprint, needs_proc
from trio_helianthus import errors, http, net, websocket
from trio_helianthus.wire import websocket as wire

CONNECTIONS: Final = 1000
LIMITS: Final = websocket.WebSocketLimits(ping_interval=1.0, close_timeout=2.0)

pytestmark = [pytest.mark.soak, needs_proc]


async def test_thousand_connections_with_random_disconnects(
    soak_seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, done = random.Random(seed), Counter[str]()
    chat = websocket.WebSocketServer()

    @chat.on_message
    async def answer(connection: websocket.ServerConnection, message: str | bytes) -> None:
        if message == "all":
            for other in random.sample(chat.connections, min(20, len(chat.connections))):
                other.offer(websocket.PreparedMessage("to some"))
        else:
            await connection.send(message)

    async with trio.open_nursery() as nursery:
        server: http.Server = await nursery.start(
            partial(
                websocket.serve_websocket,
                chat,
                limits=LIMITS,
                http_limits=http.ServerLimits(drain_grace=0),
            )
        )
        await come_and_go(server, chance, max(3.0, soak_seconds / 4), Counter())
        before = await footprint(server)
        await come_and_go(server, chance, soak_seconds, done)
        after = await footprint(server)
        assert chat.connections == ()
        await server.drain(1)
    assert after[0] == before[0], "descriptors"
    assert after[1] - before[1] < MAX_GROWTH_BYTES
    assert min(done[way] for way in ("closed", "reset", "junk", "cancelled", "half a frame")) > 0
    with capsys.disabled():
        print(f"\n{done.total()} connections: {dict(done)}; grew {after[1] - before[1]} B")


async def come_and_go(
    server: http.Server, chance: random.Random, seconds: float, done: Counter[str]
) -> None:
    until = trio.current_time() + seconds

    async def visitor() -> None:
        while trio.current_time() < until:
            done[await visit(server, chance)] += 1

    async with trio.open_nursery() as nursery:
        for _ in range(CONNECTIONS):
            nursery.start_soon(visitor)


async def visit(server: http.Server, chance: random.Random) -> str:
    """Come, say something, and leave in one way or another."""
    async with await net.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send_all(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await stream.receive_until(b"\r\n\r\n", timeout=60)
        protocol = wire.client_connection()
        way = chance.choice(["closed", "reset", "junk", "cancelled", "half a frame", "gone"])
        try:
            for _ in range(chance.randrange(4)):
                size = chance.choice([10, 1000, 30_000])
                text = "all" if chance.random() < 0.2 else "x" * size
                await stream.send_all(protocol.send_text(text))
                await trio.sleep(chance.random() / 2)
                await stream.receive_some(timeout=5)
            await leave(stream, protocol, way)
        except errors.OperationTimeout:
            way = "nothing came"
        except errors.NetworkError:
            way = "lost"
    return way


async def leave(stream: net.ByteStream, protocol: wire.WebSocketConnection, way: str) -> None:
    if way == "closed":
        await stream.send_all(protocol.send(wire.Close(1000)))
        while await stream.receive_some(timeout=20):
            pass
    elif way == "reset":
        stream.reset()
    elif way == "junk":
        await stream.send_all(b"\xff\xff junk")
        while await stream.receive_some(timeout=20):
            pass
    elif way == "half a frame":
        await stream.send_all(protocol.send_binary(b"x" * 1000)[:500])
    elif way == "cancelled":
        with trio.move_on_after(0.01):
            while True:
                await stream.send_all(protocol.send_text("x" * 60_000))
