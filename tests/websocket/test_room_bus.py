"""The bus in memory keeps the contract of all buses, and has bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.websocket._bus_contract import CHECKS, Check
from trio_helianthus.errors import ResourceFull
from trio_helianthus.testing import cancel_sweep
from trio_helianthus.websocket import Bus, HistoryLimits, MemoryBus, Position, Present

autojump = partial(MockClock, autojump_threshold=0)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_it_keeps_the_contract(check: Check, autojump_clock: MockClock) -> None:
    bus = MemoryBus()

    @asynccontextmanager
    async def connect() -> AsyncIterator[Bus]:
        yield bus

    await check(connect)
    assert all(not log.feeds for log in bus._logs.values())


async def test_a_room_in_which_nobody_is_is_forgotten_after_a_while(
    autojump_clock: MockClock,
) -> None:
    bus = MemoryBus(history=HistoryLimits(keep_seconds=60))
    first = await bus.publish("lobby", "x")
    await trio.sleep(50)
    await bus.renew("node", 1)
    assert (await bus.publish("lobby", "y")).epoch == first.epoch
    await trio.sleep(70)
    await bus.renew("node", 1)
    assert repr(bus) == "<MemoryBus: 0 rooms>"
    again = await bus.publish("lobby", "z")
    assert again.offset == 1
    assert again.epoch != first.epoch


async def test_there_are_only_so_many_rooms(autojump_clock: MockClock) -> None:
    bus = MemoryBus(max_rooms=2)
    await bus.renew("node", 60)
    await bus.publish("oldest", "x")
    await trio.sleep(1)
    await bus.publish("newer", "x")
    await bus.enter("used", Present("r", "ann", "node"))
    assert set(bus._logs) == {"newer", "used"}
    async with bus.open_feed("newer"):
        with pytest.raises(ResourceFull, match="max_rooms=2"):
            await bus.publish("one more", "x")
    await bus.leave("nowhere", "r")


async def test_the_messages_of_all_rooms_have_a_limit(autojump_clock: MockClock) -> None:
    bus = MemoryBus(max_bytes=100)
    for number in (0, 1, 2, 0, 3):
        await bus.publish(f"room {number}", "x" * 30)
    assert {name: len(log.history) for name, log in bus._logs.items()} == {
        "room 0": 2,
        "room 1": 0,  # in which nothing was said for longest
        "room 2": 0,
        "room 3": 1,
    }
    assert bus._total.size == sum(log.history.size for log in bus._logs.values()) == 90
    await trio.sleep(1000)
    await bus.renew("node", 1)
    assert repr(bus) == "<MemoryBus: 0 rooms>"
    assert bus._total.size == 0


async def test_silent_rooms_do_not_keep_a_loud_one_from_having_a_history() -> None:
    bus = MemoryBus(max_bytes=100)
    async with AsyncExitStack() as stack:
        for number in range(3):
            await stack.enter_async_context(bus.open_feed(f"silent {number}"))
            await bus.publish(f"silent {number}", "x" * 30)
        for _ in range(5):
            await bus.publish("loud", "y" * 30)
        async with bus.open_feed("loud") as feed:
            assert [message.offset for message in feed.snapshot.history] == [3, 4, 5]
        async with bus.open_feed("silent 0") as feed:
            assert feed.snapshot.history == ()
            assert feed.snapshot.position.offset == 1, "its row goes on"


async def test_a_room_that_is_used_again_is_not_forgotten(autojump_clock: MockClock) -> None:
    bus = MemoryBus(max_rooms=2, history=HistoryLimits(keep_seconds=60))
    await bus.publish("first", "x")
    await bus.publish("second", "x")
    async with bus.open_feed("first"):
        await trio.sleep(100)
        await bus.renew("node", 1)
        assert set(bus._logs) == {"first"}
        await bus.publish("second", "x")
    await bus.publish("third", "x")
    assert set(bus._logs) == {"first", "third"}


async def test_a_message_larger_than_all_may_have_is_not_kept() -> None:
    bus = MemoryBus(max_bytes=10)
    for text in ("x", "y" * 11, "z"):
        await bus.publish("lobby", text)
    async with bus.open_feed("lobby") as feed:
        assert [message.data for message in feed.snapshot.history] == ["z"]


@pytest.mark.parametrize("name", ["max_rooms", "max_bytes", "feed_events"])
def test_its_limits_have_to_make_sense(name: str) -> None:
    arguments: dict[str, Any] = {name: 0}
    with pytest.raises(ValueError, match=name):
        MemoryBus(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"max_messages": -1}, {"max_bytes": -1}, {"keep_seconds": 0}, {"max_messages": 1.5}],
)
def test_history_limits_have_to_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=next(iter(arguments))):
        HistoryLimits(**arguments)


async def test_history_is_bounded_by_bytes_too() -> None:
    bus = MemoryBus(history=HistoryLimits(max_bytes=10))
    for text in ("ä" * 3, "b", "c" * 4):
        await bus.publish("lobby", text)
    async with bus.open_feed("lobby") as feed:
        assert [message.data for message in feed.snapshot.history] == ["b", "c" * 4]
    await bus.publish("lobby", "d" * 11)
    async with bus.open_feed("lobby") as feed:
        assert feed.snapshot.history == ()
        assert feed.snapshot.position.offset == 4


async def test_without_history_nothing_is_kept() -> None:
    bus = MemoryBus(history=HistoryLimits(max_messages=0))
    await bus.publish("lobby", "x")
    async with bus.open_feed("lobby") as feed:
        assert feed.snapshot.history == ()


@pytest.mark.sweep
def test_it_may_be_cancelled_anywhere() -> None:
    async def scenario() -> None:
        bus = MemoryBus()

        async def listen() -> None:
            async with bus.open_feed("lobby") as feed:
                for _ in range(3):
                    await feed.receive()

        try:
            async with trio.open_nursery() as nursery:
                await bus.renew("node", 30)
                nursery.start_soon(listen)
                await trio.sleep(1)
                await bus.enter("lobby", Present("r", "ann", "node"))
                await bus.publish("lobby", "x")
                await bus.leave("lobby", "r")
                await bus.forget("node")
        finally:
            assert not any(log.feeds for log in bus._logs.values())

    for budget in (16, 1):
        report = cancel_sweep(scenario, clock=autojump, checkpoint_budget=budget)
        assert report.missed == 0
        assert report.points >= 3 * len(report.seeds)


@pytest.mark.parametrize(
    "text",
    ["", "-", "-1", "a", "a-", "a-x", "a--1", "a-1.5", "a-٣", "a-" + "9" * 16, "a" * 128 + "-1"],
)
def test_what_is_no_id_is_none(text: str) -> None:
    position = Position.parse_untrusted(text)
    assert position is None or str(position) == text
    assert position is None or text == "a--1"


@given(st.text(max_size=200))
def test_any_text_is_an_id_or_none(text: str) -> None:
    position = Position.parse_untrusted(text)
    assert position is None or position.offset >= 0


@given(st.text("abc123-", min_size=1, max_size=30), st.integers(0, 10**15 - 1))
def test_an_id_is_read_as_it_was_written(epoch: str, offset: int) -> None:
    position = Position(epoch, offset)
    assert Position.parse_untrusted(str(position)) == position
