"""Cancelled at each point, a client of a cluster leaves nothing behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from tests.redis._scripted_cluster import PORT, ScriptedCluster, ScriptedNode, open_scripted_cluster
from trio_helianthus import redis, testing
from trio_helianthus.errors import redis_error
from trio_helianthus.redis._slots import slot_of

pytestmark = pytest.mark.sweep

A, B, C = "b", "c", "a"  # keys of the nodes 0, 1 and 2
Work = Callable[[redis.Redis[bytes], ScriptedCluster], Awaitable[object]]


def script(node: ScriptedNode, command: list[bytes]) -> Any:
    """Slots that are asked for by name are being moved, or are not served at first."""
    if command[0] == b"EXEC":
        return [node.number]
    if command[1:2] == [b"{b}asked"] and command[0] != b"MULTI":
        if node.number == 0:
            return redis_error(f"ASK {slot_of(A)} 127.0.0.1:{PORT + 1}")
        return node.number
    if command[1:2] == [b"{b}later"] and len(node.asked) < 3:
        return redis_error("TRYAGAIN x")
    return [node.number] * (len(command) - 1) if command[0] == b"MGET" else None


async def single(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    assert [await r.execute("GET", key) for key in (A, B)] == [0, 1]


async def moved(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    cluster.owners[slot_of(A)] = 2
    assert await r.execute("GET", A) == 2


async def asked(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    assert await r.execute("GET", "{b}asked") == 1


async def later(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    assert await r.execute("GET", "{b}later") == 0


async def split(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    assert await r.execute("MGET", A, B, C) == [0, 1, 2]


async def pipelined(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    cluster.owners[slot_of(B)] = 2
    pipeline = r.pipeline().add("GET", A).add("GET", B).add("GET", "{b}asked")
    assert await pipeline.execute() == [0, 2, 1]


async def atomic(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    assert await r.pipeline(transaction=True).add("SET", A, 1).execute() == [0]


async def blocking(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    cluster.owners[slot_of(A)] = 2
    assert await r.execute("BLPOP", A, 0) == 2


async def transaction(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    cluster.owners[slot_of(A)] = 2

    async def write(tx: redis.Transaction[bytes]) -> None:
        tx.queue.add("SET", A, 1)

    assert (await r.transaction(write, A)).answers == [2]


async def lost(r: redis.Redis[bytes], cluster: ScriptedCluster) -> None:
    assert await r.execute("SET", A, 1) == 0
    for visitor in cluster.nodes[0].visitors:
        visitor.stream.reset()
    assert await r.execute("GET", A) == 0


@pytest.mark.parametrize(
    "work",
    [single, moved, asked, later, split, pipelined, atomic, blocking, transaction, lost],
)
def test_the_client_works_behind_work_that_was_cancelled(work: Work) -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with (
            open_scripted_cluster(script=script) as cluster,
            redis.open_cluster(cluster.url) as r,
        ):
            with part:
                await work(r, cluster)
            owners = [cluster.owner_of(slot_of(key)) for key in (A, B, C)]
            assert [await r.execute("GET", key) for key in (A, B, C)] == owners
            statistics = r.statistics()
            assert (statistics.in_flight, statistics.sessions_lent) == (0, 0)

    testing.cancel_sweep(scenario)


def test_opening_and_closing_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        async with (
            open_scripted_cluster(replicas=1, script=script) as cluster,
            redis.open_cluster(cluster.url, read_from=redis.ReadFrom.ANY) as r,
        ):
            assert await r.execute("SET", A, 1) == 0
            assert await r.execute("GET", A) in {0, 3}
            await moved(r, cluster)
            await blocking(r, cluster)

    testing.cancel_sweep(scenario)
