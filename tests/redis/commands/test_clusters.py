"""Clusters: a server that is one, and two that make one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import attrs
import pytest
import trio

from tests.redis.commands._calls import (
    ALONE,
    HELP,
    SOME_INT,
    SOME_STR,
    Call,
    Fits,
    Raises,
    Way,
    call,
    check_call,
    open_ways,
)
from tests.redis.conftest import needs_server
from trio_helianthus import redis, testing
from trio_helianthus.redis._replies import ClusterNode, SlotRange

A = ("SET a 1",)  # in slot 15495
ID = Fits(lambda found: type(found) is str and len(found) == 40, "an ID")
NODE = "0" * 40
MYSELF = Fits(
    lambda found: (
        isinstance(found, ClusterNode)
        and ID.check(found.id)
        and "myself" in found.flags
        and found.primary_id is None
        and found.is_connected
        and found.slots == [(0, 16383)]
        and found.port > 0
        and not found.migrating
        and not found.importing
    )
)


def is_shards(found: list[dict[str, Any]]) -> bool:
    (shard,) = found
    (node,) = shard["nodes"]
    return (
        shard["slots"] == [(0, 16383)]
        and type(node["port"]) is int
        and node["role"] in (b"master", "master")
    )


def is_slots(found: list[SlotRange]) -> bool:
    (only,) = found
    ((host, port, node_id),) = only.nodes
    return (
        (only.first, only.last) == (0, 16383)
        and host in (None, "", "127.0.0.1")
        and port > 0
        and ID.check(node_id)
    )


FREED = ("CLUSTER DELSLOTSRANGE 100 200",)
WHOLE = ("CLUSTER INFO", Fits(lambda found: b"cluster_slots_assigned:16384" in found))
LESS = ("CLUSTER INFO", Fits(lambda found: b"cluster_slots_assigned:16384" not in found))

CALLS = [
    call("asking", answer=None),
    call("readonly", answer=None),
    call("cluster_bumpepoch", answer=SOME_STR),
    call("cluster_count_failure_reports", NODE, answer=Raises("ERR Unknown node")),
    call("cluster_failover", answer=Raises("ERR You should send CLUSTER FAILOVER to a replica")),
    call(
        "cluster_failover",
        "FORCE",
        answer=Raises("ERR You should send CLUSTER FAILOVER to a replica"),
    ),
    call("cluster_forget", NODE, answer=Raises("ERR Unknown node")),
    call("cluster_help", answer=HELP),
    call(
        "cluster_info",
        answer=Fits(
            lambda found: (
                found["cluster_state"] == "ok" and found["cluster_slots_assigned"] == 16384
            )
        ),
    ),
    call("cluster_links", answer=[]),
    call("cluster_meet", "junk", 1, answer=Raises("ERR Invalid node address")),
    call("cluster_meet", "junk", 1, 2, answer=Raises("ERR Invalid node address")),
    call("cluster_myid", answer=ID),
    call("cluster_myshardid", answer=ID),
    call("cluster_nodes", answer=[MYSELF]),
    call("cluster_replicas", NODE, answer=Raises("ERR Unknown node")),
    call("cluster_replicate", NODE, answer=Raises("ERR Unknown node")),
    call("cluster_reset", answer=Raises("ERR CLUSTER RESET can't be called"), before=A),
    call("cluster_reset", soft=False, answer=Raises("ERR CLUSTER RESET can't be called"), before=A),
    call("cluster_saveconfig", answer=None),
    call("cluster_set_config_epoch", 5, answer=Raises("ERR Node config epoch is already")),
    call("cluster_shards", answer=Fits(is_shards)),
    call("cluster_slaves", NODE, answer=Raises("ERR Unknown node")),
    # slots
    call("cluster_addslots", 100, answer=Raises("ERR Slot 100 is already busy")),
    call(
        "cluster_addslots", 100, 101, answer=None, before=("CLUSTER DELSLOTS 100 101",), after=WHOLE
    ),
    call("cluster_addslotsrange", 100, 150, 151, 200, answer=None, before=FREED, after=WHOLE),
    call("cluster_cancelslotmigrations", answer=Raises("ERR No migrations ongoing")),
    call("cluster_countkeysinslot", 15495, answer=1, before=A),
    call("cluster_delslots", 100, 101, answer=None, after=LESS, before=("CLUSTER INFO",)),
    call("cluster_delslotsrange", 100, 200, answer=None, after=LESS),
    call("cluster_flushslot", 15495, answer=None, before=A, after=("DBSIZE", 0)),
    call("cluster_flushslot", 15495, "SYNC", answer=None, before=A, after=("DBSIZE", 0)),
    call("cluster_flushslots", answer=Raises("ERR DB must be empty"), before=A),
    call("cluster_get_keys_in_slot", 15495, 10, answer=[b"a"], before=A),
    call("cluster_getslotmigrations", answer=[]),
    call("cluster_keyslot", "a", answer=15495),
    call("cluster_migrateslots", [(1, 5)], NODE, answer=Raises("ERR Unknown node")),
    call("cluster_setslot", NODE, 5, "MIGRATING", answer=Raises("ERR I don't know about node")),
    call("cluster_setslot", NODE, 5, "IMPORTING", 100, answer=Raises("ERR I'm already the owner")),
    call("cluster_setslot_stable", 5, answer=None),
    call(
        "cluster_slot_stats",
        (15495, 15495),
        answer={15495: Fits(lambda found: found["key-count"] == 1)},
        before=A,
    ),
    call(
        "cluster_slot_stats",
        orderby="key-count",
        limit=1,
        desc=True,
        answer=Fits(lambda found: list(found) == [15495]),
        before=A,
    ),
    call("cluster_slots", answer=Fits(is_slots)),
    call("clusterscan", slot=15495, answer=(b"0-{a}-0", [])),
    call("clusterscan", "0-{a}-0", "*", 100, "string", answer=(b"0", [b"a"]), before=A, slot=15495),
]


@pytest.fixture
async def cluster_ways(
    cluster_server: testing.RedisServer,
) -> AsyncIterator[dict[Way, redis.Redis[Any]]]:
    async with open_ways(cluster_server.url) as clients:
        yield clients


@pytest.mark.parametrize("each", CALLS, ids=str)
async def test_each_call_is_answered(each: Call, cluster_ways: dict[Way, redis.Redis[Any]]) -> None:
    r = cluster_ways[ALONE[0]]
    for way in each.ways:
        await check_call(attrs.evolve(each, ways=(way,)), cluster_ways)
        owned = [
            slot
            for ends in (await r.cluster_nodes())[0].slots
            for slot in range(ends[0], ends[1] + 1)
        ]
        if missing := sorted(set(range(16384)) - set(owned)):
            await r.cluster_addslots(*missing)


@asynccontextmanager
async def open_pair(protocol: int) -> AsyncIterator[list[redis.Redis[bytes]]]:
    """Open two servers, each of which knows the other one; the first has all slots."""
    settings = {
        "cluster-enabled": "yes",
        "cluster-node-timeout": "2000",
        "repl-diskless-sync-delay": "0",
    }
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            server = await stack.enter_async_context(testing.open_redis_server(settings=settings))
            opened = redis.open_client(server.url, protocol=protocol)
            clients.append(await stack.enter_async_context(opened))
        first, second = clients
        await first.cluster_set_config_epoch(1)
        await second.cluster_set_config_epoch(2)
        await first.cluster_addslotsrange(0, 16383)
        await second.cluster_meet("127.0.0.1", await port_of(first))
        for client in clients:
            while not await knows_all(client):  # noqa: ASYNC110
                await trio.sleep(0.02)
        yield clients


async def port_of(client: redis.Redis[bytes]) -> int:
    return int((await client.config_get("port"))["port"])


async def knows_all(client: redis.Redis[bytes]) -> bool:
    nodes = await client.cluster_nodes()
    info = await client.cluster_info()
    return (
        len(nodes) == 2
        and info["cluster_state"] == "ok"
        and not any("handshake" in n.flags for n in nodes)
    )


@needs_server
@pytest.mark.parametrize("protocol", [3, 2])
async def test_two_servers_make_a_cluster(protocol: int) -> None:
    with trio.fail_after(60):
        async with open_pair(protocol) as (first, second):
            one, two = await first.cluster_myid(), await second.cluster_myid()
            links = await first.cluster_links()
            assert {link["direction"] for link in links} <= {b"to", b"from"}
            assert {link["node"].decode() for link in links} == {two}
            assert await first.cluster_count_failure_reports(two) == 0
            # a slot is on its way by hand
            await first.cluster_setslot(two, 7, "MIGRATING")
            await second.cluster_setslot(one, 7, "IMPORTING", timeout=100)
            (here,) = [node for node in await first.cluster_nodes() if "myself" in node.flags]
            (there,) = [node for node in await second.cluster_nodes() if "myself" in node.flags]
            assert here.migrating == {7: two}
            assert there.importing == {7: one}
            await second.cluster_setslot(two, 7, "NODE")
            await first.cluster_setslot(two, 7, "NODE")
            # and by the server
            await first.set("a", 1)
            await first.cluster_migrateslots([(15495, 15495), (16000, 16001)], two)
            migrations = await first.cluster_getslotmigrations()
            while migrations[0]["state"] != b"success":
                await trio.sleep(0.02)
                migrations = await first.cluster_getslotmigrations()
            assert migrations[0]["operation"] == b"EXPORT"
            assert await second.get("a") == b"1"
            (there,) = [node for node in await second.cluster_nodes() if "myself" in node.flags]
            assert there.slots == [(7, 7), (15495, 15495), (16000, 16001)]


@needs_server
@pytest.mark.parametrize("protocol", [3, 2])
async def test_servers_are_replicas_and_leave_again(protocol: int) -> None:
    with trio.fail_after(60):
        async with open_pair(protocol) as (first, second):
            one, two = await first.cluster_myid(), await second.cluster_myid()
            await second.cluster_replicate(one)
            while not await first.cluster_replicas(one):  # noqa: ASYNC110
                await trio.sleep(0.02)
            (replica,) = await first.cluster_replicas(one)
            assert replica.id == two
            assert replica.primary_id == one
            assert [node.id for node in await first.cluster_slaves(one)] == [two]
            while (await second.role()).state != "connected":  # noqa: ASYNC110
                await trio.sleep(0.02)
            async with second.connection() as connection:
                await connection.readonly()
                assert await connection.get("a") is None
                await connection.readwrite()
            await second.cluster_failover("TAKEOVER")
            while not any(node.slots for node in await second.cluster_nodes()):  # noqa: ASYNC110
                await trio.sleep(0.02)
            assert (await second.role()).kind == "master"
            while (await first.role()).kind != "slave":  # noqa: ASYNC110
                await trio.sleep(0.02)
            await first.cluster_replicate(None)
            await first.cluster_forget(two)
            await second.flushall()
            await second.cluster_flushslots()
            await second.cluster_reset(soft=False)
            assert await second.cluster_myid() != two
            await second.cluster_set_config_epoch(5)
            assert SOME_INT.check(await second.cluster_countkeysinslot(7))


async def test_all_keys_of_a_cluster_are_found(cluster_ways: dict[Way, redis.Redis[Any]]) -> None:
    r = cluster_ways[ALONE[0]]
    await r.flushall()
    for n in range(50):
        await r.set(f"key {n}", n)
    cursor, found = b"0", set[bytes]()
    while True:
        cursor, keys = await r.clusterscan(cursor, count=1000)
        found.update(keys)
        if cursor == b"0":
            break
    assert found == {f"key {n}".encode() for n in range(50)}
