"""The recorder counts what it is told to count."""

from __future__ import annotations

import pytest

from trio_helianthus.cli._recorder import MAX_DURATIONS, Recorder
from trio_helianthus.core import CancelToken, operation, subscribe
from trio_helianthus.errors import ConnectionReset, OperationCancelled


def test_it_tells_successes_from_cancellations_and_failures() -> None:
    recorder = Recorder(["wanted"])
    token = CancelToken()
    token.cancel()

    with subscribe(recorder):
        with operation("wanted"), operation("unwanted"):
            pass
        with pytest.raises(OperationCancelled), operation("wanted"):
            token.check()
        with pytest.raises(ConnectionReset), operation("wanted"):
            raise ConnectionReset

    tally = recorder.tallies["wanted"]
    assert (tally.count, tally.cancelled, tally.failed) == (3, 1, 1)
    assert 0 <= tally.median <= tally.p99
    assert list(recorder.tallies) == ["wanted"]


def test_it_keeps_a_bounded_number_of_durations() -> None:
    recorder = Recorder(["busy"])

    with subscribe(recorder):
        for _ in range(MAX_DURATIONS + 1):
            with operation("busy"):
                pass

    assert recorder.tallies["busy"].count == MAX_DURATIONS + 1
    assert len(recorder.tallies["busy"].durations) == MAX_DURATIONS


def test_a_single_duration_is_its_own_percentile() -> None:
    recorder = Recorder(["once"])

    with subscribe(recorder), operation("once"):
        pass

    tally = recorder.tallies["once"]
    assert tally.p99 == tally.median
