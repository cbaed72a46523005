"""What the demonstration does with Redis: many tasks on one connection, and a wait given up."""

from __future__ import annotations

import os
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from trio_helianthus import redis, testing
from trio_helianthus.errors import HelianthusError

from ._demo_http import expect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ._demo_report import Findings

TASKS: Final = 100
COMMANDS: Final = 20
"""How many each of them sends."""
GIVE_UP_SECONDS: Final = 0.05
USUAL_PLACE: Final = "redis://127.0.0.1:6379"
LOOK_SECONDS: Final = 0.25
"""How long a server may take that somebody else runs there."""
TIMEOUTS: Final = redis.Timeouts(connect=2, reconnect=2)
LIFETIME_SECONDS: Final = 60
"""After which our keys are gone, whatever happens to us."""


async def use_redis(findings: Findings) -> None:
    """Use a server, if there is one, and leave it as it was."""
    async with _find_server() as url:
        if url is None:
            return
        async with redis.open_client(url, lazy=True, timeouts=TIMEOUTS) as r:
            try:
                info = await r.info("server", timeout=5)
            except HelianthusError as exc:
                findings.redis = f"{url}: {exc}"
                return
            name = f"helianthus-demo:{secrets.token_hex(4)}"
            await _count_together(r, name, findings)
            await _give_up_waiting(r, name, findings)
            await r.delete(name)
            product = "Valkey" if "valkey_version" in info else "Redis"
            version = info.get("valkey_version") or info["redis_version"]
            findings.redis = f"{product} {version}"


@asynccontextmanager
async def _find_server() -> AsyncIterator[str | None]:
    """Find a server: ``REDIS_URL``, else one of our own, else that at the usual place."""
    if "REDIS_URL" in os.environ:
        yield os.environ["REDIS_URL"]
    elif testing.find_redis_server() is not None:
        async with testing.open_redis_server() as server:
            yield server.url
    else:
        yield USUAL_PLACE if await _answers(USUAL_PLACE) else None


async def _answers(url: str) -> bool:
    try:
        with trio.move_on_after(LOOK_SECONDS):
            async with redis.open_client(url) as r:
                await r.ping()
                return True
    except HelianthusError:
        pass
    return False


async def _count_together(r: redis.Redis[bytes], key: str, findings: Findings) -> None:
    """Have many tasks raise one number."""
    answers: set[int] = set()

    async def count() -> None:
        for _ in range(COMMANDS):
            answers.add(await r.incr(key))

    await r.set(key, 0, ex=LIFETIME_SECONDS)
    sends = r.statistics().sends
    async with trio.open_nursery() as nursery:
        for _ in range(TASKS):
            nursery.start_soon(count)
    expect(answers == set(range(1, TASKS * COMMANDS + 1)))
    findings.redis_commands = len(answers)
    findings.redis_sends = r.statistics().sends - sends


async def _give_up_waiting(r: redis.Redis[bytes], key: str, findings: Findings) -> None:
    """Give up waiting for a list that stays empty, while others go on asking."""

    async def ask() -> None:
        while True:
            began = trio.current_time()
            await r.get(key)
            took = trio.current_time() - began
            findings.redis_slowest = max(findings.redis_slowest, took)
            await trio.sleep(0.001)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        began = trio.current_time()
        with trio.move_on_after(GIVE_UP_SECONDS):
            await r.blpop([f"{key}:nothing"], timeout=10)
        findings.redis_gave_up_after = trio.current_time() - began
        nursery.cancel_scope.cancel(reason="the wait was given up")
