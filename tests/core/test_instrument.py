"""The instrument seam: what operations report, to whom, and what it costs to be silent."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from trio_helianthus.core import (
    SEAM,
    CancelToken,
    Instrument,
    Operation,
    Outcome,
    TraceContext,
    limit,
    next_connection_id,
    operation,
    report_error,
    subscribe,
    use_trace,
)
from trio_helianthus.errors import (
    ConnectionRefused,
    ErrorCode,
    OperationCancelled,
    OperationTimeout,
)


class Recorder(Instrument):
    def __init__(self) -> None:
        self.started: list[Operation] = []
        self.ended: list[Operation] = []
        self.errors: list[BaseException | None] = []

    def operation_started(self, operation: Operation) -> None:
        assert operation.outcome is None
        self.started.append(operation)

    def operation_ended(self, operation: Operation) -> None:
        self.ended.append(operation)
        self.errors.append(operation.error)


class Visible(Instrument):
    def __init__(self) -> None:
        self.reported: list[tuple[BaseException, str]] = []

    def error_reported(self, error: BaseException, where: str) -> bool:
        self.reported.append((error, where))
        return True


class Broken(Instrument):
    def operation_started(self, operation: Operation) -> None:
        raise RuntimeError("broken at the start")

    def operation_ended(self, operation: Operation) -> None:
        raise RuntimeError("broken at the end")

    def error_reported(self, error: BaseException, where: str) -> bool:
        raise RuntimeError("broken at an error")

    def __repr__(self) -> str:
        return "<broken>"


class BrokenAtTheEnd(Broken):
    def operation_started(self, operation: Operation) -> None:
        pass


def test_with_nobody_listening_an_operation_is_nothing() -> None:
    assert SEAM.instrument is None
    assert operation("a") is operation("b")
    with operation("a") as report:
        assert report is None


def test_an_operation_is_reported_at_both_ends() -> None:
    with subscribe(recorder := Recorder()):
        before = recorder.started.copy()
        with operation("net.tcp.connect", connection_id=7, peer="peer", tries=2) as report:
            assert before == []
            assert report is not None
            assert recorder.started == [report]
            assert recorder.ended == []
            running_for = report.seconds
            report.bytes_sent = 10
    assert recorder.ended == [report]
    assert (report.name, report.connection_id, report.peer) == ("net.tcp.connect", 7, "peer")
    assert report.attributes == {"tries": 2}
    assert (report.outcome, report.error, report.error_code) == (Outcome.OK, None, None)
    assert report.ended is not None
    assert 0 <= running_for <= report.seconds == report.ended - report.started


def test_operations_know_their_parents() -> None:
    with subscribe(recorder := Recorder()):
        with operation("outer"):
            with operation("first"):
                pass
            with operation("second"):
                pass
        with operation("after"):
            pass
    outer, first, second, after = recorder.started
    assert outer.parent_id is None
    assert (first.parent_id, second.parent_id) == (outer.id, outer.id)
    assert after.parent_id is None
    assert len({report.id for report in recorder.started}) == 4


async def test_tasks_that_an_operation_starts_have_it_as_their_parent() -> None:
    async def child() -> None:
        with operation("child"):
            await trio.lowlevel.checkpoint()

    with subscribe(recorder := Recorder()):
        async with trio.open_nursery() as nursery:
            with operation("parent"):
                nursery.start_soon(child)
            nursery.start_soon(child)
    parent, *children = recorder.started
    assert {child.parent_id for child in children} == {parent.id, None}


def test_connection_ids_are_unique() -> None:
    assert next_connection_id() < next_connection_id()


def test_an_operation_belongs_to_the_current_trace() -> None:
    trace = TraceContext.new()
    with subscribe(recorder := Recorder()), use_trace(trace), operation("traced"):
        pass
    assert recorder.ended[0].trace is trace


# ---------------------------------------------------------------- outcomes


def ended_with(error: BaseException) -> Operation:
    with subscribe(recorder := Recorder()), pytest.raises(type(error)), operation("failing"):
        raise error
    assert recorder.errors == [error]
    assert recorder.ended[0].error is None, "it would keep the frames that it came through"
    return recorder.ended[0]


def test_an_error_is_told_with_its_code() -> None:
    report = ended_with(ConnectionRefused("refused"))
    assert (report.outcome, report.error_code) == (Outcome.ERROR, ErrorCode.REFUSED)
    report = ended_with(ValueError())
    assert (report.outcome, report.error_code) == (Outcome.ERROR, None)


def test_the_limits_have_outcomes_of_their_own() -> None:
    assert ended_with(OperationTimeout(seconds=1)).outcome is Outcome.TIMEOUT
    assert ended_with(OperationCancelled(reason="enough")).outcome is Outcome.CANCELLED


async def test_outer_cancellation_is_told_as_such(autojump_clock: MockClock) -> None:
    with subscribe(recorder := Recorder()):
        with trio.move_on_after(1), operation("cancelled"):
            await trio.sleep_forever()
        with pytest.raises(OperationTimeout), operation("timed out"), limit(1, CancelToken()):
            await trio.sleep_forever()
    assert [report.outcome for report in recorder.ended] == [Outcome.CANCELLED, Outcome.TIMEOUT]


# ---------------------------------------------------------------- listeners


def test_everybody_hears_everything() -> None:
    with subscribe(one := Recorder()):
        with subscribe(other := Recorder()), operation("both"):
            pass
        with operation("one"):
            pass
    with operation("none"):
        pass
    assert [report.name for report in one.ended] == ["both", "one"]
    assert [report.name for report in other.ended] == ["both"]
    assert SEAM.instrument is None


def test_who_comes_in_the_middle_hears_the_end_of_what_was_heard() -> None:
    with subscribe(Recorder()), operation("already running"):
        subscription = subscribe(late := Recorder())
        subscription.__enter__()
    assert [report.name for report in late.ended] == ["already running"]
    subscription.__exit__(None, None, None)


def test_who_leaves_in_the_middle_hears_no_more() -> None:
    with subscribe(recorder := Recorder()):
        report = operation("running")
        report.__enter__()
    report.__exit__(None, None, None)
    assert recorder.ended == []
    with subscribe(recorder):
        report = operation("not begun")
    with report:
        pass
    assert [started.name for started in recorder.started] == ["running"]


@pytest.mark.parametrize("broken", [Broken(), BrokenAtTheEnd()], ids=["start", "end"])
def test_an_instrument_that_raises_is_dropped_and_printed(
    broken: Instrument, capsys: pytest.CaptureFixture[str]
) -> None:
    with subscribe(before := Recorder()), subscribe(broken), subscribe(after := Recorder()):
        for name in ["first", "second"]:
            with operation(name):
                pass
    printed = capsys.readouterr().err
    assert printed.count("RuntimeError: broken at the") == 1
    assert "instrument <broken>, now unsubscribed" in printed
    for recorder in (before, after):
        assert [report.name for report in recorder.ended] == ["first", "second"]


def test_the_last_instrument_that_is_dropped_leaves_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with subscribe(Broken()), operation("heard"):
        assert SEAM.instrument is None
    assert "Traceback" in capsys.readouterr().err


def test_an_instrument_that_subscribed_twice_leaves_twice() -> None:
    recorder = Recorder()
    with subscribe(recorder):
        with subscribe(recorder):
            pass
        with operation("once"):
            pass
    assert [ended.name for ended in recorder.ended] == ["once"]


def test_an_instrument_hears_what_it_cares_for() -> None:
    with subscribe(Instrument()), operation("ignored"):
        pass


# ---------------------------------------------------------------- errors that nobody caught


def test_an_error_that_nobody_hears_of_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("the cause")
    except ValueError as exc:
        report_error(exc, where="handler of 127.0.0.1:5000")
    printed = capsys.readouterr().err
    assert printed.startswith("unhandled error in handler of 127.0.0.1:5000:\nTraceback")
    assert printed.endswith("ValueError: the cause\n")


def test_an_instrument_that_does_not_show_errors_leaves_them_to_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with subscribe(Recorder()):
        report_error(ValueError("shown"), where="here")
    assert "ValueError: shown" in capsys.readouterr().err


def test_an_instrument_that_shows_errors_keeps_stderr_quiet(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = ValueError()
    with subscribe(one := Visible()), subscribe(Recorder()), subscribe(other := Visible()):
        report_error(error, where="here")
    assert one.reported == other.reported == [(error, "here")]
    assert capsys.readouterr().err == ""


def test_an_instrument_that_fails_at_an_error_hides_neither(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with subscribe(Broken()):
        report_error(ValueError("the first"), where="here")
        report_error(ValueError("the second"), where="here")
    printed = capsys.readouterr().err
    for line in ["ValueError: the first", "ValueError: the second", "RuntimeError: broken"]:
        assert printed.count(line) == 1
