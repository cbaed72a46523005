"""``timeout=`` and ``token=``: what each raises, which one wins, and what passes untouched."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations
from typing import Any, Final

import attrs
import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus.core import CancelToken, limit, remaining_time
from trio_helianthus.errors import OperationCancelled, OperationTimeout
from trio_helianthus.testing import cancel_sweep

NEVER: Final = math.inf
no_limits = pytest.mark.parametrize("timeout", [None, math.inf])


# ---------------------------------------------------------------- one limit


async def test_an_expired_timeout_raises_and_tells_its_seconds(autojump_clock: MockClock) -> None:
    with pytest.raises(OperationTimeout) as caught, limit(2.5, None):
        await trio.sleep_forever()
    assert trio.current_time() == pytest.approx(2.5)
    assert caught.value.seconds == 2.5
    assert caught.value.__suppress_context__


async def test_a_body_within_its_timeout_is_left_alone(autojump_clock: MockClock) -> None:
    with limit(2.5, CancelToken()):
        await trio.sleep(2)


async def test_a_body_that_ends_late_without_a_checkpoint_keeps_its_result(
    mock_clock: MockClock,
) -> None:
    with limit(1, None):
        mock_clock.jump(5)


@no_limits
async def test_without_a_limit_there_is_no_scope(timeout: float | None) -> None:
    assert limit(timeout, None) is limit(None, None)
    before = trio.lowlevel.current_statistics().seconds_to_next_deadline
    scopes_before = scopes_around_here()
    with limit(timeout, None):
        assert scopes_around_here() == scopes_before
    with limit(5, CancelToken()):
        assert scopes_around_here() == scopes_before + 1
    assert trio.lowlevel.current_statistics().seconds_to_next_deadline == before


def scopes_around_here() -> int:
    count = 0
    status: Any = trio.lowlevel.current_task()._cancel_status
    while status is not None:
        count += 1
        status = status.parent
    return count


async def test_a_timeout_of_0_ends_at_the_first_checkpoint() -> None:
    reached = []
    with pytest.raises(OperationTimeout), limit(0, None):
        reached.append("the body")
        await trio.lowlevel.checkpoint_if_cancelled()
        reached.append("behind the checkpoint")
    assert reached == ["the body"]


async def test_a_timeout_of_0_lets_a_body_without_checkpoint_pass() -> None:
    with limit(0, None):
        pass


@pytest.mark.parametrize("timeout", [-1, -0.001, -math.inf, math.nan])
@pytest.mark.parametrize("token", [None, CancelToken()], ids=["alone", "with a token"])
def test_a_timeout_is_a_number_of_seconds(timeout: float, token: CancelToken | None) -> None:
    with pytest.raises(ValueError, match="timeout must be a number of seconds >= 0"):
        limit(timeout, token)


@no_limits
async def test_a_token_without_timeout(timeout: float | None) -> None:
    token = CancelToken()
    with pytest.raises(OperationCancelled) as caught, limit(timeout, token):
        token.cancel("enough")
        await trio.lowlevel.checkpoint()
    assert caught.value.reason == "enough"


async def test_a_cancelled_token_raises_before_the_body() -> None:
    token = CancelToken()
    token.cancel("before")
    with pytest.raises(OperationCancelled), limit(0, token):
        pytest.fail("the body ran")


async def test_the_effective_deadline_is_the_smaller_one(autojump_clock: MockClock) -> None:
    assert remaining_time() == math.inf
    with limit(5, CancelToken()):
        await trio.sleep(1)
        with limit(9, None):
            assert remaining_time() == pytest.approx(4)
        with limit(3, None):
            assert remaining_time() == pytest.approx(3)
    with trio.CancelScope() as scope:
        scope.cancel()
        assert remaining_time() == 0
        await trio.lowlevel.cancel_shielded_checkpoint()


async def test_time_that_is_up_is_not_negative(mock_clock: MockClock) -> None:
    with limit(1, None):
        mock_clock.jump(5)
        assert remaining_time() == 0


# ---------------------------------------------------------------- what passes


@attrs.frozen
class Case:
    """When each limit strikes, and what the body makes of it."""

    outer: float
    token: float
    timeout: float
    work: float
    cleanup: float

    @property
    def expected(self) -> str:
        first = min(self.outer, self.token, self.timeout)
        if self.work < first:
            return "finished"
        end = first + self.cleanup
        if self.outer < end:
            return "outer"
        return "token" if self.token < end else "timeout"


moments = st.integers(1, 6) | st.just(NEVER)
# The fractions keep the ends of work and cleanup apart from every limit.
cases = st.builds(
    Case,
    outer=moments,
    token=moments,
    timeout=moments,
    work=st.integers(0, 7).map(lambda n: n + 0.5),
    cleanup=st.integers(0, 4).map(lambda n: n + 0.25),
)


@given(cases)
@example(Case(outer=1, token=1, timeout=1, work=5.5, cleanup=0.25))
@example(Case(outer=3, token=2, timeout=1, work=5.5, cleanup=4.25))
@example(Case(outer=NEVER, token=2, timeout=1, work=5.5, cleanup=0.25))
def test_outer_cancellation_wins_over_the_token_and_the_token_over_the_timeout(case: Case) -> None:
    assert trio.run(outcome_of, case, clock=MockClock(autojump_threshold=0)) == case.expected


async def outcome_of(case: Case) -> str:
    outer = trio.CancelScope()
    token = CancelToken()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call_at, case.outer, outer.cancel)
        nursery.start_soon(call_at, case.token, token.cancel)
        outcome = await limited_work(outer, token, case)
        nursery.cancel_scope.cancel()
    return outcome


async def limited_work(outer: trio.CancelScope, token: CancelToken, case: Case) -> str:
    with outer:
        try:
            with limit(case.timeout, token):
                try:
                    await trio.sleep(case.work)
                finally:
                    if trio.current_effective_deadline() == -math.inf:
                        with trio.CancelScope(shield=True):
                            await trio.sleep(case.cleanup)
        except OperationTimeout:
            return "timeout"
        except OperationCancelled:
            return "token"
        return "finished"
    assert outer.cancelled_caught
    return "outer"


async def call_at(moment: float, function: Callable[[], object]) -> None:
    await trio.sleep_until(moment)
    function()


@pytest.mark.parametrize("order", [*permutations(["outer", "token", "timeout"])], ids="-".join)
@pytest.mark.parametrize("missing", ["nothing", "outer", "token"])
async def test_in_one_instant_the_order_does_not_matter(
    order: tuple[str, ...], missing: str, mock_clock: MockClock
) -> None:
    outer, token = trio.CancelScope(), CancelToken()
    case = Case(NEVER, NEVER, 1, 5, 0)
    outcomes = []

    async def work() -> None:
        outcomes.append(await limited_work(outer, token, case))

    strike: dict[str, Callable[[], object]] = {
        "outer": outer.cancel,
        "token": token.cancel,
        "timeout": lambda: mock_clock.jump(1),
    }
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        await wait_all_tasks_blocked()
        for name in order:
            if name != missing:
                strike[name]()
    expected = {"nothing": "outer", "outer": "token", "token": "outer"}
    assert outcomes == [expected[missing]]


async def test_a_cancelled_token_under_cancellation_leaves_the_word_to_the_outer_scope() -> None:
    token = CancelToken()
    token.cancel()
    with trio.CancelScope() as outer:
        outer.cancel()
        with limit(0, token):
            await trio.lowlevel.checkpoint()
    assert outer.cancelled_caught


async def test_the_bodys_own_exception_passes_as_it_is(autojump_clock: MockClock) -> None:
    own = KeyError("mine")
    for timeout, token in [(5, None), (None, CancelToken()), (0, CancelToken())]:
        with pytest.raises(KeyError) as caught, limit(timeout, token):
            raise own
        assert caught.value is own


async def test_an_exception_raised_during_cancellation_wins(autojump_clock: MockClock) -> None:
    with pytest.raises(KeyError) as caught, limit(1, None):
        try:
            await trio.sleep_forever()
        finally:
            raise KeyError("while cleaning up")
    assert isinstance(caught.value.__context__, trio.Cancelled)


async def test_the_bodys_own_group_passes_as_it_is() -> None:
    own = ExceptionGroup("mine", [ValueError(), ExceptionGroup("inner", [KeyError()])])
    with (
        pytest.RaisesGroup(ValueError, pytest.RaisesGroup(KeyError)) as caught,
        limit(5, CancelToken()),
    ):
        raise own
    assert caught.value is own


async def test_a_group_loses_only_the_limits_own_cancellation(autojump_clock: MockClock) -> None:
    async def fail_when_cancelled() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("cleanup failed")

    with pytest.RaisesGroup(ValueError), limit(1, None):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled)
            nursery.start_soon(trio.sleep_forever)


async def test_a_nursery_that_only_timed_out_is_a_timeout(autojump_clock: MockClock) -> None:
    with pytest.raises(OperationTimeout), limit(1, None):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)


# ---------------------------------------------------------------- nested


async def test_nested_limits_of_one_token_raise_once() -> None:
    token = CancelToken()
    with pytest.raises(OperationCancelled), limit(None, token):
        with limit(None, token):
            token.cancel()
            await trio.lowlevel.checkpoint()
        pytest.fail("the inner limit caught what was the outer one's")
    assert not token._dependents


async def test_a_limit_of_a_token_that_cancels_around_it_is_not_entered() -> None:
    token = CancelToken()
    with pytest.raises(OperationCancelled), limit(None, token):
        token.cancel()
        with limit(None, token):
            await trio.lowlevel.checkpoint()
            pytest.fail("the operation ran")


async def test_the_inner_timeout_is_an_ordinary_exception_outside(
    autojump_clock: MockClock,
) -> None:
    with limit(5, CancelToken()):
        with pytest.raises(OperationTimeout) as caught, limit(1, CancelToken()):
            await trio.sleep_forever()
        await trio.sleep(1)
    assert caught.value.seconds == 1


async def test_the_outer_timeout_passes_the_inner_limit(autojump_clock: MockClock) -> None:
    with pytest.raises(OperationTimeout) as caught, limit(1, None), limit(5, CancelToken()):
        await trio.sleep_forever()
    assert caught.value.seconds == 1


@pytest.mark.sweep
def test_every_point_under_a_limit_can_be_cancelled() -> None:
    async def scenario() -> None:
        token = CancelToken()
        with pytest.raises(OperationTimeout), limit(1, token):
            await trio.sleep(0.5)
            with limit(9, token):
                await trio.sleep_forever()
        assert not token._dependents

    assert cancel_sweep(scenario, clock=lambda: MockClock(autojump_threshold=0)).points > 4
