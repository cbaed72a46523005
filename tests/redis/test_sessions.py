"""Commands that need a connection of their own, and connections that are lent."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_server import NOTHING, Visitor, open_scripted_server
from trio_helianthus import errors, redis


def hold_pops(_: Visitor, command: list[bytes]) -> Any:
    return NOTHING if command[0] == b"BLPOP" else None


async def test_a_command_that_blocks_delays_no_other() -> None:
    async with (
        open_scripted_server(script=hold_pops) as server,
        redis.open_client(server.url) as r,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(r.execute, "BLPOP", "x", 0)
        await wait_all_tasks_blocked()
        assert await r.execute("GET", "y") == b"y"
        assert r.statistics().sessions_lent == 1
        assert [len(visitor.commands) for visitor in server.visitors] == [1, 1]
        nursery.cancel_scope.cancel()


async def test_a_cancelled_pop_drops_its_connection_and_delays_nobody() -> None:
    async with (
        open_scripted_server(script=hold_pops) as server,
        redis.open_client(server.url) as r,
    ):
        with trio.move_on_after(0.01):
            await r.execute("BLPOP", "x", 0)
        assert r.statistics().sessions == 0
        server.script = lambda visitor, command: None
        assert await r.execute("BLPOP", "x", 0) == b"OK"
        assert len(server.visitors) == 3


async def test_a_pop_that_is_answered_leaves_its_connection_to_the_next() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        for _ in range(5):
            assert await r.execute("BLPOP", "x", 0) == b"OK"
        assert len(server.visitors) == 2
        assert r.statistics().sessions == 1


async def test_a_pop_is_not_held_to_the_time_for_answers(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server(script=hold_pops) as server,
        redis.open_client(server.url, timeouts=redis.Timeouts(answer=1)) as r,
    ):
        with pytest.raises(errors.OperationTimeout):
            await r.execute("BLPOP", "x", 0, timeout=100)
        assert len(server.visitors) == 2


async def test_an_idle_connection_that_the_server_has_closed_is_not_used() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        await r.execute("BLPOP", "x", 0)
        server.visitors[1].stream.reset()
        await wait_all_tasks_blocked()
        assert await r.execute("BLPOP", "x", 0) == b"OK"
        assert len(server.visitors) == 3


async def test_so_many_and_no_more(autojump_clock: MockClock) -> None:
    limits = redis.ClientLimits(max_sessions=2, max_waiting=1)
    timeouts = redis.Timeouts(session=5)
    async with (
        open_scripted_server(script=hold_pops) as server,
        redis.open_client(server.url, limits=limits, timeouts=timeouts) as r,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(r.execute, "BLPOP", "x", 0)
        nursery.start_soon(r.execute, "BLPOP", "x", 0)
        await wait_all_tasks_blocked()
        waiting = trio.CancelScope()

        async def wait() -> None:
            with waiting:
                await r.execute("BLPOP", "x", 0)

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceFull):
            await r.execute("BLPOP", "x", 0)
        waiting.cancel()
        await wait_all_tasks_blocked()
        start = trio.current_time()
        with pytest.raises(errors.OperationTimeout):
            await r.execute("BLPOP", "x", 0)
        assert trio.current_time() - start == pytest.approx(5)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("command", "instead"),
    [
        ("SELECT", r"connection\(\)"),
        ("WATCH", r"transaction\(\)"),
        ("MULTI", r"pipeline\(transaction=True\)"),
        ("SUBSCRIBE", r"subscribe\(\)"),
        ("MONITOR", r"monitor\(\)"),
    ],
)
async def test_what_changes_a_connection_is_refused_on_the_shared_one(
    command: str, instead: str
) -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        with pytest.raises(errors.LocalProtocolError, match=instead):
            await r.execute(command, "1")
        with pytest.raises(errors.LocalProtocolError, match=instead):
            await r.pipeline().add("GET", "x").add(command, "1").execute()
        assert server.commands == []


async def test_a_connection_is_lent_to_one_task() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        async with r.connection() as connection:
            assert await connection.execute("GET", "x") == b"x"
        async with r.connection() as connection:
            assert await connection.execute("SELECT", 2) == b"OK"
        assert r.statistics().sessions == 0  # it was changed
        assert [len(visitor.commands) for visitor in server.visitors] == [0, 2]


@pytest.mark.parametrize("command", ["SUBSCRIBE", "MONITOR"])
async def test_what_has_no_answer_is_refused_on_a_lent_connection(command: str) -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url) as r,
        r.connection() as connection,
    ):
        with pytest.raises(errors.LocalProtocolError, match="no answer"):
            await connection.execute(command, "x")
        assert await connection.execute("GET", "y") == b"y"


async def test_two_tasks_on_one_lent_connection_are_a_mistake() -> None:
    async with (
        open_scripted_server(script=hold_pops) as server,
        redis.open_client(server.url) as r,
        r.connection() as connection,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(connection.execute, "BLPOP", "x", 0)
        await wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceBusy):
            await connection.execute("GET", "y")
        nursery.cancel_scope.cancel()


async def test_a_lent_connection_that_was_cut_off_is_of_no_use() -> None:
    async with (
        open_scripted_server(script=hold_pops) as server,
        redis.open_client(server.url) as r,
    ):
        async with r.connection() as connection:
            with trio.move_on_after(0.01):
                await connection.execute("BLPOP", "x", 0)
            with pytest.raises(errors.LocalProtocolError, match="cut off"):
                await connection.execute("GET", "y")
        assert r.statistics().sessions == 0
        assert await r.execute("GET", "y") == b"y"


async def test_a_mistake_on_a_lent_connection_does_not_spoil_it() -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url) as r,
        r.connection() as connection,
    ):
        with pytest.raises(TypeError):
            await connection.execute("GET", None)  # type: ignore[arg-type] # that is the mistake
        assert await connection.execute("GET", "y") == b"y"


async def test_a_pipeline_with_a_command_that_blocks_has_its_own_connection() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        answers = await r.pipeline().add("GET", "a").add("BLPOP", "x", 0).execute()
        assert answers == [b"a", b"OK"]
        assert [len(visitor.commands) for visitor in server.visitors] == [0, 2]


async def test_sessions_wait_for_the_server_to_come_back(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url) as r,
        trio.open_nursery() as nursery,
    ):
        server.refuses = errors.RemoteProtocolError("thrown out")
        nursery.start_soon(r.execute, "BLPOP", "x", 0)
        await trio.sleep(2)
        server.refuses = None
