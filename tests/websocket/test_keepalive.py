"""What happens by the clock: pings, timeouts, and the attendant."""

from __future__ import annotations

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.websocket.conftest import Serve, echo, raw_client, running, ws_url
from trio_helianthus import errors, testing, websocket
from trio_helianthus.wire import websocket as wire


async def test_a_ping_tells_the_latency(serve: Serve) -> None:
    server = await serve(echo)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert connection.latency is None

        async def receive() -> None:
            with pytest.raises(errors.ResourceClosed):
                await connection.receive()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
            seconds = await connection.ping(b"mine", timeout=5)
            assert connection.latency == seconds
            assert seconds < 5
            await connection.aclose()


async def test_a_ping_is_answered_while_nobody_receives(serve: Serve) -> None:
    async def deaf(connection: websocket.ServerConnection) -> None:
        await trio.sleep_forever()

    server = await serve(deaf)
    async with websocket.open_websocket(ws_url(server)) as connection:
        assert await connection.ping(timeout=10) >= 0  # and nobody receives here, either


async def test_one_pong_answers_all_pings_before_it(serve: Serve) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.ping, b"1")
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(connection.ping, b"2")
        await connection.send("both")

    server = await serve(handler)
    async with raw_client(server) as peer:
        assert await peer.next_event() == wire.Ping(b"1")
        assert await peer.next_event() == wire.Ping(b"2")
        await peer.send_event(wire.Pong(b"unasked"))
        await peer.send_event(wire.Pong(b"2"))
        assert await peer.next_event() == wire.Text("both")


async def test_bad_pings(serve: Serve) -> None:
    async def deaf(connection: websocket.ServerConnection) -> None:
        await trio.sleep_forever()

    server = await serve(deaf)
    limits = websocket.WebSocketLimits(max_pings=1)
    async with websocket.open_websocket(ws_url(server), limits=limits) as connection:
        with pytest.raises(errors.LocalProtocolError):
            await connection.ping(b"x" * 126)
        with pytest.raises(errors.OperationTimeout):
            await connection.ping(timeout=0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.ping, b"first")
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(errors.ResourceFull):
                await connection.ping(b"second")


async def test_a_ping_in_vain(serve: Serve) -> None:
    seen = list[int]()
    ended = trio.Event()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await connection.ping(b"never answered")
        except errors.WebSocketBroken as exc:
            seen.append(exc.code)
        ended.set()

    server = await serve(handler)
    async with raw_client(server) as peer:
        assert await peer.next_event() == wire.Ping(b"never answered")
        peer.stream.reset()
    with trio.fail_after(5):
        await ended.wait()
    assert seen == [1006]


LIMITS = websocket.WebSocketLimits(ping_interval=20, ping_timeout=15, idle_timeout=math.inf)


async def test_a_peer_that_answers_no_ping_is_lost(autojump_clock: MockClock) -> None:
    seen = list[tuple[float, int]]()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            await connection.receive()
        except errors.WebSocketBroken as exc:
            seen.append((trio.current_time(), exc.code))

    async with (
        testing.open_virtual_network(),
        running(handler, limits=LIMITS) as server,
        raw_client(server) as peer,
    ):
        began = trio.current_time()
        ping = await peer.next_event()
        assert isinstance(ping, wire.Ping)
        assert trio.current_time() - began == pytest.approx(20, rel=0.1)
        with pytest.raises(errors.NetworkError):
            await peer.next_event()
    assert seen[0][0] - began == pytest.approx(35, rel=0.1)
    assert seen[0][1] == 1006


@pytest.mark.parametrize("receives", [True, False])
async def test_a_peer_that_answers_pings_is_kept(autojump_clock: MockClock, receives: bool) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        if receives:
            await echo(connection)
        else:
            await trio.sleep(1000)
            assert connection.latency is not None
            await connection.send("after a long time")

    async with (
        testing.open_virtual_network(),
        running(handler, limits=LIMITS) as server,
        websocket.open_websocket(ws_url(server), limits=LIMITS) as connection,
    ):
        if receives:
            await trio.sleep(1000)
            await connection.send("after a long time")
        assert await connection.receive() == "after a long time"
        assert connection.close_code is None


async def test_an_idle_websocket_is_closed(autojump_clock: MockClock) -> None:
    limits = websocket.WebSocketLimits(idle_timeout=60)
    async with (
        testing.open_virtual_network(),
        running(echo, limits=limits) as server,
        websocket.open_websocket(ws_url(server)) as connection,
    ):
        began = trio.current_time()
        for _ in range(5):
            await trio.sleep(50)
            await connection.send("busy")
            await connection.receive()
        with pytest.raises(errors.WebSocketEnded) as caught:
            await connection.receive()
        assert caught.value.code == 1001
        assert trio.current_time() - began == pytest.approx(310, rel=0.1)


async def test_a_peer_that_takes_nothing_is_lost(autojump_clock: MockClock) -> None:
    limits = websocket.WebSocketLimits(
        write_timeout=30, ping_interval=math.inf, send_high_water=1000, send_low_water=0
    )
    seen = list[Any]()

    async def handler(connection: websocket.ServerConnection) -> None:
        try:
            while True:
                await connection.send(b"x" * 100_000)
        except errors.WebSocketBroken as exc:
            seen.append((exc.code, trio.current_time()))

    async with (
        testing.open_virtual_network(),
        running(handler, limits=limits, deflate=None) as server,
        raw_client(server),
    ):
        began = trio.current_time()
        await trio.sleep(100)
    assert seen[0][0] == 1006
    assert seen[0][1] - began == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_message_bytes": 0},
        {"ping_interval": 0},
        {"ping_timeout": -1},
        {"close_timeout": math.nan},
        {"send_low_water": 5, "send_high_water": 5},
        {"receive_low_water": 1 << 20},
        {"feed_overflow": "drop"},
        {"max_pings": 1.5},
    ],
)
def test_limits_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        websocket.WebSocketLimits(**wrong)
