"""Services: what runs is finished, cut, or stuck, and the report says which."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_helianthus.core import DrainReport, Service
from trio_helianthus.errors import ServiceDraining
from trio_helianthus.testing import cancel_sweep


def start(
    service: Service, name: str, async_fn: Callable[..., Awaitable[object]], *args: object
) -> None:
    service.start_soon(async_fn, *args, label=lambda: name)


async def linger_when_cancelled(seconds: float) -> None:
    try:
        await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(seconds)


@pytest.fixture
async def service(nursery: trio.Nursery) -> Service:
    """A service that runs and accepts for ever."""
    service = Service("echo", drain_timeout=10, stop_timeout=2)
    nursery.start_soon(service.run, trio.sleep_forever)
    await wait_all_tasks_blocked()
    return service


async def test_an_idle_service_drains_at_once(service: Service, autojump_clock: MockClock) -> None:
    assert (service.running, service.draining, service.report) == (0, False, None)
    report = await service.drain()
    assert report == DrainReport("echo", finished=0, cut=(), stuck=(), seconds=0)
    assert report.clean
    assert service.report is report
    assert service.draining


async def test_what_runs_may_finish(service: Service, autojump_clock: MockClock) -> None:
    start(service, "one", trio.sleep, 3)
    start(service, "other", trio.sleep, 4)
    assert (service.running, service.started) == (2, 2)
    assert service.still_running() == ("one", "other")
    report = await service.drain()
    assert report == DrainReport("echo", finished=2, cut=(), stuck=(), seconds=4)
    assert (service.running, service.started) == (0, 2)


async def test_what_does_not_finish_in_time_is_cut(
    service: Service, autojump_clock: MockClock
) -> None:
    start(service, "quick", trio.sleep, 3)
    start(service, "slow", trio.sleep, 30)
    report = await service.drain(5)
    assert report == DrainReport("echo", finished=1, cut=("slow",), stuck=(), seconds=5)
    assert not report.clean


async def test_what_was_cut_may_clean_up(service: Service, autojump_clock: MockClock) -> None:
    start(service, "tidy", linger_when_cancelled, 1.5)
    report = await service.drain(0)
    assert report == DrainReport("echo", finished=0, cut=("tidy",), stuck=(), seconds=1.5)


async def test_what_does_not_even_end_then_is_stuck(
    service: Service, autojump_clock: MockClock
) -> None:
    start(service, "stuck", linger_when_cancelled, 60)
    start(service, "cut", linger_when_cancelled, 1)
    report = await service.drain(3)
    assert set(report.cut) == {"stuck", "cut"}
    assert report.stuck == ("stuck",)
    assert report.seconds == pytest.approx(5)


async def test_labels_are_asked_when_they_are_needed(
    service: Service, autojump_clock: MockClock
) -> None:
    busy_with = "GET /"
    service.start_soon(trio.sleep_forever, label=lambda: busy_with)
    busy_with = "GET /slow"
    assert (await service.drain(1)).cut == ("GET /slow",)


async def test_draining_refuses_new_work(service: Service, autojump_clock: MockClock) -> None:
    start(service, "running", trio.sleep, 3)
    service.begin_drain(5)
    with pytest.raises(ServiceDraining, match="echo takes no new work"):
        start(service, "too late", trio.sleep, 1)
    assert (await service.drain()).finished == 1


async def test_a_service_that_does_not_run_takes_no_work() -> None:
    with pytest.raises(ServiceDraining):
        start(Service("not running"), "too early", trio.sleep, 1)


async def test_two_drains_share_the_earlier_deadline(
    service: Service, autojump_clock: MockClock
) -> None:
    start(service, "slow", trio.sleep, 30)
    reports = []

    async def drain(timeout: float) -> None:
        reports.append(await service.drain(timeout))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(drain, 20)
        await trio.sleep(1)
        nursery.start_soon(drain, 2)
        nursery.start_soon(drain, math.inf)
    assert len(reports) == 3
    assert reports[0] is reports[1] is reports[2]
    assert reports[0].seconds == pytest.approx(3)
    assert await service.drain() is reports[0]


async def test_a_drain_may_wait_for_ever(service: Service, autojump_clock: MockClock) -> None:
    start(service, "very slow", trio.sleep, 1_000_000)
    assert (await service.drain(math.inf)).clean


async def test_a_drain_whose_caller_is_cancelled_goes_on(
    service: Service, autojump_clock: MockClock
) -> None:
    start(service, "slow", trio.sleep, 5)
    with trio.move_on_after(1):
        await service.drain()
    assert service.draining
    assert service.running == 1
    assert (await service.drain()).clean


@pytest.mark.parametrize("timeout", [-1, math.nan])
async def test_a_timeout_is_a_number_of_seconds(
    service: Service, timeout: float, autojump_clock: MockClock
) -> None:
    with pytest.raises(ValueError, match="timeout must be"):
        await service.drain(timeout)
    assert not service.draining
    for wrong in ("drain_timeout", "stop_timeout"):
        with pytest.raises(ValueError, match=wrong):
            Service("wrong", **{wrong: timeout})


async def test_whoever_asked_is_told_when_a_drain_begins(
    service: Service, autojump_clock: MockClock
) -> None:
    told = []
    service.on_drain(lambda: told.append("before"))
    assert told == []
    service.begin_drain(5)
    service.begin_drain(5)
    service.on_drain(lambda: told.append("after"))
    assert told == ["before", "after"]
    await service.drain()


async def test_what_has_come_before_a_drain_is_still_taken_in(autojump_clock: MockClock) -> None:
    service = Service("last")
    service.before_drain(lambda: start(service, "the last one", trio.sleep, 3))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(service.run, trio.sleep_forever)
        await wait_all_tasks_blocked()
        report = await service.drain(5)
    assert (report.finished, report.cut) == (1, ())


async def test_a_callback_that_raises_is_reported_and_stops_no_drain(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = []
    service = Service("told")
    service.on_drain(lambda: 1 / 0)
    service.on_drain(lambda: told.append("the next"))
    service.begin_drain(5)
    service.on_drain(lambda: 1 / 0)
    assert told == ["the next"]
    assert capsys.readouterr().err.count("ZeroDivisionError") == 2


async def test_a_drain_may_begin_before_the_service_runs(autojump_clock: MockClock) -> None:
    service = Service("early")
    service.begin_drain(5)
    await service.run(trio.sleep_forever)
    assert service.report == DrainReport("early", finished=0, cut=(), stuck=(), seconds=0)


async def test_an_accept_loop_that_ends_lets_the_tasks_finish(autojump_clock: MockClock) -> None:
    service = Service("batch")

    async def accept_one() -> None:
        start(service, "only one", trio.sleep, 3)

    await service.run(accept_one)
    assert trio.current_time() == pytest.approx(3)
    assert service.report is not None
    assert service.report.clean


async def test_an_accept_loop_that_fails_cuts_the_tasks(autojump_clock: MockClock) -> None:
    service = Service("broken")

    async def accept_and_fail() -> None:
        start(service, "running", trio.sleep_forever)
        await trio.sleep(1)
        raise OSError("the listener is gone")

    with pytest.raises(OSError, match="the listener is gone"):
        await service.run(accept_and_fail)
    assert service.report is not None
    assert service.report.cut == ("running",)
    assert await service.drain() is service.report


@pytest.mark.parametrize("attempt", range(5))  # the tasks end in an order of trio's choice
async def test_cancelling_the_service_from_outside_cuts_everything(
    attempt: int, autojump_clock: MockClock
) -> None:
    service = Service("echo")

    async def accept() -> None:
        for name in ["one", "two", "three"]:
            start(service, name, trio.sleep_forever)
        start(service, "tidy", linger_when_cancelled, 1)
        await trio.sleep_forever()

    with trio.move_on_after(3) as scope:
        await service.run(accept)
    assert scope.cancelled_caught
    assert service.report is not None
    assert sorted(service.report.cut) == ["one", "three", "tidy", "two"]
    assert (service.report.finished, service.report.stuck) == (0, ())
    assert service.report.seconds == pytest.approx(1)


async def test_cancelling_a_drain_from_outside_cuts_what_is_left(
    autojump_clock: MockClock,
) -> None:
    service = Service("echo")

    async def accept() -> None:
        start(service, "quick", trio.sleep, 1)
        start(service, "slow", trio.sleep_forever)
        service.begin_drain(60)
        await trio.lowlevel.checkpoint()

    with trio.move_on_after(3):
        await service.run(accept)
    assert service.report == DrainReport("echo", finished=1, cut=("slow",), stuck=(), seconds=3)


async def test_a_task_that_fails_is_reported_and_fails_alone(
    service: Service, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError("a bug")

    start(service, "faulty", fail)
    start(service, "good", trio.sleep, 1)
    report = await service.drain()
    assert report.finished == 2
    printed = capsys.readouterr().err
    assert printed.startswith("unhandled error in echo, faulty:\nTraceback")
    assert printed.endswith("ValueError: a bug\n")


async def test_a_task_that_fails_while_it_is_cut_does_not_break_the_service(
    service: Service, autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail_in_one_of_two_parts() -> None:
        async def fail_when_cancelled() -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("cleanup failed")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled)
            nursery.start_soon(trio.sleep_forever)

    start(service, "faulty", fail_in_one_of_two_parts)
    await wait_all_tasks_blocked()
    report = await service.drain(1)
    assert report.cut == ("faulty",)
    assert "ValueError: cleanup failed" in capsys.readouterr().err


async def test_an_interrupt_in_a_task_ends_the_service(autojump_clock: MockClock) -> None:
    service = Service("interrupted")

    async def interrupt() -> None:
        raise KeyboardInterrupt

    async def accept() -> None:
        start(service, "other", trio.sleep_forever)
        start(service, "interrupted", interrupt)
        await trio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        await service.run(accept)
    assert service.report is not None


async def test_wait_below_waits_for_room(service: Service, autojump_clock: MockClock) -> None:
    await service.wait_below(1)
    for seconds in (1, 2, 3):
        start(service, "task", trio.sleep, seconds)
    await service.wait_below(3)
    assert trio.current_time() == pytest.approx(1)
    await service.wait_below(1)
    assert trio.current_time() == pytest.approx(3)


@pytest.mark.sweep
def test_every_point_of_a_service_can_be_cancelled() -> None:
    async def scenario() -> None:
        service = Service("echo", stop_timeout=1)

        async def accept() -> None:
            for seconds in (1, 2, 8):
                start(service, "task", trio.sleep, seconds)
            await trio.sleep_forever()

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(service.run, accept)
                await trio.sleep(0.5)
                assert await service.drain(3) is service.report
        finally:
            assert service.running == 0
            if service.started:
                assert service.report is not None
                assert not service.report.stuck

    assert cancel_sweep(scenario, clock=lambda: MockClock(autojump_threshold=0)).points > 20
