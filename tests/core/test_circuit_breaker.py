"""Circuit breakers: when they open, what they let through then, and when they close."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from trio_helianthus.core import CircuitBreaker, CircuitState
from trio_helianthus.errors import CircuitOpen, OperationCancelled

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("the shop", min_calls=4, window=10, open_seconds=5, clock=clock)


def succeed(breaker: CircuitBreaker) -> None:
    with breaker.call():
        pass


def fail(breaker: CircuitBreaker) -> None:
    with pytest.raises(OSError, match="down"), breaker.call():
        raise OSError("down")


def test_it_opens_when_half_of_the_calls_failed(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        succeed(breaker)
        assert breaker.state is CLOSED
    for _ in range(2):
        assert breaker.state is CLOSED
        fail(breaker)
    assert breaker.state is OPEN
    with pytest.raises(CircuitOpen, match="the shop") as caught, breaker.call():
        raise AssertionError("it must not be called")
    assert caught.value.retry_after == 5
    assert caught.value.name == "the shop"
    assert repr(breaker) == "<CircuitBreaker 'the shop': open>"
    assert breaker.statistics().refused == 1
    assert breaker.statistics().opened == 1


def test_a_few_calls_prove_nothing(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        fail(breaker)
    assert breaker.state is CLOSED


def test_what_is_long_ago_does_not_count(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(30):
        fail(breaker)
        clock.now += 5
    assert breaker.state is CLOSED
    assert breaker.statistics().calls <= 2
    clock.now += 60
    assert breaker.statistics().calls == 0


def test_a_year_of_successes_fills_no_memory(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(100):
        succeed(breaker)
        clock.now += 1
    assert breaker.statistics().calls == 9
    assert len(breaker._window._slices) <= 11


def open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(4):
        fail(breaker)
    assert breaker.state is OPEN
    clock.now += 4.9
    assert breaker.state is OPEN
    clock.now += 0.1
    assert breaker.state is HALF_OPEN


def test_after_a_while_one_call_may_try_and_close_it(breaker: CircuitBreaker, clock: Clock) -> None:
    open_it(breaker, clock)
    with breaker.call():
        assert breaker.statistics().probes == 1
        with pytest.raises(CircuitOpen) as caught, breaker.call():
            pass
        assert caught.value.retry_after == 0
    assert breaker.state is CLOSED
    for _ in range(3):
        fail(breaker)
    assert breaker.state is CLOSED  # what was before is forgotten


def test_or_open_it_again(breaker: CircuitBreaker, clock: Clock) -> None:
    open_it(breaker, clock)
    fail(breaker)
    assert breaker.state is OPEN
    clock.now += 5
    succeed(breaker)
    assert breaker.state is CLOSED


def test_several_may_have_to_succeed(clock: Clock) -> None:
    breaker = CircuitBreaker(min_calls=4, probes=2, clock=clock)
    open_it(breaker, clock)
    succeed(breaker)
    assert breaker.state is HALF_OPEN
    succeed(breaker)
    assert breaker.state is CLOSED


def test_a_probe_that_is_cancelled_shows_nothing_and_leaves_its_place(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    open_it(breaker, clock)
    with pytest.raises(OperationCancelled), breaker.call():
        raise OperationCancelled
    assert breaker.state is HALF_OPEN
    succeed(breaker)
    assert breaker.state is CLOSED


def test_calls_from_before_it_opened_do_not_count(breaker: CircuitBreaker, clock: Clock) -> None:
    with breaker.call() as slow:
        open_it(breaker, clock)
        succeed(breaker)
        assert breaker.state is CLOSED
        slow.fail()
    assert breaker.statistics().failures == 0


def test_an_answer_can_be_a_failure_too(breaker: CircuitBreaker) -> None:
    for _ in range(4):
        with breaker.call() as call:
            call.fail()
    assert breaker.state is OPEN


def test_not_every_error_is_a_failure(clock: Clock) -> None:
    breaker = CircuitBreaker(
        min_calls=1, is_failure=lambda error: isinstance(error, OSError), clock=clock
    )
    with pytest.raises(KeyError), breaker.call():
        raise KeyError
    assert breaker.state is CLOSED
    assert breaker.statistics().calls == 0
    fail(breaker)
    assert breaker.state is OPEN


async def test_it_goes_by_the_time_of_trio(autojump_clock: MockClock) -> None:
    breaker = CircuitBreaker(min_calls=1, open_seconds=2)
    with trio.move_on_after(1), breaker.call():
        await trio.sleep(5)
    assert breaker.state is CLOSED
    fail(breaker)
    await trio.sleep(1)
    assert breaker.state is OPEN
    await trio.sleep(1)
    assert breaker.state is HALF_OPEN


@pytest.mark.parametrize(
    "arguments",
    [
        {"failure_ratio": 0},
        {"failure_ratio": 1.5},
        {"min_calls": 0},
        {"window": 0},
        {"open_seconds": -1},
        {"probes": 0},
    ],
)
def test_its_arguments_have_to_make_sense(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        CircuitBreaker(**arguments)
