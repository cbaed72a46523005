"""Every public operation of core, cancelled at each of its scheduling points."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from tests._public_operations import code_run_by, public_operations
from tests.core._pooled_things import Factory, assert_counts_add_up
from trio_helianthus import core, errors
from trio_helianthus.testing import cancel_sweep

autojump = partial(MockClock, autojump_threshold=0)

NEVER_WAIT = {
    "checkpoint_budget",
    "current_lifecycle",
    "current_trace",
    "ignore_signals",
    "next_connection_id",
    "print_report",
    "remaining_time",
    "report_error",
    "stop_signals",
}
MAKES_A_RUN_OF_ITS_OWN = {"run"}  # tests/core/test_run.py cuts it with signals


class Listener(core.Instrument):
    """Counts what began and has not ended."""

    def __init__(self) -> None:
        self.running = 0

    def operation_started(self, operation: core.Operation) -> None:
        self.running += 1

    def operation_ended(self, operation: core.Operation) -> None:
        self.running -= 1


async def stay(
    *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED, seconds: float = 2
) -> None:
    task_status.started()
    await trio.sleep(seconds)


async def tokens() -> None:
    token = core.CancelToken()
    either = core.CancelToken.any(token, core.CancelToken())

    async def wait_for_it() -> None:
        assert await either.wait() == "enough"

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_for_it)
        with core.limit(5, token.child()):
            await trio.sleep(1)
        with token.guard("enough"):
            await trio.sleep(1)
    assert not token._dependents


async def limits_that_end_it() -> None:
    token = core.CancelToken()
    with pytest.raises(errors.OperationTimeout), core.limit(1, token):
        await trio.sleep(2)
    with pytest.raises(errors.OperationCancelled), token.scope():
        token.cancel()
        await trio.sleep(2)


async def reports() -> None:
    listener = Listener()
    try:
        trace = core.TraceContext.new()
        with core.subscribe(listener), core.use_trace(trace), core.operation("test.sleep"):
            await trio.sleep(1)
    finally:
        assert listener.running == 0


async def budget() -> None:
    counts = core.checkpoint_budget()
    for _ in range(2 * core.CHECKPOINT_BUDGET):
        await trio.lowlevel.checkpoint_if_cancelled()
        if counts.spend():
            await counts.refill()


async def background_nursery() -> None:
    async with core.open_background_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        await trio.sleep(1)


async def service_nursery() -> None:
    async with core.open_service_nursery() as nursery:
        nursery.start_service_soon(trio.sleep_forever)
        await nursery.start_service(partial(stay, seconds=60))
        await nursery.start(stay)
        nursery.start_soon(trio.sleep, 1)


async def service() -> None:
    with core.open_service("test") as service:

        async def accept() -> None:
            for seconds in (1, 2, 8):
                service.start_soon(trio.sleep, seconds, label=lambda: "a task")
            await trio.sleep_forever()

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(service.run, accept)
                await trio.sleep(0.5)
                await service.wait_below(3)
                assert await service.drain(3) is service.report
        finally:
            assert service.running == 0


async def lifecycle() -> None:
    async def serve(task_status: trio.TaskStatus[None]) -> None:
        with core.open_service("test") as service:
            task_status.started()
            await service.run(trio.sleep_forever)

    async def say_goodbye(lifecycle: core.Lifecycle) -> None:
        await lifecycle.wait_draining()
        await trio.sleep(1)

    async with core.open_lifecycle(drain_timeout=2) as lifecycle, trio.open_nursery() as nursery:
        await nursery.start(serve)
        nursery.start_soon(say_goodbye, lifecycle)
        await trio.sleep(1)
        lifecycle.drain()


async def parking() -> None:
    place = core.Parking()

    async def wake_again_and_again() -> None:
        for _ in range(3):
            await trio.sleep(1)
            place.wake()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wake_again_and_again)
        try:
            await place
            await place.wait()
            await place
        finally:
            assert place.task is None


async def portal() -> None:
    futures: list[Future[None]] = []
    try:
        async with core.open_portal() as portal:
            portal.post(int)
            portal.post_delayed(1, int)
            futures.append(portal.submit(trio.sleep, 0.5))
            futures.append(portal.submit(trio.sleep_forever))
            await trio.sleep(2)
            portal.stop()
            await portal.wait_stopped()
    finally:
        assert all(future.done() for future in futures)


async def portal_for_a_thread() -> None:
    called = threading.Event()
    async with core.open_portal() as portal:
        await trio.to_thread.run_sync(portal.call, called.set)
    assert called.is_set()


async def alarm() -> None:
    went_off = trio.Event()
    alarm = core.Alarm(went_off.set)
    try:
        alarm.set(trio.current_time() + 60)
        await trio.sleep(1)
        alarm.set(trio.current_time() + 1)
        await went_off.wait()
    finally:
        alarm.close()


async def lending() -> None:
    factory = Factory(2, opening_seconds=lambda: 0.5, closing_seconds=lambda: 0.5)
    limits = core.PoolLimits(max_size=2, min_size=1)

    async def borrow() -> None:
        async with pool.acquire():
            await trio.sleep(1)

    try:
        async with core.open_pool(factory.open, factory.close, limits=limits) as pool:
            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(borrow)
            pool.discard(await pool.acquire())
            await pool.drain()
    finally:
        assert factory.here == assert_counts_add_up(pool).size == 0


async def retries() -> None:
    failures = [OSError(), OSError()]

    async def fail_at_first() -> None:
        await trio.sleep(1)
        if failures:
            raise failures.pop()

    budget = core.RetryBudget()
    await core.retry(fail_at_first, on=OSError, budget=budget, timeout=60)


async def rate_limiter() -> None:
    limiter = core.RateLimiter(1, burst=2)
    async with trio.open_nursery() as nursery:
        try:
            for number in (2, 1, 2):
                nursery.start_soon(limiter.acquire, number)
            await limiter.acquire()
        finally:
            nursery.cancel_scope.cancel()
    assert limiter.waiting == 0


async def broadcast() -> None:
    broadcast = core.Broadcast[int]()
    logs: list[list[int]] = [[] for _ in range(2 * core.SINKS_PER_TURN)]
    for log in logs:
        broadcast.attach(log.append)

    async def listen() -> None:
        async with broadcast.subscribe() as subscription:
            assert await subscription.receive(timeout=60) in {1, 2, 3}
            async for item in subscription:
                assert item in {1, 2, 3}

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            nursery.start_soon(broadcast.publish, 1)
            await broadcast.publish(2)
            await trio.sleep(1)
            await broadcast.publish(3)
            await trio.sleep(1)
            broadcast.close()
    finally:
        assert all(log == logs[0] for log in logs)
        assert broadcast.statistics().subscriptions == 0
        assert not broadcast._line


async def hear_signals() -> None:
    with core.open_signals("SIGHUP", "SIGBREAK") as signals:
        for _ in range(3):
            with trio.move_on_after(1):
                await anext(signals)


SCENARIOS: list[Callable[[], Awaitable[object]]] = [
    tokens,
    limits_that_end_it,
    reports,
    budget,
    background_nursery,
    service_nursery,
    service,
    lifecycle,
    parking,
    portal,
    alarm,
    lending,
    retries,
    rate_limiter,
    broadcast,
    hear_signals,
]
IN_REAL_TIME = [portal_for_a_thread]


@pytest.mark.sweep
@pytest.mark.parametrize("budget", [core.CHECKPOINT_BUDGET, 1])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_it_may_be_cancelled_anywhere(
    scenario: Callable[[], Awaitable[object]], budget: int
) -> None:
    report = cancel_sweep(scenario, clock=autojump, checkpoint_budget=budget)
    assert report.points >= 3 * len(report.seeds)
    assert report.missed == 0


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", IN_REAL_TIME)
def test_it_may_be_cancelled_anywhere_in_real_time(
    scenario: Callable[[], Awaitable[object]],
) -> None:
    assert cancel_sweep(scenario).points > 3


def may_end_early(task: trio.lowlevel.Task) -> bool:
    return task.name.endswith(("sleep", "sleep_forever", "say_goodbye"))


@pytest.mark.sweep
@pytest.mark.parametrize("scenario", [background_nursery, service_nursery, service, lifecycle])
def test_each_of_its_tasks_may_be_cancelled_alone(
    scenario: Callable[[], Awaitable[object]],
) -> None:
    cancel_sweep(scenario, clock=autojump, children=may_end_early)


def test_every_public_operation_is_in_a_scenario() -> None:
    run = set()
    for scenario in SCENARIOS:
        run |= code_run_by(partial(cancel_sweep, scenario, clock=autojump, points=[]))
    offered = public_operations(core)
    missing = {name for name, code in offered.items() if code not in run}
    assert missing <= NEVER_WAIT | MAKES_A_RUN_OF_ITS_OWN
