"""Rooms: who is there, what is said, and that all are told the same, whatever gets lost."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.websocket._rooms import CutBus, Ear, until
from trio_helianthus.core import CancelToken
from trio_helianthus.errors import OperationCancelled, OperationTimeout, ResourceClosed
from trio_helianthus.testing import cancel_sweep
from trio_helianthus.websocket import (
    BusLost,
    HistoryLimits,
    Membership,
    MemoryBus,
    PreparedMessage,
    RoomError,
    RoomLimits,
    RoomProblem,
    Rooms,
    RoomsStatistics,
    open_rooms,
)

autojump = partial(MockClock, autojump_threshold=0)


@pytest.fixture
async def rooms() -> AsyncIterator[Rooms]:
    async with open_rooms() as rooms:
        yield rooms


# Coming and going.


async def test_the_first_member_is_welcomed_into_an_empty_room(rooms: Rooms) -> None:
    ann = Ear()
    async with rooms.join("lobby", ann, member="ann", info={"colour": "red"}) as membership:
        assert ann.told == [
            {
                "type": "welcome",
                "ref": None,
                "room": "lobby",
                "id": membership.last_id,
                "members": [{"member": "ann", "info": {"colour": "red"}}],
                "messages": [],
                "count": 1,
                "resumed": False,
                "missed": False,
            }
        ]
        assert membership.member == "ann"
        assert rooms.rooms["lobby"].members == ("ann",)
        assert rooms.statistics() == RoomsStatistics(rooms=1, memberships=1, sessions=0)
        assert repr(membership) == "<Membership of 'ann' in 'lobby': joined>"
        assert repr(rooms.rooms["lobby"]) == "<ChatRoom 'lobby': 1 members>"
    assert membership.left
    assert rooms.statistics() == RoomsStatistics(rooms=0, memberships=0, sessions=0)


async def test_members_are_told_who_comes_and_goes(rooms: Rooms) -> None:
    ann, bob = Ear(), Ear()
    async with rooms.join("lobby", ann, member="ann"):
        async with rooms.join("lobby", bob, member="bob", info=7):
            await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
    assert ann.told[1:] == [
        {"type": "joined", "room": "lobby", "member": "bob", "info": 7},
        {"type": "left", "room": "lobby", "member": "bob", "info": 7},
    ]
    assert [entry["member"] for entry in bob.welcome["members"]] == ["ann", "bob"]
    assert bob.presence == [], "it is not told of itself, nor of what comes behind its own leaving"


async def leave_by_returning(membership: Membership) -> None:
    pass


async def leave_by_an_error(membership: Membership) -> None:
    raise ZeroDivisionError


async def leave_by_being_cancelled(membership: Membership) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await trio.sleep_forever()
    raise ZeroDivisionError


async def leave_twice(membership: Membership) -> None:
    await membership.leave()
    await membership.leave()


@pytest.mark.parametrize(
    "leave", [leave_by_returning, leave_by_an_error, leave_by_being_cancelled, leave_twice]
)
async def test_whatever_way_one_leaves_the_others_are_told_once(
    rooms: Rooms, leave: Callable[[Membership], Any]
) -> None:
    ann = Ear()
    async with rooms.join("lobby", ann, member="ann"):
        try:
            async with rooms.join("lobby", Ear(), member="bob") as membership:
                await leave(membership)
        except ZeroDivisionError:
            pass
        await wait_all_tasks_blocked()
        assert ann.presence == [("joined", "bob"), ("left", "bob")]
        assert rooms.rooms["lobby"].members == ("ann",)
        with pytest.raises(ResourceClosed):
            await membership.send("too late")


async def test_a_member_with_two_connections_comes_and_goes_once(rooms: Rooms) -> None:
    ann, first, second = Ear(), Ear(), Ear()
    async with rooms.join("lobby", ann, member="ann"):
        async with rooms.join("lobby", first, member="bob") as membership:
            async with rooms.join("lobby", second, member="bob"):
                assert rooms.rooms["lobby"].connections == 3
                await membership.send("hello")
                await wait_all_tasks_blocked()
                assert second.bodies == ["hello"], "the other connection is told"
                assert second.welcome["count"] == 2
            await wait_all_tasks_blocked()
            assert ann.presence == [("joined", "bob")]
        await wait_all_tasks_blocked()
        assert ann.presence == [("joined", "bob"), ("left", "bob")]


async def test_presence_can_be_left_out() -> None:
    ann, bob = Ear(), Ear()
    async with open_rooms(presence=False) as rooms, rooms.join("lobby", ann, member="ann"):
        async with rooms.join("lobby", bob, member="bob") as membership:
            await membership.send("hello")
        await wait_all_tasks_blocked()
    assert (ann.presence, ann.bodies) == ([], ["hello"])
    assert bob.welcome["members"] == []


# Messages.


async def test_a_message_reaches_all_but_the_connection_it_came_from(rooms: Rooms) -> None:
    ann, bob, elsewhere = Ear(), Ear(), Ear()
    async with (
        rooms.join("lobby", ann, member="ann") as membership,
        rooms.join("lobby", bob, member="bob") as other,
        rooms.join("elsewhere", elsewhere, member="cleo"),
    ):
        message_id = await membership.send({"text": "grüße \ud800"}, tag="t")
        await wait_all_tasks_blocked()
        assert bob.of("message") == [
            {
                "type": "message",
                "room": "lobby",
                "id": message_id,
                "from": "ann",
                "tag": "t",
                "body": {"text": "grüße \ud800"},
            }
        ]
        assert ann.bodies == elsewhere.bodies == []
        assert membership.last_id == other.last_id == message_id


async def test_the_server_has_its_say(rooms: Rooms) -> None:
    ann = Ear()
    async with rooms.join("lobby", ann, member="ann"):
        await rooms.send("lobby", "from nobody")
        await rooms.send("lobby", "from a robot", sender="robot")
        await wait_all_tasks_blocked()
    assert [told["from"] for told in ann.of("message")] == [None, "robot"]


async def test_a_listener_that_takes_nothing_any_more_harms_nobody(rooms: Rooms) -> None:
    ann, bob = Ear(), Ear()
    async with (
        rooms.join("lobby", ann, member="ann") as membership,
        rooms.join("lobby", bob, member="bob"),
        rooms.join("lobby", cleo := Ear(), member="cleo"),
    ):
        bob.open = False
        await membership.send("hello")
        await wait_all_tasks_blocked()
        assert (bob.bodies, cleo.bodies) == ([], ["hello"])


async def test_what_the_listener_raises_at_the_welcome_comes_out_of_the_join(
    rooms: Rooms,
) -> None:
    class Broken(Ear):
        def offer(self, message: PreparedMessage, key: Hashable = None) -> bool:
            raise ZeroDivisionError

    async with rooms.join("lobby", ann := Ear(), member="ann"):
        with pytest.raises(ZeroDivisionError):
            async with rooms.join("lobby", Broken(), member="bob"):
                pass
        await rooms.send("lobby", "all is well")
        await wait_all_tasks_blocked()
        assert ann.bodies == ["all is well"]
        assert rooms.rooms["lobby"].members == ("ann",)


async def test_one_who_sends_without_a_pause_makes_nobody_miss_anything() -> None:
    bus = MemoryBus(feed_events=10)
    async with (
        open_rooms(bus, limits=RoomLimits(max_behind=5)) as rooms,
        rooms.join("lobby", ann := Ear(), member="ann") as membership,
        rooms.join("lobby", bob := Ear(), member="bob"),
    ):
        async with trio.open_nursery() as nursery:

            async def flood(send: Callable[[object], Awaitable[str]]) -> None:
                for number in range(100):
                    await send(number)

            nursery.start_soon(flood, membership.send)
            nursery.start_soon(flood, partial(rooms.send, "lobby"))
        await wait_all_tasks_blocked()
        assert sorted(bob.bodies) == sorted([*range(100), *range(100)])
        assert ann.bodies == list(range(100))
        assert bob.of("gap") == ann.of("gap") == []


async def test_a_room_that_hears_nothing_takes_only_so_many_messages(
    autojump_clock: MockClock,
) -> None:
    cut = CutBus(MemoryBus())
    async with (
        open_rooms(cut, limits=RoomLimits(max_behind=3)) as rooms,
        rooms.join("lobby", Ear(), member="ann") as membership,
        rooms.join("lobby", bob := Ear(), member="bob"),
    ):
        cut.cut(deaf=True)
        await trio.sleep(1)
        for number in range(3):
            await membership.send(number)
        began = trio.current_time()
        with pytest.raises(BusLost, match="not told in time"):
            await membership.send("one more")
        assert trio.current_time() - began == pytest.approx(10)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(membership.send, "later")
            await wait_all_tasks_blocked()
            cut.mend()
        await trio.sleep(10)
        assert bob.bodies == [0, 1, 2, "later"]


async def test_who_sends_from_outside_waits_only_so_long(autojump_clock: MockClock) -> None:
    cut = CutBus(MemoryBus())
    async with (
        open_rooms(cut, limits=RoomLimits(max_behind=1)) as rooms,
        rooms.join("lobby", bob := Ear(), member="bob"),
    ):
        cut.cut(deaf=True)
        await trio.sleep(1)
        await rooms.send("lobby", 1, timeout=1)
        with pytest.raises(OperationTimeout):
            await rooms.send("lobby", 2, timeout=1)
        token = CancelToken()
        token.cancel("enough")
        with pytest.raises(OperationCancelled):
            await rooms.send("lobby", 3, token=token)
        cut.mend()
        await rooms.send("lobby", 4, timeout=100)
        await until(lambda: 4 in bob.bodies)
        assert bob.bodies == [1, 4]


async def test_who_sends_into_a_room_that_nobody_is_in_any_more_does_not_wait_for_it(
    autojump_clock: MockClock,
) -> None:
    cut = CutBus(MemoryBus())
    async with (
        open_rooms(cut, limits=RoomLimits(max_behind=1)) as rooms,
        trio.open_nursery() as nursery,
    ):
        async with rooms.join("lobby", Ear(), member="ann") as membership:
            cut.cut(deaf=True)
            await trio.sleep(1)
            await rooms.send("lobby", 1)
            nursery.start_soon(partial(rooms.send, "lobby", 2, sender="the server"))
            nursery.start_soon(expect_left, membership)  # noqa: ASYNC111 - it is left meanwhile
            await wait_all_tasks_blocked()
        cut.mend()
        async with rooms.join("lobby", bob := Ear(), member="bob"):
            assert bob.bodies == [1, 2]


async def expect_left(membership: Membership) -> None:
    with pytest.raises(ResourceClosed):
        await membership.send("not said behind the end")


# History.


async def test_newcomers_are_told_what_was_said_last() -> None:
    bus = MemoryBus(history=HistoryLimits(max_messages=3))
    async with open_rooms(bus) as rooms:
        async with rooms.join("lobby", Ear(), member="ann") as membership:
            ids = [await membership.send(number) for number in range(5)]
            await wait_all_tasks_blocked()
            async with rooms.join("lobby", bob := Ear(), member="bob"):
                pass
        async with rooms.join("lobby", cleo := Ear(), member="cleo"):
            pass
    assert bob.bodies == cleo.bodies == [2, 3, 4]
    assert [message["id"] for message in bob.welcome["messages"]] == ids[2:]
    assert bob.welcome["id"] == ids[-1]
    assert (bob.welcome["resumed"], bob.welcome["missed"]) == (False, False)


@pytest.mark.parametrize("missed", range(6))
async def test_who_comes_back_is_told_what_it_has_missed(missed: int) -> None:
    bus = MemoryBus(history=HistoryLimits(max_messages=3))
    async with open_rooms(bus) as rooms:
        async with rooms.join("lobby", Ear(), member="ann") as membership:
            last_seen = membership.last_id
        for number in range(missed):
            await rooms.send("lobby", number)
        async with rooms.join("lobby", ann := Ear(), member="ann", last_seen=last_seen):
            pass
    assert ann.bodies == list(range(missed))[-3:]
    assert ann.welcome["resumed"] is (missed <= 3)
    assert ann.welcome["missed"] is (missed > 3)


@pytest.mark.parametrize("last_seen", ["nonsense", "", "other-1", "{epoch}-999"])
async def test_an_id_that_is_not_known_says_that_something_may_be_missing(
    rooms: Rooms, last_seen: str
) -> None:
    message_id = await rooms.send("lobby", "hello")
    last_seen = last_seen.format(epoch=message_id.partition("-")[0])
    async with rooms.join("lobby", ann := Ear(), member="ann", last_seen=last_seen):
        assert ann.bodies == ["hello"]
        assert (ann.welcome["resumed"], ann.welcome["missed"]) == (False, True)


# Limits.


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"room": ""}, RoomProblem.BAD_NAME),
        ({"room": "x" * 129}, RoomProblem.BAD_NAME),
        ({"room": "a\nb"}, RoomProblem.BAD_NAME),
        ({"room": "\ud800"}, RoomProblem.BAD_NAME),
        ({"member": ""}, RoomProblem.BAD_NAME),
        ({"room": 7}, RoomProblem.BAD_MESSAGE),
        ({"info": "x" * 2000}, RoomProblem.TOO_LARGE),
        ({"info": "ä" * 600}, RoomProblem.TOO_LARGE),
    ],
)
async def test_names_and_infos_have_limits(
    rooms: Rooms, arguments: dict[str, Any], problem: RoomProblem
) -> None:
    with pytest.raises(RoomError) as caught:
        async with rooms.join(
            **{"room": "lobby", "connection": Ear(), "member": "ann", **arguments}
        ):
            pass
    assert caught.value.problem is problem
    assert not rooms.rooms


async def test_bodies_have_limits(rooms: Rooms) -> None:
    async with rooms.join("lobby", Ear(), member="ann") as membership:
        await membership.send("x" * (64 * 1024 - 2))
        for body in ("x" * 64 * 1024, "ä" * 33 * 1024):
            with pytest.raises(RoomError) as caught:
                await membership.send(body)
            assert caught.value.problem is RoomProblem.TOO_LARGE
        with pytest.raises(RoomError):
            await rooms.send("lobby", "x" * 64 * 1024)
        for nonsense in (object(), math.nan):
            with pytest.raises((TypeError, ValueError)):
                await membership.send(nonsense)


async def test_rooms_and_members_have_limits() -> None:
    limits = RoomLimits(max_rooms=1, max_members=2)
    async with open_rooms(limits=limits) as rooms, AsyncExitStack() as stack:
        for member in ("ann", "bob"):
            await stack.enter_async_context(rooms.join("lobby", Ear(), member=member))
        for room, problem in (("lobby", "room_full"), ("another", "too_many_rooms")):
            with pytest.raises(RoomError) as caught:
                await stack.enter_async_context(rooms.join(room, Ear(), member="cleo"))
            assert caught.value.problem.value == problem
        assert rooms.rooms["lobby"].members == ("ann", "bob")


async def test_a_bus_may_have_no_room_for_another_room() -> None:
    bus = MemoryBus(max_rooms=1)
    async with open_rooms(bus) as rooms, rooms.join("lobby", Ear(), member="ann"):
        with pytest.raises(RoomError) as caught:
            async with rooms.join("another", Ear(), member="ann"):
                pass
        assert caught.value.problem is RoomProblem.TOO_MANY_ROOMS
        assert list(rooms.rooms) == ["lobby"]


async def test_a_long_list_of_members_is_cut_and_counted() -> None:
    limits = RoomLimits(max_listed_bytes=100)
    async with open_rooms(limits=limits) as rooms, AsyncExitStack() as stack:
        for number in range(10):
            await stack.enter_async_context(
                rooms.join("lobby", ear := Ear(), member=f"member {number}")
            )
        assert ear.welcome["count"] == 10
        assert len(ear.welcome["members"]) == 2


@pytest.mark.parametrize(
    "arguments", [{"max_rooms": 0}, {"lease": 0}, {"max_outstanding": -1}, {"max_members": 0.5}]
)
def test_limits_have_to_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=next(iter(arguments))):
        RoomLimits(**arguments)


async def test_what_all_rooms_keep_for_newcomers_has_a_limit() -> None:
    async with open_rooms(limits=RoomLimits(max_history_bytes=500)) as rooms:
        total = rooms._history_total
        async with (
            rooms.join("silent", Ear(), member="ann") as silent,
            rooms.join("loud", Ear(), member="ann") as loud,
        ):
            await silent.send("x" * 100)
            await wait_all_tasks_blocked()
            for _ in range(5):
                await loud.send("x" * 100)
                await wait_all_tasks_blocked()
            assert total.size <= 500
            for room, kept in (("silent", 0), ("loud", 3)):
                last_seen = f"{rooms.rooms[room].last_id.partition('-')[0]}-0"
                async with rooms.join(room, bob := Ear(), member="bob", last_seen=last_seen):
                    assert len(bob.bodies) == kept
                    assert bob.welcome["missed"] is True
        await wait_all_tasks_blocked()
        assert total.size == 0


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"x": inner}])
async def test_what_is_said_may_be_nested_only_so_deeply(
    rooms: Rooms, wrap: Callable[[object], object]
) -> None:
    body: object = ["[{[{" * 100]
    for _ in range(99):
        body = wrap(body)
    await rooms.send("lobby", body)
    with pytest.raises(RoomError, match="more than 100 lists") as caught:
        await rooms.send("lobby", wrap(body))
    assert caught.value.problem is RoomProblem.TOO_LARGE
    with pytest.raises(RoomError, match="info"):
        async with rooms.join("lobby", Ear(), member="ann", info=wrap(body)):
            pass


# Several processes.


async def test_members_of_several_processes_are_in_the_same_room() -> None:
    bus = MemoryBus()
    ears = [Ear() for _ in range(3)]
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_rooms(bus)) for _ in range(3)]
        memberships = [
            await stack.enter_async_context(rooms.join("lobby", ear, member=f"m{number}"))
            for number, (rooms, ear) in enumerate(zip(processes, ears, strict=True))
        ]
        for number in range(9):
            await memberships[number % 3].send(number)
        await wait_all_tasks_blocked()
        for number, ear in enumerate(ears):
            assert ear.bodies == [other for other in range(9) if other % 3 != number]
            assert processes[number].rooms["lobby"].members == ("m0", "m1", "m2")
        assert ears[0].presence == [("joined", "m1"), ("joined", "m2")]


async def test_the_members_of_a_process_that_has_died_are_gone_after_its_lease(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus()
    dying = CutBus(bus)
    async with open_rooms(bus) as rooms, rooms.join("lobby", ann := Ear(), member="ann"):
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def process() -> None:
                async with open_rooms(dying) as other, other.join("lobby", Ear(), member="bob"):
                    await trio.sleep_forever()

            await trio.sleep(100)
            assert ann.presence == [("joined", "bob")]
            dying.dead = True
            dying.cut()
            nursery.cancel_scope.cancel()
        assert ann.presence == [("joined", "bob")]
        await trio.sleep(45)
        assert ann.presence == [("joined", "bob"), ("left", "bob")]
        assert rooms.rooms["lobby"].members == ("ann",)


async def test_a_process_that_was_taken_for_dead_comes_back(autojump_clock: MockClock) -> None:
    bus = MemoryBus()
    sleepy = CutBus(bus)
    async with open_rooms(bus) as rooms, rooms.join("lobby", ann := Ear(), member="ann"):
        async with open_rooms(sleepy) as other, other.join("lobby", Ear(), member="bob") as bob:
            sleepy.cut(down=True)
            await trio.sleep(60)
            assert ann.presence == [("joined", "bob"), ("left", "bob")]
            sleepy.mend()
            await trio.sleep(60)
            assert ann.presence[2:] == [("joined", "bob")]
            await bob.send("still here")
            await trio.sleep(1)
            assert ann.bodies == ["still here"]
        await trio.sleep(1)
        assert ann.presence[3:] == [("left", "bob")]
        assert rooms.rooms["lobby"].connections == 1


async def test_who_gives_up_joining_is_gone_though_the_bus_had_forgotten_all(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus()
    cut = CutBus(bus)
    async with (
        open_rooms(bus) as rooms,
        rooms.join("lobby", ann := Ear(), member="ann"),
        open_rooms(cut, limits=RoomLimits(join_timeout=100)) as other,
        trio.open_nursery() as nursery,
    ):

        async def join_in_vain() -> None:
            with pytest.raises(BusLost):
                async with other.join("lobby", Ear(), member="bob"):
                    pass

        cut.cut(down=True)
        nursery.start_soon(join_in_vain)
        await trio.sleep(60)
        cut.cut(deaf=True)
        await trio.sleep(60)
        assert ann.presence == [("joined", "bob"), ("left", "bob")]


async def test_rooms_that_are_closed_take_nobody(autojump_clock: MockClock) -> None:
    async with AsyncExitStack() as stack:
        async with open_rooms() as rooms:
            await stack.enter_async_context(rooms.join("lobby", Ear(), member="ann"))
        for room in ("lobby", "another"):
            with pytest.raises(ResourceClosed):
                async with rooms.join(room, Ear(), member="bob"):
                    pass


# A bus that is lost.


async def test_what_was_missed_while_the_bus_was_lost_is_made_up_for(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus()
    cut = CutBus(bus)
    async with (
        open_rooms(bus) as rooms,
        open_rooms(cut) as other,
        other.join("lobby", ann := Ear(), member="ann") as membership,
    ):
        await rooms.send("lobby", 0)
        cut.cut(down=True)
        await trio.sleep(1)
        async with rooms.join("lobby", Ear(), member="short"):
            await rooms.send("lobby", 1)
        async with rooms.join("lobby", Ear(), member="bob"):
            await rooms.send("lobby", 2)
            cut.mend()
            await trio.sleep(30)
            assert ann.bodies == [0, 1, 2]
            assert ann.presence == [("joined", "bob")]
            assert ann.of("gap") == []
        assert await membership.send("me, too")


async def test_where_more_was_missed_than_is_kept_the_members_are_told(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus(history=HistoryLimits(max_messages=2))
    cut = CutBus(bus)
    async with (
        open_rooms(bus) as rooms,
        open_rooms(cut) as other,
        other.join("lobby", ann := Ear(), member="ann") as membership,
    ):
        await rooms.send("lobby", 0)
        await trio.sleep(1)
        cut.cut(down=True)
        await trio.sleep(1)
        ids = [await rooms.send("lobby", number) for number in range(1, 6)]
        cut.mend()
        await trio.sleep(60)
        last_id = await rooms.send("lobby", 6)
        await trio.sleep(1)
        assert ann.of("gap") == [{"type": "gap", "room": "lobby", "id": ids[2]}]
        assert ann.bodies == [0, 4, 5, 6], "what is kept comes behind the gap"
        assert ann.told.index(ann.of("gap")[0]) == ann.told.index(ann.of("message")[1]) - 1
        assert membership.last_id == last_id


async def test_what_a_bus_has_forgotten_is_entered_again_though_it_is_lost_once_more(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus()
    cut = CutBus(bus)
    async with open_rooms(cut) as rooms, AsyncExitStack() as stack:
        for member in ("ann", "bob", "cleo"):
            await stack.enter_async_context(rooms.join("lobby", Ear(), member=member))
        bus._logs["lobby"].present.clear()  # without a word, as by a restart
        bus._leases.clear()
        cut.enter_fails = 1
        await trio.sleep(60)
        there = bus._logs["lobby"].present.values()
        assert {present.member for present in there} == {"ann", "bob", "cleo"}


async def test_signs_of_life_do_not_wait_until_all_have_entered_again(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus()
    cut = CutBus(bus)
    async with open_rooms(cut) as rooms, AsyncExitStack() as stack:
        for number in range(50):
            await stack.enter_async_context(rooms.join("lobby", Ear(), member=f"{number}"))
        bus._logs["lobby"].present.clear()
        bus._leases.clear()
        cut.enter_seconds = 1
        cut.renewals.clear()
        await trio.sleep(105)
        assert cut.renewals == [False] + [True] * 9
        assert len(bus._logs["lobby"].present) == 50


async def test_who_cannot_reach_the_bus_cannot_join(autojump_clock: MockClock) -> None:
    cut = CutBus(MemoryBus())
    async with open_rooms(cut) as rooms:
        cut.cut(down=True)
        began = trio.current_time()
        with pytest.raises(BusLost):
            async with rooms.join("lobby", Ear(), member="ann"):
                pass
        assert trio.current_time() - began == pytest.approx(10)
        with pytest.raises(OperationTimeout):
            async with rooms.join("lobby", Ear(), member="ann", timeout=1):
                pass
        assert not rooms.rooms
        assert not rooms._forsaken, "they have never entered"
        with pytest.raises(BusLost):
            await rooms.send("lobby", "hello")


async def test_who_leaves_while_the_bus_is_lost_is_gone_when_it_is_back(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus()
    cut = CutBus(bus)
    async with (
        open_rooms(bus) as rooms,
        rooms.join("lobby", ann := Ear(), member="ann"),
        open_rooms(cut) as other,
    ):
        async with other.join("lobby", Ear(), member="bob"):
            cut.cut(down=True)
        cut.mend()
        await trio.sleep(15)
        assert ann.presence == [("joined", "bob"), ("left", "bob")]


async def test_what_was_sent_into_a_lost_bus_is_told_to_its_sender() -> None:
    cut = CutBus(MemoryBus())
    async with open_rooms(cut) as rooms, rooms.join("lobby", Ear(), member="ann") as membership:
        cut.cut(down=True)
        with pytest.raises(BusLost):
            await membership.send("hello")
        cut.mend()


# Whatever happens.

steps = st.tuples(
    st.sampled_from(["join", "leave", "send", "send", "server", "cut", "wait", "cancelled"]),
    st.integers(0, 2),
)


@given(plan=st.lists(steps, max_size=40))
def test_whatever_happens_all_are_told_the_same(plan: list[tuple[str, int]]) -> None:
    async def main() -> None:
        bus = MemoryBus()
        cables = [CutBus(bus) for _ in range(3)]
        async with AsyncExitStack() as stack:
            witness = await stack.enter_async_context(open_rooms(bus))
            everything = Ear()
            await stack.enter_async_context(witness.join("lobby", everything, member="witness"))
            processes = [await stack.enter_async_context(open_rooms(cable)) for cable in cables]
            here: list[list[tuple[Any, Ear]]] = [[], [], []]
            for count, (kind, number) in enumerate(plan):
                rooms, members = processes[number], here[number]
                if kind == "join":
                    context = rooms.join("lobby", ear := Ear(), member=f"m{number}")
                    membership = await context.__aenter__()
                    members.append((context, ear))
                    assert not membership.left
                elif kind == "leave" and members:
                    await members.pop()[0].__aexit__(None, None, None)
                elif kind == "send" and members:
                    await rooms.send("lobby", count)
                elif kind == "server":
                    await witness.send("lobby", count)
                elif kind == "cut":
                    cables[number].cut()
                elif kind == "cancelled":
                    with trio.move_on_after(0):
                        async with rooms.join("lobby", Ear(), member="nobody"):
                            await trio.sleep_forever()
                else:
                    await trio.sleep(1)
            await trio.sleep(100)
            told = everything.bodies
            for members in here:
                for _, ear in members:
                    assert told[len(told) - len(ear.bodies) :] == ear.bodies
                    assert len(ear.of("welcome")) == 1
                    assert ear.of("gap") == []
            names = {f"m{number}" for number in range(3) if here[number]} | {"witness"}
            assert set(witness.rooms["lobby"].members) == names
            for rooms, members in zip(processes, here, strict=True):
                if members:
                    assert set(rooms.rooms["lobby"].members) == names
                else:
                    assert not rooms.rooms
            for members in here:
                for context, _ in reversed(members):
                    await context.__aexit__(None, None, None)

    trio.run(main, clock=autojump())


@pytest.mark.sweep
def test_it_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        bus = MemoryBus()

        async def visit(rooms: Rooms, member: str) -> None:
            async with rooms.join("lobby", Ear(), member=member) as membership:
                await membership.send("hello")
                await trio.sleep(20)
                await membership.leave()

        try:
            async with (
                open_rooms(bus) as rooms,
                open_rooms(bus) as others,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(visit, rooms, "ann")
                nursery.start_soon(visit, others, "bob")
                await rooms.send("lobby", "hello")
        finally:
            assert not any(log.feeds or log.present for log in bus._logs.values())
            assert not bus._leases

    for budget in (16, 1):
        report = cancel_sweep(scenario, clock=autojump, checkpoint_budget=budget)
        assert report.missed == 0
        assert report.points >= 3 * len(report.seeds)
