"""Child processes say what is expected, or it is told what they did instead; none is left."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from trio_helianthus.bench._child import ChildFailed, last_words, start_child

needs_affinity = pytest.mark.skipif(sys.platform != "linux", reason="needs sched_setaffinity")


def program(text: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(text)]


ECHO = program(
    """
    import sys
    for line in sys.stdin:
        print(line.strip().upper(), flush=True)
    """
)


def test_it_answers_lines() -> None:
    with start_child(ECHO, None) as child:
        assert child.ask("one") == "ONE"
        assert child.ask("two") == "TWO"


def test_it_ends_when_there_is_no_more_to_answer() -> None:
    with start_child(ECHO, None) as child:
        child.ask("one")

    assert child.ended(within=0)
    assert child._process.returncode == 0


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_ends_it(error: type[BaseException]) -> None:
    with pytest.raises(error), start_child(ECHO, None) as child:
        raise error

    assert child.ended(within=0)


def test_it_is_killed_if_it_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio_helianthus.bench._child.END_SECONDS", 0.01)
    stubborn = program("import time; print(1, flush=True); time.sleep(600)")

    with start_child(stubborn, None) as child:
        assert child.hear() == "1"

    assert child._process.returncode != 0


def test_one_that_is_silent_for_too_long_is_killed() -> None:
    with (
        start_child(ECHO, None) as child,
        pytest.raises(ChildFailed, match="said nothing for 0 s"),
    ):
        child.hear(within=0.01)


def test_one_that_dies_is_told_with_its_last_words() -> None:
    with (
        start_child(program("raise ValueError('no luck')"), None) as child,
        pytest.raises(ChildFailed, match="ended with exit code 1: ValueError: no luck"),
    ):
        child.hear()


def test_one_that_is_dead_cannot_be_told_anything() -> None:
    with start_child(program("raise SystemExit(7)"), None) as child:
        assert child.ended(within=30)
        with pytest.raises(ChildFailed, match=r"ended with exit code 7$"):
            child.tell("hello")


def test_one_that_stops_talking_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trio_helianthus.bench._child.END_SECONDS", 0.01)
    mute = program("import sys, os, time; os.close(1); time.sleep(600)")

    with start_child(mute, None) as child, pytest.raises(ChildFailed, match="said nothing more"):
        child.hear()


def test_a_program_that_is_not_there_cannot_be_started() -> None:
    starting = start_child(["/no/such/program"], None)
    with pytest.raises(ChildFailed, match="cannot be started"), starting:
        pass


def test_the_last_words_are_found_in_the_traceback_of_a_group() -> None:
    command = program("raise ExceptionGroup('several', [ValueError('no luck')])")
    errors = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False).stderr

    assert last_words(errors) == "ValueError: no luck"
    assert last_words("") == ""


@needs_affinity
def test_it_stays_on_its_core() -> None:
    if sys.platform == "linux":
        core = max(os.sched_getaffinity(0))
        asks = program("import os; input(); print(os.sched_getaffinity(0), flush=True); input()")
        with start_child(asks, core) as child:
            assert child.ask("where?") == str({core})
