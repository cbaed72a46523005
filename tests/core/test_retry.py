"""Retries: how often, after which waits, within which deadline, and at whose expense."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from trio_helianthus import core
from trio_helianthus.core import CancelToken, RetryBudget, RetryPolicy
from trio_helianthus.errors import OperationCancelled, OperationTimeout

STEADY = RetryPolicy(initial_delay=1, factor=2, jitter=0)


class Attempts:
    """Fails so many times, and notes when it was called."""

    def __init__(self, *failures: Exception, seconds: float = 0) -> None:
        self.failures = list(failures)
        self.seconds = seconds
        self.times: list[float] = []

    async def __call__(self) -> str:
        self.times.append(trio.current_time())
        await trio.sleep(self.seconds)
        if self.failures:
            raise self.failures.pop(0)
        return "done"

    @property
    def waits(self) -> list[float]:
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


async def test_it_tries_again_after_growing_waits(autojump_clock: MockClock) -> None:
    attempts = Attempts(*[OSError()] * 3)
    assert await core.retry(attempts, on=OSError, policy=STEADY) == "done"
    assert attempts.waits == pytest.approx([1, 2, 4])


async def test_the_last_error_comes_out_and_tells_of_the_others(
    autojump_clock: MockClock,
) -> None:
    attempts = Attempts(*[OSError(number) for number in range(9)])
    with pytest.raises(OSError, match="3") as caught:
        await core.retry(attempts, on=(OSError, KeyError), policy=STEADY)
    assert caught.value.__notes__ == ["retry: gave up after 4 attempts in 7 seconds"]
    assert len(attempts.times) == STEADY.max_attempts


@pytest.mark.parametrize("on", [OSError, lambda error: isinstance(error, OSError)])
async def test_other_errors_come_out_at_once(
    on: type[Exception] | Callable[[Exception], bool], autojump_clock: MockClock
) -> None:
    attempts = Attempts(OSError(), KeyError("a mistake"))
    with pytest.raises(KeyError, match="a mistake") as caught:
        await core.retry(attempts, on=on, policy=STEADY)
    assert not hasattr(caught.value, "__notes__")
    assert len(attempts.times) == 2


async def test_a_wait_that_would_outlast_the_deadline_is_not_begun(
    autojump_clock: MockClock,
) -> None:
    attempts = Attempts(*[OSError("down")] * 9)
    began = trio.current_time()
    with pytest.raises(OSError, match="down"), trio.fail_after(3.5):
        await core.retry(attempts, on=OSError, policy=STEADY)
    assert attempts.waits == pytest.approx([1, 2])
    with pytest.raises(OSError, match="down"):
        await core.retry(attempts, on=OSError, policy=STEADY, timeout=0.5)
    assert trio.current_time() - began == pytest.approx(3)


async def test_the_timeout_ends_an_attempt(autojump_clock: MockClock) -> None:
    attempts = Attempts(OSError(), seconds=2)
    with pytest.raises(OperationTimeout):
        await core.retry(attempts, on=OSError, policy=STEADY, timeout=4)
    assert len(attempts.times) == 2


async def test_a_timeout_of_one_attempt_can_be_tried_again(autojump_clock: MockClock) -> None:
    attempts = Attempts(seconds=2)

    async def one_attempt() -> str:
        with core.limit(1, None):
            return await attempts()
        raise AssertionError

    with pytest.raises(OperationTimeout):
        await core.retry(one_attempt, on=OperationTimeout, policy=STEADY, timeout=60)
    assert len(attempts.times) == 4


async def test_a_token_ends_it_while_it_waits(autojump_clock: MockClock) -> None:
    attempts, token = Attempts(*[OSError("down")] * 9), CancelToken()

    async def cancel() -> None:
        await trio.sleep(0.5)
        token.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel)
        with pytest.raises(OperationCancelled):
            await core.retry(attempts, on=OSError, policy=STEADY, token=token)
    assert len(attempts.times) == 1


class Busy(Exception):
    def __init__(self, retry_after: float | None) -> None:
        self.retry_after = retry_after


async def test_the_other_side_may_ask_to_wait_longer(autojump_clock: MockClock) -> None:
    attempts = Attempts(Busy(7), Busy(0.5), Busy(None))
    await core.retry(attempts, on=Busy, policy=STEADY, hint=lambda error: error.retry_after)  # type: ignore[attr-defined]
    assert attempts.waits == pytest.approx([7, 2, 4])


async def test_but_not_for_too_long(autojump_clock: MockClock) -> None:
    attempts = Attempts(Busy(3600))
    with pytest.raises(Busy):
        await core.retry(attempts, on=Busy, hint=lambda error: error.retry_after)  # type: ignore[attr-defined]


async def test_without_means_there_is_no_retry(autojump_clock: MockClock) -> None:
    budget = RetryBudget(0, min_per_second=0, burst=2)
    attempts = Attempts(*[OSError("down")] * 9)
    with pytest.raises(OSError, match="down"):
        await core.retry(attempts, on=OSError, policy=STEADY, budget=budget)
    assert len(attempts.times) == 3


def test_a_budget_is_a_part_of_the_calls_and_some_more() -> None:
    now = 0.0
    budget = RetryBudget(0.25, min_per_second=0.5, burst=3, clock=lambda: now)
    assert budget.balance == 3
    assert [budget.withdraw() for _ in range(4)] == [True, True, True, False]
    for _ in range(4):
        budget.deposit()
    assert [budget.withdraw() for _ in range(2)] == [True, False]
    now = 2.0
    assert [budget.withdraw() for _ in range(2)] == [True, False]
    now = 1000.0
    assert budget.balance == 3


@given(
    calls=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=200),
    ratio=st.floats(0, 1),
    per_second=st.floats(0, 5),
)
def test_no_more_is_spent_than_was_earned(
    calls: list[tuple[float, bool]], ratio: float, per_second: float
) -> None:
    now, spent = 0.0, 0
    budget = RetryBudget(ratio, min_per_second=per_second, burst=5, clock=lambda: now)
    for seconds, fails in calls:
        now += seconds
        budget.deposit()
        spent += fails and budget.withdraw()
        assert 0 <= budget.balance <= 5
    assert spent <= 5 + ratio * len(calls) + per_second * now + 1e-6


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_delays_are_never_longer_than_the_longest(failures: int, chance: float) -> None:
    policy = RetryPolicy(initial_delay=0.1, factor=10, max_delay=30)
    assert 0 <= policy.delay(failures, chance) <= 30
    assert policy.delay(failures, 0) == 0
    half = RetryPolicy(initial_delay=0.1, max_delay=30, jitter=0.5)
    assert 0.05 <= half.delay(failures, chance) <= 30


def test_the_next_delay_is_known_without_a_clock() -> None:
    policy = RetryPolicy(max_attempts=3, initial_delay=1, max_delay=3, max_hint=60)
    assert policy.next_delay(1, chance=0.5) == 0.5
    assert policy.next_delay(2, chance=0.5) == 1
    assert policy.next_delay(3, chance=0.5) is None
    assert policy.next_delay(1, chance=0.5, hint=10) == 10
    assert policy.next_delay(1, chance=0.5, hint=61) is None
    assert policy.next_delay(1, chance=0.5, time_left=0.5) is None
    assert policy.next_delay(1, chance=0.5, time_left=0.6) == 0.5


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_attempts": 0},
        {"initial_delay": -1},
        {"max_delay": math.nan},
        {"factor": 0.5},
        {"jitter": 1.1},
        {"max_hint": -1},
    ],
)
def test_policies_have_to_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        RetryPolicy(**arguments)


@pytest.mark.parametrize("arguments", [{"ratio": -1}, {"min_per_second": -1}, {"burst": 0.5}])
def test_budgets_have_to_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        RetryBudget(**arguments)
