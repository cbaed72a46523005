"""Broadcasts: everybody gets everything in the same order, and nobody waits for the slowest."""

from __future__ import annotations

import gc
import math
from functools import partial
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus import core
from trio_helianthus.core import (
    SINKS_PER_TURN,
    Broadcast,
    BroadcastStatistics,
    CancelToken,
    Overflow,
    Subscription,
    SubscriptionStatistics,
)
from trio_helianthus.errors import (
    ChannelEnded,
    OperationCancelled,
    OperationTimeout,
    ResourceBusy,
    ResourceClosed,
    ResourceFull,
    SubscriberTooSlow,
)


class Reports(core.Instrument):
    """Keeps the errors that were reported."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.errors.append(error)
        return True


def queued(subscription: Subscription[Any]) -> list[Any]:
    return [subscription.receive_nowait() for _ in range(subscription.statistics().queued)]


async def received(subscription: Subscription[Any]) -> list[Any]:
    return [item async for item in subscription]


async def test_every_subscriber_gets_every_item() -> None:
    broadcast = Broadcast[str]()
    async with trio.open_nursery() as nursery:
        results: list[list[str]] = []

        async def collect() -> None:
            with broadcast.subscribe() as subscription:
                results.append(await received(subscription))

        for _ in range(3):
            nursery.start_soon(collect)
        await wait_all_tasks_blocked()
        assert broadcast.publish_nowait("one") == 3
        assert await broadcast.publish("two") == 3
        broadcast.close()
    assert results == [["one", "two"]] * 3


async def test_a_subscriber_gets_what_is_published_after_it_came() -> None:
    broadcast = Broadcast[int]()
    assert broadcast.publish_nowait(0) == 0
    subscription = broadcast.subscribe()
    broadcast.publish_nowait(1)
    subscription.close()
    broadcast.publish_nowait(2)
    with pytest.raises(ResourceClosed):
        await subscription.receive()
    with broadcast.subscribe() as another:
        broadcast.publish_nowait(3)
        assert queued(another) == [3]


async def test_a_slow_subscriber_delays_nobody() -> None:
    broadcast = Broadcast[int]()
    slow = broadcast.subscribe(max_items=2, overflow=Overflow.DROP_OLDEST)
    stubborn = broadcast.subscribe(max_items=2, overflow=Overflow.DROP_NEWEST)
    quick = broadcast.subscribe(max_items=10)
    delivered = [broadcast.publish_nowait(number) for number in range(5)]
    assert delivered == [3, 3, 2, 2, 2]
    assert queued(quick) == [0, 1, 2, 3, 4]
    assert queued(slow) == [3, 4]
    assert queued(stubborn) == [0, 1]
    assert slow.dropped == stubborn.dropped == 3
    assert slow.statistics() == SubscriptionStatistics(queued=0, dropped=3, conflated=0)


async def test_who_does_not_keep_up_is_told_so_behind_what_is_queued() -> None:
    broadcast = Broadcast[int]()
    subscription = broadcast.subscribe(max_items=2)
    for number in range(4):
        broadcast.publish_nowait(number)
    assert broadcast.statistics().subscriptions == 0
    assert await subscription.receive() == 0
    assert await subscription.receive() == 1
    for _ in range(2):
        with pytest.raises(SubscriberTooSlow, match="max_items=2"):
            await subscription.receive()
    with pytest.raises(trio.BrokenResourceError):
        subscription.receive_nowait()


async def test_only_the_last_price_of_each_thing_is_kept() -> None:
    broadcast = Broadcast[tuple[str, int]]()
    subscription = broadcast.subscribe(
        max_items=3, overflow=Overflow.CONFLATE, key=lambda item: item[0]
    )
    for price in range(10):
        broadcast.publish_nowait(("apples", price))
        broadcast.publish_nowait(("pears", -price))
    assert queued(subscription) == [("apples", 9), ("pears", -9)]
    assert subscription.statistics().conflated == 18
    assert broadcast.statistics().delivered == 20


async def test_a_key_that_fails_ends_only_its_own_subscription() -> None:
    broadcast = Broadcast[str]()
    other = broadcast.subscribe()
    subscription = broadcast.subscribe(overflow=Overflow.CONFLATE, key=int)
    assert [broadcast.publish_nowait(text) for text in ["1", "pear", "2"]] == [2, 1, 1]
    assert await subscription.receive() == "1"
    with pytest.raises(ValueError, match="pear"):
        await subscription.receive()
    assert queued(other) == ["1", "pear", "2"]


async def test_closing_it_ends_the_subscriptions_behind_what_is_queued() -> None:
    with Broadcast[int]() as broadcast:
        subscription = broadcast.subscribe()
        broadcast.publish_nowait(1)
    broadcast.close()
    assert await received(subscription) == [1]
    with pytest.raises(ChannelEnded, match="closed"):
        await subscription.receive()
    for call in (
        partial(broadcast.publish_nowait, 2),
        broadcast.subscribe,
        partial(broadcast.attach, print),
    ):
        with pytest.raises(ResourceClosed):
            call()
    with pytest.raises(ResourceClosed):
        await broadcast.publish(2)


async def test_closing_a_subscription_ends_the_wait_of_its_task() -> None:
    broadcast = Broadcast[int]()
    subscription = broadcast.subscribe()
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def wait() -> None:
            with pytest.raises(ResourceClosed):
                await subscription.receive()

        await wait_all_tasks_blocked()
        await subscription.aclose()
    subscription.close()
    assert broadcast.statistics().subscriptions == 0


async def test_one_task_at_a_time_receives() -> None:
    broadcast = Broadcast[int]()
    subscription = broadcast.subscribe()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(subscription.receive)
        await wait_all_tasks_blocked()
        with pytest.raises(ResourceBusy):
            await subscription.receive()
        broadcast.publish_nowait(1)


async def test_who_gives_up_has_received_nothing(autojump_clock: MockClock) -> None:
    broadcast = Broadcast[int]()
    subscription = broadcast.subscribe()
    with pytest.raises(OperationTimeout):
        await subscription.receive(timeout=1)
    token = CancelToken()
    token.cancel("enough")
    broadcast.publish_nowait(1)
    with pytest.raises(OperationCancelled, match="enough"):
        await subscription.receive(token=token)
    with trio.CancelScope() as scope:
        scope.cancel()
        await subscription.receive()
    assert scope.cancelled_caught
    assert await subscription.receive(timeout=1) == 1
    with pytest.raises(trio.WouldBlock):
        subscription.receive_nowait()


async def test_sinks_are_called_with_each_item() -> None:
    broadcast = Broadcast[int]()
    items: list[int] = []
    broadcast.attach(items.append)
    broadcast.attach(refuse := lambda item: False)
    assert broadcast.publish_nowait(1) == 1, "one has said that it did not take it"
    with pytest.raises(ValueError, match="attached already"):
        broadcast.attach(refuse)
    assert broadcast.detach(items.append)
    assert not broadcast.detach(items.append)
    broadcast.publish_nowait(2)
    assert items == [1]
    assert broadcast.statistics() == BroadcastStatistics(
        subscriptions=0, sinks=1, published=2, delivered=1, dropped=0, conflated=0
    )


async def test_a_sink_that_raises_is_detached_and_the_others_get_the_item() -> None:
    broadcast = Broadcast[int]()
    items: list[int] = []
    reports = Reports()
    broadcast.attach(lambda item: 1 // 0)
    broadcast.attach(items.append)
    with core.subscribe(reports):
        assert [broadcast.publish_nowait(1), broadcast.publish_nowait(2)] == [1, 1]
    assert items == [1, 2]
    assert [type(error) for error in reports.errors] == [ZeroDivisionError]


async def test_a_sink_that_raises_need_not_even_have_a_name() -> None:
    class Sink:
        def __call__(self, item: int) -> None:
            raise ValueError(item)

        def __repr__(self) -> str:
            raise ZeroDivisionError

    broadcast = Broadcast[int]()
    items: list[int] = []
    reports = Reports()
    broadcast.attach(Sink())
    broadcast.attach(items.append)
    with core.subscribe(reports):
        assert broadcast.publish_nowait(1) == 1
    assert items == [1]
    assert [type(error) for error in reports.errors] == [ValueError]


async def test_a_subscription_that_nobody_has_any_more_is_left_out() -> None:
    broadcast = Broadcast[int]()

    async def take_one() -> None:
        async for _ in broadcast.subscribe(overflow=Overflow.DROP_OLDEST):
            break

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_one)
        nursery.start_soon(take_one)
        await wait_all_tasks_blocked()
        assert broadcast.publish_nowait(1) == 2
    gc.collect()
    assert broadcast.publish_nowait(2) == 0
    assert broadcast.statistics().subscriptions == 0


async def test_a_task_that_waits_keeps_its_subscription() -> None:
    broadcast = Broadcast[int]()
    async with trio.open_nursery() as nursery:
        items: list[int] = []

        async def collect() -> None:
            items.extend(await received(broadcast.subscribe()))

        nursery.start_soon(collect)
        await wait_all_tasks_blocked()
        gc.collect()
        assert broadcast.publish_nowait(1) == 1
        broadcast.close()
    assert items == [1]


async def test_the_counts_outlive_the_subscriptions() -> None:
    broadcast = Broadcast[int]()
    with broadcast.subscribe(max_items=1, overflow=Overflow.DROP_OLDEST) as slow:
        for number in range(4):
            broadcast.publish_nowait(number)
        assert broadcast.statistics().dropped == slow.dropped == 3
    assert broadcast.statistics() == BroadcastStatistics(
        subscriptions=0, sinks=0, published=4, delivered=4, dropped=3, conflated=0
    )


async def test_there_are_only_so_many_subscribers() -> None:
    broadcast = Broadcast[int](max_subscribers=2)
    broadcast.attach(print)
    with broadcast.subscribe():
        with pytest.raises(ResourceFull, match="max_subscribers=2"):
            broadcast.subscribe()
        with pytest.raises(ResourceFull, match="max_subscribers=2"):
            broadcast.attach(repr)
    broadcast.subscribe().close()


async def test_it_says_what_it_is() -> None:
    broadcast = Broadcast[int]()
    subscription = broadcast.subscribe(max_items=1)
    assert repr(broadcast) == "<Broadcast: 1 subscribers>"
    assert repr(subscription) == "<Subscription: open, 0 of 1 queued>"
    broadcast.close()
    assert repr(broadcast) == "<Broadcast: closed>"
    assert repr(subscription) == "<Subscription: ended, 0 of 1 queued>"
    subscription.close()
    assert repr(subscription) == "<Subscription: closed, 0 of 1 queued>"


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [({"max_items": 0}, "max_items"), ({"overflow": Overflow.CONFLATE}, "needs a key")],
)
async def test_its_arguments_have_to_make_sense(arguments: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        Broadcast[int]().subscribe(**arguments)
    with pytest.raises(ValueError, match="max_subscribers"):
        Broadcast(max_subscribers=0)


# In the middle of publishing.

MANY = 3 * SINKS_PER_TURN + 1


async def test_other_tasks_run_between_a_hundred_subscribers_and_the_next() -> None:
    broadcast = Broadcast[int]()
    reached = 0

    def count(_: int) -> None:
        nonlocal reached
        reached += 1

    for number in range(MANY):
        broadcast.attach(partial(lambda _number, item: count(item), number))
    seen: list[int] = []
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def watch() -> None:
            while reached < MANY:
                seen.append(reached)
                await trio.lowlevel.checkpoint()

        assert await broadcast.publish(1) == MANY
    # trio shuffles each pass, so the other task may see the same number twice; but it has a turn
    # in each pass, and at least two of them begin and end before all are reached.
    assert len(seen) >= 2
    assert set(seen) <= {n * SINKS_PER_TURN for n in range(1, 4)}


async def test_it_lets_other_tasks_run_with_few_subscribers_too() -> None:
    broadcast = Broadcast[int]()
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(100):
            await broadcast.publish(1)
        nursery.cancel_scope.cancel()
    assert turns >= 5


def collectors(broadcast: Broadcast[Any], number: int) -> list[list[Any]]:
    logs: list[list[Any]] = [[] for _ in range(number)]
    for log in logs:
        broadcast.attach(log.append)
    return logs


async def test_all_get_what_several_tasks_publish_in_the_same_order() -> None:
    broadcast = Broadcast[str]()
    logs = collectors(broadcast, MANY)

    async def publish(name: str) -> None:
        for number in range(3):
            await broadcast.publish(f"{name}{number}")

    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(publish, name)
        await trio.lowlevel.checkpoint()
        broadcast.publish_nowait("now")
    assert len(logs[0]) == 10
    assert all(log == logs[0] for log in logs)
    for name in "abc":
        assert [item for item in logs[0] if item[0] == name] == [f"{name}{n}" for n in range(3)]


async def test_publishing_now_finishes_first_what_another_task_is_in_the_middle_of() -> None:
    broadcast = Broadcast[str]()
    logs = collectors(broadcast, MANY)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(broadcast.publish, "slow")
        while not logs[0]:  # noqa: ASYNC110 nothing else tells
            await trio.lowlevel.checkpoint()
        assert logs[-1] == []
        assert broadcast.publish_nowait("now") == MANY
        assert logs == [["slow", "now"]] * MANY


async def test_what_was_begun_is_finished_for_all_though_the_task_is_cancelled() -> None:
    broadcast = Broadcast[str]()
    logs = collectors(broadcast, MANY)

    def cancel_in_the_middle(item: str) -> None:
        scope.cancel()

    broadcast.attach(cancel_in_the_middle)
    logs += collectors(broadcast, MANY)
    with trio.CancelScope() as scope:
        assert await broadcast.publish("it") == 2 * MANY + 1
        await broadcast.publish("never")
    assert scope.cancelled_caught
    assert logs == [["it"]] * 2 * MANY


async def test_who_comes_and_goes_in_the_middle_of_publishing() -> None:
    broadcast = Broadcast[str]()
    logs = collectors(broadcast, MANY)
    early: list[str] = []
    last = logs[-1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(broadcast.publish, "it")
        while not logs[0]:  # noqa: ASYNC110 nothing else tells
            await trio.lowlevel.checkpoint()
        broadcast.detach(last.append)
        broadcast.attach(early.append)
    assert last == [], "it has left"
    assert early == [], "it came when that was published already"
    assert logs[:-1] == [["it"]] * (MANY - 1)


async def test_closing_in_the_middle_of_publishing_finishes_for_all() -> None:
    broadcast = Broadcast[str]()
    logs = collectors(broadcast, MANY)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(broadcast.publish, "it")
        while not logs[0]:  # noqa: ASYNC110 nothing else tells
            await trio.lowlevel.checkpoint()
        broadcast.close()
        assert logs == [["it"]] * MANY


@pytest.mark.parametrize("at", [0, 1, 2])
async def test_a_sink_may_publish_by_itself(at: int) -> None:
    broadcast = Broadcast[int]()
    logs = collectors(broadcast, at)

    def answer(item: int) -> None:
        if item < 3:
            broadcast.publish_nowait(item + 1)

    broadcast.attach(answer)
    logs += collectors(broadcast, 2 - at)
    assert broadcast.publish_nowait(0) == 3
    assert logs == [[0, 1, 2, 3]] * 2
    assert broadcast.statistics().delivered == 12


async def test_a_sink_may_detach_others_and_close_everything() -> None:
    broadcast = Broadcast[int]()
    items: list[int] = []

    def detach(item: int) -> None:
        broadcast.detach(items.append)

    broadcast.attach(detach)
    broadcast.attach(items.append)
    broadcast.attach(lambda _: broadcast.close())
    subscription = broadcast.subscribe()
    assert broadcast.publish_nowait(1) == 3
    assert items == []
    assert await received(subscription) == [1]


steps: st.SearchStrategy[tuple[str, float, int]] = st.tuples(
    st.sampled_from(["publish", "publish now", "cancelled", "come", "leave"]),
    st.sampled_from([0.0, 0.0, 1.0]),
    st.integers(0, 3),
)


@given(plan=st.lists(steps, max_size=12), early=st.integers(0, 250))
def test_whatever_happens_all_who_stay_get_the_same(
    plan: list[tuple[str, float, int]], early: int
) -> None:
    async def main() -> None:
        broadcast = Broadcast[int]()
        stay = collectors(broadcast, early)
        published: list[int] = []
        guests: list[Subscription[int]] = []

        async def take_a_step(kind: str, delay: float, number: int, item: int) -> None:
            await trio.sleep(delay)
            for _ in range(number):
                await trio.lowlevel.checkpoint()
            if kind == "come":
                guests.append(broadcast.subscribe(max_items=len(plan) + 1))
            elif kind == "leave" and guests:
                guests.pop().close()
            elif kind == "publish now":
                published.append(item)
                broadcast.publish_nowait(item)
            elif kind in {"publish", "cancelled"}:
                scope = trio.CancelScope(
                    deadline=math.inf if kind == "publish" else trio.current_time()
                )
                with scope:
                    published.append(item)
                    await broadcast.publish(item)
                    return
                published.remove(item)

        async with trio.open_nursery() as nursery:
            for item, (kind, delay, number) in enumerate(plan):
                nursery.start_soon(take_a_step, kind, delay, number, item)
        assert all(log == published for log in stay[:1] + stay[-1:])
        assert all(log == stay[0] for log in stay)
        for guest in guests:
            items = queued(guest)
            assert items == published[len(published) - len(items) :]
        assert not broadcast._line

    trio.run(main, clock=MockClock(autojump_threshold=0))
