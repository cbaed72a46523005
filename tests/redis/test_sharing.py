"""One connection for all tasks: what leaves together, and who gets which answer."""

from __future__ import annotations

import math
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.redis._scripted_server import NOTHING, Visitor, open_scripted_server
from trio_helianthus import core, errors, redis
from trio_helianthus.wire import resp

ENGINES = [resp.Engine.OWN, resp.Engine.HIREDIS]


async def ask(r: redis.Redis[bytes], words: list[str], answers: list[Any]) -> None:
    for word in words:
        answer = await r.execute("ECHO", word)
        answers.append(answer)


@pytest.mark.parametrize("engine", ENGINES)
async def test_each_task_gets_the_answers_of_its_own(engine: resp.Engine) -> None:
    if engine is resp.Engine.HIREDIS:
        pytest.importorskip("hiredis")
    answers: dict[int, list[Any]] = {n: [] for n in range(50)}
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, engine=engine) as r,
        trio.open_nursery() as nursery,
    ):
        for n, mine in answers.items():
            nursery.start_soon(ask, r, [f"{n}-{at}" for at in range(20)], mine)
    assert answers == {n: [f"{n}-{at}".encode() for at in range(20)] for n in range(50)}
    assert len(server.visitors) == 1


async def test_the_commands_of_one_pass_leave_in_one_send() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        await r.execute("ECHO", "first")  # alone, it leaves at once
        server.held = trio.Event()
        before = r.statistics().sends
        async with trio.open_nursery() as nursery:
            nursery.start_soon(r.execute, "ECHO", "held")
            await wait_all_tasks_blocked()
            for n in range(100):
                nursery.start_soon(r.execute, "ECHO", str(n))
            await wait_all_tasks_blocked()
            assert r.statistics().sends == before + 2
            assert r.statistics().in_flight == 101
            server.held.set()
        assert r.statistics().in_flight == 0


async def test_a_command_that_is_alone_does_not_wait_for_the_next_pass() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        sends = r.statistics().sends
        seen: list[int] = []

        async def look() -> None:
            seen.append(r.statistics().sends)  # in the pass behind the one in which it is asked

        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            await r.execute("ECHO", "now")
        assert seen == [sends + 1]


async def test_a_lone_caller_may_wait_for_long_while_others_come(autojump_clock: MockClock) -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        answers: list[Any] = []
        await ask(r, ["a", "b"], answers)  # from the second on it receives by itself
        server.held = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, r, ["slow", "next"], answers)
            await trio.sleep(1)
            nursery.start_soon(ask, r, ["other", "last"], answers)
            await trio.sleep(1)
            server.held.set()
        assert sorted(answers) == [b"a", b"b", b"last", b"next", b"other", b"slow"]
        assert len(server.visitors) == 1


async def test_an_idle_connection_that_is_closed_is_noticed_without_being_used(
    autojump_clock: MockClock,
) -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        await ask(r, ["a", "b", "c"], [])
        server.visitors[0].stream.reset()
        await trio.sleep(1)
        assert len(server.visitors) == 2
        assert await r.execute("INCR", "x") == b"OK"


async def test_a_cancelled_callers_answer_reaches_nobody_else() -> None:
    answers: list[Any] = []
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.held = trio.Event()
        scope = trio.CancelScope()

        async def impatient() -> None:
            with scope:
                await r.execute("ECHO", "cancelled")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask, r, ["before"], answers)
            await wait_all_tasks_blocked()
            nursery.start_soon(impatient)
            await wait_all_tasks_blocked()
            nursery.start_soon(ask, r, ["behind"], answers)
            await wait_all_tasks_blocked()
            scope.cancel()
            await wait_all_tasks_blocked()
            server.held.set()
        assert sorted(answers) == [b"before", b"behind"]
        assert [b"ECHO", b"cancelled"] in server.commands
        assert await r.execute("ECHO", "later") == b"later"


async def test_a_caller_who_is_cancelled_already_sends_nothing() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        with trio.CancelScope() as scope:
            scope.cancel()
            await r.execute("ECHO", "never")
        assert scope.cancelled_caught
        await r.execute("ECHO", "sent")
        assert server.commands == [[b"ECHO", b"sent"]]


async def test_what_is_cancelled_in_the_pass_in_which_it_was_asked_is_not_sent() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.held = trio.Event()
        scope = trio.CancelScope()

        async def take_back() -> None:
            with scope:
                await r.execute("ECHO", "taken back")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(r.execute, "ECHO", "held")
            await wait_all_tasks_blocked()
            nursery.start_soon(take_back)
            await trio.lowlevel.checkpoint()  # it has been asked
            scope.cancel()
            await wait_all_tasks_blocked()
            server.held.set()
        await r.execute("ECHO", "sent")
        assert server.commands == [[b"ECHO", b"held"], [b"ECHO", b"sent"]]


async def test_a_token_that_is_cancelled_stops_the_wait() -> None:
    token = core.CancelToken()
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.held = trio.Event()
        async with trio.open_nursery() as nursery:

            async def cancel() -> None:
                await wait_all_tasks_blocked()
                token.cancel("enough")

            nursery.start_soon(cancel)
            with pytest.raises(errors.OperationCancelled):
                await r.execute("ECHO", "x", token=token)
        server.held.set()
        with pytest.raises(errors.OperationCancelled):
            await r.execute("ECHO", "never", token=token)
        await r.execute("ECHO", "y")
        assert [b"ECHO", b"never"] not in server.commands


async def test_a_timeout_ends_the_wait_and_nothing_else(autojump_clock: MockClock) -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.held = trio.Event()
        start = trio.current_time()
        with pytest.raises(errors.OperationTimeout):
            await r.execute("ECHO", "x", timeout=2)
        assert trio.current_time() - start == pytest.approx(2)
        server.held.set()
        assert await r.execute("ECHO", "y") == b"y"
        assert len(server.visitors) == 1


async def test_an_error_is_raised_by_the_command_that_it_is_for() -> None:
    def refuse(_: Visitor, command: list[bytes]) -> Any:
        return errors.redis_error("WRONGTYPE not so") if command[1] == b"bad" else None

    async with open_scripted_server(script=refuse) as server, redis.open_client(server.url) as r:
        good: list[Any] = []
        bad: list[BaseException] = []

        async def refused() -> None:
            try:
                await r.execute("ECHO", "bad")
            except errors.RedisWrongType as exc:
                bad.append(exc)

        async with trio.open_nursery() as nursery:
            for n in range(10):
                nursery.start_soon(refused)
                nursery.start_soon(ask, r, [str(n)], good)
        assert len(bad) == 10
        assert len(good) == 10


@pytest.mark.parametrize(
    ("args", "error", "says"),
    [
        ((), ValueError, "begins with its name"),
        ((None,), ValueError, "begins with its name"),
        ((1, "x"), ValueError, "begins with its name"),
        (("ECHO", None), TypeError, "NoneType"),
        (("ECHO", True), TypeError, "bool"),
        (("ECHO", ["x"]), TypeError, "list"),
        (("ECHO", "\ud800"), ValueError, "surrogates"),
        (("ECHO", b"x" * 200), errors.LocalProtocolError, "max_command_bytes=100"),
    ],
    ids=["empty", "none", "number", "null", "bool", "list", "surrogate", "long"],
)
async def test_a_callers_mistake_is_told_before_anything_is_sent(
    args: tuple[Any, ...], error: type[Exception], says: str
) -> None:
    limits = redis.ClientLimits(max_command_bytes=100)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, limits=limits) as r,
    ):
        with pytest.raises(error, match=says):
            await r.execute(*args)
        with pytest.raises(error, match=says):
            await r.pipeline().add("ECHO", "good").add(*args).execute()
        assert server.commands == []
        assert await r.execute("ECHO", "fine") == b"fine"


async def test_no_more_than_max_in_flight_are_under_way() -> None:
    limits = redis.ClientLimits(max_in_flight=3)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, limits=limits) as r,
    ):
        server.held = trio.Event()
        answers: list[Any] = []
        async with trio.open_nursery() as nursery:
            for n in range(10):
                nursery.start_soon(ask, r, [str(n)], answers)
            await wait_all_tasks_blocked()
            assert r.statistics().in_flight == 3
            assert r.statistics().waiting == 7
            server.held.set()
        assert sorted(answers) == [str(n).encode() for n in range(10)]


async def test_who_waits_for_room_and_is_cancelled_sends_nothing() -> None:
    limits = redis.ClientLimits(max_in_flight=1)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, limits=limits) as r,
    ):
        server.held = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(r.execute, "ECHO", "first")
            await wait_all_tasks_blocked()
            with trio.move_on_after(0):
                await r.execute("ECHO", "cancelled")
            nursery.start_soon(r.execute, "ECHO", "last")
            await wait_all_tasks_blocked()
            server.held.set()
        assert server.commands == [[b"ECHO", b"first"], [b"ECHO", b"last"]]


async def test_those_who_give_up_before_they_are_sent_leave_their_room_to_others() -> None:
    limits = redis.ClientLimits(max_in_flight=5)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, limits=limits) as r,
    ):
        answers: list[Any] = []

        async def give_up() -> None:
            with trio.CancelScope() as scope:
                scope.cancel()
                await r.execute("ECHO", "cancelled")

        with trio.fail_after(5):
            for n in range(60):  # trio runs them in whatever order
                async with trio.open_nursery() as nursery:
                    for _ in range(5):
                        nursery.start_soon(give_up)
                    nursery.start_soon(ask, r, [str(n)], answers)
            await r.execute("ECHO", "last")
        assert len(answers) == 60
        assert r.statistics().waiting == 0


async def test_those_who_give_up_while_there_is_no_connection_are_forgotten(
    autojump_clock: MockClock,
) -> None:
    timeouts = redis.Timeouts(reconnect=math.inf)
    async with (
        open_scripted_server() as server,
        redis.open_client(server.url, timeouts=timeouts) as r,
    ):
        server.refuses = errors.RemoteProtocolError("thrown out")
        server.visitors[0].stream.reset()
        await wait_all_tasks_blocked()
        for _ in range(1000):
            with trio.move_on_after(0.001):
                await r.execute("SET", "k", "v")
        assert r.statistics().waiting <= 64


async def test_what_the_system_does_not_take_at_once_is_sent_by_and_by() -> None:
    big = b"x" * 5_000_000
    answers: list[Any] = []
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        async with trio.open_nursery() as nursery:
            for n in range(3):
                nursery.start_soon(ask, r, [f"a{n}"], answers)
                nursery.start_soon(r.execute, "SET", "key", big)
                nursery.start_soon(ask, r, [f"b{n}"], answers)
        assert sorted(answers) == [b"a0", b"a1", b"a2", b"b0", b"b1", b"b2"]
        assert server.commands.count([b"SET", b"key", big]) == 3


@pytest.mark.parametrize("junk", [b"junk\r\n", b":1\r\n:2\r\n"], ids=["no RESP", "unasked"])
async def test_a_server_that_talks_nonsense_is_left_for_a_new_connection(junk: bytes) -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        if visitor.number == 1:
            assert visitor.stream.send_nowait(junk) == len(junk)
            return NOTHING
        return None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        answer = await r.execute("GET", "x")
        assert answer in {b"x", 1}
        assert await r.execute("GET", "y") == b"y"
        assert len(server.visitors) == 2


async def test_an_answer_beyond_the_limits_is_not_taken() -> None:
    limits = redis.ClientLimits(max_bulk_bytes=10)

    def script(_: Visitor, command: list[bytes]) -> Any:
        return b"x" * 11 if command[1] == b"long" else None

    async with (
        open_scripted_server(script=script) as server,
        redis.open_client(server.url, limits=limits) as r,
    ):
        for command in ("LPOP", "GET"):
            with pytest.raises(errors.LimitExceeded, match="max_bulk_bytes=10"):
                await r.execute(command, "long")
        with pytest.raises(errors.LimitExceeded, match="max_bulk_bytes=10"):
            await r.pipeline().add("GET", "short").add("GET", "long").execute()
        assert await r.execute("GET", "short") == b"short"
        assert len(server.visitors) == 4  # none of them was asked for twice


async def test_several_connections_share_the_work() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url, connections=3) as r:
        server.held = trio.Event()
        async with trio.open_nursery() as nursery:
            for n in range(30):
                nursery.start_soon(r.execute, "ECHO", str(n))
            await wait_all_tasks_blocked()
            server.held.set()
        assert [len(visitor.commands) for visitor in server.visitors] == [10, 10, 10]


async def test_text_is_decoded_where_it_is_asked_for() -> None:
    answers = {b"map": {b"k": [b"v", 1, None]}, b"junk": b"\xff"}

    def script(visitor: Visitor, command: list[bytes]) -> Any:
        return answers.get(command[1])

    async with (
        open_scripted_server(script=script) as server,
        redis.open_client(server.url, decode_responses=True) as r,
    ):
        assert await r.execute("GET", "ü") == "ü"
        assert await r.execute("GET", "map") == {"k": ["v", 1, None]}
        junk = await r.execute("GET", "junk")
        assert junk == "\udcff"
        assert junk.encode(errors="surrogateescape") == b"\xff"
        await r.execute("GET", junk)
        await r.execute("GET", junk, 1)
        assert server.commands[-2:] == [[b"GET", b"\xff"], [b"GET", b"\xff", b"1"]]
        assert await r.pipeline().add("GET", "a").add("GET", "b").execute() == ["a", "b"]


async def test_a_closed_client_says_so() -> None:
    async with open_scripted_server() as server:
        async with redis.open_client(server.url) as r:
            pipeline = r.pipeline().add("ECHO", "x")
        for operation in (
            lambda: r.execute("ECHO", "x"),
            lambda: r.execute("BLPOP", "x", 0),
            pipeline.execute,
            lambda: r.transaction(unused),
        ):
            with pytest.raises(errors.ResourceClosed):
                await operation()


async def unused(_: Any) -> None:
    raise AssertionError


async def test_commands_under_way_when_the_client_is_closed_say_so() -> None:
    async with open_scripted_server(held=trio.Event()) as server, trio.open_nursery() as nursery:
        refusals: list[BaseException] = []

        async def wait(r: redis.Redis[bytes]) -> None:
            try:
                await r.execute("ECHO", "x")
            except errors.ResourceClosed as exc:
                refusals.append(exc)

        async with redis.open_client(server.url) as r:
            nursery.start_soon(wait, r)  # noqa: ASYNC111 - that is tested
            nursery.start_soon(wait, r)  # noqa: ASYNC111 - that is tested
            await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
        assert len(refusals) == 2


async def test_an_instrument_hears_of_commands() -> None:
    heard: list[tuple[str, Any]] = []

    class Listener(core.Instrument):
        def operation_ended(self, operation: core.Operation) -> None:
            if operation.name.startswith("redis"):
                name = operation.attributes.get("redis.command")
                heard.append((operation.name, name or operation.attributes.get("redis.commands")))

    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        with core.subscribe(Listener()):
            await r.execute("ECHO", "x")
            await r.pipeline().add("ECHO", "x").add("ECHO", "y").execute()
    assert heard == [("redis.command", "ECHO"), ("redis.pipeline", 2)]
