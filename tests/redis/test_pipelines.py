"""Commands that leave together, and transactions that watch."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.redis._scripted_server import NOTHING, NULL, Visitor, open_scripted_server
from trio_helianthus import errors, redis
from trio_helianthus.errors import redis_error


class Keeper:
    """Keeps keys, and plays transactions, as far as these tests need it."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.queues: dict[int, list[list[bytes]]] = {}
        self.conflicts = 0
        """How many transactions still come in somebody's way."""

    def __call__(self, visitor: Visitor, command: list[bytes]) -> Any:
        name = command[0].upper()
        if name == b"MULTI":
            self.queues[visitor.number] = []
            return "OK"
        if name == b"EXEC":
            queue = self.queues.pop(visitor.number)
            if self.conflicts:
                self.conflicts -= 1
                return NULL
            return [self.play(each) for each in queue]
        if visitor.number in self.queues:
            self.queues[visitor.number].append(command)
            return "QUEUED"
        return self.play(command)

    def play(self, command: list[bytes]) -> Any:
        match command:
            case [b"SET", key, value]:
                self.values[key] = value
                return "OK"
            case [b"GET", key]:
                return self.values.get(key, b"")
            case [b"INCR", key]:
                try:
                    self.values[key] = b"%d" % (int(self.values.get(key, b"0")) + 1)
                except ValueError:
                    return redis_error("ERR value is not an integer or out of range")
                return int(self.values[key])
        return "OK"


async def test_answers_come_in_the_order_of_the_commands() -> None:
    async with open_scripted_server(script=Keeper()) as server, redis.open_client(server.url) as r:
        sends = r.statistics().sends
        pipeline = r.pipeline().add("SET", "n", 1).add("INCR", "n").add("GET", "n")
        assert len(pipeline) == 3
        assert await pipeline.execute() == [b"OK", 2, b"2"]
        assert r.statistics().sends == sends + 1
        assert len(pipeline) == 0
        assert await pipeline.execute() == []
        assert await pipeline.add("GET", "n").execute() == [b"2"]


async def test_an_error_is_raised_with_its_place_or_stands_there() -> None:
    async with open_scripted_server(script=Keeper()) as server, redis.open_client(server.url) as r:

        def fill() -> redis.Pipeline[bytes]:
            return r.pipeline().add("SET", "n", "x").add("INCR", "n").add("GET", "n")

        with pytest.raises(errors.RedisError, match="not an integer") as caught:
            await fill().execute()
        assert caught.value.__notes__ == ["command 2 of 3 in the pipeline, INCR"]
        first, error, last = await fill().execute(raise_errors=False)
        assert (first, last) == (b"OK", b"x")
        assert isinstance(error, errors.RedisError)


async def test_a_pipeline_can_be_a_transaction() -> None:
    async with open_scripted_server(script=Keeper()) as server, redis.open_client(server.url) as r:
        pipeline = r.pipeline(transaction=True).add("SET", "n", 1).add("INCR", "n")
        assert await pipeline.execute() == [b"OK", 2]
        assert [command[0] for command in server.commands] == [b"MULTI", b"SET", b"INCR", b"EXEC"]


async def test_a_transaction_of_which_a_command_is_refused_does_not_run() -> None:
    def script(_: Visitor, command: list[bytes]) -> Any:
        match command[0]:
            case b"NONSENSE":
                return redis_error("ERR unknown command 'NONSENSE'")
            case b"EXEC":
                return redis_error("EXECABORT Transaction discarded because of previous errors.")
        return "OK"

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        with pytest.raises(errors.RedisExecutionAborted, match="unknown command") as caught:
            await r.pipeline(transaction=True).add("SET", "n", 1).add("NONSENSE").execute()
        assert isinstance(caught.value.__cause__, errors.RedisError)


async def test_a_cancelled_pipeline_leaves_the_answers_of_others_alone() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        server.held = trio.Event()
        with trio.move_on_after(0.01):
            await r.pipeline().add("GET", "a").add("GET", "b").execute()
        server.held.set()
        assert await r.execute("GET", "c") == b"c"


async def double(tx: redis.Transaction[bytes]) -> int:
    value = int(await tx.execute("GET", "n") or 0)
    tx.queue.add("SET", "n", 2 * value).add("GET", "n")
    return value


async def test_a_transaction_reads_and_writes() -> None:
    keeper = Keeper()
    keeper.values[b"n"] = b"21"
    async with open_scripted_server(script=keeper) as server, redis.open_client(server.url) as r:
        done = await r.transaction(double, "n")
        assert (done.value, done.answers, done.attempts) == (21, [b"OK", b"42"], 1)
        assert [command[0] for command in server.commands] == [
            b"WATCH", b"GET", b"MULTI", b"SET", b"GET", b"EXEC",
        ]  # fmt: skip
        await r.transaction(double, "n")
        assert keeper.values[b"n"] == b"84"
        assert len(server.visitors) == 2  # the connection is used again


async def nothing(tx: redis.Transaction[bytes]) -> bytes:
    answer: bytes = await tx.execute("GET", "n")
    return answer


async def test_a_transaction_that_writes_nothing() -> None:
    async with open_scripted_server(script=Keeper()) as server, redis.open_client(server.url) as r:
        assert (await r.transaction(nothing, "n")).answers == []
        assert [command[0] for command in server.commands] == [b"WATCH", b"GET", b"UNWATCH"]
        assert r.statistics().sessions == 1


async def test_what_the_function_raises_comes_out_and_nothing_is_written() -> None:
    async def fail(tx: redis.Transaction[bytes]) -> None:
        tx.queue.add("SET", "n", 1)
        raise LookupError("mine")

    async with open_scripted_server(script=Keeper()) as server, redis.open_client(server.url) as r:
        with pytest.raises(LookupError, match="mine"):
            await r.transaction(fail, "n")
        assert [command[0] for command in server.commands] == [b"WATCH"]
        assert r.statistics().sessions == 0  # what watches is not used again


@pytest.mark.parametrize("protocol", [2, 3])
async def test_a_transaction_is_tried_again_where_others_come_in_its_way(
    autojump_clock: MockClock, protocol: int
) -> None:
    keeper = Keeper()
    keeper.conflicts = 3
    async with (
        open_scripted_server(script=keeper) as server,
        redis.open_client(server.url, protocol=protocol) as r,
    ):
        assert (await r.transaction(double, "n")).attempts == 4
        keeper.conflicts = 3
        with pytest.raises(errors.TransactionConflict, match="each of 3 times") as caught:
            await r.transaction(double, "n", attempts=3)
        assert caught.value.attempts == 3
        assert r.statistics().sessions == 1


async def test_a_transaction_needs_one_attempt() -> None:
    async with open_scripted_server() as server, redis.open_client(server.url) as r:
        with pytest.raises(ValueError, match="attempts"):
            await r.transaction(nothing, "n", attempts=0)


async def test_a_cancelled_transaction_writes_nothing() -> None:
    async def hang(tx: redis.Transaction[bytes]) -> None:
        tx.queue.add("SET", "n", 1)
        await trio.sleep_forever()

    async with open_scripted_server(script=Keeper()) as server, redis.open_client(server.url) as r:
        with trio.move_on_after(0.01):
            await r.transaction(hang, "n")
        assert [command[0] for command in server.commands] == [b"WATCH"]
        assert r.statistics().sessions == 0


async def test_the_outcome_of_a_transaction_whose_connection_is_lost_is_unknown() -> None:
    def script(visitor: Visitor, command: list[bytes]) -> Any:
        if command[0] == b"EXEC":
            visitor.stream.reset()
            return NOTHING
        return None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        with pytest.raises(errors.OutcomeUnknown, match="EXEC"):
            await r.transaction(double_or_nothing, "n")


async def double_or_nothing(tx: redis.Transaction[bytes]) -> None:
    tx.queue.add("SET", "n", 1)


async def test_a_script_is_sent_once_and_then_named() -> None:
    known: set[bytes] = set()

    def script(_: Visitor, command: list[bytes]) -> Any:
        match command[0]:
            case b"EVAL":
                known.add(lua.sha.encode())
                return command[3:]
            case b"EVALSHA":
                if command[1] not in known:
                    return redis_error("NOSCRIPT No matching script. Please use EVAL.")
                return command[3:]
        return None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        lua = r.register_script("return {KEYS[1], ARGV[1]}")
        assert await lua(["key"], [1]) == [b"key", b"1"]
        assert await lua(["key"], [2]) == [b"key", b"2"]
        assert [command[0] for command in server.commands] == [b"EVALSHA", b"EVAL", b"EVALSHA"]
        pipeline = r.pipeline()
        lua.queue(pipeline, ["key"], [3])
        assert await pipeline.execute() == [[b"key", b"3"]]
        with pytest.raises(TypeError, match="lists"):
            await lua("key")


async def test_a_library_is_loaded_when_it_is_needed() -> None:
    loaded: list[bytes] = []

    def script(_: Visitor, command: list[bytes]) -> Any:
        match command:
            case [b"FUNCTION", b"LOAD", b"REPLACE", source]:
                loaded.append(source)
                return b"mine"
            case [b"FCALL" | b"FCALL_RO", b"known", *rest] if loaded:
                return rest
            case [b"FCALL" | b"FCALL_RO", *_]:
                return redis_error("ERR Function not found")
        return None

    async with open_scripted_server(script=script) as server, redis.open_client(server.url) as r:
        library = r.register_library("#!lua name=mine\n...")
        assert await library.call("known", ["key"], [1]) == [b"1", b"key", b"1"]
        assert await library.call("known", is_readonly=True) == [b"0"]
        assert loaded == [library.source]
        with pytest.raises(errors.RedisError, match="Function not found"):
            await library.call("unknown")
        assert await library.load() == "mine"
