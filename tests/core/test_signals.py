"""Signals and the watchdog, in processes of their own: what a supervisor of the program sees."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows cannot send these signals to one process"
)

PRELUDE: Final = """
from __future__ import annotations
import sys, time
import trio
from trio_helianthus import core

def say(word):
    print(word, flush=True)

async def serve(handler, *, task_status=trio.TASK_STATUS_IGNORED):
    async def accept():
        service.start_soon(handler, label=lambda: "peer 1")
        task_status.started()
        await trio.sleep_forever()
    with core.open_service("echo") as service:
        await service.run(accept)

async def serve_forever(handler):
    async with trio.open_nursery() as nursery:
        await nursery.start(serve, handler)
        say("ready")

def run(main, *args, drain_timeout=0.2, stop_timeout=0.2):
    sys.exit(core.run(main, *args, drain_timeout=drain_timeout, stop_timeout=stop_timeout))
"""


class Program:
    """A program that runs until it is told to stop."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.wait_for("ready")

    def wait_for(self, line: str) -> None:
        assert self.stdout.readline() == f"{line}\n", self.stderr.read()

    def send(self, signum: signal.Signals) -> None:
        self._process.send_signal(signum)

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and stderr."""
        _, printed = self._process.communicate(timeout=20)
        return self._process.returncode, printed


@contextmanager
def program(script: str) -> Iterator[Program]:
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    hanging = threading.Timer(20, process.kill)
    hanging.start()
    try:
        with process:
            yield Program(process)
    finally:
        hanging.cancel()
        process.kill()


def seconds_until(verdict: str, report: str) -> float:
    found = re.match(rf"{verdict} in (\d+\.\d\d) s ", report)
    assert found, report
    return float(found[1])


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_drains_and_the_exit_code_is_0(signum: signal.Signals) -> None:
    script = """
async def handler():
    await core.current_lifecycle().wait_draining()
    await trio.sleep(0.01)
run(serve_forever, handler, drain_timeout=10)
"""
    with program(script) as running:
        running.send(signum)
        code, printed = running.end()
    assert code == 0
    first, second = printed.splitlines()
    assert re.fullmatch(rf"drained in \d+\.\d\d s \({signum.name}\)", first)
    assert second == "  echo: 1 finished, 0 cut, 0 would not stop"


def test_work_that_does_not_finish_is_cut_and_the_exit_code_is_1() -> None:
    with program("run(serve_forever, trio.sleep_forever)") as running:
        running.send(signal.SIGTERM)
        code, printed = running.end()
    assert code == 1
    first, *others = printed.splitlines()
    assert seconds_until("cut", first) >= 0.2
    assert others == ["  echo: 0 finished, 1 cut, 0 would not stop", "    cut: peer 1"]


def test_the_second_signal_cancels_at_once() -> None:
    script = """
async def main():
    core.current_lifecycle().on_drain(lambda: say("draining"))
    await serve_forever(trio.sleep_forever)
run(main, drain_timeout=float("inf"))
"""
    with program(script) as running:
        running.send(signal.SIGTERM)
        running.wait_for("draining")
        running.send(signal.SIGINT)
        code, printed = running.end()
    assert code == 1
    assert printed.startswith("cut in ")
    assert "(SIGTERM)" in printed


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    """As of ``timeout``, which sends it to the program and to its process group."""
    script = """
import signal
async def main():
    say("ready")
    for _ in range(2):
        signal.raise_signal(signal.SIGTERM)
    await trio.sleep(0.1)
run(main, drain_timeout=60)
"""
    with program(script) as running:
        code, printed = running.end()
    assert "drained in" in printed
    assert code == 0


def test_the_third_signal_kills_as_if_there_were_no_handler() -> None:
    script = """
def block():
    say("ready")
    for _ in range(1000):
        time.sleep(0.005)
async def main():
    block()
run(main, drain_timeout=60)
"""
    with program(script) as running:
        for _ in range(200):  # signals that arrive together count as one
            running.send(signal.SIGTERM)
            if running._process.poll() is not None:
                break
            threading.Event().wait(0.01)
        code, printed = running.end()
    assert code == -signal.SIGTERM
    assert printed == ""


def test_a_handler_that_swallows_its_cancellation_is_named_and_ended() -> None:
    script = """
async def handler():
    while True:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            await trio.lowlevel.cancel_shielded_checkpoint()
run(serve_forever, handler)
"""
    with program(script) as running:
        running.send(signal.SIGTERM)
        code, printed = running.end()
    assert code == 1
    assert printed.splitlines() == [
        "would not stop, so the process is ended:",
        "  echo: peer 1",
    ]


def test_a_body_that_blocks_the_thread_is_ended() -> None:
    script = """
async def main():
    say("ready")
    time.sleep(60)
run(main)
"""
    with program(script) as running:
        running.send(signal.SIGTERM)
        code, printed = running.end()
    assert code == 1
    assert printed.splitlines() == ["would not stop, so the process is ended:", "  main"]


def test_a_thread_that_blocks_on_a_full_pipe_is_ended_too() -> None:
    script = """
async def main():
    say("ready")
    while True:
        print("x" * 65536, file=sys.stderr, flush=True)
run(main, drain_timeout=0, stop_timeout=0)
"""
    with program(script) as running:
        assert running.stderr.read(65536)
        running.send(signal.SIGTERM)
        assert running._process.wait(20) == 1


def test_a_drain_with_more_time_than_usual_has_that_time() -> None:
    script = """
async def main():
    async with trio.open_nursery() as nursery:
        await nursery.start(serve, handler)
        core.current_lifecycle().drain("patience", timeout=60)
        say("ready")
async def handler():
    await trio.sleep(1.6)
run(main, drain_timeout=0.1, stop_timeout=0.1)
"""
    with program(script) as running:
        code, printed = running.end()
    assert code == 0
    assert seconds_until("drained", printed) >= 1.6
