"""What every bus has to do, as checks that can be run against any of them.

Each check takes ``connect``, which opens a bus as one process has it; all those that it opens
reach the same rooms. Run all of :data:`CHECKS`, each with rooms that nobody has used before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeAlias

import pytest
import trio

from trio_helianthus.websocket import (
    Bus,
    BusEvent,
    BusLost,
    Entered,
    Gone,
    Present,
    Published,
    RoomFeed,
)

Connect: TypeAlias = Callable[[], AbstractAsyncContextManager[Bus]]
Check: TypeAlias = Callable[[Connect], Awaitable[None]]

LEASE = 2.0
"""Seconds: a real bus has to get along with a short one."""
ENOUGH = 20.0
"""Seconds that anything may take."""


async def take(feed: RoomFeed, number: int) -> list[BusEvent]:
    with trio.fail_after(ENOUGH):  # noqa: ASYNC100 it is in the comprehension
        return [await feed.receive() for _ in range(number)]


async def nothing_more_comes(feed: RoomFeed, seconds: float = 0.2) -> bool:
    with trio.move_on_after(seconds):
        await feed.receive()
        return False
    return True


async def messages_have_ids_that_grow_by_one(connect: Connect) -> None:
    async with connect() as bus, bus.open_feed("ids") as feed:
        positions = [await bus.publish("ids", f"message {number}") for number in range(3)]
        start = feed.snapshot.position
        assert [position.offset - start.offset for position in positions] == [1, 2, 3]
        assert {position.epoch for position in positions} == {start.epoch}
        assert await take(feed, 3) == [
            Published(position.offset, f"message {number}")
            for number, position in enumerate(positions)
        ]


async def a_feed_begins_where_its_snapshot_ends(connect: Connect) -> None:
    async with connect() as bus, connect() as other:

        async def publish() -> None:
            for number in range(30):
                await other.publish("begin", str(number))
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(publish)
            for _ in range(5):
                await trio.lowlevel.checkpoint()
            async with bus.open_feed("begin") as feed:
                before = feed.snapshot.position.offset
                behind = await take(feed, 30 - before)
        assert [event.offset for event in feed.snapshot.history] == list(range(1, before + 1))
        assert [event.offset for event in behind if isinstance(event, Published)] == list(
            range(before + 1, 31)
        )


async def all_feeds_tell_the_same_in_the_same_order(connect: Connect) -> None:
    async with AsyncExitStack() as stack:
        buses = [await stack.enter_async_context(connect()) for _ in range(3)]
        feeds = [await stack.enter_async_context(bus.open_feed("order")) for bus in buses]

        async def publish(number: int) -> None:
            await buses[number].renew(f"node {number}", 60)
            await buses[number].enter("order", Present(f"r{number}", "ann", f"node {number}"))
            for count in range(10):
                await buses[number].publish("order", f"{number} {count}")
            await buses[number].leave("order", f"r{number}")

        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(publish, number)
        told = [await take(feed, 36) for feed in feeds]
        assert told[0] == told[1] == told[2]
        data = [event.data for event in told[0] if isinstance(event, Published)]
        for number in range(3):
            mine = [text for text in data if text.startswith(f"{number} ")]
            assert mine == [f"{number} {count}" for count in range(10)]


async def rooms_do_not_hear_each_other(connect: Connect) -> None:
    async with connect() as bus, bus.open_feed("here") as here:
        await bus.publish("elsewhere", "x")
        await bus.publish("here", "y")
        (event,) = await take(here, 1)
        assert isinstance(event, Published)
        assert event.data == "y"


async def history_is_kept_up_to_its_limit(connect: Connect) -> None:
    async with connect() as bus, connect() as other:
        most = bus.history.max_messages
        for number in range(most + 5):
            await bus.publish("kept", f"message {number}")
        async with other.open_feed("kept") as feed:
            kept = feed.snapshot.history
            assert 1 <= len(kept) <= most
            assert kept[-1].offset == feed.snapshot.position.offset
            assert kept[-1].data == f"message {most + 4}"
            offsets = [event.offset for event in kept]
            assert offsets == list(range(offsets[0], offsets[0] + len(kept)))


async def presence_is_told_once(connect: Connect) -> None:
    ann = Present("ref 1", "ann", "node", '{"colour":"red"}')
    async with connect() as bus, connect() as other, other.open_feed("presence") as feed:
        await bus.renew("node", 60)
        await bus.enter("presence", ann)
        await bus.enter("presence", ann)
        assert await take(feed, 1) == [Entered(ann)]
        async with other.open_feed("presence") as late:
            assert late.snapshot.present == (ann,)
        await bus.leave("presence", "ref 1")
        await bus.leave("presence", "ref 1")
        await bus.leave("presence", "nobody")
        assert await take(feed, 1) == [Gone("ref 1")]
        assert await nothing_more_comes(feed)
        async with other.open_feed("presence") as late:
            assert late.snapshot.present == ()


async def who_enters_again_is_there_again(connect: Connect) -> None:
    ann = Present("ref 1", "ann", "node")
    async with connect() as bus, bus.open_feed("again") as feed:
        await bus.renew("node", 60)
        for _ in range(2):
            await bus.enter("again", ann)
            await bus.leave("again", "ref 1")
        assert await take(feed, 4) == [Entered(ann), Gone("ref 1")] * 2


async def a_process_that_has_died_is_told_as_gone(connect: Connect) -> None:
    async with connect() as dying, connect() as bus, bus.open_feed("died") as feed:
        assert not await dying.renew("dying", LEASE), "the first time"
        assert not await bus.renew("alive", LEASE)
        await dying.enter("died", Present("d1", "ann", "dying"))
        await dying.enter("died", Present("d2", "bob", "dying"))
        await bus.enter("died", Present("a1", "cleo", "alive"))
        await take(feed, 3)
        for _ in range(4):
            await trio.sleep(LEASE / 3)
            assert await bus.renew("alive", LEASE), "it was alive all the time"
        assert {*await take(feed, 2)} == {Gone("d1"), Gone("d2")}
        assert await nothing_more_comes(feed)
        assert not await dying.renew("dying", LEASE), "it has to enter again"
        await dying.enter("died", Present("d1", "ann", "dying"))
        assert await take(feed, 1) == [Entered(Present("d1", "ann", "dying"))]


async def a_process_that_ends_is_forgotten(connect: Connect) -> None:
    async with connect() as bus, bus.open_feed("ends") as feed:
        await bus.renew("ends", 60)
        await bus.renew("stays", 60)
        await bus.enter("ends", Present("e1", "ann", "ends"))
        await bus.enter("ends", Present("s1", "bob", "stays"))
        await take(feed, 2)
        await bus.forget("ends")
        await bus.forget("ends")
        assert await take(feed, 1) == [Gone("e1")]
        assert await nothing_more_comes(feed)


async def a_cancelled_receive_takes_nothing(connect: Connect) -> None:
    async with connect() as bus, bus.open_feed("cancelled") as feed:
        assert await nothing_more_comes(feed)
        await bus.publish("cancelled", "x")
        with trio.CancelScope() as scope:
            scope.cancel()
            await feed.receive()
        assert [event.data for event in await take(feed, 1) if isinstance(event, Published)] == [
            "x"
        ]


async def who_leaves_after_a_cancelled_enter_is_not_there(connect: Connect) -> None:
    async with connect() as bus:
        await bus.renew("node", 60)
        with trio.CancelScope() as scope:
            scope.cancel()
            await bus.enter("half", Present("h1", "ann", "node"))
        await bus.leave("half", "h1")
        await trio.sleep(0.1)
        async with bus.open_feed("half") as feed:
            assert feed.snapshot.present == ()


async def a_feed_that_is_not_read_is_lost_and_another_one_goes_on(connect: Connect) -> None:
    async with connect() as bus, bus.open_feed("slow") as feed:
        with pytest.raises(BusLost):
            for _ in range(100):
                for _ in range(1_000):
                    await bus.publish("slow", "x" * 1_000)
                with trio.fail_after(ENOUGH):
                    for _ in range(500):
                        await feed.receive()
        async with bus.open_feed("slow") as another:
            position = await bus.publish("slow", "on")
            assert position.epoch == another.snapshot.position.epoch
            assert await take(another, 1) == [Published(position.offset, "on")]


CHECKS: list[Check] = [
    messages_have_ids_that_grow_by_one,
    a_feed_begins_where_its_snapshot_ends,
    all_feeds_tell_the_same_in_the_same_order,
    rooms_do_not_hear_each_other,
    history_is_kept_up_to_its_limit,
    presence_is_told_once,
    who_enters_again_is_there_again,
    a_process_that_has_died_is_told_as_gone,
    a_process_that_ends_is_forgotten,
    a_cancelled_receive_takes_nothing,
    who_leaves_after_a_cancelled_enter_is_not_there,
    a_feed_that_is_not_read_is_lost_and_another_one_goes_on,
]
