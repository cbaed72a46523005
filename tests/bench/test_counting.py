"""Counting what a process spends, with perf and without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trio_helianthus.bench import Count, _counting, cost_of, cost_unit, perf_works
from trio_helianthus.bench._counting import read_perf

BUSY = "for _ in range(300_000): pass"
BUSIER = "for _ in range(10_000_000): pass"  # far more than the start of a busy machine's Python
ECHO_LINES = f"import sys\nfor _ in sys.stdin:\n    exec({BUSIER!r})\n    print(flush=True)"
needs_rusage = pytest.mark.skipif(sys.platform == "win32", reason="needs getrusage")
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture(params=["perf", "no perf"])
def unit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Counting with perf, and on a machine that has none."""
    perf_works.cache_clear()
    if request.param == "no perf":
        monkeypatch.setenv("PATH", "")
    elif not perf_works():
        pytest.skip("perf is not there, or may not count")
    yield cost_unit()
    perf_works.cache_clear()


def test_the_unit_says_what_is_counted(unit: str, request: pytest.FixtureRequest) -> None:
    without = "no perf" in request.node.name
    assert unit == ("CPU us" if without else "k instructions")


@needs_rusage
def test_more_work_costs_more(unit: str) -> None:
    assert 0 < cost_of(sys.executable, "-c", BUSY) < cost_of(sys.executable, "-c", BUSIER)


@needs_rusage
def test_cpu_time_is_told_in_microseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([1.0, 1.25])
    monkeypatch.setattr(_counting, "perf_works", lambda: False)
    monkeypatch.setattr(_counting, "children_seconds", lambda: next(seconds))
    assert cost_of(sys.executable, "-c", "") == 250_000

    seconds = iter([2.0, 2.5])
    monkeypatch.setattr(_counting, "cpu_seconds", lambda pid: next(seconds))
    with Count(0) as count:
        pass
    assert count.cost == 500_000


@needs_rusage
def test_a_command_that_fails_has_no_cost(unit: str) -> None:
    for _ in range(5):
        with pytest.raises(subprocess.CalledProcessError) as caught:
            cost_of(sys.executable, "-c", "raise SystemExit(3)")
        assert caught.value.returncode == 3


@needs_proc
def test_a_process_that_does_nothing_costs_next_to_nothing(unit: str) -> None:
    with child(ECHO_LINES) as process:
        with Count(process.pid) as count:
            pass
        assert 0 <= count.cost < 5000


@needs_proc
def test_another_process_is_counted_while_it_works(unit: str) -> None:
    with child(ECHO_LINES) as process, Count(process.pid) as count:
        ask(process)

    assert count.cost > 10


@needs_proc
def test_a_block_that_raises_is_not_counted(unit: str) -> None:
    with (
        child(ECHO_LINES) as process,
        pytest.raises(ZeroDivisionError),
        Count(process.pid) as count,
    ):
        raise ZeroDivisionError

    assert count.cost == 0


@needs_proc
def test_a_process_that_is_not_there_cannot_be_counted(unit: str) -> None:
    with child("input(); print(flush=True)") as process:
        process.wait()
        with pytest.raises(OSError, match=r"process|No such"), Count(process.pid):
            pass


def test_perf_that_may_not_count_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform == "win32":
        pytest.skip("makes a script executable")
    perf = tmp_path / "perf"
    perf.write_text("#!/bin/sh\necho '<not supported>,,instructions:u' >&2\n")
    perf.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    perf_works.cache_clear()
    try:
        assert not perf_works()
    finally:
        perf_works.cache_clear()


def test_perfs_counts_are_added_up() -> None:
    assert read_perf("# started\n\n120,,instructions:u,1,100.00,,\n30,,instructions:k,1,\n") == 150


def test_counts_of_two_kinds_of_cores_are_added_up() -> None:
    assert read_perf("120,,cpu_core/instructions:u/,1,\n7,,cpu_atom/instructions:u/,1,\n") == 127


def test_what_did_not_run_was_not_counted() -> None:
    assert read_perf("<not counted>,,instructions:u,0,0.00,,\n") == 0


@contextmanager
def child(program: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        ask(process)
        yield process
        process.kill()


def ask(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "\n"
