"""A process of its own that competes for a lock; tests freeze and kill it.

``count``: raises a counter by reading and writing it, again and again, while it holds the lock.
``hold``: holds the lock until it is told to end, and tries to write at the very end, whatever has
happened.
"""

from __future__ import annotations

import sys

import trio

from trio_helianthus import errors, redis

FENCED_WRITE = """
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'fence') or 0) then
  return 0
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
return 1
"""


async def count(r: redis.Redis[bytes], rounds: int) -> None:
    for _ in range(rounds):
        async with r.lock("counter", ttl=5):
            assert await r.incr("inside") == 1, "two are in the body"
            value = int(await r.get("value") or 0)
            await trio.lowlevel.checkpoint()
            await r.set("value", value + 1)
            await r.decr("inside")


async def hold(r: redis.Redis[bytes], ttl: float) -> None:
    write = r.register_script(FENCED_WRITE)
    try:
        async with r.lock("job", ttl=ttl) as lease:
            print("held", lease.token, flush=True)
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    written = await write(["data"], [lease.token, "of the frozen one"])
                    print("written" if written else "refused", lease.is_held, flush=True)
    except errors.LockLost as exc:
        print("lost", exc.token, flush=True)


async def main(url: str, work: str, number: float) -> None:
    async with redis.open_client(url) as r:
        if work == "count":
            await count(r, int(number))
        else:
            await hold(r, number)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], float(sys.argv[3]))
