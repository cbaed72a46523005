"""Transactions that watch: what they leave behind, and what is a mistake."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing

pytestmark = needs_server


@pytest.mark.parametrize(
    "command",
    [
        ("SELECT", 5),
        ("EXEC",),
        ("DISCARD",),
        ("MULTI",),
        ("SUBSCRIBE", "news"),
        ("CLIENT", "REPLY", "OFF"),
        ("RESET",),
    ],
    ids=lambda command: command[0],
)
async def test_what_changes_the_connection_is_refused_in_the_queue(
    client: redis.Redis[bytes], command: tuple[Any, ...]
) -> None:
    async def write(tx: redis.Transaction[bytes]) -> None:
        tx.queue.set("a", 1).add(*command).set("b", 2)

    with trio.fail_after(5):
        with pytest.raises(errors.LocalProtocolError, match=command[0]):
            await client.transaction(write, "a")
        assert await client.mget("a", "b") == [None, None]

        async def set_a(tx: redis.Transaction[bytes]) -> None:
            tx.queue.set("a", 1)

        await client.transaction(set_a, "a")
        assert await client.get("a") == b"1"
        await client.rpush("list", "item")
        assert await client.blpop("list", timeout=1) == (b"list", b"item")


async def test_a_connection_that_was_changed_while_reading_serves_nobody_else(
    client: redis.Redis[bytes],
) -> None:
    async def read_elsewhere(tx: redis.Transaction[bytes]) -> None:
        await tx.execute("SELECT", 5)
        tx.queue.set("x", 1)

    async def write(tx: redis.Transaction[bytes]) -> None:
        tx.queue.set("y", "here")

    await client.transaction(read_elsewhere, "x")
    await client.transaction(write)
    assert await client.get("y") == b"here"
    assert await client.get("x") is None


@pytest.mark.parametrize("name", ["MULTI", "EXEC", "DISCARD"])
async def test_its_own_commands_are_not_run_while_reading(
    client: redis.Redis[bytes], name: str
) -> None:
    async def read(tx: redis.Transaction[bytes]) -> None:
        await tx.execute(name)

    with pytest.raises(errors.LocalProtocolError, match=name):
        await client.transaction(read, "x")


async def test_a_mistake_is_no_lost_connection(redis_server: testing.RedisServer) -> None:
    limits = redis.ClientLimits(max_command_bytes=1000)

    async def write_much(tx: redis.Transaction[bytes]) -> None:
        tx.queue.set("a", "x" * 2000)

    async def cut_a_read(tx: redis.Transaction[bytes]) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await tx.get("a")
        tx.queue.set("a", 1)

    async def write_nonsense(tx: redis.Transaction[bytes]) -> None:
        tx.queue.add("SET", "a", object())  # type: ignore[arg-type]

    async with redis.open_client(redis_server.url, limits=limits) as r:
        with pytest.raises(errors.LocalProtocolError, match="max_command_bytes"):
            await r.transaction(write_much, "a")
        with pytest.raises(errors.LocalProtocolError, match="cut off"):
            await r.transaction(cut_a_read, "a")
        with pytest.raises(TypeError, match="object"):
            await r.transaction(write_nonsense, "a")
        assert await r.get("a") is None


async def test_a_server_that_stands_still_ends_it(fresh_redis_server: testing.RedisServer) -> None:
    timeouts = redis.Timeouts(answer=0.3, reconnect=1, connect=0.5)

    async def freeze(tx: redis.Transaction[bytes]) -> None:
        fresh_redis_server.freeze()
        tx.queue.set("a", 1)

    async def freeze_and_read(tx: redis.Transaction[bytes]) -> None:
        fresh_redis_server.freeze()
        await tx.get("a")

    async with redis.open_client(fresh_redis_server.url, timeouts=timeouts) as r:
        with trio.fail_after(5):
            with pytest.raises(errors.OutcomeUnknown):
                await r.transaction(freeze, "a")
            fresh_redis_server.resume()
            with pytest.raises(errors.OperationTimeout, match="not answered GET"):
                await r.transaction(freeze_and_read, "a")
            fresh_redis_server.resume()
        assert r.statistics().sessions_lent == 0


async def test_it_runs_again_where_the_connection_is_lost_before_it_writes(
    client: redis.Redis[bytes],
) -> None:
    calls = 0

    async def lose_and_write(tx: redis.Transaction[bytes]) -> None:
        nonlocal calls
        calls += 1
        own = await tx.client_id()
        if calls < 3:
            await client.client_kill_filter([own])
        await tx.get("a")
        tx.queue.incr("a")

    done = await client.transaction(lose_and_write, "a")
    assert done.answers == [1]
    assert calls == 3
    assert await client.get("a") == b"1"


async def test_one_is_of_no_use_behind_its_end(client: redis.Redis[bytes]) -> None:
    kept: list[redis.Transaction[bytes]] = []

    async def keep(tx: redis.Transaction[bytes]) -> None:
        kept.append(tx)

    await client.transaction(keep, "a")
    with pytest.raises(errors.ResourceClosed, match="given back"):
        await kept[0].select(5)
    async with client.connection() as connection:
        assert await connection.ping()
    with pytest.raises(errors.ResourceClosed, match="given back"):
        await connection.select(5)
