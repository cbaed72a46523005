"""Programs in rooms: they come back, and go on where they were."""

from __future__ import annotations

import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing

from tests._public_operations import code_run_by, public_operations
from tests.websocket._room_scenarios import all_of_rooms
from tests.websocket._rooms import CutBus, until
from tests.websocket.conftest import Serve, running, ws_url
from trio_helianthus import core, errors, http, websocket
from trio_helianthus.testing import cancel_sweep, open_virtual_network
from trio_helianthus.websocket import (
    HistoryLimits,
    JoinedRoom,
    MemberJoined,
    MemberLeft,
    MemoryBus,
    MessagesMissed,
    RoomClient,
    RoomError,
    RoomHooks,
    RoomLimits,
    RoomMessage,
    RoomProblem,
    Rooms,
    RoomSession,
    RoomUpdate,
    open_room_client,
    open_rooms,
)

autojump = partial(trio.testing.MockClock, autojump_threshold=0)
AT_ONCE = core.RetryPolicy(max_attempts=1000, initial_delay=0.01, max_delay=0.05)


class Hooks(RoomHooks):
    """Keeps the sessions, and can keep a client out."""

    def __init__(self) -> None:
        self.sessions: dict[str, RoomSession] = {}
        self.closed = False
        self.cuts = 0

    async def check_join(self, session: RoomSession, room: str) -> None:
        if self.closed or room == "secret":
            raise RoomError("closed for today")
        self.sessions[session.member] = session

    async def check_message(self, session: RoomSession, room: str, body: object) -> object:
        if self.cuts:
            self.cuts -= 1
            self.cut(session.member)
            raise RoomError("it is lost before it was said")
        return body

    async def answer(self, session: RoomSession, body: object) -> object:
        if body == "cut":
            self.cut(session.member)
            await trio.sleep_forever()
        return {"you said": body}

    def cut(self, member: str) -> None:
        """Lose a client's connection, without a goodbye."""
        self.sessions[member].connection._stream.reset()


async def lose(client: RoomClient, hooks: Hooks, member: str = "ann") -> None:
    """Have a client lose its connection, and wait until it knows."""
    lost = client._connection
    hooks.cut(member)
    await until(lambda: client._connection is not lost)


class ForgetfulBus(MemoryBus):
    """Cuts the connection of whoever has just said something."""

    def __init__(self, hooks: Hooks) -> None:
        super().__init__()
        self.hooks = hooks
        self.cuts = 0

    async def publish(self, room: str, data: str) -> websocket.Position:
        position = await super().publish(room, data)
        if self.cuts:
            self.cuts -= 1
            self.hooks.cut("ann")
        return position


def serve_rooms(rooms: Rooms, hooks: RoomHooks | None = None) -> websocket.Handler:
    async def chat(connection: websocket.ServerConnection) -> None:
        member = connection.request.query.get("member") or "ann"
        await rooms.serve(connection, member=member, hooks=hooks)

    return chat


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
def bus(hooks: Hooks) -> ForgetfulBus:
    return ForgetfulBus(hooks)


@pytest.fixture
async def rooms(bus: ForgetfulBus) -> AsyncIterator[Rooms]:
    async with open_rooms(bus) as rooms:
        yield rooms


@pytest.fixture
async def server(serve: Serve, rooms: Rooms, hooks: Hooks) -> http.Server:
    return await serve(serve_rooms(rooms, hooks))


def client(server: http.Server, member: str = "ann", **options: Any) -> Any:
    return open_room_client(ws_url(server, f"/?member={member}"), policy=AT_ONCE, **options)


async def hear(room: JoinedRoom, number: int) -> list[RoomUpdate]:
    with trio.fail_after(10):  # noqa: ASYNC100 it is in the comprehension
        return [await room.receive() for _ in range(number)]


async def bodies(room: JoinedRoom, number: int) -> list[object]:
    """The next messages, whoever comes and goes meanwhile."""
    heard: list[object] = []
    with trio.fail_after(10):
        while len(heard) < number:
            update = await room.receive()
            assert not isinstance(update, MessagesMissed)
            if isinstance(update, RoomMessage):
                heard.append(update.body)
    return heard


@asynccontextmanager
async def two_in_the_lobby(server: http.Server) -> AsyncIterator[tuple[JoinedRoom, JoinedRoom]]:
    """Ann's and Bob's programs, in a room."""
    async with (
        client(server, "ann") as ann,
        client(server, "bob") as bob,
        ann.join("lobby") as here,
        bob.join("lobby") as there,
    ):
        yield here, there


async def test_two_programs_talk(server: http.Server) -> None:
    async with client(server, "ann") as ann, client(server, "bob") as bob:
        async with ann.join("lobby") as here, bob.join("lobby", info=7) as there:
            assert repr(here) == "<JoinedRoom 'lobby': here>"
            assert there.members == {"ann": None, "bob": 7}
            message_id = await here.send({"text": "hello"})
            assert await hear(here, 1) == [MemberJoined("bob", 7)]
            assert here.last_id == message_id
            assert await hear(there, 1) == [RoomMessage(message_id, "ann", {"text": "hello"})]
            assert there.last_id == message_id
            assert here.members == there.members
        async with ann.join("lobby") as again:
            assert await bodies(again, 1) == [{"text": "hello"}]
        assert repr(ann) == "<RoomClient: connected, 0 rooms>"


async def test_it_comes_back_and_misses_nothing(server: http.Server, hooks: Hooks) -> None:
    async with two_in_the_lobby(server) as (here, there):
        for number in range(30):
            if number % 10 == 5:
                hooks.cut("bob")
            await here.send(number)
        assert await bodies(there, 30) == list(range(30))


async def test_who_came_and_went_meanwhile_is_told_afterwards(
    server: http.Server, rooms: Rooms, hooks: Hooks
) -> None:
    slow = core.RetryPolicy(initial_delay=1, jitter=0)
    url = ws_url(server, "/?member=ann")
    async with open_room_client(url, policy=slow) as ann, ann.join("lobby") as here:
        async with client(server, "bob") as bob, bob.join("lobby"):
            assert await hear(here, 1) == [MemberJoined("bob", None)]
            hooks.cut("ann")
            await until(lambda: rooms.rooms["lobby"].members == ("bob",))
        async with client(server, "cleo") as cleo, cleo.join("lobby", info=1):
            assert not here.here
            assert await hear(here, 2) == [MemberLeft("bob"), MemberJoined("cleo", 1)]
            assert set(here.members) == {"ann", "cleo"}


async def test_it_is_told_where_something_is_missing(serve: Serve, hooks: Hooks) -> None:
    async with open_rooms(MemoryBus(history=HistoryLimits(max_messages=2))) as rooms:
        server = await serve(serve_rooms(rooms, hooks))
        async with client(server) as ann, ann.join("lobby") as here:
            await rooms.send("lobby", 0)
            assert await bodies(here, 1) == [0]
            hooks.cut("ann")
            for number in range(1, 6):
                await rooms.send("lobby", number)
            await rooms.send("lobby", "last")
            updates = await hear(here, 3)
            assert updates[0] == MessagesMissed()
            assert [u.body for u in updates[1:] if isinstance(u, RoomMessage)] == [5, "last"]


async def test_it_is_waited_for_within_limits_and_nothing_is_lost(server: http.Server) -> None:
    async with two_in_the_lobby(server) as (here, there):
        with pytest.raises(errors.OperationTimeout):
            await there.receive(timeout=0.01)
        token = core.CancelToken()
        token.cancel("enough")
        with pytest.raises(errors.OperationCancelled, match="enough"):
            await there.receive(token=token)
        await here.send("hello")
        assert await bodies(there, 1) == ["hello"]


async def test_who_does_not_receive_misses_the_oldest_and_is_told(
    server: http.Server, rooms: Rooms
) -> None:
    async with client(server, max_updates=3) as ann, ann.join("lobby") as here:
        for number in range(10):
            await rooms.send("lobby", number)
        await until(lambda: str(here._reached).endswith("-10"))
        updates = await hear(here, 4)
        assert updates[0] == MessagesMissed()
        assert [u.body for u in updates[1:] if isinstance(u, RoomMessage)] == [7, 8, 9]


async def test_what_was_lost_before_it_was_said_is_said_again(
    server: http.Server, hooks: Hooks
) -> None:
    async with two_in_the_lobby(server) as (here, there):
        hooks.cuts = 2
        await here.send("once")
        await here.send("then")
        assert await bodies(there, 2) == ["once", "then"]


async def test_what_was_said_and_not_confirmed_is_not_said_again(
    server: http.Server, bus: ForgetfulBus
) -> None:
    async with two_in_the_lobby(server) as (here, there):
        bus.cuts = 1
        message_id = await here.send("once")
        await here.send("then")
        assert await bodies(there, 2) == ["once", "then"]
        assert message_id.endswith("-1")


async def test_a_later_program_goes_on_where_an_earlier_one_was(
    server: http.Server, rooms: Rooms
) -> None:
    async with client(server) as ann, ann.join("lobby") as here:
        await rooms.send("lobby", 1)
        assert await bodies(here, 1) == [1]
        last_id = here.last_id
    await rooms.send("lobby", 2)
    async with client(server) as ann, ann.join("lobby", last_seen=last_id) as here:
        assert await bodies(here, 1) == [2]
    async with client(server) as ann, ann.join("lobby", last_seen="x-1") as here:
        assert await hear(here, 1) == [MessagesMissed()]


async def test_the_server_may_refuse(server: http.Server, hooks: Hooks, rooms: Rooms) -> None:
    async with client(server) as ann:
        with pytest.raises(RoomError, match="closed for today"):
            async with ann.join("secret"):
                pass
        async with ann.join("lobby") as here:
            with pytest.raises(RoomError) as caught:
                await here.send("x" * 70_000)
            assert caught.value.problem is RoomProblem.TOO_LARGE
            with pytest.raises(ValueError, match="already"):
                async with ann.join("lobby"):
                    pass
            await rooms.send("lobby", "the last")
            await until(lambda: str(here._reached).endswith("-1"))
            hooks.closed = True
            hooks.cut("ann")
            assert await bodies(here, 1) == ["the last"]
            with pytest.raises(RoomError, match="closed for today"):
                await here.receive()
            with pytest.raises(errors.ResourceClosed):
                await here.send("hello?")


async def test_a_server_that_cannot_let_it_in_now_is_asked_again(serve: Serve) -> None:
    hooks = Hooks()
    bus = CutBus(MemoryBus())
    async with open_rooms(bus, limits=RoomLimits(join_timeout=0.05)) as rooms:
        server = await serve(serve_rooms(rooms, hooks))
        async with client(server) as ann, ann.join("lobby") as here:
            await here.send("hello")
            bus.cut(down=True)
            await lose(ann, hooks)
            with pytest.raises(RoomError) as caught:
                async with ann.join("another"):
                    pass
            assert caught.value.problem is RoomProblem.UNAVAILABLE
            bus.mend()
            await here.send("here again")


async def test_requests_go_both_ways(server: http.Server, hooks: Hooks) -> None:
    async def answer(body: object) -> object:
        if body == "secret":
            raise RoomError("my own business")
        return [body]

    async with (
        client(server, "ann", answer=answer) as ann,
        client(server, "bob") as bob,
        ann.join("lobby"),
        bob.join("lobby"),
    ):
        assert await ann.ask(1) == {"you said": 1}
        assert await hooks.sessions["ann"].ask(2) == [2]
        with pytest.raises(RoomError, match="my own business"):
            await hooks.sessions["ann"].ask("secret")
        with pytest.raises(RoomError, match="answers no requests"):
            await hooks.sessions["bob"].ask(3)
        with pytest.raises(errors.WebSocketBroken):
            await ann.ask("cut")
        assert await ann.ask(4, timeout=5) == {"you said": 4}


async def test_the_server_may_say_that_it_was_all(server: http.Server, hooks: Hooks) -> None:
    async with client(server) as ann, ann.join("lobby") as here:
        hooks.sessions["ann"].connection.close_nowait(1000)
        with pytest.raises(errors.ChannelEnded):
            await here.receive()
        assert [update async for update in here] == []
        assert ann.closed
        for call in (partial(here.send, "x"), partial(ann.ask, 1)):
            with pytest.raises(errors.ResourceClosed):
                await call()
        with pytest.raises(errors.ResourceClosed):
            async with ann.join("another"):
                pass
        assert repr(ann).startswith("<RoomClient: closed")


async def test_a_server_that_speaks_something_else_ends_it(serve: Serve) -> None:
    async def shout(connection: websocket.ServerConnection) -> None:
        await connection.send("HELLO")
        await connection.receive()
        await connection.receive()

    server = await serve(shout)
    with pytest.raises(errors.RemoteProtocolError, match="nonsense"):
        async with client(server) as ann, ann.join("lobby"):
            pass


async def test_what_is_not_understood_is_ignored(serve: Serve) -> None:
    async def odd(connection: websocket.ServerConnection) -> None:
        ref = (await connection.receive_json())["ref"]
        for fields in (
            {"type": "message", "room": "lobby"},
            {"type": "welcome", "ref": 99},
            {"type": "reply"},
            {"type": ["x"]},
            {},
            {"type": "error", "ref": None, "code": 7, "message": 7},
            {"type": "welcome", "ref": ref, "members": 7, "messages": [7, {}], "id": 7},
            {"type": "message", "room": "lobby", "id": 7},
            {"type": "joined", "room": "lobby"},
            {"type": "dance", "room": "lobby"},
            {"type": "request", "ref": 7},
            {"type": "gap", "room": "lobby"},
        ):
            await connection.send_json(fields)
        async for message in connection:
            ref = json.loads(message).get("ref")
            await connection.send_json({"type": "error", "ref": ref, "code": "x", "message": 7})

    server = await serve(odd)
    async with client(server) as ann, ann.join("lobby") as here:
        assert await hear(here, 1) == [MessagesMissed()]
        with pytest.raises(RoomError, match="refused"):
            await here.send("hello")


async def test_without_a_server_it_goes_on_trying(autojump_clock: trio.testing.MockClock) -> None:
    async with (
        open_virtual_network(),
        open_room_client("ws://127.0.0.1:9", policy=AT_ONCE) as ann,
    ):
        with pytest.raises(errors.OperationTimeout):
            async with ann.join("lobby", timeout=5):
                pass
        with pytest.raises(errors.OperationTimeout):
            await ann.ask(1, timeout=5)
        assert not ann._waiting
        assert not ann._rooms


async def test_only_so_many_wait_for_their_replies(
    server: http.Server, hooks: Hooks, rooms: Rooms
) -> None:
    held = trio.Event()

    class Slow(RoomHooks):
        async def check_message(self, session: RoomSession, room: str, body: object) -> object:
            await held.wait()
            return body

    async def chat(connection: websocket.ServerConnection) -> None:
        await rooms.serve(connection, member="ann", hooks=Slow())

    async with (
        running(chat) as slow,
        client(slow, max_outstanding=1) as ann,
        ann.join("lobby") as here,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(here.send, "x")
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(expect_refusal, partial(ann.ask, 1))
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(errors.ResourceFull, match="max_outstanding=1"):
            await here.send("y")
        with pytest.raises(errors.ResourceFull, match="max_outstanding=1"):
            await ann.ask(2)
        held.set()


async def expect_refusal(call: Any) -> None:
    with pytest.raises(RoomError):
        await call()


async def test_a_message_that_was_given_up_is_not_sent_again(
    server: http.Server, hooks: Hooks, rooms: Rooms
) -> None:
    async with two_in_the_lobby(server) as (here, there):
        hooks.cuts = 1
        with pytest.raises(errors.OperationTimeout):
            await here.send("given up", timeout=0)
        await here.send("said")
        assert await bodies(there, 1) == ["said"]
        assert not here._sending
        assert not here._client._waiting


@pytest.mark.parametrize("seed", range(5))
def test_many_programs_whose_connections_and_bus_are_cut_hear_everything_once(seed: int) -> None:
    chance = random.Random(seed)
    heard: dict[str, list[RoomMessage]] = {}
    said: dict[str, list[str]] = {}

    async def talk(server: http.Server, name: str) -> None:
        mine, sent = heard.setdefault(name, []), said.setdefault(name, [])

        async def listen() -> None:
            async for update in room:
                assert not isinstance(update, MessagesMissed)
                if isinstance(update, RoomMessage):
                    mine.append(update)

        async with (
            client(server, name) as program,
            program.join("lobby") as room,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(listen)
            for number in range(10):
                await trio.sleep(chance.random() * 2)
                sent.append(await room.send(f"{name} {number}"))
            await trio.sleep(60)
            nursery.cancel_scope.cancel()

    async def cut_now_and_then(hooks: Hooks, buses: list[CutBus]) -> None:
        while True:
            await trio.sleep(chance.random())
            if hooks.sessions:
                hooks.cut(chance.choice(sorted(hooks.sessions)))
            if chance.random() < 0.3:
                chance.choice(buses).cut()

    async def main() -> None:
        hooks = Hooks()
        shared = MemoryBus(history=HistoryLimits(max_messages=1000))
        buses = [CutBus(shared), CutBus(shared)]
        async with (
            open_rooms(buses[0]) as first,
            open_rooms(buses[1]) as second,
            open_virtual_network(),
            running(serve_rooms(first, hooks)) as one,
            running(serve_rooms(second, hooks)) as other,
        ):
            async with trio.open_nursery() as nursery:
                for number in range(8):
                    nursery.start_soon(talk, chance.choice([one, other]), f"m{number}")
                with trio.move_on_after(20):
                    await cut_now_and_then(hooks, buses)
            await trio.sleep(60)
            assert not first.rooms
            assert not second.rooms

    trio.run(main, clock=autojump())
    ids = {message_id for sent in said.values() for message_id in sent}
    assert len(ids) == 80
    for name, messages in heard.items():
        numbers = [int(message.id.partition("-")[2]) for message in messages]
        assert numbers == sorted(set(numbers)), "in order, and each once"
        assert {message.id for message in messages} | set(said[name]) == ids
        assert not {message.body for message in messages if message.sender == name}


@pytest.mark.sweep
@pytest.mark.parametrize("budget", [core.CHECKPOINT_BUDGET, 1])
def test_it_may_be_cancelled_anywhere(budget: int) -> None:
    report = cancel_sweep(all_of_rooms, clock=autojump, checkpoint_budget=budget)
    assert report.points >= 100 * len(report.seeds)


def test_every_operation_of_rooms_is_in_the_scenario() -> None:
    run = code_run_by(partial(cancel_sweep, all_of_rooms, clock=autojump, points=[]))
    offered = {
        name: code
        for name, code in public_operations(websocket).items()
        if re.search(r"/_(\w*room\w*|membership|memory_bus)\.py$", code.co_filename)
    }
    assert {"Rooms.join", "JoinedRoom.send", "MemoryBus.publish"} <= set(offered)
    assert {name for name, code in offered.items() if code not in run} == set()
