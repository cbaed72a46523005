"""trio's own checks of streams, and the promise of fairness."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
import trio
import trio.testing

from trio_helianthus import core, net

pytestmark = pytest.mark.usefixtures("each_way_of_waiting")

MakeTCPPair: TypeAlias = Callable[..., Awaitable[tuple[net.TCPStream, net.TCPStream]]]
MakeTLSPair: TypeAlias = Callable[..., Awaitable[tuple[net.TLSStream, net.TLSStream]]]


async def test_a_tcp_stream_is_a_half_closeable_stream(
    make_tcp_pair: MakeTCPPair, make_clogged_tcp_pair: MakeTCPPair
) -> None:
    core.checkpoint_budget().limit = 1
    await trio.testing.check_half_closeable_stream(make_tcp_pair, make_clogged_tcp_pair)


async def test_a_tls_stream_is_a_stream(
    make_tls_pair: MakeTLSPair, make_clogged_tls_pair: MakeTLSPair
) -> None:
    core.checkpoint_budget().limit = 1
    await trio.testing.check_two_way_stream(make_tls_pair, make_clogged_tls_pair)


class CountBetweenSteps(trio.abc.Instrument):
    """Counts how often a task notes something without another task's having run."""

    def __init__(self) -> None:
        self.now = 0
        self.longest = 0

    def note(self) -> None:
        self.now += 1
        self.longest = max(self.longest, self.now)

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.now = 0


async def test_nothing_runs_longer_than_the_budget(make_tcp_pair: MakeTCPPair) -> None:
    count = CountBetweenSteps()
    trio.lowlevel.add_instrument(count)
    one, other = await make_tcp_pair()
    async with one, other:
        for _ in range(100):
            await one.send_all(b"x" * 10)
            count.note()
        assert 2 <= count.longest <= core.CHECKPOINT_BUDGET
        count.longest = 0
        for _ in range(100):
            assert await other.receive_some(5) == b"xxxxx"
            count.note()
        assert 2 <= count.longest <= core.CHECKPOINT_BUDGET
        count.longest = 0
        for _ in range(100):
            assert await other.receive_exactly(2) == b"xx"
            count.note()
            await one.send_all(b"y")
            count.note()
        assert 2 <= count.longest <= core.CHECKPOINT_BUDGET


async def test_nothing_runs_longer_than_the_budget_over_tls(make_tls_pair: MakeTLSPair) -> None:
    count = CountBetweenSteps()
    trio.lowlevel.add_instrument(count)
    one, other = await make_tls_pair()
    async with one, other:
        for _ in range(100):
            await one.send_all(b"x" * 10)
            count.note()
        assert 2 <= count.longest <= core.CHECKPOINT_BUDGET
        count.longest = 0
        for _ in range(200):
            assert await other.receive_some(5) == b"xxxxx"
            count.note()
        assert 2 <= count.longest <= core.CHECKPOINT_BUDGET


async def test_one_long_send_lets_others_run_and_can_be_cancelled(
    make_tcp_pair: MakeTCPPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await make_tcp_pair()
    sends = 0

    def send_one_byte(buffers: list[memoryview]) -> int:
        nonlocal sends
        sends += 1
        return 1

    monkeypatch.setattr(one, "_send_now", send_one_byte)
    async with one, other:
        with trio.CancelScope() as scope:

            async def cancel() -> None:
                scope.cancel()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel)
                await one.send_all(bytes(1000))
        assert sends <= 2 * core.CHECKPOINT_BUDGET  # the other task may come second


async def test_a_connection_that_always_has_data_does_not_starve_others(
    make_tcp_pair: MakeTCPPair,
) -> None:
    one, other = await make_tcp_pair()
    async with one, other, trio.open_nursery() as nursery:

        async def flood() -> None:
            while True:
                await one.send_all(b"x" * 1000)

        async def drink() -> None:
            while True:
                await other.receive_some(1000)

        nursery.start_soon(flood)
        nursery.start_soon(drink)
        for _ in range(20):
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
