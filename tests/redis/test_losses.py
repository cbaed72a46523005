"""What becomes of commands whose connection is lost, and how the client comes back."""

from __future__ import annotations

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_server import NOTHING, ScriptedServer, Visitor, open_scripted_server
from trio_helianthus import errors, net, redis
from trio_helianthus.errors import redis_error

PATIENT = redis.Timeouts(answer=math.inf, reconnect=60, health_check=math.inf)


def hang_up(times: int) -> Any:
    """A script that hangs up on the first commands, and answers those behind."""
    left = times

    def script(visitor: Visitor, _: list[bytes]) -> Any:
        nonlocal left
        if not left:
            return None
        left -= 1
        visitor.stream.reset()
        return NOTHING

    return script


async def test_a_read_is_sent_again() -> None:
    async with (
        open_scripted_server(script=hang_up(2)) as server,
        redis.open_client(server.url) as r,
    ):
        assert await r.execute("GET", "x") == b"x"
        assert r.statistics().repeated == 2
        assert r.statistics().connects == 3
        assert server.commands == [[b"GET", b"x"]] * 3


async def test_a_read_is_not_sent_for_ever() -> None:
    async with (
        open_scripted_server(script=hang_up(100)) as server,
        redis.open_client(server.url) as r,
    ):
        with pytest.raises(errors.OutcomeUnknown):
            await r.execute("GET", "x")
        assert len(server.commands) == 3


async def test_the_outcome_of_a_write_is_unknown() -> None:
    async with (
        open_scripted_server(script=hang_up(1)) as server,
        redis.open_client(server.url) as r,
    ):
        with pytest.raises(errors.OutcomeUnknown, match="INCR") as caught:
            await r.execute("INCR", "x")
        assert caught.value.command == "INCR"
        assert isinstance(caught.value.__cause__, errors.NetworkError)
        assert server.commands == [[b"INCR", b"x"]]
        assert await r.execute("INCR", "x") == b"OK"


async def test_a_write_is_sent_again_where_the_caller_says_so() -> None:
    async with (
        open_scripted_server(script=hang_up(1)) as server,
        redis.open_client(server.url, retry_writes=True) as r,
    ):
        assert await r.execute("INCR", "x") == b"OK"
        assert server.commands == [[b"INCR", b"x"]] * 2


async def test_a_pipeline_of_reads_is_sent_again_as_a_whole() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:

        def script(visitor: Visitor, command: list[bytes]) -> Any:
            if visitor.number == 1 and command[1] == b"b":  # the answer of the first is on its way
                visitor.stream.reset()
                return NOTHING
            return None

        server.script = script
        assert await r.pipeline().add("GET", "a").add("GET", "b").execute() == [b"a", b"b"]
        with pytest.raises(errors.OutcomeUnknown):
            server.script = hang_up(1)
            await r.pipeline().add("GET", "a").add("SET", "b", 1).execute()
        server.script = hang_up(1)
        with pytest.raises(errors.OutcomeUnknown):
            await r.pipeline(transaction=True).add("SET", "a", 1).execute()


async def test_what_was_not_sent_when_the_connection_was_lost_goes_over_the_next(
    autojump_clock: MockClock,
) -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.held = trio.Event()
        outcomes: list[Any] = []

        async def write(n: int) -> None:
            try:
                outcomes.append(await r.execute("SET", f"k{n}", "v"))
            except errors.OutcomeUnknown:
                outcomes.append("unknown")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write, 0)
            await wait_all_tasks_blocked()
            server.visitors[0].stream.reset()
            for n in range(1, 5):  # the client has not noticed yet
                nursery.start_soon(write, n)
            server.held = None
        # What the system had taken when the loss was noticed is not known.
        assert set(outcomes) <= {"unknown", b"OK"}
        assert await r.execute("SET", "k", "v") == b"OK"


async def test_commands_wait_for_the_server_to_come_back(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=PATIENT) as r,
    ):
        server.refuses = errors.RemoteProtocolError("thrown out")
        server.visitors[0].stream.reset()
        answers: list[Any] = []

        async def write(n: int) -> None:
            answers.append(await r.execute("SET", str(n), "v"))

        async with trio.open_nursery() as nursery:
            for n in range(5):
                await wait_all_tasks_blocked()
                nursery.start_soon(write, n)
            await trio.sleep(20)
            assert r.statistics().waiting == 5
            assert not r.statistics().is_connected
            server.refuses = None
            back = trio.current_time()
        assert answers == [b"OK"] * 5
        assert trio.current_time() - back < 0.5
        assert [command[1] for command in server.commands] == [b"0", b"1", b"2", b"3", b"4"]


async def test_they_do_not_wait_for_ever(autojump_clock: MockClock) -> None:
    timeouts = redis.Timeouts(reconnect=3)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=timeouts) as r,
    ):
        server.refuses = errors.RemoteProtocolError("thrown out")
        server.visitors[0].stream.reset()
        await wait_all_tasks_blocked()
        start = trio.current_time()
        with pytest.raises(errors.OperationTimeout, match="for SET within 3") as caught:
            await r.execute("SET", "k", "v")
        assert 3 <= trio.current_time() - start < 3.2
        assert caught.value.__cause__ is not None
        server.refuses = None
        assert await r.execute("SET", "k", "v") == b"OK"


async def test_a_waiting_command_can_be_cancelled(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=PATIENT) as r,
    ):
        server.refuses = errors.RemoteProtocolError("thrown out")
        server.visitors[0].stream.reset()
        await wait_all_tasks_blocked()
        with pytest.raises(errors.OperationTimeout):
            await r.execute("SET", "never", "v", timeout=1)
        server.refuses = None
        await r.execute("SET", "k", "v")
        assert server.commands == [[b"SET", b"k", b"v"]]


async def test_a_password_that_was_changed_is_told_at_once(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=PATIENT) as r,
    ):
        server.refuses = redis_error("WRONGPASS invalid username-password pair")
        server.visitors[0].stream.reset()
        await wait_all_tasks_blocked()
        with pytest.raises(errors.RedisAuthenticationError, match="WRONGPASS"):
            await r.execute("SET", "k", "v")
        server.refuses = None
        await trio.sleep(1)
        assert await r.execute("SET", "k", "v") == b"OK"


async def test_a_server_that_does_not_answer_is_lost(autojump_clock: MockClock) -> None:
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=redis.Timeouts(answer=2)) as r,
    ):
        server.held = trio.Event()
        start = trio.current_time()
        with pytest.raises(errors.OutcomeUnknown) as caught:
            await r.execute("SET", "k", "v")
        assert isinstance(caught.value.__cause__, errors.ConnectionTimedOut)
        assert "not answered SET within 2" in str(caught.value.__cause__)
        assert 2 <= trio.current_time() - start < 2.2
        server.held = trio.Event()
        with pytest.raises(errors.OperationTimeout, match="not answered GET within 2"):
            await r.execute("GET", "k")
        server.held = None
        assert await r.execute("GET", "k") == b"k"
        assert len(server.visitors) == 3


async def test_a_connection_that_is_gone_in_silence_is_found_out(autojump_clock: MockClock) -> None:
    timeouts = redis.Timeouts(answer=2, health_check=10)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=timeouts) as r,
    ):
        await trio.sleep(35)
        pings = server.commands.count([b"PING"])
        assert 2 <= pings <= 4
        assert r.statistics().connects == 1
        server.held = trio.Event()  # from now on it is silent
        await trio.sleep(20)
        assert len(server.visitors) >= 2
        server.held = None
        assert await r.execute("GET", "k") == b"k"


async def test_a_server_that_is_not_there_is_told_on_opening() -> None:
    async with open_scripted_server():
        with pytest.raises(errors.ConnectionRefused):
            async with redis.open_client("redis://127.0.0.1:1"):
                raise AssertionError


async def test_a_lazy_client_does_not_wait_for_its_server(autojump_clock: MockClock) -> None:
    server = ScriptedServer()
    async with open_scripted_server(), trio.open_nursery() as nursery:
        silent = await listen()
        port = silent.address[1]
        await silent.aclose()
        async with redis.open_client(f"redis://127.0.0.1:{port}", lazy=True) as r:
            nursery.start_soon(r.execute, "SET", "k", "v")  # noqa: ASYNC111 - that is tested
            await trio.sleep(2)
            await nursery.start(net.serve_tcp, server.handle, port)
            assert await r.execute("GET", "k") == b"k"
            assert [b"SET", b"k", b"v"] in server.commands
        nursery.cancel_scope.cancel()


async def test_a_server_that_takes_too_long_to_greet(autojump_clock: MockClock) -> None:
    async with open_scripted_server() as server:
        silent = await listen()
        with pytest.raises(errors.OperationTimeout, match="no connection to"):
            async with redis.open_client(
                f"redis://127.0.0.1:{silent.address[1]}", timeouts=redis.Timeouts(connect=1)
            ):
                raise AssertionError
        await silent.aclose()
        assert server.visitors == []


async def listen() -> net.TCPListener:
    (listener,) = await net.listen_tcp(0, host="127.0.0.1")
    return listener


async def test_a_blocking_commands_connection_is_lost() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.script = hang_up(1)
        with pytest.raises(errors.OutcomeUnknown, match="BLPOP"):
            await r.execute("BLPOP", "x", 0)
        assert await r.execute("BLPOP", "x", 0) == b"OK"


async def test_the_cause_is_not_shared_by_those_who_get_it() -> None:
    errors_seen: list[BaseException] = []

    async def write(r: redis.Redis[bytes]) -> None:
        try:
            await r.execute("SET", "k", "v")
        except errors.OutcomeUnknown as exc:
            errors_seen.append(exc)

    async with (
        open_scripted_server(held=trio.Event()) as server,
        redis.open_client(server.url) as r,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(write, r)
        nursery.start_soon(write, r)
        await wait_all_tasks_blocked()
        server.visitors[0].stream.reset()
    assert len(set(map(id, errors_seen))) == 2
