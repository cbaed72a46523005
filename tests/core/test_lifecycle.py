"""Lifecycles: running, draining, stopped, and a report that tells how it went."""

from __future__ import annotations

import math
from functools import partial

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus.core import (
    DrainReport,
    Lifecycle,
    LifecycleReport,
    LifecycleState,
    Service,
    current_lifecycle,
    open_lifecycle,
    open_service,
)
from trio_helianthus.errors import ServiceDraining
from trio_helianthus.testing import cancel_sweep


def task_name(takes: float) -> str:
    return f"task of {takes} s"


async def serve(
    name: str,
    *seconds: float,
    goodbye: float = 0,
    task_status: trio.TaskStatus[Service] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve one task for each number of ``seconds`` that it takes."""

    async def work(takes: float) -> None:
        try:
            await trio.sleep(takes)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(goodbye)

    async def accept() -> None:
        for takes in seconds:
            service.start_soon(work, takes, label=partial(task_name, takes))
        task_status.started(service)
        await trio.sleep_forever()

    with open_service(name) as service:
        await service.run(accept)


async def test_a_body_that_just_ends_needs_no_drain() -> None:
    async with open_lifecycle() as lifecycle:
        before = (lifecycle.state, lifecycle.report)
    assert before == (LifecycleState.RUNNING, None)
    assert lifecycle.state is LifecycleState.STOPPED
    report = lifecycle.report
    assert report == LifecycleReport(reason=None, services=(), body_cut=False, seconds=0.0)
    assert report.exit_code == 0
    assert str(report) == "drained in 0.00 s (the program ended)"


async def test_a_drain_lets_services_finish_and_the_body_end(autojump_clock: MockClock) -> None:
    async with open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
        await nursery.start(serve, "quick", 1)
        await nursery.start(serve, "slow", 2, 3)
        lifecycle.drain("enough")
        assert lifecycle.state is LifecycleState.DRAINING
    report = lifecycle.report
    assert report is not None
    assert (report.reason, report.body_cut, report.exit_code) == ("enough", False, 0)
    assert [(service.name, service.finished) for service in report.services] == [
        ("quick", 1),
        ("slow", 2),
    ]
    assert report.seconds == pytest.approx(3)


async def test_what_is_left_at_the_deadline_is_cut(autojump_clock: MockClock) -> None:
    async with open_lifecycle(drain_timeout=5) as lifecycle, trio.open_nursery() as nursery:
        await nursery.start(serve, "echo", 1, 60)
        lifecycle.drain()
    report = lifecycle.report
    assert report is not None
    assert report.exit_code == 1
    assert not report.body_cut
    (service,) = report.services
    assert (service.finished, service.cut) == (1, ("task of 60 s",))
    assert report.seconds == pytest.approx(5)


async def test_a_body_that_does_not_end_is_cut(autojump_clock: MockClock) -> None:
    async with open_lifecycle(drain_timeout=5) as lifecycle:
        lifecycle.drain("enough")
        await trio.sleep_forever()
    assert lifecycle.report is not None
    assert lifecycle.report.body_cut
    assert lifecycle.report.exit_code == 1
    assert str(lifecycle.report) == "cut in 5.10 s (enough)\n  main: cut"


async def test_a_service_that_is_still_being_set_up_does_not_hold_the_body(
    autojump_clock: MockClock,
) -> None:
    async with open_lifecycle(drain_timeout=5) as lifecycle:
        with open_service("slow to set up"):
            lifecycle.drain()
            await trio.sleep_forever()
    assert lifecycle.report is not None
    assert lifecycle.report.body_cut
    assert lifecycle.report.services == ()


async def test_a_stuck_service_is_named(autojump_clock: MockClock) -> None:
    timeouts = {"drain_timeout": 1, "stop_timeout": 2}
    async with open_lifecycle(**timeouts) as lifecycle, trio.open_nursery() as nursery:
        service: Service = await nursery.start(serve_stuck)
        lifecycle.drain()
        await trio.sleep(2)
        assert lifecycle.still_running() == ("stuck: task of 60 s",)
    assert service.report is not None
    assert service.report.stuck == ("task of 60 s",)
    assert lifecycle.still_running() == ()


async def serve_stuck(*, task_status: trio.TaskStatus[Service]) -> None:
    await serve("stuck", 60, goodbye=30, task_status=task_status)


async def test_two_drains_share_the_earlier_deadline_and_the_first_reason(
    autojump_clock: MockClock,
) -> None:
    async with open_lifecycle(drain_timeout=60) as lifecycle, trio.open_nursery() as nursery:
        await nursery.start(serve, "echo", 100)
        lifecycle.drain("first")
        await trio.sleep(1)
        lifecycle.drain("second", timeout=2)
        lifecycle.drain("third", timeout=math.inf)
    assert lifecycle.report is not None
    assert lifecycle.report.reason == "first"
    assert lifecycle.report.seconds == pytest.approx(3)


async def test_a_cut_is_a_drain_without_time(autojump_clock: MockClock) -> None:
    async with open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
        await nursery.start(serve, "echo", 100)
        lifecycle.cut()
    assert lifecycle.report is not None
    assert lifecycle.report.reason == "told to stop at once"
    assert lifecycle.report.services[0].cut == ("task of 100 s",)
    assert lifecycle.report.seconds == pytest.approx(0)


@pytest.mark.parametrize("timeout", [-1, math.nan])
async def test_timeouts_are_numbers_of_seconds(timeout: float) -> None:
    async with open_lifecycle() as lifecycle:
        with pytest.raises(ValueError, match="timeout must be"):
            lifecycle.drain(timeout=timeout)
        assert lifecycle.state is LifecycleState.RUNNING
    for wrong in ("drain_timeout", "stop_timeout"):
        with pytest.raises(ValueError, match=wrong):
            async with open_lifecycle(**{wrong: timeout}):
                pytest.fail("it was opened")


async def test_after_its_end_a_drain_means_nothing() -> None:
    async with open_lifecycle() as lifecycle:
        pass
    lifecycle.drain()
    assert lifecycle.state is LifecycleState.STOPPED


async def test_a_body_may_wait_for_the_drain_to_begin(autojump_clock: MockClock) -> None:
    async with open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 1)
        nursery.start_soon(drain_in, 2, lifecycle)
        await lifecycle.wait_draining()
        assert trio.current_time() == pytest.approx(2)


async def drain_in(seconds: float, lifecycle: Lifecycle) -> None:
    await trio.sleep(seconds)
    lifecycle.drain()


async def test_whoever_asked_is_told_once_when_a_drain_begins() -> None:
    told = []
    async with open_lifecycle() as lifecycle:
        lifecycle.on_drain(lambda: told.append("before"))
        assert told == []
        lifecycle.drain()
        lifecycle.drain()
        lifecycle.on_drain(lambda: told.append("after"))
    assert told == ["before", "after"]


async def test_an_observer_that_raises_is_reported_and_stops_no_drain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = []
    async with open_lifecycle() as lifecycle:
        lifecycle.on_drain(lambda: 1 / 0)
        lifecycle.on_drain(lambda: told.append("the next"))
        lifecycle.drain()
        lifecycle.on_drain(lambda: 1 / 0)
    assert told == ["the next"]
    assert capsys.readouterr().err.count("ZeroDivisionError") == 2


async def test_a_run_in_a_thread_does_not_inherit_the_lifecycle() -> None:
    async def other_main() -> Lifecycle | None:
        return current_lifecycle()

    async with open_lifecycle() as lifecycle:
        assert current_lifecycle() is lifecycle
        assert await trio.to_thread.run_sync(trio.run, other_main) is None
        assert await trio.to_thread.run_sync(current_lifecycle) is None


async def test_a_lifecycle_that_drains_takes_no_new_service() -> None:
    async with open_lifecycle() as lifecycle:
        assert repr(lifecycle) == "<Lifecycle running, 0 services>"
        lifecycle.drain()
        with pytest.raises(ServiceDraining, match="late was not started"):
            await serve("late")


async def test_a_server_that_comes_too_late_is_no_failure_of_the_body() -> None:
    async def serve() -> None:
        with open_service("late") as service:
            await service.run(trio.sleep_forever)

    async with open_lifecycle() as lifecycle:
        lifecycle.drain("while it started")
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - it makes a group
            nursery.start_soon(serve)

    assert lifecycle.report is not None
    assert lifecycle.report.exit_code == 0


async def test_a_failure_beside_a_server_that_comes_too_late_comes_out() -> None:
    with pytest.RaisesGroup(ServiceDraining, ValueError):
        async with open_lifecycle() as lifecycle:
            lifecycle.drain()
            raise ExceptionGroup("", [ServiceDraining(), ValueError()])


async def test_a_service_that_ended_before_the_drain_is_not_reported(
    autojump_clock: MockClock,
) -> None:
    async with open_lifecycle() as lifecycle, trio.open_nursery() as nursery:
        service: Service = await nursery.start(serve, "short", 1)
        await service.drain()
        await wait_all_tasks_blocked()
        lifecycle.drain()
    assert lifecycle.report is not None
    assert lifecycle.report.services == ()


async def test_a_service_inherits_the_timeouts_of_its_lifecycle(autojump_clock: MockClock) -> None:
    async with open_lifecycle(drain_timeout=3), trio.open_nursery() as nursery:
        service: Service = await nursery.start(serve, "echo", 60)
        assert (await service.drain()).seconds == pytest.approx(3)


async def test_a_service_may_be_given_its_lifecycle(autojump_clock: MockClock) -> None:
    async with open_lifecycle() as outer, open_lifecycle() as inner:
        assert current_lifecycle() is inner
        with open_service("for the outer one", lifecycle=outer) as service:
            outer.drain()
            assert service.draining
            assert inner.state is LifecycleState.RUNNING


async def test_without_a_lifecycle_a_service_stands_alone() -> None:
    assert current_lifecycle() is None
    with open_service("alone") as service:
        assert not service.draining


async def test_what_the_body_raises_comes_out_as_it_is() -> None:
    own = ExceptionGroup("mine", [ValueError()])
    with pytest.RaisesGroup(ValueError) as caught:
        async with open_lifecycle() as lifecycle:
            raise own
    assert caught.value is own
    assert lifecycle.state is LifecycleState.STOPPED
    assert current_lifecycle() is None


async def test_outer_cancellation_passes_and_leaves_a_report(autojump_clock: MockClock) -> None:
    with trio.move_on_after(1) as scope:
        async with open_lifecycle() as lifecycle:
            lifecycle.drain()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert lifecycle.report is not None
    assert not lifecycle.report.body_cut


def test_the_report_reads_well() -> None:
    names = tuple(f"127.0.0.1:{5000 + number}" for number in range(12))
    report = LifecycleReport(
        reason="SIGTERM",
        services=(
            DrainReport("http", finished=3, cut=names, stuck=names[:1], seconds=2),
            DrainReport("echo", finished=1, cut=(), stuck=(), seconds=1),
        ),
        body_cut=True,
        seconds=2.345,
    )
    assert str(report).splitlines() == [
        "cut in 2.35 s (SIGTERM)",
        "  http: 3 finished, 12 cut, 1 would not stop",
        *(f"    cut: {name}" for name in names[:10]),
        "    cut: and 2 more",
        "    would not stop: 127.0.0.1:5000",
        "  echo: 1 finished, 0 cut, 0 would not stop",
        "  main: cut",
    ]


@pytest.mark.sweep
def test_every_point_of_a_lifecycle_can_be_cancelled() -> None:
    async def scenario() -> None:
        try:
            async with open_lifecycle(drain_timeout=2) as lifecycle, trio.open_nursery() as tasks:
                await tasks.start(serve, "echo", 1, 60)
                lifecycle.drain()
        finally:
            assert lifecycle.state is LifecycleState.STOPPED
            assert current_lifecycle() is None

    assert cancel_sweep(scenario, clock=lambda: MockClock(autojump_threshold=0)).points > 20
