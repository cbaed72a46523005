"""Pools under schedules that nobody would think of: never stuck, and the counts always add up."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable
from functools import partial

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.core._pooled_things import Factory, Thing, assert_counts_add_up
from trio_helianthus import core
from trio_helianthus.core import CloseReason, Pool, PoolLimits, open_pool
from trio_helianthus.errors import OperationTimeout, ResourceClosed, ResourceFull, ServiceDraining
from trio_helianthus.testing import cancel_sweep

autojump = partial(MockClock, autojump_threshold=0)
short_times = st.sampled_from([0.0, 0.0, 0.1, 1.0, 2.0, 5.0])


@attrs.frozen
class Visit:
    """What one task does with the pool."""

    comes_after: float
    waits_at_most: float
    keeps_it_for: float
    is_cancelled_after: float
    ends_by: str


visits = st.builds(
    Visit,
    comes_after=short_times,
    waits_at_most=st.sampled_from([0.0, 1.0, 3.0, 1000.0]),
    keeps_it_for=short_times,
    is_cancelled_after=st.sampled_from([0.0, 0.1, 1.0, 3.0, 1000.0, 1000.0]),
    ends_by=st.sampled_from(["release", "discard", "raise", "spoil", "nowait"]),
)
checks = st.sampled_from(["none", "at once", "waits"])


@given(
    plan=st.lists(visits, min_size=1, max_size=20),
    max_size=st.integers(1, 3),
    min_size=st.integers(0, 1),
    check=checks,
    closing_waits=st.booleans(),
    end=st.sampled_from(["late", "early", "drain"]),
    seed=st.integers(0, 2**32),
)
def test_a_pool_is_never_stuck_and_its_counts_add_up(
    plan: list[Visit],
    max_size: int,
    min_size: int,
    check: str,
    closing_waits: bool,
    end: str,
    seed: int,
) -> None:
    chance = random.Random(seed)

    def some_seconds() -> float:
        return chance.choice([0.0, 0.0, 0.5, 1.0, 4.0])

    def check_at_once(thing: Thing) -> bool:
        return thing.healthy and chance.random() < 0.8

    async def check_slowly(thing: Thing) -> bool:
        await trio.sleep(math.inf if chance.random() < 0.05 else some_seconds())
        if chance.random() < 0.1:
            raise ConnectionResetError
        return check_at_once(thing)

    async def visit(pool: Pool[Thing], visit: Visit) -> None:
        await trio.sleep(visit.comes_after)
        with trio.move_on_after(visit.is_cancelled_after):
            try:
                if visit.ends_by == "nowait":
                    thing = pool.acquire_nowait()
                else:
                    thing = await pool.acquire(timeout=visit.waits_at_most)
            except (OSError, OperationTimeout, ResourceFull, ResourceClosed, ServiceDraining):
                return
            finally:
                assert_counts_add_up(pool)
            await use(pool, thing, visit)

    async def use(pool: Pool[Thing], thing: Thing, visit: Visit) -> None:
        assert not thing.closed or pool.statistics().closed[CloseReason.POOL_CLOSED]
        assert thing.users == 0
        thing.users += 1
        try:
            await trio.sleep(visit.keeps_it_for)
        except BaseException:
            thing.users -= 1
            pool.discard(thing)
            raise
        thing.users -= 1
        if visit.ends_by == "spoil":
            thing.healthy = False
        if visit.ends_by == "discard":
            pool.discard(thing)
        else:
            pool.release(thing)
        assert_counts_add_up(pool)

    async def main() -> None:
        factory = Factory(max_size, some_seconds, some_seconds, lambda: chance.random() < 0.2)
        limits = PoolLimits(
            max_size=max_size,
            min_size=min_size,
            max_lifetime=10,
            idle_timeout=3,
            check_after=chance.choice([0, 1]),
            check_timeout=2,
            wait_timeout=chance.choice([20, math.inf]),
            max_idle=chance.choice([None, max_size - 1 or 1]),
        )
        async with (
            trio.open_nursery() as nursery,
            open_pool(
                factory.open,
                factory.close if closing_waits else factory.close_at_once,
                limits=limits,
                check={"none": None, "at once": check_at_once, "waits": check_slowly}[check],
            ) as pool,
        ):
            for one in plan:
                nursery.start_soon(visit, pool, one)  # noqa: ASYNC111 - it may end before them
            if end == "early":
                await trio.sleep(2)
            elif end == "drain":
                await trio.sleep(2)
                await pool.drain(chance.choice([0, 1, 100]))
            else:
                await trio.sleep(2000)
                factory.fails = lambda: False
                things = [await pool.acquire(timeout=100) for _ in range(max_size)]
                counts = assert_counts_add_up(pool)
                assert (counts.acquired, counts.waiting) == (max_size, 0)
                for thing in things:
                    pool.release(thing)
        counts = assert_counts_add_up(pool)
        assert counts.size == counts.waiting == factory.here == 0
        assert all(thing.closed for thing in factory.made)
        assert counts.opened == len(factory.made)

    class Silence(core.Instrument):
        def error_reported(self, error: BaseException, where: str) -> bool:
            return isinstance(error, OSError)

    async def with_silence() -> None:
        with core.subscribe(Silence()):
            await main()

    trio.run(with_silence, clock=autojump())


async def is_healthy(_: Thing) -> bool:
    await trio.sleep(0.5)
    return True


async def one_item_for_many(*, closing_waits: bool, fails_at_times: bool) -> None:
    """Many tasks share one item, which is opened, checked and closed again and again."""
    failures = [False, True] * 10
    factory = Factory(
        1,
        opening_seconds=lambda: 1,
        closing_seconds=lambda: 0.5,
        fails=lambda: fails_at_times and failures.pop(),
    )
    pool = None
    try:
        async with open_pool(
            factory.open,
            factory.close if closing_waits else factory.close_at_once,
            limits=PoolLimits(max_size=1, check_after=0),
            check=is_healthy,
        ) as pool:

            async def use(number: int) -> None:
                try:
                    async with pool.acquire() as thing:
                        await trio.sleep(0.2)
                        if number % 3 == 0:
                            pool.discard(thing)
                except OSError:
                    pass

            async with trio.open_nursery() as nursery:
                for number in range(5):
                    nursery.start_soon(use, number)
            await use(5)
            await use(6)
            await pool.drain()
    finally:
        assert pool is not None
        assert assert_counts_add_up(pool).size == factory.here == 0


def may_be_cancelled(task: trio.lowlevel.Task) -> bool:
    return task.name.endswith("use")


SCENARIOS: list[Callable[[], Awaitable[None]]] = [
    partial(one_item_for_many, closing_waits=closing_waits, fails_at_times=fails)
    for closing_waits in (False, True)
    for fails in (False, True)
]


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("budget", [core.CHECKPOINT_BUDGET, 1])
def test_it_may_be_cancelled_anywhere(scenario: Callable[[], Awaitable[None]], budget: int) -> None:
    report = cancel_sweep(scenario, clock=autojump, checkpoint_budget=budget)
    assert report.points > 5
    assert report.missed == 0


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_pool_of_one_is_not_stuck_when_one_of_its_users_is_cancelled_anywhere(
    scenario: Callable[[], Awaitable[None]],
) -> None:
    report = cancel_sweep(scenario, clock=autojump, children=may_be_cancelled)
    assert report.points > 5
