"""Tasks that write and read all the time, and know what must be there in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from operator import gt
from typing import Any

import attrs
import trio

from trio_helianthus import errors, redis

TASKS = 24


@attrs.define(eq=False)
class Load:
    """Each task counts in a key of its own, by one way of writing."""

    client: redis.Redis[bytes]
    acknowledged: list[int] = attrs.field(factory=lambda: [0] * TASKS)
    unknown: list[int] = attrs.field(factory=lambda: [0] * TASKS)
    errors: Counter[str] = attrs.field(factory=Counter)
    wrong: list[Any] = attrs.field(factory=list)
    slowest: float = 0.0
    is_over: bool = False
    pause: float = 0.001

    @property
    def total(self) -> int:
        return sum(self.acknowledged)

    def key(self, number: int) -> str:
        return f"count:{number}"

    async def work(self, number: int) -> None:
        ways = [self._plain, self._pipelined, self._atomic, self._watching, self._scripted]
        way = ways[number % len(ways)]
        while not self.is_over:
            start = trio.current_time()
            try:
                await way(self.key(number))
                self.acknowledged[number] += 1
            except errors.OutcomeUnknown:
                self.unknown[number] += 1
            except errors.HelianthusError as exc:
                self.errors[repr(exc)] += 1
            self.slowest = max(self.slowest, trio.current_time() - start)
            await trio.sleep(self.pause)

    async def _plain(self, key: str) -> None:
        await self.client.execute("INCR", key)
        echoed = await self.client.execute("EVAL", "return KEYS[1]", 1, key)
        if echoed != key.encode():
            self.wrong.append((key, echoed))

    async def _pipelined(self, key: str) -> None:
        others = [self.key(number) for number in range(3)]
        pipeline = self.client.pipeline().add("INCR", key).add("MGET", *others, key)
        count, values, echoed = await pipeline.add("EVAL", "return KEYS[1]", 1, key).execute()
        if echoed != key.encode() or int(values[3]) != count:
            self.wrong.append((key, count, values, echoed))

    async def _atomic(self, key: str) -> None:
        pipeline = self.client.pipeline(transaction=True).add("INCR", key).add("GET", key)
        count, value = await pipeline.execute()
        if int(value) != count:
            self.wrong.append((key, count, value))

    async def _watching(self, key: str) -> None:
        async def add(tx: redis.Transaction[bytes]) -> None:
            value = int(await tx.execute("GET", key) or 0)
            tx.queue.add("SET", key, value + 1)

        await self.client.transaction(add, key)

    async def _scripted(self, key: str) -> None:
        await self.client.register_script("return redis.call('INCR', KEYS[1])")([key])

    async def count_lost(self) -> int:
        """Return how many acknowledged writes are not there; none must be there twice."""
        lost = 0
        for number in range(TASKS):
            value = int(await self.client.execute("GET", self.key(number)) or 0)
            lost += max(0, self.acknowledged[number] - value)
            if value > self.acknowledged[number] + self.unknown[number]:
                self.wrong.append((self.key(number), "written twice"))
        assert self.wrong == []
        return lost

    async def progress(self, seconds: float = 30.0) -> float:
        """Wait until each task has written once more, and return how long that took."""
        start, before = trio.current_time(), list(self.acknowledged)
        with trio.fail_after(seconds):
            while not all(map(gt, self.acknowledged, before)):  # noqa: ASYNC110 - only a poll
                await trio.sleep(0.005)
        return trio.current_time() - start


@asynccontextmanager
async def open_load(client: redis.Redis[bytes], *, pause: float = 0.001) -> AsyncIterator[Load]:
    """Have them work during the body.

    :param pause: seconds that each takes behind each write.
    """
    load = Load(client, pause=pause)
    async with trio.open_nursery() as nursery:
        for number in range(TASKS):
            nursery.start_soon(load.work, number)
        await load.progress()
        yield load
        await load.progress()
        load.is_over = True
