"""Real clusters whose nodes are killed, frozen and replaced, and whose slots move, under load."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.redis._load import TASKS, open_load
from tests.redis._real_cluster import RealCluster, open_real_cluster
from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._slots import slot_of

pytestmark = needs_server
PATIENT = redis.Timeouts(reconnect=30)


def recovered(what: str, seconds: float) -> None:
    """Tell how long it took, for those who run it with ``-s``; slow machines are no mistake."""
    print(f"{what}: {seconds:.2f} s")
    assert seconds < 25


async def test_a_killed_primary_is_replaced() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
    ):
        async with open_load(r) as load:
            await cluster.servers[0].kill()
            recovered("a primary was killed", await load.progress())
        assert not load.errors
        # Replication does not wait: what was acknowledged in the last moment may be missing.
        assert await load.count_lost() <= TASKS


async def test_a_frozen_primary_is_replaced_and_nothing_of_it_comes_later() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
    ):
        async with open_load(r) as load:
            cluster.servers[0].freeze()
            recovered("a primary was frozen", await load.progress())
            cluster.servers[0].resume()
            await load.progress()
        assert not load.errors
        assert await load.count_lost() <= TASKS


async def test_reads_go_on_while_a_primary_is_replaced() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, read_from=redis.ReadFrom.ANY, timeouts=PATIENT) as r,
    ):
        await r.execute("SET", "key", "value")
        primary = await cluster.primary_of("key")
        replica = cluster.replica_of(primary)
        while await replica.execute("DBSIZE") < 1:  # noqa: ASYNC110 - nothing tells of it
            await trio.sleep(0.01)
        await primary.kill()
        start = trio.current_time()
        for _ in range(50):
            assert await r.execute("GET", "key") == b"value"
        recovered("reads behind a kill", trio.current_time() - start)


async def test_a_planned_failover_loses_nothing_and_is_not_noticed() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
    ):
        async with open_load(r) as load:
            for server in cluster.servers[3:]:
                await server.execute("CLUSTER", "FAILOVER")
                await wait_for_role(server, b"master")
                await load.progress()
        assert (load.errors, sum(load.unknown)) == ({}, 0)
        assert await load.count_lost() == 0
        print(f"planned failovers: slowest {load.slowest:.2f} s")


async def wait_for_role(server: testing.RedisServer, role: bytes) -> None:
    while (await server.execute("ROLE"))[0] != role:  # noqa: ASYNC110 - nothing tells of it
        await trio.sleep(0.02)


@pytest.mark.parametrize("slots", [300, pytest.param(2000, marks=pytest.mark.soak)])
async def test_slots_move_under_load_and_nobody_notices(slots: int) -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
    ):
        source, target, *_ = cluster.servers
        async with open_load(r, pause=0.01) as load:
            used = {slot_of(load.key(number)) for number in range(TASKS)}
            used = {slot for slot in used if slot < 5461}
            assert len(used) >= 4
            others = [slot for slot in range(5461) if slot not in used]
            start = trio.current_time()
            await cluster.move_slots(others[: slots - len(used)], source=source, target=target)
            await cluster.move_slots(used, source=source, target=target, pause=0.1)
            print(f"{slots} slots moved in {trio.current_time() - start:.1f} s")
        assert (load.errors, sum(load.unknown)) == ({}, 0)
        assert await load.count_lost() == 0
        print(f"{load.total} writes while slots moved: slowest {load.slowest:.2f} s")


async def test_keys_of_a_slot_that_is_halfway_are_all_found() -> None:
    async with open_real_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        keys = [f"{{tag}}{number}" for number in range(50)]
        await r.execute("MSET", *[each for key in keys for each in (key, "old")])
        slot, source = slot_of("tag"), await cluster.primary_of("tag")
        target = next(server for server in cluster.servers[:3] if server is not source)
        to, by = cluster.ids[target.port], cluster.ids[source.port]
        await target.execute("CLUSTER", "SETSLOT", slot, "IMPORTING", by)
        await source.execute("CLUSTER", "SETSLOT", slot, "MIGRATING", to)
        at = (target.host, target.port, "", 0, 5000, "KEYS")
        await source.execute("MIGRATE", *at, *keys[:25])
        assert [await r.execute("GET", key) for key in keys] == [b"old"] * 50
        pipeline = r.pipeline()
        for key in keys:
            pipeline.add("SET", key, "new")
        assert await pipeline.execute() == [b"OK"] * 50
        transaction = r.pipeline(transaction=True).add("SET", keys[0], 1).add("INCR", keys[0])
        assert await transaction.execute() == [b"OK", 2]

        async def double(tx: redis.Transaction[bytes]) -> None:
            value = int(await tx.execute("GET", keys[0]))
            tx.queue.add("SET", keys[0], value * 2)

        await r.transaction(double, keys[0])
        assert await r.execute("GET", keys[0]) == b"4"
        await r.execute("RPUSH", "{tag}list", "x")
        assert await r.execute("BLPOP", "{tag}list", 5) == [b"{tag}list", b"x"]
        values: list[object] = []

        async def get_both() -> None:
            values.append(await r.execute("MGET", keys[10], keys[40], timeout=30))

        async with trio.open_nursery() as nursery:  # it waits until both are in one place
            nursery.start_soon(get_both)
            await trio.sleep(0.3)
            assert values == []
            await source.execute("MIGRATE", *at, *keys[25:])
            for server in (target, source):
                await server.execute("CLUSTER", "SETSLOT", slot, "NODE", to)
        assert values == [[b"new", b"new"]]


async def test_what_blocks_follows_its_slot() -> None:
    async with open_real_cluster() as cluster, redis.open_cluster(cluster.url) as r:
        popped: list[object] = []

        async def pop() -> None:
            popped.append(await r.execute("BLPOP", "list", 0))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(pop)
            await trio.sleep(0.2)
            source = await cluster.primary_of("list")
            target = next(server for server in cluster.servers[:3] if server is not source)
            await cluster.move_slots([slot_of("list")], source=source, target=target)
            await r.execute("RPUSH", "list", "x")
        assert popped == [[b"list", b"x"]]


async def test_a_subscription_survives_its_node() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
        r.subscribe("news") as news,
    ):
        await hear(r, news, "PUBLISH", "news")
        node = await subscribed_at(cluster, "CHANNELS")
        await node.kill()
        await hear(r, news, "PUBLISH", "news")
        assert news.gaps >= 1


async def test_a_subscription_to_a_shard_follows_its_slot() -> None:
    async with (
        open_real_cluster() as cluster,
        redis.open_cluster(cluster.url, timeouts=PATIENT) as r,
        r.subscribe_shards("b", "c", "a") as news,
    ):
        for channel in ("b", "c", "a"):
            await hear(r, news, "SPUBLISH", channel)
        source, target, *_ = cluster.servers
        await cluster.move_slots([slot_of("b")], source=source, target=target)
        await hear(r, news, "SPUBLISH", "b")
        await cluster.servers[1].kill()
        for channel in ("b", "c", "a"):
            await hear(r, news, "SPUBLISH", channel)


async def subscribed_at(cluster: RealCluster, word: str) -> testing.RedisServer:
    for server in cluster.servers:
        if await server.execute("PUBSUB", word):
            return server
    raise LookupError(word)


async def hear(r: redis.Redis[bytes], news: Any, command: str, channel: str) -> None:
    """Publish until it is heard, as nothing is kept for those who are away."""
    with trio.fail_after(30):
        while True:
            try:
                await r.execute(command, channel, "x")
            except errors.OutcomeUnknown:
                continue
            with trio.move_on_after(0.1):
                while True:
                    message = await news.receive()
                    if message.channel == channel.encode():
                        return
