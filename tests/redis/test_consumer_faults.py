"""Consumers whose server is treated badly: each entry is worked on, and none is left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import trio

from tests.redis._real_cluster import open_real_cluster
from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing
from trio_helianthus.testing import RedisServer

pytestmark = needs_server

ENTRIES = 2000
TIMEOUTS = redis.Timeouts(connect=1, answer=1, reconnect=20)
UNKNOWN = (errors.OutcomeUnknown, errors.OperationTimeout, errors.RedisUnavailable)


async def kill_clients(server: RedisServer) -> None:
    for _ in range(20):
        await trio.sleep(0.03)
        await server.kill_clients()


async def kill_server(server: RedisServer) -> None:
    for _ in range(3):
        await trio.sleep(0.1)
        await server.kill()
        await server.start()


async def freeze_server(server: RedisServer) -> None:
    await trio.sleep(0.1)
    server.freeze()
    await trio.sleep(1.5)
    server.resume()


@pytest.mark.parametrize("trouble", [kill_clients, kill_server, freeze_server])
async def test_every_entry_is_worked_on(
    fresh_redis_server: RedisServer, trouble: Callable[[RedisServer], Awaitable[None]]
) -> None:
    server, seen, added = fresh_redis_server, Counter[bytes](), set[bytes]()
    consumers: list[redis.StreamConsumer[bytes]] = []

    async def handle(entry: redis.StreamEntry[bytes]) -> None:
        seen[entry.fields[b"n"]] += 1
        await trio.sleep(0.001)

    async def produce(r: redis.Redis[bytes]) -> None:
        for number in range(ENTRIES):
            with suppress(*UNKNOWN):  # it may be there twice, or not at all
                await r.xadd("orders", {"n": number})
                added.add(b"%d" % number)

    async def consume(*, task_status: trio.TaskStatus[None]) -> None:
        async with (
            redis.open_client(server.url, timeouts=TIMEOUTS) as r,
            r.consumer(
                "orders", group="billing", max_deliveries=None, claim_idle=3, block=0.5, batch=50
            ) as consumer,
        ):
            consumers.append(consumer)
            task_status.started()
            await consumer.run(handle, concurrency=4)

    with trio.fail_after(120):
        async with (
            redis.open_client(server.url, timeouts=TIMEOUTS) as r,
            trio.open_nursery() as nursery,
        ):
            for _ in range(2):
                await nursery.start(consume)
            async with trio.open_nursery() as producers:
                producers.start_soon(produce, r)
                producers.start_soon(trouble, server)
            while not added <= seen.keys() or (await r.xpending("orders", "billing")).count:  # noqa: ASYNC110
                await trio.sleep(0.05)  # nothing tells of it
            for consumer in consumers:
                consumer.drain()
    assert sum(each.statistics().held for each in consumers) == 0
    # Again comes what was under way when a connection was lost, and no more.
    assert sum(seen.values()) < 1.5 * ENTRIES


@pytest.mark.sweep
def test_nothing_is_left_behind_wherever_it_is_cancelled(shared_server: RedisServer) -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with redis.open_client(shared_server.url) as r:
            await r.delete("orders", "dead:{orders}")
            for number in range(4):
                await r.xadd("orders", {"n": number})
            done: set[bytes] = set()
            with part:
                async with r.consumer(
                    "orders", group="billing", batch=2, max_items=3, max_deliveries=1
                ) as consumer:
                    for number in range(3):
                        async with await consumer.receive() as entry:
                            await trio.lowlevel.checkpoint()
                            if number == 1:
                                entry.fail("no")
                        done.add(entry.id)
                    await consumer.flush()
            with trio.fail_after(5):
                while await blocked(r):  # noqa: ASYNC110
                    await trio.sleep(0.002)
            # Whatever was not settled can be claimed at once.
            left: dict[bytes, Any] = {}
            with suppress(errors.RedisError):
                _, entries, _ = await r.xautoclaim("orders", "billing", "other", 50_000)
                left = dict(entries)
                assert (await r.xpending("orders", "billing")).count == len(left)
            assert not left.keys() & done

    testing.cancel_sweep(scenario)


async def blocked(r: redis.Redis[bytes]) -> bool:
    return any("b" in each["flags"] for each in await r.client_list())


async def test_streams_and_scans_of_a_cluster() -> None:
    streams = [f"stream:{number}" for number in range(6)]
    found = Counter[bytes]()
    async with open_real_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        names = {b"key:%d" % at for at in range(300)}
        await r.mset(dict.fromkeys(names, 1))
        assert {key async for key in r.scan_iter(match="key:*", count=20)} == names
        await r.sadd("set", *range(1000))
        assert len({member async for member in r.sscan_iter("set", count=10)}) == 1000

        async with r.consumer(*streams, group="g", retry_delay=0.02, max_deliveries=2) as consumer:
            for stream in streams:
                for number in range(20):
                    await r.xadd(stream, {"n": number})
            with trio.fail_after(20):
                while sum(found.values()) < 6 * 20 + 6:
                    with suppress(KeyError):
                        async with await consumer.receive() as entry:
                            found[entry.stream] += 1
                            if entry.fields[b"n"] == b"7":
                                raise KeyError
                await consumer.flush()
            assert found == dict.fromkeys([name.encode() for name in streams], 21)
        for stream in streams:
            assert await r.xlen(f"dead:{{{stream}}}") == 1
            assert (await r.xpending(stream, "g")).count == 0
            assert await r.trim_consumed(stream) == 19
            assert await r.requeue_dead_letters(f"dead:{{{stream}}}", stream) == 1
