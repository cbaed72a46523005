"""Service nurseries: services end last, whatever ends the rest."""

from __future__ import annotations

from typing import NoReturn

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus.core import open_service_nursery
from trio_helianthus.testing import cancel_sweep


class Diary:
    """What happened, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def stay(self, name: str, *, goodbye: float = 0) -> None:
        """Run until cancelled; say goodbye in ``goodbye`` seconds."""
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(goodbye)
            self.lines.append(f"{name} ended")

    async def slow_child(self, name: str) -> None:
        await self.stay(name, goodbye=5)

    async def start_and_stay(
        self, name: str, *, task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED
    ) -> None:
        task_status.started(f"{name} started")
        await self.stay(name)


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def fail(message: str) -> NoReturn:
    await trio.lowlevel.checkpoint()
    raise ValueError(message)


async def test_services_end_after_body_and_children(
    diary: Diary, autojump_clock: MockClock
) -> None:
    async def child() -> None:
        await trio.sleep(1)
        diary.lines.append("child ended")

    async with open_service_nursery() as nursery:
        nursery.start_service_soon(diary.stay, "service")
        nursery.start_soon(child)
        diary.lines.append("body ended")
    assert diary.lines == ["body ended", "child ended", "service ended"]


async def test_services_end_last_when_the_outer_scope_is_cancelled(
    diary: Diary, autojump_clock: MockClock
) -> None:
    with trio.move_on_after(1) as scope:
        async with open_service_nursery() as nursery:
            nursery.start_service_soon(diary.stay, "service soon")
            assert await nursery.start_service(diary.start_and_stay, "service") == "service started"
            nursery.start_soon(diary.slow_child, "child")
            await diary.stay("body", goodbye=2)
    assert scope.cancelled_caught
    assert diary.lines[:2] == ["body ended", "child ended"]
    assert sorted(diary.lines[2:]) == ["service ended", "service soon ended"]
    assert trio.current_time() == pytest.approx(6)


async def test_services_end_last_when_the_nursery_itself_is_cancelled(
    diary: Diary, autojump_clock: MockClock
) -> None:
    async with open_service_nursery() as nursery:
        nursery.start_service_soon(diary.stay, "service")
        nursery.start_soon(diary.slow_child, "child")
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
        await diary.stay("body")
    assert diary.lines == ["body ended", "child ended", "service ended"]


async def test_a_body_that_raises_cancels_the_children_and_then_the_services(
    diary: Diary, autojump_clock: MockClock
) -> None:
    with pytest.RaisesGroup(ValueError):
        async with open_service_nursery() as nursery:
            nursery.start_service_soon(diary.stay, "service")
            nursery.start_soon(diary.slow_child, "child")
            await wait_all_tasks_blocked()
            raise ValueError
    assert diary.lines == ["child ended", "service ended"]


async def test_a_child_that_raises_cancels_the_rest_and_then_the_services(
    diary: Diary, autojump_clock: MockClock
) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="child")):
        async with open_service_nursery() as nursery:
            nursery.start_service_soon(diary.stay, "service")
            nursery.start_soon(diary.slow_child, "other child")
            nursery.start_soon(fail, "child")
            await diary.stay("body")
    assert diary.lines == ["body ended", "other child ended", "service ended"]


async def test_a_service_that_fails_cancels_the_rest_and_the_other_services_last(
    diary: Diary, autojump_clock: MockClock
) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="service")):
        async with open_service_nursery() as nursery:
            nursery.start_service_soon(diary.stay, "other service")
            nursery.start_service_soon(fail, "service")
            nursery.start_soon(diary.slow_child, "child")
            await diary.stay("body")
    assert diary.lines == ["body ended", "child ended", "other service ended"]


async def test_exceptions_of_body_children_and_services_come_out_in_one_group() -> None:
    async def fail_at_the_end(message: str) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError(message)

    with pytest.RaisesGroup(KeyError, ValueError, ValueError):
        async with open_service_nursery() as nursery:
            nursery.start_service_soon(fail_at_the_end, "service")
            nursery.start_soon(fail_at_the_end, "child")
            await wait_all_tasks_blocked()
            raise KeyError("body")


async def test_a_service_may_end_by_itself(diary: Diary) -> None:
    async with open_service_nursery() as nursery:
        nursery.start_service_soon(trio.lowlevel.checkpoint)
        await wait_all_tasks_blocked()
        assert not nursery.child_tasks


async def test_children_may_start_children_while_the_body_is_over(
    autojump_clock: MockClock,
) -> None:
    done: list[int] = []

    async def child(depth: int) -> None:
        await trio.sleep(1)
        if depth:
            nursery.start_soon(child, depth - 1)
        done.append(depth)

    async with open_service_nursery() as nursery:
        nursery.start_soon(child, 3)
    assert done == [3, 2, 1, 0]


async def test_a_service_that_is_started_after_the_end_is_cancelled_at_once(
    diary: Diary,
) -> None:
    async def start_another() -> None:
        try:
            await trio.sleep_forever()
        finally:
            nursery.start_service_soon(diary.stay, "late service")

    async with open_service_nursery() as nursery:
        nursery.start_service_soon(start_another)
        await wait_all_tasks_blocked()
    assert diary.lines == ["late service ended"]


async def test_start_gives_the_value_and_counts_as_a_child(
    diary: Diary, autojump_clock: MockClock
) -> None:
    async def child(*, task_status: trio.TaskStatus[int]) -> None:
        task_status.started(17)
        await trio.sleep(1)
        diary.lines.append("child ended")

    async with open_service_nursery() as nursery:
        nursery.start_service_soon(diary.stay, "service")
        assert await nursery.start(child) == 17
        assert len(nursery.child_tasks) == 2
    assert diary.lines == ["child ended", "service ended"]


@pytest.mark.parametrize("kind", ["start", "start_service"])
async def test_what_fails_before_it_started_fails_its_caller(kind: str) -> None:
    async def never_ready(*, task_status: trio.TaskStatus[None]) -> None:
        await fail("not ready")

    async with open_service_nursery() as nursery:
        with pytest.raises(ValueError, match="not ready"):
            await getattr(nursery, kind)(never_ready)


@pytest.mark.parametrize("kind", ["start", "start_service"])
async def test_what_has_not_started_is_cancelled_with_its_caller(
    kind: str, diary: Diary, autojump_clock: MockClock
) -> None:
    async def never_ready(*, task_status: trio.TaskStatus[None]) -> None:
        await diary.stay("never ready")

    async with open_service_nursery() as nursery:
        with trio.move_on_after(1) as scope:
            await getattr(nursery, kind)(never_ready)
        assert scope.cancelled_caught
        assert diary.lines == ["never ready ended"]


async def test_a_service_that_starts_while_its_caller_is_cancelled_ends_with_the_caller(
    diary: Diary, autojump_clock: MockClock
) -> None:
    async def slow_start(*, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(2)
        task_status.started()
        await diary.stay("service")

    async with open_service_nursery() as nursery:
        with trio.move_on_after(1) as scope:
            await nursery.start_service(slow_start)
        assert scope.cancelled_caught
        assert diary.lines == ["service ended"]


async def test_tasks_are_named_after_their_functions(diary: Diary) -> None:
    async with open_service_nursery() as nursery:
        nursery.start_service_soon(diary.stay, "service", name="my service")
        nursery.start_soon(diary.stay, "child")
        names = {task.name for task in nursery.child_tasks}
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert "my service" in names
    assert any("Diary.stay" in name for name in names)


@pytest.mark.sweep
def test_every_point_of_a_service_nursery_can_be_cancelled() -> None:
    async def scenario() -> None:
        running = 0

        async def count(*, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
            nonlocal running
            running += 1
            try:
                await trio.lowlevel.checkpoint()
                task_status.started()
                await trio.sleep_forever()
            finally:
                running -= 1

        async def use_services() -> None:
            try:
                await trio.lowlevel.checkpoint()
            finally:
                assert running >= 2

        try:
            async with open_service_nursery() as nursery:
                nursery.start_service_soon(count)
                await nursery.start_service(count)
                nursery.start_soon(use_services)
        finally:
            assert running == 0

    assert cancel_sweep(scenario).points > 15
