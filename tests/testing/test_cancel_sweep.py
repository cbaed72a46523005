"""The sweep goes everywhere, once, in an order that a seed decides, and says how to come back."""

from __future__ import annotations

import gc
import random
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus import core
from trio_helianthus.testing import (
    SWEEP_POINTS,
    SWEEP_SEEDS,
    CancelSweepError,
    CancelSweepReport,
    cancel_sweep,
)
from trio_helianthus.testing._cancel_sweep import spread

autojump = partial(MockClock, autojump_threshold=0)


@pytest.fixture(autouse=True)
def a_quick_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELIANTHUS_SWEEP", raising=False)


async def three_steps() -> None:
    for _ in range(3):
        await trio.lowlevel.checkpoint()


# ---------------------------------------------------------------- points


def test_every_wait_is_cancelled_while_it_waits_and_when_it_has_succeeded() -> None:
    came_to: list[int] = []

    async def ring(bells: list[trio.Event], done: trio.Event) -> None:
        for bell in bells:
            await wait_all_tasks_blocked()
            bell.set()
        done.set()

    async def scenario(scope: trio.CancelScope) -> None:
        bells, done = [trio.Event(), trio.Event()], trio.Event()
        trio.lowlevel.spawn_system_task(ring, bells, done)
        heard = 0
        with scope:
            for bell in bells:
                await bell.wait()
                heard += 1
        came_to.append(heard)
        await done.wait()

    report = cancel_sweep(scenario)
    assert report.points == report.runs == 5
    # To fill caches; to count; before it begins; and each wait: in its middle, and when it is over.
    assert came_to == [2, 2, 0, 0, 1, 1, 2]


def test_nothing_happens_between_the_steps_of_one_batch() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(trio.lowlevel.checkpoint)

    # The parent's step, then two batches of ten and the parent's last: a point before each batch,
    # and one after each step. Two for each step would be 46.
    assert cancel_sweep(scenario).points == 1 + (1 + 11) + (1 + 10) + 1


def test_only_the_part_inside_of_the_scope_has_points() -> None:
    async def scenario(scope: trio.CancelScope) -> None:
        await three_steps()
        with scope:
            await trio.lowlevel.checkpoint()
        assert not trio.current_effective_deadline() < 0
        await three_steps()

    assert cancel_sweep(scenario).points == 3


def test_steps_of_system_tasks_are_no_points() -> None:
    async def scenario() -> None:
        done = trio.Event()

        async def help_out() -> None:
            await three_steps()
            done.set()

        trio.lowlevel.spawn_system_task(help_out)
        await done.wait()

    assert cancel_sweep(scenario).points == 3


def test_a_budget_of_one_shows_hidden_points() -> None:
    async def scenario() -> None:
        budget = core.checkpoint_budget()
        for _ in range(4):
            await trio.lowlevel.checkpoint_if_cancelled()
            if budget.spend():
                await budget.refill()

    assert cancel_sweep(scenario).points == 1
    assert cancel_sweep(scenario, checkpoint_budget=1).points == 9


def test_a_mock_clock_takes_no_time() -> None:
    async def scenario() -> None:
        with trio.move_on_after(60):
            await trio.sleep_forever()
        await trio.sleep(60)

    assert cancel_sweep(scenario, clock=autojump).seconds < 5


# ---------------------------------------------------------------- seeds


def order_of_tasks(seed: int) -> list[int]:
    order: list[int] = []

    async def note(number: int) -> None:
        order.append(number)

    async def scenario() -> None:
        order.clear()
        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(note, number)

    cancel_sweep(scenario, seeds=[seed], points=[])
    return order


def test_a_seed_is_an_order_of_tasks() -> None:
    assert order_of_tasks(1) == order_of_tasks(1)
    assert order_of_tasks(1) != order_of_tasks(2)
    assert sorted(order_of_tasks(3)) == list(range(8))


def test_chance_is_the_same_in_each_run_of_a_seed() -> None:
    drawn: list[float] = []

    async def steps_by_chance() -> None:
        drawn.append(random.random())
        for _ in range(random.randint(1, 20)):
            await trio.lowlevel.checkpoint()

    report = cancel_sweep(steps_by_chance, seeds=[7])
    assert report.missed == 0
    assert len(set(drawn)) == 1
    cancel_sweep(steps_by_chance, seeds=[8], points=[])
    assert len(set(drawn)) == 2


def test_chance_and_the_scheduler_are_left_as_they_were() -> None:
    from trio._core import _run

    def states() -> tuple[object, ...]:
        return random.getstate(), _run._r.getstate(), _run._ALLOW_DETERMINISTIC_SCHEDULING

    before = states()
    cancel_sweep(three_steps, seeds=[99])
    assert states() == before


def test_a_quick_sweep_has_one_seed_and_some_points(monkeypatch: pytest.MonkeyPatch) -> None:
    async def many_steps() -> None:
        for _ in range(SWEEP_POINTS):
            await trio.lowlevel.checkpoint()

    quick = cancel_sweep(many_steps)
    assert quick.seeds == SWEEP_SEEDS[:1]
    assert quick.points == 2 * SWEEP_POINTS + 1
    assert (quick.runs, quick.skipped) == (SWEEP_POINTS, SWEEP_POINTS + 1)
    assert f"{SWEEP_POINTS + 1} skipped" in str(quick)

    monkeypatch.setenv("HELIANTHUS_SWEEP", "all")
    everything = cancel_sweep(many_steps)
    assert everything.seeds == SWEEP_SEEDS
    assert everything.points == everything.runs == 3 * quick.points
    assert everything.skipped == 0
    assert "skipped" not in str(everything)


@pytest.mark.parametrize(("count", "limit"), [(7, 3), (100, 7), (101, 100), (1000, 64)])
def test_the_points_that_are_tried_are_evenly_spread(count: int, limit: int) -> None:
    chosen = spread(count, limit)
    assert len(set(chosen)) == limit
    assert chosen[0] == 0
    gaps = {after - before for before, after in pairwise([*chosen, count])}
    assert max(gaps) - min(gaps) <= 1


def test_few_points_are_all_tried() -> None:
    assert list(spread(3, 7)) == list(spread(3, None)) == [0, 1, 2]


# ---------------------------------------------------------------- single children


async def relay(finished: list[str], name: str) -> None:
    await three_steps()
    finished.append(name)


def test_single_children_are_cancelled_and_the_others_go_on() -> None:
    ends: list[list[str]] = []

    async def scenario() -> None:
        finished: list[str] = []
        async with trio.open_nursery() as nursery:
            for name in "ab":
                nursery.start_soon(relay, finished, name)
        finished.append("parent")
        ends.append(sorted(finished))

    assert cancel_sweep(scenario, children=True).points > 10
    assert ["a", "parent"] in ends
    assert ["b", "parent"] in ends
    assert all("parent" in finished for finished in ends)


def test_a_function_chooses_the_children() -> None:
    survivors: list[str] = []

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(relay, survivors, "a", name="left alone")
            nursery.start_soon(relay, [], "b", name="victim")

    report = cancel_sweep(scenario, children=lambda task: task.name == "victim")
    assert survivors == ["a"] * (report.runs + 2)


def test_a_child_that_has_not_started_is_not_alone() -> None:
    async def start_slowly(task_status: trio.TaskStatus[None]) -> None:
        await three_steps()
        task_status.started()
        await three_steps()

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(start_slowly)
            await trio.lowlevel.checkpoint()

    assert 0 < cancel_sweep(scenario, children=True).points <= 8


def test_a_function_that_fails_to_choose_is_no_secret() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(three_steps)
            nursery.start_soon(three_steps)

    with pytest.raises(CancelSweepError, match=r"children\(\) failed") as caught:
        cancel_sweep(scenario, children=lambda task: bool(1 / 0))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_function_that_chooses_nobody_is_told_who_there_is() -> None:
    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(three_steps, name="a")
            nursery.start_soon(three_steps, name="b")

    with pytest.raises(CancelSweepError, match="chose none of its tasks; there are: a, b"):
        cancel_sweep(scenario, children=lambda task: task.name == "c")
    with pytest.raises(CancelSweepError, match="there are: none"):
        cancel_sweep(three_steps, children=True)


def test_a_child_that_has_not_begun_has_a_name_and_no_place() -> None:
    async def break_at_once() -> None:
        if trio.current_effective_deadline() < 0:
            raise ValueError("broken")

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a child's, not ours
            nursery.start_soon(break_at_once)

    with pytest.raises(CancelSweepError) as caught:
        cancel_sweep(scenario, children=True)
    assert "before a step of task 'break_at_once': point 0" in caught.value.__notes__[0]


# ---------------------------------------------------------------- failures


async def breaks_when_cancelled() -> None:
    await three_steps()
    try:
        await trio.lowlevel.checkpoint()
    except trio.Cancelled:
        raise ValueError("broken") from None  # noqa: ASYNC104 - the bug


def test_a_failure_says_where_it_was_and_how_to_come_back() -> None:
    with pytest.raises(CancelSweepError, match="ValueError: broken") as caught:
        cancel_sweep(breaks_when_cancelled, seeds=[7])
    error = caught.value
    assert isinstance(error, AssertionError)
    assert isinstance(error.__cause__, ValueError)
    assert error.seed == 7
    where, again = error.__notes__
    assert re.fullmatch(
        r"cancelled (before|after) a step of task 'main' "
        r"at .*test_cancel_sweep\.py:\d+ in \w+: point \d+ of \d+, seed 7",
        where,
    )
    assert again == f"again: cancel_sweep(breaks_when_cancelled, seeds=[7], points=[{error.point}])"
    assert error.point is not None
    with pytest.raises(CancelSweepError) as repeated:
        cancel_sweep(breaks_when_cancelled, seeds=[7], points=[error.point])
    assert repeated.value.point == error.point
    others = set(range(8)) - {error.point, error.point + 1}
    assert cancel_sweep(breaks_when_cancelled, seeds=[7], points=others).runs == len(others)


def test_the_call_that_repeats_names_its_other_arguments() -> None:
    with pytest.raises(CancelSweepError) as caught:
        cancel_sweep(breaks_when_cancelled, clock=autojump, checkpoint_budget=1, check=lambda: None)
    assert "check=..., clock=..., checkpoint_budget=1)" in caught.value.__notes__[1]

    async def breaks(exception: Exception) -> None:
        raise exception

    with pytest.raises(CancelSweepError) as caught:
        cancel_sweep(partial(breaks, ValueError()))
    assert "cancel_sweep(partial(breaks, ...), seeds=[1], points=[])" in caught.value.__notes__[1]


def test_a_scenario_that_fails_without_being_cancelled_says_so() -> None:
    async def scenario() -> None:
        raise ValueError("broken")

    with pytest.raises(CancelSweepError, match="broken") as caught:
        cancel_sweep(scenario)
    assert caught.value.point is None
    assert caught.value.__notes__[0] == "without being cancelled, seed 1"


def test_a_scope_that_is_never_entered_has_no_points() -> None:
    async def scenario(scope: trio.CancelScope) -> None:
        await three_steps()

    with pytest.raises(CancelSweepError, match="it never entered the scope"):
        cancel_sweep(scenario)


def test_some_exceptions_may_come_out_of_what_is_cancelled() -> None:
    cancel_sweep(breaks_when_cancelled, may_raise=ValueError)
    cancel_sweep(breaks_when_cancelled, may_raise=(KeyError, ValueError))

    async def in_a_group() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(breaks_when_cancelled)
            nursery.start_soon(breaks_when_cancelled)

    cancel_sweep(in_a_group, may_raise=ValueError)

    async def without_an_excuse() -> None:
        raise ValueError("broken")

    with pytest.raises(CancelSweepError, match="broken"):
        cancel_sweep(without_an_excuse, may_raise=ValueError)


def test_a_point_that_never_comes_is_missed() -> None:
    report = cancel_sweep(three_steps, points=[2, 1000])
    assert (report.runs, report.missed) == (2, 1)
    assert "1 no longer came" in str(report)


def test_what_stops_the_program_is_not_kept() -> None:
    async def scenario() -> None:
        raise KeyboardInterrupt

    async def in_a_group() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(scenario)

    for stopped in (scenario, in_a_group):
        with pytest.raises(KeyboardInterrupt) as caught:
            cancel_sweep(stopped)
        assert "cancel_sweep: seed 1" in "".join(caught.value.__notes__)


# ---------------------------------------------------------------- hanging


def test_a_run_that_hangs_says_where_its_tasks_are() -> None:
    async def wait_for_nobody() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for_nobody)
            nursery.start_soon(trio.sleep_forever)

    with pytest.raises(CancelSweepError, match="it hangs") as caught:
        cancel_sweep(scenario, run_seconds=0.1)
    assert re.search(r"task 'wait_for_nobody' at .*test_cancel_sweep.py:\d+", str(caught.value))
    assert "await trio.sleep_forever()" in str(caught.value)


def test_a_run_hangs_in_real_time_whatever_its_clock_says() -> None:
    async def sleep_until_cancelled() -> None:
        try:
            await trio.sleep(3600)
        except trio.Cancelled:  # noqa: ASYNC103 - the bug
            with trio.CancelScope(shield=True):
                await trio.Event().wait()

    with pytest.raises(CancelSweepError, match="it hangs") as caught:
        cancel_sweep(sleep_until_cancelled, run_seconds=0.5, clock=autojump)
    assert caught.value.point in {0, 1}


def test_a_run_that_goes_on_whenever_it_is_cancelled_is_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def try_again_and_again() -> None:
        done = False
        while not done:
            try:
                await trio.sleep(0.001)
                done = True
            except BaseException:  # noqa: ASYNC103
                continue  # noqa: ASYNC104 - the bug

    async def scenario() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(try_again_and_again)
            await trio.lowlevel.checkpoint()

    with pytest.raises(CancelSweepError, match="goes on when it is cancelled; its tasks") as caught:
        cancel_sweep(scenario, run_seconds=0.1)
    assert re.search(r"task 'try_again_and_again' at .*test_cancel_sweep.py:\d+", str(caught.value))
    assert capsys.readouterr().err == ""


def test_code_that_blocks_is_shown_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    async def block() -> None:
        time.sleep(0.5)  # noqa: ASYNC251 (that is the bug)

    with pytest.raises(CancelSweepError, match="it hangs; its tasks are"):
        cancel_sweep(block, run_seconds=0.1)
    said = capsys.readouterr().err
    assert "a run hangs, and cancelling it did not help" in said
    assert "time.sleep(0.5)" in said


def test_the_watchdog_goes_home() -> None:
    before = set(threading.enumerate())
    cancel_sweep(three_steps)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("before", [gc.freeze, gc.unfreeze])
def test_what_was_frozen_stays_frozen_and_nothing_else(before: Callable[[], None]) -> None:
    before()
    frozen = gc.get_freeze_count()
    cancel_sweep(three_steps)
    assert bool(gc.get_freeze_count()) == bool(frozen)


# ---------------------------------------------------------------- misuse


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(cancel_sweep, three_steps, seeds=[]), "seeds must not be empty"),
        (partial(cancel_sweep, three_steps, max_points=0), "max_points must be at least 1"),
        (partial(cancel_sweep, three_steps, points=[-1]), "points begin at 0"),
        (partial(cancel_sweep, three_steps, run_seconds=0), "run_seconds must be positive"),
        (partial(cancel_sweep, three_steps, checkpoint_budget=0), "must be at least 1"),
    ],
)
def test_senseless_arguments_are_refused(
    call: Callable[[], CancelSweepReport], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call()


async def test_a_sweep_does_not_run_inside_of_a_run() -> None:
    with pytest.raises(RuntimeError, match="call it outside of one"):
        cancel_sweep(three_steps)
