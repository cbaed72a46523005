"""Rate limiters: how many at once, how many in a second, and who is next."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus.core import CancelToken, RateLimiter
from trio_helianthus.errors import OperationCancelled, OperationTimeout, ResourceFull


async def test_a_burst_comes_at_once_and_the_rest_at_the_rate(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(10, burst=5)
    began = trio.current_time()
    for _ in range(5):
        await limiter.acquire()
    assert trio.current_time() == began
    for _ in range(20):
        await limiter.acquire()
    assert trio.current_time() - began == pytest.approx(2)


async def test_tasks_are_served_in_order_whatever_they_want(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(1, burst=5)
    assert limiter.try_acquire(5)
    order: list[int] = []

    async def take(number: int, tokens: float) -> None:
        await limiter.acquire(tokens)
        order.append(number)

    async with trio.open_nursery() as nursery:
        for number, tokens in enumerate([5, 1, 3]):
            nursery.start_soon(take, number, tokens)
            await wait_all_tasks_blocked()
        assert limiter.waiting == 3
        assert limiter.time_until(1) == pytest.approx(10)
        await trio.sleep(4.5)
        assert limiter.tokens == pytest.approx(4.5)
        assert not limiter.try_acquire(1)  # it is not its turn
        assert order == []
    assert order == [0, 1, 2]
    assert limiter.waiting == 0


async def test_who_gives_up_has_taken_nothing(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(1, burst=2)
    assert limiter.try_acquire(2)
    token = CancelToken()

    async def cancel() -> None:
        await trio.sleep(0.5)
        token.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel)
        with pytest.raises(OperationTimeout):
            await limiter.acquire(2, timeout=0.5)
        token_two = CancelToken()
        token_two.cancel()
        with pytest.raises(OperationCancelled):
            await limiter.acquire(token=token_two)
    with pytest.raises(OperationCancelled):
        await limiter.acquire(2, token=token)
    assert limiter.tokens == pytest.approx(0.5)
    assert limiter.waiting == 0
    assert limiter.time_until(1) == pytest.approx(0.5)


async def test_the_next_moves_up_when_the_first_gives_up(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(1, burst=10)
    assert limiter.try_acquire(10)
    began = trio.current_time()

    async def give_up() -> None:
        with trio.move_on_after(2):
            await limiter.acquire(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(give_up)
        await wait_all_tasks_blocked()
        await limiter.acquire(1)
    assert trio.current_time() - began == pytest.approx(2)
    assert limiter.tokens == pytest.approx(1)


async def test_so_many_wait_and_no_more(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(1, burst=1, max_waiting=1)
    await limiter.acquire()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(limiter.acquire)
        await wait_all_tasks_blocked()
        with pytest.raises(ResourceFull, match="max_waiting=1"):
            await limiter.acquire()


async def test_it_fills_up_to_the_burst(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(0.5)
    assert limiter.burst == 1
    await limiter.acquire()
    await trio.sleep(1000)
    assert limiter.try_acquire()
    assert not limiter.try_acquire()
    assert limiter.time_until() == pytest.approx(2)


async def test_it_lets_other_tasks_run(autojump_clock: MockClock) -> None:
    limiter = RateLimiter(1e6, burst=1e6)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(100):
            await limiter.acquire()
        nursery.cancel_scope.cancel()
    assert turns >= 5


@given(
    calls=st.lists(st.tuples(st.floats(0, 3), st.floats(0, 4)), max_size=100),
    rate=st.floats(0.1, 100),
)
def test_never_more_than_the_bucket_holds_and_the_rate_brings(
    calls: list[tuple[float, float]], rate: float
) -> None:
    now, taken = 0.0, 0.0
    limiter = RateLimiter(rate, burst=4, clock=lambda: now)
    for seconds, number in calls:
        now += seconds
        due = limiter.time_until(number)
        if limiter.try_acquire(number):
            assert due <= 1e-6
            taken += number
        else:
            now += due
            assert limiter.try_acquire(number)
            taken += number
    assert taken <= 4 + rate * now + 1e-3


@pytest.mark.parametrize(
    "arguments",
    [{"rate": 0}, {"rate": -1}, {"rate": 1, "burst": 0}, {"rate": 1, "max_waiting": -1}],
)
def test_its_arguments_have_to_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=list(arguments)[-1]):
        RateLimiter(**arguments)


@pytest.mark.parametrize("number", [-1, 3])
async def test_nobody_can_have_more_than_the_burst(number: float) -> None:
    limiter = RateLimiter(1, burst=2)
    with pytest.raises(ValueError, match="burst=2"):
        await limiter.acquire(number)
    with pytest.raises(ValueError, match="burst=2"):
        limiter.try_acquire(number)
    with pytest.raises(ValueError, match="burst=2"):
        limiter.time_until(number)
