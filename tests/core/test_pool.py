"""Pools: who gets an item, in which order, and what becomes of it afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.core._pooled_things import Errors, Factory, Thing, assert_counts_add_up
from trio_helianthus import core
from trio_helianthus.core import CancelToken, CloseReason, Pool, PoolLimits, open_pool
from trio_helianthus.errors import (
    OperationCancelled,
    OperationTimeout,
    ResourceClosed,
    ResourceFull,
    ServiceDraining,
)


async def test_an_item_is_lent_again_and_the_youngest_first() -> None:
    factory = Factory(3)
    async with open_pool(factory.open, factory.close) as pool:
        async with pool.acquire() as first, pool.acquire() as second:
            assert first is not second
        async with pool.acquire() as third:
            assert third is first  # it came back last
        assert pool.acquire_nowait() is first
        assert pool.acquire_nowait() is second
        with pytest.raises(ResourceFull):
            pool.acquire_nowait()
        pool.release(first)
        counts = assert_counts_add_up(pool)
        assert (counts.opened, counts.reused, counts.idle, counts.acquired) == (2, 3, 1, 1)
        assert repr(pool) == "<Pool: 1 of 2 lent>"
    assert all(thing.closed for thing in factory.made)
    assert repr(pool) == "<Pool: closed>"


async def test_tasks_get_it_in_the_order_in_which_they_came(autojump_clock: MockClock) -> None:
    factory = Factory(1)
    order: list[object] = []

    async def use(number: int) -> None:
        async with pool.acquire():
            order.append(number)
            await trio.sleep(1)

    async with open_pool(factory.open, factory.close, limits=PoolLimits(max_size=1)) as pool:
        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(use, number)
                await wait_all_tasks_blocked()
            assert assert_counts_add_up(pool).waiting == 4
        assert order == list(range(5))
        assert len(factory.made) == 1
        counts = pool.statistics()
        assert counts.waits == 4
        assert counts.wait_seconds == pytest.approx(1 + 2 + 3 + 4)


async def test_who_comes_by_does_not_overtake_who_waits(autojump_clock: MockClock) -> None:
    factory = Factory(1)
    order: list[object] = []
    async with open_pool(factory.open, factory.close, limits=PoolLimits(max_size=1)) as pool:
        thing = await pool.acquire()

        async def wait() -> None:
            async with pool.acquire():
                order.append("waited")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await wait_all_tasks_blocked()
            pool.release(thing)
            with pytest.raises(ResourceFull):
                pool.acquire_nowait()
            async with pool.acquire():
                order.append("came by")
    assert order == ["waited", "came by"]


@pytest.mark.parametrize("how", ["timeout", "default", "token", "scope"])
async def test_waiting_can_be_given_up(autojump_clock: MockClock, how: str) -> None:
    factory = Factory(1)
    limits = PoolLimits(max_size=1, acquire_timeout=1)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        thing = await pool.acquire()
        token = CancelToken()
        with trio.move_on_after(1) as scope:
            match how:
                case "timeout":
                    with pytest.raises(OperationTimeout):
                        await pool.acquire(timeout=0.5)
                case "default":
                    with trio.CancelScope(shield=True), pytest.raises(OperationTimeout):
                        await pool.acquire()
                case "token":
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(cancel_after, 0.5, token)
                        with pytest.raises(OperationCancelled):
                            await pool.acquire(token=token)
                case _:
                    await pool.acquire(timeout=math.inf)
        assert scope.cancelled_caught == (how == "scope")
        assert assert_counts_add_up(pool).waiting == 0
        pool.release(thing)
        assert pool.acquire_nowait() is thing
        with pytest.raises(ValueError, match="timeout"):
            await pool.acquire(timeout=-1)


async def cancel_after(seconds: float, token: CancelToken) -> None:
    await trio.sleep(seconds)
    token.cancel()


async def test_waiting_has_a_time_of_its_own_and_opening_is_no_part_of_it(
    autojump_clock: MockClock,
) -> None:
    factory = Factory(1, opening_seconds=lambda: 4)
    limits = PoolLimits(max_size=1, wait_timeout=2)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        async with pool.acquire():
            began = trio.current_time()
            with pytest.raises(OperationTimeout):
                await pool.acquire()
            assert trio.current_time() == began + 2
        assert assert_counts_add_up(pool).idle == 1


async def test_a_token_that_is_cancelled_opens_nothing() -> None:
    factory = Factory(1)
    token = CancelToken()
    token.cancel("no more")
    async with open_pool(factory.open, factory.close) as pool:
        with pytest.raises(OperationCancelled, match="no more"):
            await pool.acquire(token=token)
    assert factory.made == []


async def test_so_many_wait_and_no_more(autojump_clock: MockClock) -> None:
    factory = Factory(1)
    limits = PoolLimits(max_size=1, max_waiting=1)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        thing = await pool.acquire()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool._acquire, None, None)
            await wait_all_tasks_blocked()
            with pytest.raises(ResourceFull, match="max_waiting=1"):
                await pool.acquire()
            pool.release(thing)


async def test_a_failure_to_open_comes_out_and_the_next_may_try(autojump_clock: MockClock) -> None:
    failures = [True, True, False]
    factory = Factory(1, opening_seconds=lambda: 1, fails=lambda: failures.pop(0))
    outcomes: list[str] = []

    async def use() -> None:
        try:
            async with pool.acquire():
                outcomes.append("used")
        except OSError as exc:
            outcomes.append(str(exc))

    async with open_pool(factory.open, factory.close, limits=PoolLimits(max_size=1)) as pool:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(use)
        counts = assert_counts_add_up(pool)
        assert counts.open_failures == 2
        assert counts.size == counts.idle == 1
    assert sorted(outcomes) == ["cannot be opened", "cannot be opened", "used"]


async def test_who_opens_and_is_cancelled_gives_the_place_to_the_next(
    autojump_clock: MockClock,
) -> None:
    factory = Factory(1, opening_seconds=lambda: 10)
    async with open_pool(factory.open, factory.close, limits=PoolLimits(max_size=1)) as pool:

        async def give_up() -> None:
            with trio.move_on_after(5):
                await pool.acquire()
                raise AssertionError("it should take longer")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(give_up)
            await wait_all_tasks_blocked()
            began = trio.current_time()
            async with pool.acquire():
                assert trio.current_time() - began == pytest.approx(15)
        assert_counts_add_up(pool)


async def test_the_body_that_raises_discards_the_item() -> None:
    factory = Factory(2)
    async with open_pool(factory.open, factory.close) as pool:
        with pytest.raises(KeyError):
            async with pool.acquire():
                raise KeyError
        with trio.CancelScope() as scope:
            async with pool.acquire():
                scope.cancel()
                await trio.lowlevel.checkpoint()
        await wait_all_tasks_blocked()
        assert [thing.closed for thing in factory.made] == [True, True]
        assert assert_counts_add_up(pool).closed == {CloseReason.DISCARDED: 2}


async def test_it_is_kept_if_it_is_found_reusable() -> None:
    factory = Factory(1)
    async with open_pool(
        factory.open, factory.close, is_reusable=lambda thing: thing.healthy
    ) as pool:
        with pytest.raises(KeyError):
            async with pool.acquire():
                raise KeyError
        async with pool.acquire() as thing:
            assert thing.number == 0
            thing.healthy = False
        assert pool.statistics().closed == {CloseReason.DISCARDED: 1}


async def test_it_may_be_discarded_in_the_body() -> None:
    factory = Factory(1)
    async with open_pool(factory.open, factory.close_at_once) as pool:
        async with pool.acquire() as thing:
            pool.discard(thing)
            assert thing.closed
        assert assert_counts_add_up(pool).size == 0


@pytest.mark.parametrize("give_back", [Pool.release, Pool.discard])
async def test_what_is_not_lent_cannot_be_given_back(
    give_back: Callable[[Pool[Any], object], None],
) -> None:
    factory = Factory(1)
    async with open_pool(factory.open, factory.close) as pool:
        with pytest.raises(ValueError, match="has not lent"):
            give_back(pool, object())
        thing = await pool.acquire()
        pool.release(thing)
        with pytest.raises(ValueError, match="has not lent"):
            give_back(pool, thing)


async def test_a_predicate_that_raises_keeps_nothing() -> None:
    def fail(_: object) -> bool:
        raise KeyError

    factory = Factory(1)
    async with open_pool(factory.open, factory.close_at_once, is_reusable=fail) as pool:
        thing = await pool.acquire()
        with pytest.raises(KeyError):
            pool.release(thing)
        assert thing.closed
        assert assert_counts_add_up(pool).size == 0


# Age


async def test_idle_items_are_closed_in_time_but_for_the_fewest(
    autojump_clock: MockClock,
) -> None:
    factory = Factory(5)
    limits = PoolLimits(max_size=5, min_size=2, idle_timeout=60)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        things = [await pool.acquire() for _ in range(5)]
        for thing in things:
            pool.release(thing)
            await trio.sleep(10)
        await trio.sleep(15)
        assert [thing.closed for thing in things] == [True, False, False, False, False]
        await trio.sleep(1000)
        assert assert_counts_add_up(pool).idle == 2
        assert pool.statistics().closed == {CloseReason.IDLE: 3}
        assert [thing.closed for thing in things] == [True, True, True, False, False]


async def test_the_fewest_stay_although_closing_takes_time(autojump_clock: MockClock) -> None:
    factory = Factory(5, closing_seconds=lambda: 1)
    limits = PoolLimits(max_size=5, min_size=2, idle_timeout=60)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        for thing in [await pool.acquire() for _ in range(5)]:
            pool.release(thing)
        await trio.sleep(100)
        counts = assert_counts_add_up(pool)
        assert (counts.idle, counts.opened) == (2, 5)


async def test_it_tells_since_when_nothing_was_used(autojump_clock: MockClock) -> None:
    factory = Factory(2)
    async with open_pool(factory.open, factory.close, limits=PoolLimits(max_size=2)) as pool:
        assert pool.idle_since == math.inf
        one, two = await pool.acquire(), await pool.acquire()
        pool.release(one)
        await trio.sleep(3)
        pool.release(two)
        assert pool.idle_since == trio.current_time()
        pool.acquire_nowait()
        assert pool.idle_since == trio.current_time() - 3


async def test_no_item_gets_older_than_its_lifetime(autojump_clock: MockClock) -> None:
    factory = Factory(3)
    limits = PoolLimits(max_size=3, max_lifetime=100, lifetime_jitter=0, idle_timeout=math.inf)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        used, idle, lent = [await pool.acquire() for _ in range(3)]
        pool.release(idle)
        pool.release(used)
        for _ in range(9):
            async with pool.acquire():
                await trio.sleep(10)
        await trio.sleep(11)
        assert used.closed
        assert idle.closed
        assert not lent.closed
        pool.release(lent)
        await wait_all_tasks_blocked()
        assert lent.closed
        assert assert_counts_add_up(pool).closed == {CloseReason.LIFETIME: 3}


async def test_lifetimes_differ(autojump_clock: MockClock) -> None:
    factory = Factory(20)
    limits = PoolLimits(max_size=20, max_lifetime=100, lifetime_jitter=0.5)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        for thing in [await pool.acquire() for _ in range(20)]:
            pool.release(thing)
        await trio.sleep(49)
        assert pool.statistics().idle == 20
        await trio.sleep(26)
        assert 0 < pool.statistics().idle < 20
        await trio.sleep(26)
        assert pool.statistics().idle == 0


async def test_so_many_are_kept_idle_and_no_more() -> None:
    factory = Factory(3)
    limits = PoolLimits(max_size=3, max_idle=1)
    async with open_pool(factory.open, factory.close_at_once, limits=limits) as pool:
        for thing in [await pool.acquire() for _ in range(3)]:
            pool.release(thing)
        assert assert_counts_add_up(pool).idle == 1
        assert pool.statistics().closed == {CloseReason.SURPLUS: 2}


async def test_the_fewest_are_opened_in_the_background(autojump_clock: MockClock) -> None:
    failures = [True, True]
    factory = Factory(4, opening_seconds=lambda: 1, fails=lambda: bool(failures and failures.pop()))
    limits = PoolLimits(max_size=4, min_size=2)
    errors = Errors()
    with core.subscribe(errors):
        async with open_pool(factory.open, factory.close, limits=limits) as pool:
            await trio.sleep(10)
            assert assert_counts_add_up(pool).idle == 2
            pool.discard(await pool.acquire())
            assert pool.statistics().idle == 1
            await trio.sleep(10)
            assert assert_counts_add_up(pool).idle == 2
    assert errors.heard == [(OSError, "opening an item of a pool in the background")]


async def test_leaving_does_not_wait_for_the_next_try_in_the_background(
    autojump_clock: MockClock,
) -> None:
    factory, errors = Factory(1, fails=lambda: True), Errors()
    with core.subscribe(errors):
        async with trio.open_nursery() as nursery:
            pool = Pool(nursery, factory.open, factory.close, limits=PoolLimits(min_size=1))
            await trio.sleep(100)
            pool.close()
            left = trio.current_time()
    assert trio.current_time() == left
    assert len(errors.heard) == 1


# Health


def is_healthy(thing: Thing) -> bool:
    return thing.healthy


async def is_healthy_after_a_while(thing: Thing) -> bool:
    await trio.sleep(1)
    return thing.healthy


def raises_if_not(thing: Thing) -> bool:
    if not thing.healthy:
        raise ConnectionResetError
    return True


each_check = pytest.mark.parametrize("check", [is_healthy, is_healthy_after_a_while, raises_if_not])


@each_check
async def test_what_was_idle_is_checked_and_the_next_one_tried(
    autojump_clock: MockClock, check: Callable[[Thing], bool]
) -> None:
    factory = Factory(3)
    limits = PoolLimits(max_size=3, check_after=5)
    async with open_pool(factory.open, factory.close, limits=limits, check=check) as pool:
        things = [await pool.acquire() for _ in range(3)]
        for thing in things:
            pool.release(thing)
        things[2].healthy = things[1].healthy = False
        async with pool.acquire() as thing:
            assert thing is things[2]  # it was not idle for long
        await trio.sleep(10)
        async with pool.acquire() as thing:
            assert thing is things[0]
            assert assert_counts_add_up(pool).closed == {CloseReason.UNHEALTHY: 2}
        things[0].healthy = False
        await trio.sleep(10)
        async with pool.acquire() as thing:
            assert thing.number == 3


@each_check
async def test_a_full_pool_waits_for_the_goodbye_of_an_unhealthy_item(
    autojump_clock: MockClock, check: Callable[[Thing], bool]
) -> None:
    factory = Factory(1, closing_seconds=lambda: 3)
    limits = PoolLimits(max_size=1, check_after=0)
    async with open_pool(factory.open, factory.close, limits=limits, check=check) as pool:
        async with pool.acquire() as thing:
            thing.healthy = False
        async with pool.acquire() as thing:
            assert thing.number == 1
        assert_counts_add_up(pool)


async def test_without_waiting_only_what_needs_no_waiting(autojump_clock: MockClock) -> None:
    factory = Factory(1)
    limits = PoolLimits(max_size=1, check_after=5)
    async with open_pool(
        factory.open, factory.close, limits=limits, check=is_healthy_after_a_while
    ) as pool:
        pool.release(await pool.acquire())
        pool.release(pool.acquire_nowait())
        await trio.sleep(5)
        for _ in range(2):
            with pytest.raises(ResourceFull):
                pool.acquire_nowait()
            assert assert_counts_add_up(pool).idle == 1
        assert (await pool.acquire()).number == 0


@pytest.mark.parametrize("waits", [False, True])
async def test_a_mistake_in_the_check_comes_out(waits: bool) -> None:
    def fail(_: Thing) -> bool:
        raise KeyError

    async def fail_later(_: Thing) -> bool:
        raise KeyError

    factory = Factory(1)
    async with open_pool(
        factory.open,
        factory.close_at_once,
        limits=PoolLimits(check_after=0),
        check=fail_later if waits else fail,
    ) as pool:
        pool.release(await pool.acquire())
        with pytest.raises(KeyError):
            await pool.acquire()
        assert assert_counts_add_up(pool).size == 0


async def test_a_check_that_is_cancelled_closes_the_item(autojump_clock: MockClock) -> None:
    factory = Factory(1)
    async with open_pool(
        factory.open,
        factory.close_at_once,
        limits=PoolLimits(max_size=1, check_after=0),
        check=is_healthy_after_a_while,
    ) as pool:
        pool.release(await pool.acquire())
        with pytest.raises(OperationTimeout):
            await pool.acquire(timeout=0.5)
        assert assert_counts_add_up(pool).size == 0
        assert (await pool.acquire()).number == 1


async def test_a_check_that_hangs_costs_its_time_and_the_next_item_is_tried(
    autojump_clock: MockClock,
) -> None:
    async def check(thing: Thing) -> bool:
        if not thing.healthy:
            await trio.sleep_forever()
        return True

    factory = Factory(2)
    limits = PoolLimits(max_size=2, check_after=0, check_timeout=3)
    async with open_pool(factory.open, factory.close, limits=limits, check=check) as pool:
        for thing in [await pool.acquire(), await pool.acquire()]:
            pool.release(thing)
        factory.made[1].healthy = False
        began = trio.current_time()
        assert await pool.acquire() is factory.made[0]
        assert trio.current_time() == began + 3
        assert assert_counts_add_up(pool).closed == {CloseReason.UNHEALTHY: 1}


# The end


async def test_leaving_closes_what_is_idle_and_what_is_lent() -> None:
    factory = Factory(2)
    async with open_pool(factory.open, factory.close) as pool:
        lent, idle = await pool.acquire(), await pool.acquire()
        pool.release(idle)
    assert lent.closed
    assert idle.closed
    pool.release(lent)  # which is too late, and does no harm
    pool.discard(lent)
    pool.close()
    with pytest.raises(ResourceClosed):
        await pool.acquire()
    with pytest.raises(ResourceClosed):
        pool.acquire_nowait()
    assert assert_counts_add_up(pool).closed == {CloseReason.POOL_CLOSED: 2}


async def test_closing_ends_all_waiting_opening_and_checking(autojump_clock: MockClock) -> None:
    factory = Factory(2)
    limits = PoolLimits(max_size=2, check_after=0)
    ended: list[float] = []

    async def acquire() -> None:
        with pytest.raises(ResourceClosed):
            await pool.acquire()
        ended.append(trio.current_time())

    async with (
        trio.open_nursery() as nursery,
        open_pool(
            factory.open, factory.close, limits=limits, check=is_healthy_after_a_while
        ) as pool,
    ):
        pool.release(await pool.acquire())
        factory.opening_seconds = lambda: 10
        for _ in range(4):
            nursery.start_soon(acquire)
        await trio.sleep(0.5)
        counts = assert_counts_add_up(pool)
        assert (counts.acquired, counts.opening, counts.waiting) == (1, 1, 2)
        now = trio.current_time()
    assert ended == [now] * 4
    assert factory.here == assert_counts_add_up(pool).size == 0


async def test_an_item_that_was_handed_on_just_before_the_end_is_closed() -> None:
    factory = Factory(1)

    async def acquire() -> None:
        with pytest.raises(ResourceClosed):
            await pool.acquire()

    async with trio.open_nursery() as nursery:
        pool = Pool(nursery, factory.open, factory.close_at_once, limits=PoolLimits(max_size=1))
        thing = await pool.acquire()
        nursery.start_soon(acquire)
        await wait_all_tasks_blocked()
        pool.release(thing)
        pool.close()
    assert thing.closed
    assert assert_counts_add_up(pool).size == 0


async def test_a_place_that_was_handed_on_just_before_the_end_stays_empty() -> None:
    factory = Factory(1)

    async def acquire() -> None:
        with pytest.raises(ResourceClosed):
            await pool.acquire()

    async with trio.open_nursery() as nursery:
        pool = Pool(nursery, factory.open, factory.close_at_once, limits=PoolLimits(max_size=1))
        thing = await pool.acquire()
        nursery.start_soon(acquire)
        await wait_all_tasks_blocked()
        pool.discard(thing)
        assert assert_counts_add_up(pool).opening == 1
        pool.close()
    assert len(factory.made) == 1
    assert assert_counts_add_up(pool).size == 0


async def test_closing_ends_what_is_opened_in_the_background(autojump_clock: MockClock) -> None:
    factory = Factory(1, opening_seconds=lambda: 10)
    async with trio.open_nursery() as nursery:
        pool = Pool(nursery, factory.open, factory.close, limits=PoolLimits(max_size=1, min_size=1))
        await trio.sleep(1)
        began = trio.current_time()
        pool.close()
    assert trio.current_time() == began
    assert assert_counts_add_up(pool).size == 0


async def test_acquiring_lets_other_tasks_run() -> None:
    factory = Factory(1)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with open_pool(factory.open, factory.close) as pool, trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(100):
            pool.release(await pool.acquire())
        nursery.cancel_scope.cancel()
    assert turns >= 5


async def test_an_item_that_comes_too_late_is_closed(autojump_clock: MockClock) -> None:
    factory = Factory(1)

    async def open_stubbornly() -> Thing:
        with trio.CancelScope(shield=True):
            await trio.sleep(5)
            return await factory.open()
        raise AssertionError("a shield does not swallow")

    async def acquire() -> None:
        with pytest.raises(ResourceClosed):
            await pool.acquire()

    async with trio.open_nursery() as nursery, open_pool(open_stubbornly, factory.close) as pool:
        nursery.start_soon(acquire)
        await wait_all_tasks_blocked()
    assert factory.made[0].closed
    assert assert_counts_add_up(pool).size == 0


async def test_a_goodbye_has_its_time_and_no_more(autojump_clock: MockClock) -> None:
    factory = Factory(1, closing_seconds=lambda: 3)
    began = trio.current_time()
    with trio.CancelScope() as scope:
        async with open_pool(factory.open, factory.close) as pool:
            await pool.acquire()
            scope.cancel()
    assert trio.current_time() - began == pytest.approx(3)

    factory.closing_seconds = lambda: math.inf
    limits = PoolLimits(close_timeout=2)
    async with open_pool(factory.open, factory.close, limits=limits) as pool:
        pool.discard(await pool.acquire())
        began = trio.current_time()
    assert trio.current_time() - began == pytest.approx(2)
    assert assert_counts_add_up(pool).size == 0


@pytest.mark.parametrize("waits", [False, True])
async def test_what_closing_raises_is_reported(waits: bool) -> None:
    def fail(_: Thing) -> None:
        raise KeyError

    async def fail_later(_: Thing) -> None:
        raise KeyError

    factory, errors = Factory(1), Errors()
    with core.subscribe(errors):
        async with open_pool(factory.open, fail_later if waits else fail) as pool:
            await pool.acquire()
    assert errors.heard == [(KeyError, "closing an item of a pool")]
    assert assert_counts_add_up(pool).size == 0


async def test_draining_serves_those_who_wait_and_nobody_else(autojump_clock: MockClock) -> None:
    factory = Factory(2, closing_seconds=lambda: 1)
    served: list[object] = []

    async def use() -> None:
        async with pool.acquire() as thing:
            await trio.sleep(5)
            served.append(thing.closed)

    async with open_pool(factory.open, factory.close, limits=PoolLimits(max_size=2)) as pool:
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(use)
            await trio.sleep(1)
            began = trio.current_time()
            nursery.start_soon(drain_and_note, pool, served)
            await trio.sleep(1)
            with pytest.raises(ServiceDraining):
                await pool.acquire()
            with pytest.raises(ServiceDraining):
                pool.acquire_nowait()
        assert trio.current_time() - began == pytest.approx(10)
    assert served == [False] * 4 + [0]


async def drain_and_note(pool: Pool[Thing], log: list[object]) -> None:
    log.append(await pool.drain())


async def test_draining_does_not_wait_for_ever(autojump_clock: MockClock) -> None:
    factory = Factory(2)
    async with open_pool(factory.open, factory.close) as pool:
        thing = await pool.acquire()
        pool.release(await pool.acquire())
        assert await pool.drain(3) == 1
        assert thing.closed
        assert await pool.drain(3) == 0


async def test_draining_an_empty_pool_takes_no_time(autojump_clock: MockClock) -> None:
    factory = Factory(2)
    async with open_pool(factory.open, factory.close) as pool:
        began = trio.current_time()
        assert await pool.drain() == 0
        assert trio.current_time() == began


@pytest.mark.parametrize(
    "limits",
    [
        {"max_size": 0},
        {"min_size": -1},
        {"min_size": 11},
        {"max_idle": -1},
        {"max_waiting": -1},
        {"max_idle": 1, "min_size": 2},  # it would open and close one for ever
        {"max_lifetime": 0, "min_size": 1},
        {"check_timeout": -1},
        {"acquire_timeout": -1},
        {"max_lifetime": math.nan},
        {"lifetime_jitter": 1.5},
    ],
)
def test_limits_have_to_make_sense(limits: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        PoolLimits(**limits)
