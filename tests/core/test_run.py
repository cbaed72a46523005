"""``run``: exit codes, reports, and signals handled for as long as the program runs."""

from __future__ import annotations

import signal
import threading

import pytest
import trio
from trio.testing import MockClock

from trio_helianthus.core import LifecycleReport, current_lifecycle, run, stop_signals


async def end() -> None:
    await trio.lowlevel.checkpoint()


async def drain_itself(reason: str) -> None:
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    lifecycle.drain(reason)


async def drain_and_stay() -> None:
    await drain_itself("stay")
    await trio.sleep_forever()


async def raise_signal_and_wait(signum: int) -> None:
    lifecycle = current_lifecycle()
    assert lifecycle is not None
    signal.raise_signal(signum)
    await lifecycle.wait_draining()


def test_a_program_that_ends_by_itself_exits_with_0_and_prints_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(end) == 0
    assert capsys.readouterr() == ("", "")


def test_a_program_that_was_drained_prints_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(drain_itself, "enough") == 0
    assert capsys.readouterr().err.startswith("drained in 0.00 s (enough)")


def test_a_program_that_was_cut_exits_with_1() -> None:
    reports: list[LifecycleReport] = []
    clock = MockClock(autojump_threshold=0)
    assert run(drain_and_stay, drain_timeout=60, on_report=reports.append, clock=clock) == 1
    assert [report.body_cut for report in reports] == [True]


@pytest.mark.parametrize("error", [KeyError("mine"), SystemExit(7), KeyboardInterrupt()], ids=repr)
def test_what_the_program_raises_comes_out_as_it_is(error: BaseException) -> None:
    async def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run(fail)
    assert caught.value is error


@pytest.mark.parametrize("signum", stop_signals())
def test_each_stop_signal_drains(signum: signal.Signals) -> None:
    reports: list[LifecycleReport] = []
    assert run(raise_signal_and_wait, signum, on_report=reports.append) == 0
    assert [report.reason for report in reports] == [signum.name]


@pytest.mark.parametrize("fails", [False, True])
def test_the_previous_handlers_come_back(fails: bool) -> None:
    def mine(signum: int, frame: object) -> None:
        raise AssertionError("it was not called")

    async def main() -> None:
        assert signal.getsignal(signum) is not mine
        if fails:
            raise ValueError

    for signum in stop_signals():
        before = signal.signal(signum, mine)
        try:
            if fails:
                with pytest.raises(ValueError):
                    run(main)
            else:
                run(main)
            assert signal.getsignal(signum) is mine
        finally:
            signal.signal(signum, before)


def test_no_watchdog_stays_behind() -> None:
    assert run(end) == 0
    assert run(drain_itself, "once more", on_report=lambda report: None) == 0
    for thread in threading.enumerate():
        if thread.name == "trio_helianthus watchdog":
            thread.join(1)
            assert not thread.is_alive()


def test_it_runs_in_any_thread_without_signals() -> None:
    before = {signum: signal.getsignal(signum) for signum in stop_signals()}
    codes = []

    async def main() -> None:
        assert {signum: signal.getsignal(signum) for signum in stop_signals()} == before
        await drain_itself("from inside")

    def target() -> None:
        codes.append(run(main, on_report=lambda report: None))

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    assert codes == [0]


def test_a_program_that_fails_while_it_drains_still_reports(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def drain_and_fail() -> None:
        await drain_itself("failing")
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        run(drain_and_fail)
    assert "(failing)" in capsys.readouterr().err
