"""Commands that let their answers wait, however they are sent."""

from __future__ import annotations

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_server import NOTHING, Visitor, open_scripted_server
from tests.redis.conftest import needs_server
from trio_helianthus import errors, redis, testing
from trio_helianthus.redis._block_time import block_seconds
from trio_helianthus.redis._finishing import find_command

BLOCKING: list[tuple[tuple[Any, ...], float]] = [
    (("BLMOVE", "a", "b", "LEFT", "LEFT", 1.5), 1.5),
    (("BLMPOP", 2, 1, "a", "LEFT"), 2),
    (("BLPOP", "a", "b", "3"), 3),
    (("BRPOP", "a", b"0.25"), 0.25),
    (("BRPOPLPUSH", "a", "b", 4), 4),
    (("BZMPOP", 5, 1, "a", "MIN"), 5),
    (("BZPOPMAX", "a", 6), 6),
    (("BZPOPMIN", "a", 0), math.inf),
    (("XREAD", "BLOCK", 1500, "STREAMS", "s", "$"), 1.5),
    (("xread", "COUNT", 1, "block", 0, "STREAMS", "s", "$"), math.inf),
    (("XREAD", bytearray(b"block"), 10, "STREAMS", "s", "$"), math.inf),
    (("XREADGROUP", "GROUP", "g", "c", "BLOCK", b"2000", "STREAMS", "s", ">"), 2),
    (("SHUTDOWN",), math.inf),
]


@pytest.mark.parametrize(("args", "seconds"), BLOCKING, ids=lambda each: str(each)[:24])
def test_what_blocks_gets_a_connection_of_its_own(args: Any, seconds: float) -> None:
    command = find_command(args)
    assert command.may_block
    assert command.is_for_sessions
    assert block_seconds(command, args) == seconds


@pytest.mark.parametrize(
    "args",
    [("XREAD", "STREAMS", "BLOCK", "$"), ("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")],
    ids=["XREAD", "XREADGROUP"],
)
def test_what_does_not_block_shares_one(args: Any) -> None:
    assert not find_command(args).is_for_sessions
    assert block_seconds(find_command(args), args) == 0


def test_words_are_arguments_of_their_own() -> None:
    with pytest.raises(ValueError, match="argument of its own: 'CLIENT LIST'"):
        find_command(("client list",))


@needs_server
async def test_all_that_blocks_at_the_server_is_known_to_block(client: redis.Redis[bytes]) -> None:
    of_the_server = set()
    for info in (await client.execute("COMMAND")) or []:
        flags = {flag.decode() if isinstance(flag, bytes) else flag for flag in info[2]}
        if "blocking" in flags:
            of_the_server.add(info[0].decode().upper())
    assert {"BLPOP", "XREAD", "XREADGROUP"} <= of_the_server
    optional = {"XREAD", "XREADGROUP"}
    for name in of_the_server - optional:
        assert find_command((name,)).is_for_sessions, name


@needs_server
@pytest.mark.parametrize("way", ["execute", "pipeline", "tracked"])
async def test_a_stream_that_is_waited_for_delays_nobody(
    client: redis.Redis[bytes], way: str
) -> None:
    args = ("XREAD", "BLOCK", 20_000, "STREAMS", "s", "$")
    async with client.tracking() as tracked, trio.open_nursery() as nursery:
        if way == "execute":
            nursery.start_soon(client.execute, *args)
        elif way == "tracked":
            nursery.start_soon(tracked.execute, *args)
        else:
            nursery.start_soon(client.pipeline().add(*args).execute)
        await trio.sleep(0.05)
        with trio.fail_after(2):
            await client.set("k", 1)
            assert await tracked.get("k") == b"1"
        nursery.cancel_scope.cancel()


def hold(_: Visitor, command: list[bytes]) -> Any:
    return NOTHING if command[0] in {b"BLPOP", b"XREAD", b"WAIT"} else None


async def test_a_server_that_is_late_beyond_the_time_to_block_is_lost(
    autojump_clock: MockClock,
) -> None:
    async with (
        open_scripted_server(script=hold) as server,
        redis.open_client(server.url, timeouts=redis.Timeouts(answer=2)) as r,
    ):
        start = trio.current_time()
        with pytest.raises(errors.OutcomeUnknown) as caught:
            await r.execute("BLPOP", "x", 5)
        assert isinstance(caught.value.__cause__, errors.OperationTimeout)
        assert 7 <= trio.current_time() - start < 7.2
        with pytest.raises(errors.OperationTimeout, match="not answered XREAD within 3 seconds"):
            await r.execute("XREAD", "BLOCK", 1000, "STREAMS", "s", "$")
        assert r.statistics().sessions == 0


async def test_what_only_reads_is_sent_again_after_a_loss(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server(script=hold) as server,
        redis.open_client(server.url) as r,
        trio.open_nursery() as nursery,
    ):
        answers: list[Any] = []

        async def read() -> None:
            answers.append(await r.execute("XREAD", "BLOCK", 0, "STREAMS", "s", "$"))

        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        server.visitors[-1].stream.reset()
        await wait_all_tasks_blocked()
        server.script = lambda visitor, command: "read"
        server.visitors[-1].stream.reset()
        await wait_all_tasks_blocked()
        assert answers in (["read"], [b"read"])
        assert sum(command[0] == b"XREAD" for command in server.commands) == 3


async def test_who_finds_no_connection_free_is_told_which_limit_it_is(
    autojump_clock: MockClock,
) -> None:
    limits, timeouts = redis.ClientLimits(max_sessions=1), redis.Timeouts(session=3)
    async with (
        open_scripted_server(script=hold) as server,
        redis.open_client(server.url, limits=limits, timeouts=timeouts) as r,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(r.execute, "BLPOP", "x", 0)
        await wait_all_tasks_blocked()
        with pytest.raises(errors.OperationTimeout, match="1 of max_sessions=1 are in use"):
            await r.execute("BLPOP", "y", 0)
        nursery.cancel_scope.cancel()


@needs_server
async def test_a_script_is_stopped_by_the_client_that_has_sent_it(
    fresh_redis_server: testing.RedisServer,
) -> None:
    await fresh_redis_server.execute("CONFIG", "SET", "busy-reply-threshold", 100)
    async with redis.open_client(fresh_redis_server.url) as r, trio.open_nursery() as nursery:

        async def spin() -> None:
            with pytest.raises(errors.RedisError, match=r"[Kk]ill"):
                await r.eval("while true do end", 0)

        nursery.start_soon(spin)
        await trio.sleep(0.3)
        with trio.fail_after(5):
            await r.script_kill()


@needs_server
async def test_what_is_not_answered_is_refused_on_a_lent_connection(
    client: redis.Redis[bytes],
) -> None:
    async with client.connection() as connection:
        with pytest.raises(errors.LocalProtocolError, match="CLIENT REPLY has no answer"):
            await connection.execute("CLIENT", "REPLY", "OFF")
        assert await connection.ping()


@needs_server
async def test_what_is_pushed_to_a_lent_connection_does_not_pile_up(
    redis_server: testing.RedisServer,
) -> None:
    async with (
        redis.open_client(redis_server.url) as r,
        r.connection() as connection,
    ):
        await connection.execute("CLIENT", "TRACKING", "ON", "BCAST")
        for number in range(1500):
            await r.set(f"k{number}", 1)
        assert await connection.ping()
        assert 1 <= len(connection._connection.pushes) <= 1024
