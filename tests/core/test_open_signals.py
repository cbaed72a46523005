"""``open_signals``: signals beside those that stop a program, where there are any."""

from __future__ import annotations

import signal
import sys

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus.core import open_signals


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
async def test_signals_come_by_name() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with open_signals("SIGHUP", "SIGUSR1") as signals:
        signal.raise_signal(signal.SIGUSR1)
        assert await anext(signals) == "SIGUSR1"
        signal.raise_signal(signal.SIGHUP)
        assert await anext(signals) == "SIGHUP"
    assert signal.getsignal(signal.SIGHUP) is before


async def test_one_that_the_system_does_not_have_never_comes(
    autojump_clock: trio.abc.Clock,
) -> None:
    with open_signals("SIGNOTHING") as signals, trio.move_on_after(60) as scope:
        await anext(signals)
    assert scope.cancelled_caught


async def test_another_thread_gets_none() -> None:
    async def listen() -> bool:
        with open_signals("SIGINT") as signals, trio.move_on_after(0.01) as scope:
            await anext(signals)
        return scope.cancelled_caught

    assert await trio.to_thread.run_sync(trio.run, listen)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
async def test_waiting_for_one_can_be_cancelled(nursery: trio.Nursery) -> None:
    async def listen() -> None:
        with open_signals("SIGHUP") as signals:
            async for _ in signals:
                pass

    nursery.start_soon(listen)
    await wait_all_tasks_blocked()
    nursery.cancel_scope.cancel()
