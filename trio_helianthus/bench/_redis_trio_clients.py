"""Clients of Redis on trio: ours, with both of its parsers, and coredis."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import trio

from trio_helianthus import redis
from trio_helianthus.wire import resp

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


async def use_ours(load: RedisLoad, port: int, engine: resp.Engine) -> None:
    """Do what a load says with our client."""
    async with redis.open_client(f"redis://127.0.0.1:{port}", engine=engine) as r:
        await r.set(KEY, VALUE)

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
                    if (answer := await r.set(KEY, VALUE)) is not True:
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

        async def xadd(tally: Tally) -> None:
            while True:
                for _ in range(BURST):
                    await r.xadd(STREAM, {"value": VALUE}, maxlen=STREAM_ENTRIES)
                if not tally.more(BURST):
                    return

        async def pipeline(tally: Tally) -> None:
            while True:
                commands = r.pipeline()
                for _ in range(PIPELINE_COMMANDS):
                    commands.get(KEY)
                if (answers := await commands.execute()) != PIPELINED:
                    raise wrong(answers, "a pipeline")
                if not tally.more(PIPELINE_COMMANDS):
                    return

        works = {"get": get, "set": put, "incr": incr, "xadd": xadd, "pipeline": pipeline}
        if load is RedisLoad.PUBSUB:
            await publish_with_ours(r)
            return
        await work(load, get_timed if load.is_timed else works[load.command])


async def publish_with_ours(r: redis.Redis[bytes]) -> None:
    """Publish to subscribers of the same client."""
    came = trio.Event()
    missing = 0

    async def receive(*, task_status: trio.TaskStatus[None]) -> None:
        nonlocal missing
        async with r.subscribe(CHANNEL) as messages:
            task_status.started()
            async for message in messages:
                if message.data != VALUE:
                    raise wrong(message.data, "PUBLISH")
                missing -= 1
                if not missing:
                    came.set()

    async with trio.open_nursery() as nursery:
        for _ in range(SUBSCRIBERS):
            await nursery.start(receive)
        for seconds in orders():
            tally = Tally(seconds)
            while True:
                came = trio.Event()
                missing = SUBSCRIBERS * PUBLISHED_AT_A_TIME
                for _ in range(PUBLISHED_AT_A_TIME):
                    await r.publish(CHANNEL, VALUE)
                await came.wait()
                if not tally.more(SUBSCRIBERS * PUBLISHED_AT_A_TIME):
                    break
            tally.report()
        nursery.cancel_scope.cancel(reason="there are no more orders")


async def use_coredis(load: RedisLoad, port: int) -> None:
    """Do what a load says with coredis."""
    coredis: Any = import_module("coredis")
    client = coredis.Redis(host="127.0.0.1", port=port, max_connections=1000)
    async with client as r:
        await r.set(KEY, VALUE)

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
                    if (answer := await r.set(KEY, VALUE)) is not True:
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

        async def xadd(tally: Tally) -> None:
            while True:
                for _ in range(BURST):
                    await r.xadd(
                        STREAM,
                        {"value": VALUE},
                        trim_strategy=coredis.PureToken.MAXLEN,
                        trim_operator=coredis.PureToken.APPROXIMATELY,
                        threshold=STREAM_ENTRIES,
                    )
                if not tally.more(BURST):
                    return

        async def pipeline(tally: Tally) -> None:
            while True:
                async with r.pipeline(transaction=False) as commands:
                    for _ in range(PIPELINE_COMMANDS):
                        commands.get(KEY)
                if list(commands.results) != PIPELINED:
                    raise wrong(commands.results, "a pipeline")
                if not tally.more(PIPELINE_COMMANDS):
                    return

        works = {"get": get, "set": put, "incr": incr, "xadd": xadd, "pipeline": pipeline}
        await work(load, get_timed if load.is_timed else works[load.command])


async def work(load: RedisLoad, once: Callable[[Tally], Awaitable[object]]) -> None:
    """Do it in as many tasks as the load says, as often as we are told."""
    for seconds in orders():
        tally = Tally(seconds)
        async with trio.open_nursery() as nursery:
            for _ in range(load.tasks):
                nursery.start_soon(once, tally)
        tally.report()


if __name__ == "__main__":
    leave_room_in_heap()
    name, chosen, place = sys.argv[1:]
    match name:
        case "coredis":
            trio.run(use_coredis, RedisLoad(chosen), int(place))
        case _:
            trio.run(use_ours, RedisLoad(chosen), int(place), resp.Engine(name))
