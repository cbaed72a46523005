"""What a server runs, for whomever."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.redis._scripted_server import NOTHING, Visitor, open_scripted_server
from trio_helianthus import errors, redis, testing
from trio_helianthus.errors import RemoteProtocolError
from trio_helianthus.redis._monitor import parse_monitored


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


async def test_long_commands_are_told_as_well(client: redis.Redis[bytes]) -> None:
    value = b"\x00" * 300_000  # four times as long in what is told
    async with client.monitor(max_items=10) as commands:
        await client.set("key", value)
        command = await commands.receive(timeout=10)
        while command.args[0].upper() != b"SET":
            command = await commands.receive(timeout=10)
        assert command.args[2] == value


async def test_a_slow_monitor_drops_and_counts(client: redis.Redis[bytes]) -> None:
    async with client.monitor(max_items=2) as commands:
        for number in range(10):
            await client.set("key", number)
        while (await commands.receive(timeout=5)).args[-1] != b"9":
            pass
        assert commands.dropped > 0


async def test_a_monitor_ends_with_its_client(redis_server: testing.RedisServer) -> None:
    opened = trio.Event()

    async def watch(r: redis.Redis[bytes]) -> None:
        async with r.monitor() as commands:
            opened.set()
            with pytest.raises(errors.ResourceClosed, match="client was closed"):
                while True:
                    await commands.receive()

    async def open_for_a_while(nursery: trio.Nursery) -> None:
        async with redis.open_client(redis_server.url) as r:
            nursery.start_soon(watch, r)
            await opened.wait()

    async with trio.open_nursery() as nursery:
        await open_for_a_while(nursery)


async def test_opening_a_monitor_has_one_limit(autojump_clock: MockClock) -> None:
    def script(_: Visitor, command: list[bytes]) -> Any:
        return NOTHING if command[0] == b"MONITOR" else None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        began = trio.current_time()
        with pytest.raises(errors.OperationTimeout):
            async with r.monitor(timeout=3):
                raise AssertionError
        assert trio.current_time() - began == pytest.approx(3)


def test_monitoring_may_be_cancelled_anywhere() -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        if command[0] != b"MONITOR":
            return None
        visitor.stream.send_nowait(b"+OK\r\n" + b'+1.5 [0 lua] "ping"\r\n' * 3)
        return NOTHING

    async def scenario(part: trio.CancelScope) -> None:
        async with (
            open_scripted_server(script=script) as server,
            redis.open_client(server.url) as r,
        ):
            with part:
                async with r.monitor() as commands:
                    for _ in range(3):
                        assert (await commands.receive()).args == [b"ping"]
            assert await r.execute("ECHO", "x") == b"x"

    testing.cancel_sweep(scenario)


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
        (b'1.5 [0 unix:/a]b] "ping"', 0, "unix:/a]b", [b"ping"]),
        (b'1.5 [0 lua] "a] \\"" "b"', 0, "lua", [b'a] "', b"b"]),
    ],
)
def test_a_line_is_read(line: bytes, db: int, client: str, args: Any) -> None:
    assert parse_monitored(line) == redis.MonitoredCommand(1.5, db, client, args)


@pytest.mark.parametrize(
    "line",
    [b"", b"OK", b'1.5 [x y] "a"', b'1.5 [0 y] "a', b"1.5 [0 y] a", 1, None, [b"x"]],
    ids=repr,
)
def test_what_is_no_such_line(line: object) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_monitored(line)
