"""Cancelled at each point, recipes leave nothing held, claimed or waiting on a real server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio

from trio_helianthus import redis, testing

pytestmark = pytest.mark.sweep

Work = Callable[[redis.Redis[bytes]], Awaitable[object]]

LEFT_BY_NOBODY = (
    "lock:{job}",
    "lock-queue:{job}",
    "lock-seen:{job}",
    "semaphore:{job}",
    "semaphore-queue:{job}",
    "semaphore-seen:{job}",
    "cache-loading:{things:1}",
)


async def hold(r: redis.Redis[bytes]) -> None:
    async with r.lock("job") as lease:
        assert await r.incr("inside") == 1
        lease.check()
        await r.delete("inside")


async def wait_for_each_other(r: redis.Redis[bytes]) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(hold_briefly, r)


async def hold_briefly(r: redis.Redis[bytes]) -> None:
    async with r.lock("job"):
        await trio.lowlevel.checkpoint()


async def use_permits(r: redis.Redis[bytes]) -> None:
    async def use() -> None:
        async with r.semaphore("job", limit=2):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(use)


async def limit_rates(r: redis.Redis[bytes]) -> None:
    limiter = r.rate_limiter("api", limit=200, per=1, burst=1)
    for _ in range(2):
        await limiter.acquire("a")
    await limiter.try_acquire("a")
    await limiter.reset("a")


async def cache_things(r: redis.Redis[bytes]) -> None:
    cache = r.cache("things", ttl=5)

    async def load(key: str) -> str:
        await trio.sleep(0.002)
        return f"thing {key}"

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(cache.get, "1", load)
    assert await cache.get("1", load) == "thing 1"
    await cache.set("1", "another")
    await cache.delete("1")


@pytest.mark.parametrize(
    "work", [hold, wait_for_each_other, use_permits, limit_rates, cache_things]
)
def test_nothing_is_left_behind_wherever_it_is_cancelled(
    shared_server: testing.RedisServer, work: Work
) -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with redis.open_client(shared_server.url) as r:
            await r.delete("inside", "cache:{things:1}", *LEFT_BY_NOBODY)
            with part:
                await work(r)
            with trio.fail_after(5):
                while await r.exists(*LEFT_BY_NOBODY):  # noqa: ASYNC110 - nothing tells of it
                    await trio.sleep(0.002)
            assert await r.ping()

    testing.cancel_sweep(scenario)
