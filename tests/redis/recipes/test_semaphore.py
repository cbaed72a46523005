"""A semaphore: so many permits and no more, in order, and those of the dead come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from tests.redis.recipes._processes import until
from trio_helianthus import errors, redis, testing


@pytest.fixture
async def other(redis_server: testing.RedisServer) -> AsyncIterator[redis.Redis[str]]:
    """A client of another program, which wants text."""
    async with redis.open_client(redis_server.url, decode_responses=True) as r:
        yield r


async def test_so_many_hold_it_and_no_more(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    inside, most, rounds = 0, 0, 0

    async def use(r: redis.Redis[Any]) -> None:
        nonlocal inside, most, rounds
        for _ in range(5):
            async with r.semaphore("gpu", limit=3) as permit:
                assert permit.is_held
                inside += 1
                most = max(most, inside)
                await trio.sleep(0.001)
                inside -= 1
                rounds += 1

    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(use, (client, other)[number % 2])
    assert (most, rounds) == (3, 50)
    assert not await client.exists(
        "semaphore:{gpu}", "semaphore-queue:{gpu}", "semaphore-seen:{gpu}"
    )


async def test_who_does_not_wait_is_told_at_once(client: redis.Redis[bytes]) -> None:
    async with client.semaphore("gpu", limit=1):
        with pytest.raises(errors.ResourceBusy, match="permit of 'gpu'"):
            async with client.semaphore("gpu", limit=1, wait=0):
                pytest.fail("there is one")
        async with client.semaphore("gpu", limit=2, wait=0):
            pass


async def test_permits_come_in_the_order_of_asking(
    client: redis.Redis[bytes], other: redis.Redis[str]
) -> None:
    order: list[int] = []

    async def take(r: redis.Redis[Any], number: int) -> None:
        async with r.semaphore("gpu", limit=1):
            order.append(number)

    async with trio.open_nursery() as nursery, client.semaphore("gpu", limit=1):
        for number in range(6):
            nursery.start_soon(take, (client, other)[number % 2], number)

            async def waits(number: int = number) -> bool:
                return bool(await client.zcard("semaphore-queue:{gpu}") == number + 1)

            await until(waits)
    assert order == list(range(6))


async def test_the_permit_of_one_who_died_comes_back(client: redis.Redis[bytes]) -> None:
    seconds, microseconds = await client.time()
    soon = seconds * 1_000_000 + microseconds + 300_000
    await client.zadd("semaphore:{gpu}", {"dead": soon, "dead too": soon + 100_000})
    before = trio.current_time()
    async with client.semaphore("gpu", limit=2):
        assert 0.2 < trio.current_time() - before < 5


async def test_a_permit_is_extended(client: redis.Redis[bytes]) -> None:
    async with client.semaphore("gpu", limit=1, ttl=0.6) as permit:
        with trio.fail_after(10):
            while permit.extensions < 4:
                await trio.sleep(0.01)
                permit.check()
        with pytest.raises(errors.ResourceBusy):
            async with client.semaphore("gpu", limit=1, wait=0):
                pytest.fail("there is one")


@pytest.mark.parametrize("loss", ["removed", "forgotten"])
async def test_losing_it_ends_the_body(client: redis.Redis[bytes], loss: str) -> None:
    with pytest.raises(errors.LockLost, match="the permit of 'gpu'"):
        async with client.semaphore("gpu", limit=1, ttl=0.3):
            (member,) = await client.zrange("semaphore:{gpu}", 0, -1)
            if loss == "removed":
                await client.zrem("semaphore:{gpu}", member)
            else:  # the server's clock was set forward
                await client.zadd("semaphore:{gpu}", {member: 1})
            await trio.sleep_forever()


async def test_a_loss_that_shows_on_giving_it_back_is_told(client: redis.Redis[bytes]) -> None:
    with pytest.raises(errors.LockLost):
        async with client.semaphore("gpu", limit=1):
            await client.delete("semaphore:{gpu}")


async def test_the_longest_time_counts_for_the_key(client: redis.Redis[bytes]) -> None:
    async with client.semaphore("gpu", limit=2, ttl=50), client.semaphore("gpu", limit=2, ttl=1):
        assert await client.pttl("semaphore:{gpu}") > 40_000


@pytest.mark.parametrize(("limit", "error"), [(0, ValueError), (1.5, TypeError), (True, TypeError)])
async def test_mistakes_are_told_before_anything_is_sent(
    client: redis.Redis[bytes], limit: Any, error: type[Exception]
) -> None:
    before = client.statistics().commands
    with pytest.raises(error):
        async with client.semaphore("gpu", limit=limit):
            pytest.fail("it was a mistake")
    assert client.statistics().commands == before
