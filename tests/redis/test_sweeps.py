"""Cancelled at each point, nothing is left behind and no answer goes astray."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from tests.redis._scripted_server import Visitor, open_scripted_server
from trio_helianthus import core, redis, testing

pytestmark = pytest.mark.sweep

Work = Callable[[redis.Redis[bytes]], Awaitable[object]]


async def several_at_a_time(r: redis.Redis[bytes]) -> None:
    async def ask(word: str) -> None:
        for _ in range(2):
            assert await r.execute("ECHO", word) == word.encode()

    async with trio.open_nursery() as nursery:
        for word in ("a", "b", "c"):
            nursery.start_soon(ask, word)


async def with_limits(r: redis.Redis[bytes]) -> None:
    token = core.CancelToken()
    assert await r.execute("ECHO", "x", timeout=5, token=token) == b"x"


async def blocking(r: redis.Redis[bytes]) -> None:
    assert await r.execute("BLPOP", "x", 0) == b"OK"
    assert await r.execute("ECHO", "x") == b"x"
    assert await r.execute("BLPOP", "x", 0) == b"OK"


async def pipelines(r: redis.Redis[bytes]) -> None:
    assert await r.pipeline().add("ECHO", "a").add("ECHO", "b").execute() == [b"a", b"b"]
    assert await r.pipeline().add("ECHO", "a").add("BLPOP", "x", 0).execute() == [b"a", b"OK"]


async def transactions(r: redis.Redis[bytes]) -> None:
    async def read(tx: redis.Transaction[bytes]) -> None:
        assert await tx.execute("ECHO", "x") == b"x"

    await r.transaction(read, "x")


async def lent(r: redis.Redis[bytes]) -> None:
    async with r.connection() as connection:
        assert await connection.execute("ECHO", "x") == b"x"
        await connection.execute("SELECT", 1)


async def losses(r: redis.Redis[bytes]) -> None:
    assert await r.execute("GET", "hang up") == b"hang up"
    assert await r.execute("ECHO", "x") == b"x"


def hang_up_once(visitor: Visitor, command: list[bytes]) -> Any:
    if command[1:] == [b"hang up"] and visitor.number == 1:
        visitor.stream.reset()
    return None


@pytest.mark.parametrize(
    "work", [several_at_a_time, with_limits, blocking, pipelines, transactions, lent, losses]
)
def test_the_client_works_behind_work_that_was_cancelled(work: Work) -> None:
    async def scenario(part: trio.CancelScope) -> None:
        async with (
            open_scripted_server(script=hang_up_once) as server,
            redis.open_client(server.url) as r,
        ):
            with part:
                await work(r)
            assert await r.execute("ECHO", "behind") == b"behind"
            statistics = r.statistics()
            assert (statistics.in_flight, statistics.sessions_lent) == (0, 0)

    testing.cancel_sweep(scenario)


def test_opening_and_closing_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        async with open_scripted_server() as server, redis.open_client(server.url) as r:
            await several_at_a_time(r)
            await blocking(r)

    testing.cancel_sweep(scenario)
