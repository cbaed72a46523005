"""The checkpoint budget: quick operations never keep other tasks waiting for longer than it."""

from __future__ import annotations

import threading

import pytest
import trio

from trio_helianthus.core import CHECKPOINT_BUDGET, CheckpointBudget, checkpoint_budget


async def succeed_at_once(budget: CheckpointBudget) -> None:
    """What streams do when an operation need not wait."""
    await trio.lowlevel.checkpoint_if_cancelled()
    if budget.spend():
        await budget.refill()


async def test_a_run_has_one_budget() -> None:
    assert checkpoint_budget() is checkpoint_budget()
    assert checkpoint_budget().limit == CHECKPOINT_BUDGET


def test_two_runs_have_two_budgets() -> None:
    async def main() -> CheckpointBudget:
        return checkpoint_budget()

    budgets = []
    threads = [threading.Thread(target=lambda: budgets.append(trio.run(main))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budgets[0] is not budgets[1]


class LongestStep(trio.abc.Instrument):
    """Counts operations between two schedule points."""

    def __init__(self) -> None:
        self.longest = self.in_a_row = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.in_a_row = 0

    def count(self) -> None:
        self.in_a_row += 1
        self.longest = max(self.longest, self.in_a_row)


@pytest.mark.parametrize("tasks", [1, 3])
@pytest.mark.parametrize("limit", [1, 5, CHECKPOINT_BUDGET])
async def test_nothing_runs_longer_than_the_budget(tasks: int, limit: int) -> None:
    checkpoint_budget().limit = limit
    steps = LongestStep()

    async def hurry() -> None:
        for _ in range(100):
            steps.count()
            await succeed_at_once(checkpoint_budget())

    trio.lowlevel.add_instrument(steps)
    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(hurry)
    trio.lowlevel.remove_instrument(steps)
    assert steps.longest == limit


async def test_one_schedule_point_is_enough_for_all_tasks() -> None:
    class Refills(CheckpointBudget):
        count = 0

        async def refill(self) -> None:
            self.count += 1
            await super().refill()

    refills = Refills(5)
    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(succeed_at_once, refills)
    assert refills.count == 50 / 5


async def test_with_a_budget_of_1_every_operation_is_a_full_checkpoint() -> None:
    budget = checkpoint_budget()
    budget.spend()
    budget.limit = 1
    for _ in range(3):
        with trio.testing.assert_checkpoints():
            await succeed_at_once(budget)


async def test_each_operation_delivers_cancellation() -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await succeed_at_once(checkpoint_budget())
        pytest.fail("cancellation was not delivered")
    assert scope.cancelled_caught


async def test_an_operation_that_has_happened_is_not_cancelled() -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await CheckpointBudget(1).refill()
    assert not scope.cancelled_caught


def test_waiting_starts_the_count_again() -> None:
    budget = CheckpointBudget(3)
    assert [budget.spend(), budget.spend()] == [False, False]
    budget.reset()
    assert [budget.spend(), budget.spend(), budget.spend()] == [False, False, True]
