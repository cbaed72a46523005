"""Programs in rooms: what is lost, given up, or refused at the wrong moment."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trio
import trio.testing

from tests.websocket._rooms import Ear, until
from tests.websocket.conftest import Serve, running, ws_url
from tests.websocket.test_room_client import AT_ONCE, Hooks, bodies, client, lose, serve_rooms
from trio_helianthus import errors, http, websocket
from trio_helianthus.testing import open_virtual_network
from trio_helianthus.websocket import (
    ClientConnection,
    MessagesMissed,
    RoomError,
    RoomHooks,
    RoomLimits,
    RoomMessage,
    RoomProblem,
    Rooms,
    RoomSession,
    open_room_client,
    open_rooms,
)


class Moody(Hooks):
    """Fails so many times to say who may come in, and takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.go_on = trio.Event()
        self.go_on.set()

    async def check_join(self, session: RoomSession, room: str) -> None:
        await self.go_on.wait()
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        await super().check_join(session, room)

    async def answer(self, session: RoomSession, body: object) -> object:
        self.sessions[session.member] = session
        return await super().answer(session, body)


@pytest.fixture
def hooks() -> Moody:
    return Moody()


@pytest.fixture
async def rooms() -> AsyncIterator[Rooms]:
    async with open_rooms() as rooms:
        yield rooms


@pytest.fixture
async def server(serve: Serve, rooms: Rooms, hooks: Moody) -> http.Server:
    return await serve(serve_rooms(rooms, hooks))


# What is said.


@pytest.mark.parametrize("_", range(10))
async def test_what_is_said_right_after_joining_is_said_once(
    server: http.Server, rooms: Rooms, _: int
) -> None:
    async with rooms.join("lobby", (ear := Ear()), member="bob"):
        async with client(server) as ann, ann.join("lobby") as here:
            await here.send("hello")
            await ann.ask("is that all?")
        await until(lambda: "left" in dict(ear.presence))
        assert ear.bodies == ["hello"]


async def test_what_is_confirmed_stays_so_for_who_leaves_then(server: http.Server) -> None:
    async with client(server) as ann, ann.join("lobby") as here, trio.open_nursery() as nursery:
        ids: list[str] = []

        async def say() -> None:
            ids.append(await here.send("hello"))

        confirm = here._note_confirmed

        def confirm_and_leave(*args: Any) -> None:
            confirm(*args)
            here._end(errors.ResourceClosed("left"))

        here._note_confirmed = confirm_and_leave
        nursery.start_soon(say)
    assert len(ids) == 1


# What is heard.


async def test_the_last_id_is_that_of_what_was_received(server: http.Server, rooms: Rooms) -> None:
    """A program that ends with messages that it has not received gets them the next time."""
    async with client(server) as ann, ann.join("lobby") as here:
        for number in range(3):
            await rooms.send("lobby", number)
        await until(lambda: str(here._reached).endswith("-3"))
        assert await bodies(here, 1) == [0]
        said = await here.send("mine")
        last_id = here.last_id
    async with client(server) as ann, ann.join("lobby", last_seen=last_id) as here:
        assert await bodies(here, 3) == [1, 2, "mine"]
        assert here.last_id == said
        assert await here.send("mine too") == here.last_id


async def test_who_is_cancelled_is_still_told_that_something_is_missing(
    server: http.Server, rooms: Rooms
) -> None:
    async with client(server, max_updates=1) as ann, ann.join("lobby") as here:
        await rooms.send("lobby", 1)
        await rooms.send("lobby", 2)
        await until(lambda: str(here._reached).endswith("-2"))
        with trio.CancelScope() as scope:
            scope.cancel()
            await here.receive()
        assert await here.receive() == MessagesMissed()
        assert cast("RoomMessage", await here.receive()).body == 2


async def test_who_still_iterates_when_the_client_ends_is_told(server: http.Server) -> None:
    async with trio.open_nursery() as nursery:

        async def listen() -> None:
            with pytest.raises(errors.ResourceClosed):
                async for _ in room:
                    pass

        async def ask() -> None:
            with pytest.raises((errors.WebSocketBroken, errors.ResourceClosed)):
                await ann.ask("cut")

        async with client(server) as ann:
            async with ann.join("lobby") as room:
                nursery.start_soon(listen)
                await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(errors.ResourceClosed):
        await ann.ask("are you there?")
    assert repr(ann) == "<RoomClient: closed, 0 rooms>"


# Leaving, and coming back.


async def test_a_room_that_was_left_is_not_come_back_into(
    server: http.Server, rooms: Rooms, hooks: Moody
) -> None:
    async with client(server) as ann, ann.join("lobby") as lobby, ann.join("kitchen") as kitchen:
        await kitchen.aclose()
        await lose(ann, hooks)
        await lobby.send("back again")
        await ann.ask("is that all?")
        await until(lambda: set(rooms.rooms) == {"lobby"})
        with pytest.raises(errors.ResourceClosed):
            await kitchen.send("anybody?")


async def test_a_room_that_has_refused_is_not_come_back_into(
    server: http.Server, rooms: Rooms, hooks: Moody
) -> None:
    async with client(server) as ann, ann.join("lobby") as here:
        hooks.closed = True
        hooks.cut("ann")
        with pytest.raises(RoomError, match="closed for today"):
            while True:
                await here.receive()
        hooks.closed = False
        with pytest.raises(errors.WebSocketBroken):
            await ann.ask("cut")
        await ann.ask("is there a connection?")
        await until(lambda: not rooms.rooms)


async def test_who_gives_up_joining_is_not_left_in_the_room(
    server: http.Server, rooms: Rooms, hooks: Moody
) -> None:
    async with client(server) as ann:
        await ann.ask("is there a connection?")
        hooks.go_on = trio.Event()
        with pytest.raises(errors.OperationTimeout):
            async with ann.join("lobby", timeout=0.05):
                pass
        hooks.go_on.set()
        await ann.ask("is that all?")
        await until(lambda: not rooms.rooms)
        async with ann.join("lobby") as here:
            await here.send("in the end")


async def test_a_failure_of_the_server_keeps_nobody_out_who_was_there(
    server: http.Server, hooks: Moody, reports: list[BaseException]
) -> None:
    async with client(server) as ann:
        hooks.failures = 1
        with pytest.raises(RoomError) as caught:
            async with ann.join("lobby"):
                pass
        assert caught.value.problem is RoomProblem.FAILED
        async with ann.join("lobby") as here:
            hooks.failures = 3
            await lose(ann, hooks)
            await here.send("back again")
    assert len(reports) == 4


async def test_a_room_that_is_full_of_ones_own_lost_connection_is_waited_for(
    serve: Serve, hooks: Moody
) -> None:
    async with open_rooms(limits=RoomLimits(max_members=1)) as rooms:
        server = await serve(serve_rooms(rooms, hooks))
        async with client(server) as ann, ann.join("lobby") as here:
            half_open = rooms.join("lobby", Ear(), member="ann")
            hooks.go_on = trio.Event()
            hooks.cut("ann")
            await until(lambda: not rooms.rooms)
            async with half_open:
                hooks.go_on.set()
                await until(lambda: here._refusals > 1)
                assert not here.here
            await here.send("back again")


async def test_a_room_is_left_by_who_cannot_say_so(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The connection is stuck: it is given up, else the server would keep the member."""
    connections = 0

    async def stuck(connection: websocket.ServerConnection) -> None:
        nonlocal connections
        connections += 1
        while True:
            fields = await connection.receive_json()
            if fields["type"] == "join":
                await connection.send_json(
                    {"type": "welcome", "ref": fields["ref"], "room": "lobby", "id": "x-0"}
                )
            elif connections == 1:
                await trio.sleep_forever()

    limits = websocket.WebSocketLimits(
        max_queued_messages=1, send_high_water=2, send_low_water=1, write_timeout=1000
    )
    async with (
        open_virtual_network(),
        running(stuck, limits=limits) as server,
        open_room_client(ws_url(server), policy=AT_ONCE, limits=limits, deflate=None) as ann,
        trio.open_nursery() as nursery,
    ):
        async with ann.join("lobby") as here:
            for _ in range(20):
                nursery.start_soon(expect_closed, here)  # noqa: ASYNC111 - the end of it is the point
            await trio.testing.wait_all_tasks_blocked()
        async with ann.join("lobby"):
            assert connections == 2


async def test_who_waits_in_vain_for_a_connection_is_told_why(
    autojump_clock: trio.testing.MockClock,
) -> None:
    told = list[Exception]()

    def note(failure: Exception, _: float) -> None:
        told.append(failure)

    async with (
        open_virtual_network(),
        open_room_client("ws://127.0.0.1:9/", on_failure=note) as ann,
    ):
        with pytest.raises(errors.OperationTimeout) as caught:
            async with ann.join("lobby"):
                raise AssertionError
        assert isinstance(caught.value.__cause__, errors.ConnectionRefused)
        assert caught.value.__cause__ in told
        with pytest.raises(errors.OperationTimeout) as caught:
            await ann.ask("are you there?")
        assert isinstance(caught.value.__cause__, errors.ConnectionRefused)


async def test_where_there_is_a_connection_no_old_failure_is_a_cause(
    server: http.Server, hooks: Moody
) -> None:
    async with client(server) as ann, ann.join("lobby"):
        await lose(ann, hooks)
        assert await ann.ask("shall I?") is not None
        hooks.go_on = trio.Event()
        with pytest.raises(errors.OperationTimeout) as caught:
            async with ann.join("kitchen", timeout=0.05):
                raise AssertionError
        assert caught.value.__cause__ is None
        hooks.go_on.set()


async def test_a_room_is_left_behind_the_join_that_is_still_under_way(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Else the server would keep the member. Which of those who wait goes on first is chance."""
    for _ in range(10):
        assert await told_by_who_leaves_while_it_comes_back() == ["join", "leave"]


async def told_by_who_leaves_while_it_comes_back() -> list[str]:
    told: list[str] = []
    has_left = trio.Event()

    async def lose_and_pause(connection: websocket.ServerConnection) -> None:
        nonlocal told
        is_first = not told
        if not is_first:
            told = []
            await trio.sleep(0.5)  # what is larger than a buffer waits
        async for message in connection:
            fields = json.loads(message)
            if fields["type"] == "join":
                fields["type"] = "welcome"
                await connection.send_json({**fields, "info": None, "id": "x-0"})
                fields["type"] = "join"
            if fields["room"] == "kitchen":
                told.append(fields["type"])
                if is_first:
                    connection.close_nowait(websocket.CloseCode.SERVICE_RESTART)
                elif len(told) == 2:
                    has_left.set()

    limits = websocket.WebSocketLimits(send_high_water=2, send_low_water=1)
    async with (
        open_virtual_network(),
        running(lose_and_pause, limits=limits) as server,
        open_room_client(ws_url(server), policy=AT_ONCE, limits=limits, deflate=None) as ann,
        ann.join("lobby", info="x" * 1_000_000),
    ):
        async with ann.join("kitchen") as kitchen:
            await until(lambda: told == [])
            await until(lambda: ann._connection is not None)
            await trio.sleep(0.1)
            assert not kitchen.here, "it is still on the way"
        await has_left.wait()
    return told


async def expect_closed(room: websocket.JoinedRoom) -> None:
    with pytest.raises(errors.ResourceClosed):
        await room.send("x" * 60_000)


async def test_what_one_tells_of_oneself_is_looked_at_at_once() -> None:
    async with open_virtual_network(), open_room_client("ws://127.0.0.1:9", policy=AT_ONCE) as ann:
        with pytest.raises(TypeError, match="set is not JSON serializable"):
            async with ann.join("lobby", info={1, 2}):
                pass
        assert not ann._rooms


async def test_half_a_character_is_no_reason_to_end(server: http.Server) -> None:
    async with client(server) as ann, ann.join("lobby", info="\ud83d") as here:
        assert here.members == {"ann": "\ud83d"}


# Requests.


async def test_a_request_that_was_not_sent_yet_survives_a_loss(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with (
        open_virtual_network(),
        open_room_client("ws://127.0.0.1:9", policy=AT_ONCE, max_outstanding=1) as ann,
        trio.open_nursery() as nursery,
    ):

        async def ask() -> None:
            with pytest.raises(errors.OperationTimeout):
                await ann.ask(1, timeout=5)

        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        lost = SimpleNamespace(close_code=1006, close_reason="")
        ann._note_lost(cast("ClientConnection", lost))
        with pytest.raises(errors.ResourceFull):
            await ann.ask(2)


async def test_a_late_reply_is_nobody_elses(serve: Serve, rooms: Rooms) -> None:
    held = trio.Event()

    class Slow(RoomHooks):
        async def answer(self, session: RoomSession, body: object) -> object:
            if body == "slow":
                await held.wait()
            return body

    server = await serve(serve_rooms(rooms, Slow()))
    async with client(server) as ann:
        with pytest.raises(errors.OperationTimeout):
            await ann.ask("slow", timeout=0.05)
        held.set()
        for number in range(3):
            assert await ann.ask(number) == number


async def test_what_goes_wrong_with_an_answer_comes_out(server: http.Server, hooks: Moody) -> None:
    async def answer(body: object) -> object:
        raise errors.ResourceClosed("the database")

    with pytest.raises(errors.ResourceClosed, match="the database"):
        async with client(server, answer=answer) as ann, ann.join("lobby"):
            await hooks.sessions["ann"].ask("?")


async def test_an_answer_that_asks_back_may_be_lost(server: http.Server, hooks: Moody) -> None:
    async def answer(body: object) -> object:
        return await ann.ask("cut")

    async with client(server, answer=answer) as ann, ann.join("lobby") as here:
        with pytest.raises((errors.ResourceClosed, errors.WebSocketBroken)):
            await hooks.sessions["ann"].ask("?")
        await here.send("back again")


async def test_too_many_requests_of_the_servers_are_refused_at_once(
    server: http.Server, hooks: Moody
) -> None:
    async with (
        client(server, answer=never, max_outstanding=1) as ann,
        ann.join("lobby"),
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(hooks.sessions["ann"].ask, 1)
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(5), pytest.raises(RoomError, match="too many requests"):
            await hooks.sessions["ann"].ask(2)
        nursery.cancel_scope.cancel()


async def never(body: object) -> object:
    await trio.sleep_forever()
