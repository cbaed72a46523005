"""Locks while processes die or stand still, and while the server does."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

import pytest
import trio

from tests.redis.conftest import needs_server
from tests.redis.recipes._contender import FENCED_WRITE
from tests.redis.recipes._processes import open_contender, until
from trio_helianthus import errors, redis, testing

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")


async def test_of_several_processes_never_two_are_in_the_body(
    redis_server: testing.RedisServer,
) -> None:
    async with redis.open_client(redis_server.url) as r, AsyncExitStack() as stack:
        contenders = [
            await stack.enter_async_context(open_contender(redis_server.url, "count", 25))
            for _ in range(3)
        ]
        with trio.fail_after(60):  # noqa: ASYNC100 - it waits within the list
            codes = [await each.process.wait() for each in contenders]
        assert codes == [0, 0, 0]
        assert await r.get("value") == b"75"
        assert not await r.exists("lock:{counter}", "lock-queue:{counter}")


@needs_signals
async def test_a_frozen_holder_loses_it_and_its_late_write_is_refused(
    redis_server: testing.RedisServer,
) -> None:
    async with (
        open_contender(redis_server.url, "hold", 0.5) as frozen,
        redis.open_client(redis_server.url) as r,
    ):
        word, token = await frozen.line()
        assert word == "held"
        frozen.freeze()
        async with r.lock("job", ttl=5) as lease:
            assert lease.token > int(token)
            write = r.register_script(FENCED_WRITE)
            assert await write(["data"], [lease.token, "of the living"])
            frozen.resume()
            assert await frozen.line() == ["refused", "False"]
            assert await frozen.line() == ["lost", token]
            lease.check()
        assert await r.hget("data", "value") == b"of the living"


async def test_a_killed_holder_keeps_nobody_waiting_beyond_its_time(
    redis_server: testing.RedisServer,
) -> None:
    async with (
        open_contender(redis_server.url, "hold", 0.6) as killed,
        redis.open_client(redis_server.url) as r,
    ):
        await killed.line()
        killed.process.kill()
        before = trio.current_time()
        async with r.lock("job"):
            assert trio.current_time() - before < 5


async def test_a_restart_of_the_server_is_no_loss_if_it_is_quick(
    fresh_redis_server: testing.RedisServer,
) -> None:
    server = fresh_redis_server
    async with redis.open_client(server.url) as r, r.lock("job", ttl=3) as lease:
        await server.kill()
        await server.start()
        before = lease.extensions
        with trio.fail_after(10):
            while lease.extensions < before + 3:
                await trio.sleep(0.02)
                lease.check()


@needs_server
async def test_a_server_that_forgets_ends_the_body() -> None:
    async with testing.open_redis_server() as server, redis.open_client(server.url) as r:
        with pytest.raises(errors.LockLost, match="no longer knows"):
            async with r.lock("job", ttl=3):
                await server.kill()
                await server.start()
                await trio.sleep_forever()


@needs_signals
async def test_a_frozen_server_ends_the_body_before_anybody_else_can_have_it(
    fresh_redis_server: testing.RedisServer,
) -> None:
    server = fresh_redis_server
    async with redis.open_client(server.url) as r:
        with pytest.raises(errors.LockLost) as caught:
            async with r.lock("job", ttl=0.5):
                server.freeze()
                began = trio.current_time()
                try:
                    await trio.sleep_forever()
                finally:
                    ended = trio.current_time()
        assert ended - began < 1
        assert "time" in str(caught.value)
        server.resume()

        async def is_free() -> bool:
            return not await r.exists("lock:{job}")

        await until(is_free)


@needs_signals
async def test_an_extension_that_fails_is_tried_again(
    fresh_redis_server: testing.RedisServer,
) -> None:
    server = fresh_redis_server
    timeouts = redis.Timeouts(answer=0.1)
    async with (
        redis.open_client(server.url, timeouts=timeouts) as r,
        r.lock("job", ttl=2) as lease,
    ):
        server.freeze()
        with trio.fail_after(10):
            while lease._cause is None:  # noqa: ASYNC110 - nothing tells of it
                await trio.sleep(0.01)
        assert lease.extensions == 0
        lease.check()
        server.resume()
        with trio.fail_after(10):
            while lease.extensions == 0:
                await trio.sleep(0.01)
                lease.check()


async def test_lost_connections_are_no_loss_of_the_lock(
    fresh_redis_server: testing.RedisServer,
) -> None:
    server = fresh_redis_server
    async with redis.open_client(server.url) as r, r.lock("job", ttl=1.2) as lease:
        with trio.fail_after(10):
            while lease.extensions < 4:
                await server.kill_clients()
                await trio.sleep(0.05)
                lease.check()


async def test_who_waits_gets_it_though_connections_are_lost(
    fresh_redis_server: testing.RedisServer,
) -> None:
    server = fresh_redis_server
    inside, rounds = 0, 0

    async def take(r: redis.Redis[bytes]) -> None:
        nonlocal inside, rounds
        for _ in range(10):
            async with r.lock("job", ttl=0.5):
                inside += 1
                assert inside == 1
                await trio.sleep(0.005)
                inside -= 1
                rounds += 1

    async def kill() -> None:
        while True:
            await server.kill_clients()
            await trio.sleep(0.03)

    async with (
        redis.open_client(server.url) as a,
        redis.open_client(server.url) as b,
        trio.open_nursery() as killing,
    ):
        killing.start_soon(kill)
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                for r in (a, b, a, b):
                    nursery.start_soon(take, r)
        killing.cancel_scope.cancel()
    assert rounds == 40
