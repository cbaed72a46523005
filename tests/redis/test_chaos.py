"""Counters under fire, against a real server: no wrong answer, no acknowledged write lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio

from tests.redis._chaos import Books, endure
from tests.redis.conftest import needs_server
from trio_helianthus import testing
from trio_helianthus.testing import RedisServer

pytestmark = needs_server
LONGEST_RECOVERY = 0.5
"""Seconds; it is told where it takes longer, and three times as long fails."""


def kill_clients(server: RedisServer, times: int) -> Callable[[Books], Awaitable[None]]:
    async def trouble(books: Books) -> None:
        assert not books.is_over
        for _ in range(times):
            await trio.sleep(0.05)
            await server.kill_clients()

    return trouble


def kill_server(server: RedisServer, times: int) -> Callable[[Books], Awaitable[None]]:
    async def trouble(books: Books) -> None:
        for _ in range(times):
            await trio.sleep(0.2)
            await server.kill()
            await server.start()
            await books.wait_answer()

    return trouble


def freeze_server(server: RedisServer, times: int) -> Callable[[Books], Awaitable[None]]:
    async def trouble(books: Books) -> None:
        for _ in range(times):
            await trio.sleep(0.2)
            server.freeze()
            await trio.sleep(0.3)
            server.resume()
            await books.wait_answer()

    return trouble


TROUBLES = {
    "clients killed every 50 ms": (kill_clients, 20),
    "server killed": (kill_server, 3),
    "server frozen": (freeze_server, 3),
}
AT_LENGTH = {
    "clients killed every 50 ms": (kill_clients, 200),
    "server killed": (kill_server, 20),
    "server frozen": (freeze_server, 20),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_wrong_answer_and_nothing_acknowledged_is_lost(trouble: str) -> None:
    make, times = TROUBLES[trouble]
    async with testing.open_redis_server(persistent=True) as server:
        report(trouble, await endure(server.url, 1_000, make(server, times)))


@pytest.mark.soak
@pytest.mark.parametrize("trouble", AT_LENGTH)
async def test_a_hundred_thousand_increments(trouble: str) -> None:
    make, times = AT_LENGTH[trouble]
    async with testing.open_redis_server(persistent=True) as server:
        report(trouble, await endure(server.url, 100_000, make(server, times)))


def report(trouble: str, books: Books) -> None:
    slowest = max(books.recoveries, default=0.0)
    print(
        f"{trouble}: {books.acknowledged} acknowledged, {books.unknown} unknown,"
        f" {len(books.recoveries)} recoveries, the slowest {slowest:.3f} s after its return"
    )
    assert books.wrong == []
    assert slowest < 3 * LONGEST_RECOVERY
