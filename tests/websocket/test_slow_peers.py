"""Peers that read slowly, seldom or never: what still reaches them, and what they cost."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.websocket.conftest import FOR_EVER, RawPeer, echo, raw_client, running
from trio_helianthus import core, errors, testing, websocket
from trio_helianthus.core import Overflow
from trio_helianthus.wire import websocket as wire

ROOMY = attrs.evolve(FOR_EVER, feed_overflow=Overflow.DROP_OLDEST)


class Meeting:
    """A raw client, and the server's side of the same WebSocket, for a test to use both."""

    def __init__(self) -> None:
        self.arrived = trio.Event()
        self.leave = trio.Event()
        self.connection: websocket.ServerConnection
        self.peer: RawPeer

    async def handle(self, connection: websocket.ServerConnection) -> None:
        self.connection = connection
        self.arrived.set()
        await self.leave.wait()

    def fill(self) -> None:
        """Offer until the system takes no more, and one message waits in the feed."""
        while not self.connection.statistics().feed_messages:
            assert self.connection.offer(websocket.PreparedMessage(b"x" * 50_000))

    async def next_but_filling(self) -> wire.Event | None:
        while True:
            event = await self.peer.next_event()
            if not (isinstance(event, wire.Binary) and event.data[:1] == b"x"):
                return event


@asynccontextmanager
async def meeting(
    limits: websocket.WebSocketLimits = ROOMY, *, deflate: websocket.Deflate | None = None
) -> AsyncIterator[Meeting]:
    both = Meeting()
    async with (
        testing.open_virtual_network(),
        running(both.handle, limits=limits, deflate=deflate) as server,
        raw_client(server) as both.peer,
    ):
        await both.arrived.wait()
        yield both
        both.leave.set()


async def test_what_waits_in_the_feed_leaves_before_the_goodbye(
    autojump_clock: MockClock, reports: list[BaseException]
) -> None:
    async with meeting() as both:
        both.fill()
        assert both.connection.offer(websocket.PreparedMessage("the last one"))
        both.leave.set()
        await wait_all_tasks_blocked()
        assert await both.next_but_filling() == wire.Text("the last one")
        assert await both.next_but_filling() == wire.Close(1000)
    assert reports == []


async def test_a_feed_that_the_peer_has_closed_is_dropped(
    autojump_clock: MockClock, reports: list[BaseException]
) -> None:
    async with meeting() as both:
        both.fill()
        assert both.connection.offer(websocket.PreparedMessage("the last one"))
        await both.peer.send_event(wire.Close(1000))
        await trio.sleep(2)
        assert await both.next_but_filling() == wire.Close(1000)
        assert await both.next_but_filling() is None
    assert reports == []


async def test_a_cut_message_drops_the_feed(
    autojump_clock: MockClock, reports: list[BaseException]
) -> None:
    async with meeting() as both:
        with pytest.raises(ZeroDivisionError):
            async with both.connection.send_stream(text=True) as message:
                await message.send("half of ")
                assert both.connection.offer(websocket.PreparedMessage("behind it"))
                raise ZeroDivisionError
        assert await both.peer.next_event() == wire.Text("half of ", end=False)
        assert await both.peer.next_event() == wire.Close(1011, "a message was cut")
        await both.peer.send_event(wire.Close(1011))
        assert await both.peer.next_event() is None
    assert reports == []


async def test_a_ping_is_answered_in_front_of_what_waits(autojump_clock: MockClock) -> None:
    async with meeting() as both, trio.open_nursery() as nursery:
        both.fill()

        async def publish() -> None:  # faster than the peer reads
            while True:
                both.fill()
                await trio.sleep(0.001)

        nursery.start_soon(publish)
        await both.peer.send_event(wire.Ping(b"one"))
        await both.peer.send_event(wire.Ping(b"two"))
        await trio.sleep(2)
        with trio.fail_after(60):
            while await both.next_but_filling() != wire.Pong(b"two"):
                pass  # the latest is enough
        nursery.cancel_scope.cancel()


async def test_a_flood_of_pings_is_not_answered_by_a_flood(autojump_clock: MockClock) -> None:
    async with meeting() as both:
        flood = b"".join(both.peer.protocol.send(wire.Ping(b"%d" % n)) for n in range(2000))
        await both.peer.send(flood)
        await both.peer.send_event(wire.Ping(b"last"))
        answers = 0
        while (event := await both.peer.next_event()) != wire.Pong(b"last"):
            assert isinstance(event, wire.Pong)
            answers += 1
        assert answers < 200


async def test_some_pings_at_once_have_all_their_pongs(autojump_clock: MockClock) -> None:
    async with meeting() as both:
        payloads = [b"%d" % number for number in range(10)]
        pings = [both.peer.protocol.send(wire.Ping(payload)) for payload in payloads]
        await both.peer.send(b"".join(pings))
        for payload in payloads:
            assert await both.peer.next_event() == wire.Pong(payload)


async def test_a_long_message_may_take_longer_than_one_piece(autojump_clock: MockClock) -> None:
    limits = attrs.evolve(FOR_EVER, write_timeout=5)
    async with meeting(limits) as both:
        await both.connection.send(b"x" * 4_000_000)
        left = 4_000_000
        while left > 0:
            left -= len(await both.peer.stream.receive_some(64 * 1024))
            await trio.sleep(1)
        assert both.connection.close_code is None
        assert both.connection.statistics().buffered_bytes == 0


async def test_senders_are_told_as_soon_as_the_peer_closes(autojump_clock: MockClock) -> None:
    async with meeting(attrs.evolve(FOR_EVER, close_timeout=50)) as both:
        both.fill()
        while both.connection.statistics().buffered_bytes < FOR_EVER.send_high_water:
            await both.connection.send(b"x" * 50_000)
        async with trio.open_nursery() as nursery:

            async def send_one_more() -> None:
                with pytest.raises(errors.WebSocketBroken):
                    await both.connection.send("more")

            nursery.start_soon(send_one_more)
            await wait_all_tasks_blocked()
            await both.peer.send_event(wire.Close(1000))
            nursery.cancel_scope.deadline = trio.current_time() + 5
        assert not nursery.cancel_scope.cancelled_caught
        both.peer.stream.reset()


async def test_a_ping_of_ours_waits_for_its_turn_before_it_is_missed(
    autojump_clock: MockClock,
) -> None:
    limits = attrs.evolve(FOR_EVER, ping_interval=5, ping_timeout=5, write_timeout=60)
    async with meeting(limits) as both:
        await both.connection.send(b"x" * 1_000_000)
        with trio.fail_after(200):
            while True:
                event = await slow_event(both.peer)
                if isinstance(event, wire.Ping):
                    break
        await both.peer.send_event(wire.Pong(event.payload))
        assert both.connection.close_code is None


async def slow_event(peer: RawPeer) -> wire.Event | None:
    """The next event, for one who receives 64 KiB a second."""
    while True:
        event = peer.protocol.next_event()
        if isinstance(event, (wire.Binary, wire.Ping)):
            return event
        await trio.sleep(1)
        data = await peer.stream.receive_some(64 * 1024)
        assert data
        peer.protocol.receive_data(data)


async def test_megabytes_are_delivered_behind_a_handler_that_has_returned(
    autojump_clock: MockClock,
) -> None:
    async def handler(connection: websocket.ServerConnection) -> None:
        for _ in range(20):
            assert connection.offer(websocket.PreparedMessage(b"x" * 50_000))
        await connection.send(b"x" * 900_000)

    limits = websocket.WebSocketLimits(feed_max_bytes=4 << 20)
    async with (
        testing.open_virtual_network(),
        running(handler, limits=limits, deflate=None) as server,
        raw_client(server) as peer,
    ):
        size = 0
        while isinstance(event := await peer.next_event(), wire.Binary):
            size += len(event.data)
            await trio.sleep(0.2)
        assert event == wire.Close(1000)
        assert size == 20 * 50_000 + 900_000


@pytest.mark.parametrize("overflow", list(Overflow))
async def test_a_feed_keeps_its_limits_while_a_message_is_sent_in_fragments(
    autojump_clock: MockClock, overflow: Overflow
) -> None:
    limits = attrs.evolve(FOR_EVER, feed_overflow=overflow, feed_max_messages=3)
    async with meeting(limits, deflate=websocket.Deflate()) as both:
        taken = list[bool]()
        gone = overflow is Overflow.DISCONNECT
        try:
            async with both.connection.send_stream() as message:
                await message.send(b"one ")
                for number in range(5):
                    prepared = websocket.PreparedMessage(str(number))
                    taken.append(both.connection.offer(prepared, key="same"))
                await message.send(b"message")
        except errors.WebSocketBroken:
            assert gone
        assert taken == ([True] * 3 + [False] * 2 if gone else [True] * 5)
        assert await both.peer.next_event() == wire.Binary(b"one ", end=False)
        if gone:
            assert await both.peer.next_event() == wire.Close(1013, "too slow")
            await both.peer.send_event(wire.Close(1013))
            return
        assert await both.peer.next_event() == wire.Binary(b"message", start=False, end=False)
        assert await both.peer.next_event() == wire.Binary(b"", start=False, end=True)
        left = {Overflow.DROP_OLDEST: "234", Overflow.DROP_NEWEST: "012", Overflow.CONFLATE: "4"}
        for text in left[overflow]:
            assert await both.peer.next_event() == wire.Text(text)


async def test_memory_stays_bounded_whatever_a_little_input_inflates_to(
    autojump_clock: MockClock,
) -> None:
    deflate = websocket.Deflate()
    limits = websocket.WebSocketLimits(idle_timeout=math.inf)
    seen = list[websocket.ServerConnection]()
    go_on = trio.Event()
    total = 0

    async def handler(connection: websocket.ServerConnection) -> None:
        nonlocal total
        seen.append(connection)
        await go_on.wait()
        async for message in connection:
            total += len(message)

    async with testing.open_virtual_network(), running(handler, limits=limits) as server:
        url = server.url.replace("http", "ws", 1)
        async with websocket.open_websocket(url, deflate=deflate) as connection:
            for _ in range(60):
                await connection.send(bytes(1 << 20))  # about 1 KiB on the wire
            await trio.sleep(5)
            assert seen[0]._reader._size <= 3 << 20
            go_on.set()
            await connection.aclose()
    assert total == 60 << 20


async def test_echo_of_a_flood_of_nothing(autojump_clock: MockClock) -> None:
    async with (
        testing.open_virtual_network(),
        running(echo, deflate=None) as server,
        raw_client(server) as peer,
        trio.open_nursery() as nursery,
    ):
        nothing = b"".join(peer.protocol.send_text("") for _ in range(20_000))
        nursery.start_soon(peer.send, nothing)
        for _ in range(20_000):
            assert await peer.next_event() == wire.Text("")


async def test_a_broadcast_while_somebody_never_reads_is_not_late(
    autojump_clock: MockClock,
) -> None:
    async with meeting() as both:
        both.fill()
        everybody = core.Broadcast[websocket.PreparedMessage]()
        everybody.attach(both.connection.offer)
        for _ in range(1000):
            assert everybody.publish_nowait(websocket.PreparedMessage("x")) == 1
        assert both.connection.statistics().dropped_messages >= 1000 - ROOMY.feed_max_messages
        both.peer.stream.reset()
