"""Signals beside those that stop a program, where there are any: heard, and ignored."""

from __future__ import annotations

import signal
import sys

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from trio_helianthus.core import ignore_signals, open_signals


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
async def test_what_is_ignored_does_no_harm_and_can_still_be_heard() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with ignore_signals("SIGHUP", "SIGNOTHING"):
        signal.raise_signal(signal.SIGHUP)
        with open_signals("SIGHUP") as signals:
            signal.raise_signal(signal.SIGHUP)
            assert await anext(signals) == "SIGHUP"
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
def test_what_nohup_ignores_stays_ignored_for_all_that_is_started() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ignore_signals("SIGHUP"):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_in_another_thread_nothing_is_ignored() -> None:
    def ignore() -> None:
        with ignore_signals("SIGINT"):
            pass

    await trio.to_thread.run_sync(ignore)
