"""What happens to keys, and what the server runs."""

from __future__ import annotations

from typing import Any

import pytest

from trio_helianthus import errors, redis, testing
from trio_helianthus.errors import RemoteProtocolError
from trio_helianthus.redis._monitor import parse_monitored


async def test_what_happens_to_keys_is_told(client: redis.Redis[bytes]) -> None:
    async with client.subscribe_keyspace("user:*", configure=True) as events:
        await client.set("other", 1)
        await client.set("user:1", 1, px=1)
        await client.delete("user:2")
        assert await events.receive(timeout=5) == redis.KeyEvent(b"user:1", "set", 0)
        assert await events.receive(timeout=5) == redis.KeyEvent(b"user:1", "expire", 0)
        await client.get("user:1")
        assert await events.receive(timeout=5) == redis.KeyEvent(b"user:1", "expired", 0)


async def test_only_the_events_that_are_asked_for(redis_server: testing.RedisServer) -> None:
    async with redis.open_client(redis_server.url, decode_responses=True, db=3) as r:
        async with r.subscribe_keyspace("*", events=["del"], configure=True) as events:
            await r.set("a\n", 1)
            await r.delete("a\n")
            assert await events.receive(timeout=5) == redis.KeyEvent("a\n", "del", 3)
        with pytest.raises(TypeError, match="events are a list"):
            async with r.subscribe_keyspace("*", events="del"):
                raise AssertionError


async def test_a_server_that_does_not_tell_of_keys(client: redis.Redis[bytes]) -> None:
    with pytest.raises(errors.LocalProtocolError, match="configure=True"):
        async with client.subscribe_keyspace("*"):
            raise AssertionError
    await client.config_set("notify-keyspace-events", "Ex")
    with pytest.raises(errors.LocalProtocolError, match="events is"):
        async with client.subscribe_keyspace("*"):
            raise AssertionError
    async with client.subscribe_keyspace("*", configure=True):
        assert set(b"ExK") <= set((await client.config_get("notify*"))["notify-keyspace-events"])


async def test_a_user_that_may_not_ask_is_not_stopped_by_it(
    redis_server: testing.RedisServer,
) -> None:
    await redis_server.execute("CONFIG", "SET", "notify-keyspace-events", "KA")
    await redis_server.execute(
        "ACL", "SETUSER", "modest", "on", ">secret", "~*", "&*", "+@all", "-config"
    )
    async with (
        redis.open_client(redis_server.url, username="modest", password="secret") as r,
        r.subscribe_keyspace("k") as events,
    ):
        await r.set("k", 1)
        assert (await events.receive(timeout=5)).event == "set"


async def test_what_the_server_runs_is_told(client: redis.Redis[bytes]) -> None:
    async with client.monitor() as commands:
        await client.set("key", b'two "words"\r\n\x00\xff')
        command = await commands.receive(timeout=5)
        while command.args[0].upper() != b"SET":
            command = await commands.receive(timeout=5)
        assert command.args == [b"SET", b"key", b'two "words"\r\n\x00\xff']
        assert (command.db, command.client.partition(":")[0]) == (0, "127.0.0.1")
        assert command.time > 1.6e9
    assert (await client.execute("CLIENT", "LIST")).count(b"cmd=monitor") == 0


async def test_a_monitor_ends_with_its_connection(
    client: redis.Redis[bytes], redis_server: testing.RedisServer
) -> None:
    async with client.monitor() as commands:
        lines = (await redis_server.execute("CLIENT", "LIST")).decode().splitlines()
        (monitor,) = (line for line in lines if "cmd=monitor" in line)
        number = monitor.split()[0].removeprefix("id=")
        await redis_server.execute("CLIENT", "KILL", "ID", number)
        with pytest.raises(errors.NetworkError):
            while True:
                await commands.receive(timeout=5)


async def test_who_may_not_monitor_is_told(redis_server: testing.RedisServer) -> None:
    await redis_server.execute("ACL", "SETUSER", "modest", "on", ">secret", "+@all", "-monitor")
    async with redis.open_client(redis_server.url, username="modest", password="secret") as r:
        with pytest.raises(errors.RedisPermissionDenied):
            async with r.monitor():
                raise AssertionError


@pytest.mark.parametrize(
    ("line", "db", "client", "args"),
    [
        (b'1.5 [0 127.0.0.1:6] "keys" "*"', 0, "127.0.0.1:6", [b"keys", b"*"]),
        (b'1.5 [12 [::1]:6] "get" "a]b"', 12, "[::1]:6", [b"get", b"a]b"]),
        (b'1.5 [0 lua] "set" "x"', 0, "lua", [b"set", b"x"]),
        (b'1.5 [0 unix:/run/v.sock] "ping"', 0, "unix:/run/v.sock", [b"ping"]),
    ],
)
def test_a_line_is_read(line: bytes, db: int, client: str, args: Any) -> None:
    assert parse_monitored(line) == redis.MonitoredCommand(1.5, db, client, args)


@pytest.mark.parametrize("line", [b"", b"OK", b'1.5 [x y] "a"', b'1.5 [0 y] "a'], ids=repr)
def test_what_is_no_such_line(line: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_monitored(line)
