"""Clients of Redis on asyncio and uvloop: redis-py and valkey-glide."""

from __future__ import annotations

import asyncio
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._asyncio_servers import run
from ._being_measured import leave_room_in_heap
from ._redis_loads import (
    BURST,
    CHANNEL,
    COUNTER,
    KEY,
    PIPELINE_COMMANDS,
    PIPELINED,
    PUBLISHED_AT_A_TIME,
    STREAM,
    STREAM_ENTRIES,
    SUBSCRIBERS,
    VALUE,
    RedisLoad,
)
from ._redis_tally import Tally, orders, wrong

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def use_redis_py(load: RedisLoad, port: int) -> None:
    """Do what a load says with redis-py."""
    redis_py: Any = import_module("redis.asyncio")
    r = redis_py.Redis(port=port, max_connections=1000)
    await r.set(KEY, VALUE)

    async def xadd() -> Any:
        return await r.xadd(STREAM, {"value": VALUE}, maxlen=STREAM_ENTRIES, approximate=True)

    async def pipeline() -> Any:
        commands = r.pipeline(transaction=False)
        for _ in range(PIPELINE_COMMANDS):
            commands.get(KEY)
        return await commands.execute()

    if load is RedisLoad.PUBSUB:
        await publish_with_redis_py(r)
    else:
        await work(load, r, xadd, pipeline)
    await r.aclose()


async def publish_with_redis_py(r: Any) -> None:
    """Publish to subscribers of the same client, each of which has a connection."""
    came = asyncio.Event()
    missing = 0

    async def receive(subscription: Any) -> None:
        nonlocal missing
        async for message in subscription.listen():
            if message["type"] != "message":
                continue
            if message["data"] != VALUE:
                raise wrong(message["data"], "PUBLISH")
            missing -= 1
            if not missing:
                came.set()

    subscriptions = [r.pubsub() for _ in range(SUBSCRIBERS)]
    for subscription in subscriptions:
        await subscription.subscribe(CHANNEL)
    tasks = [asyncio.create_task(receive(subscription)) for subscription in subscriptions]
    while sum(n for _, n in await r.pubsub_numsub(CHANNEL)) < SUBSCRIBERS:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    for seconds in orders():
        tally = Tally(seconds)
        while True:
            came.clear()
            missing = SUBSCRIBERS * PUBLISHED_AT_A_TIME
            for _ in range(PUBLISHED_AT_A_TIME):
                await r.publish(CHANNEL, VALUE)
            await came.wait()
            if not tally.more(SUBSCRIBERS * PUBLISHED_AT_A_TIME):
                break
        tally.report()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for subscription in subscriptions:
        await subscription.aclose()


async def use_glide(load: RedisLoad, port: int) -> None:
    """Do what a load says with valkey-glide."""
    glide: Any = import_module("glide")
    place = glide.NodeAddress("127.0.0.1", port)
    r = await glide.GlideClient.create(glide.GlideClientConfiguration([place]))
    await r.set(KEY, VALUE)
    options = glide.StreamAddOptions(trim=glide.TrimByMaxLen(exact=False, threshold=STREAM_ENTRIES))

    async def xadd() -> Any:
        return await r.xadd(STREAM, [("value", VALUE)], options)

    async def pipeline() -> Any:
        commands = glide.Batch(is_atomic=False)
        for _ in range(PIPELINE_COMMANDS):
            commands.get(KEY)
        return await r.exec(commands, raise_on_error=True)

    await work(load, r, xadd, pipeline)
    await r.close()


async def work(
    load: RedisLoad,
    r: Any,
    xadd: Callable[[], Awaitable[Any]],
    pipeline: Callable[[], Awaitable[Any]],
) -> None:
    """Do it in as many tasks as the load says, as often as we are told."""

    async def get(tally: Tally) -> None:
        while True:
            for _ in range(BURST):
                if (answer := await r.get(KEY)) != VALUE:
                    raise wrong(answer, "GET")
            if not tally.more(BURST):
                return

    async def get_timed(tally: Tally) -> None:
        while True:
            since = time.perf_counter()
            if (answer := await r.get(KEY)) != VALUE:
                raise wrong(answer, "GET")
            if not tally.more_timed(since):
                return

    async def put(tally: Tally) -> None:
        while True:
            for _ in range(BURST):
                if not (answer := await r.set(KEY, VALUE)):
                    raise wrong(answer, "SET")
            if not tally.more(BURST):
                return

    async def incr(tally: Tally) -> None:
        value = 0
        while True:
            for _ in range(BURST):
                if (answer := await r.incr(COUNTER)) <= value:
                    raise wrong(answer, "INCR")
                value = answer
            if not tally.more(BURST):
                return

    async def add(tally: Tally) -> None:
        while True:
            for _ in range(BURST):
                await xadd()
            if not tally.more(BURST):
                return

    async def send(tally: Tally) -> None:
        while True:
            if (answers := await pipeline()) != PIPELINED:
                raise wrong(answers, "a pipeline")
            if not tally.more(PIPELINE_COMMANDS):
                return

    works = {"get": get, "set": put, "incr": incr, "xadd": add, "pipeline": send}
    once = get_timed if load.is_timed else works[load.command]
    for seconds in orders():
        tally = Tally(seconds)
        async with asyncio.TaskGroup() as group:
            for _ in range(load.tasks):
                group.create_task(once(tally))
        tally.report()


if __name__ == "__main__":
    leave_room_in_heap()
    name, loop, chosen, place = sys.argv[1:]
    match name:
        case "glide":
            run(loop, use_glide(RedisLoad(chosen), int(place)))
        case _:
            run(loop, use_redis_py(RedisLoad(chosen), int(place)))
