"""Runs the contender in processes of its own, and waits for what it says."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

_CONTENDER = Path(__file__).parent / "_contender.py"
_SECONDS = 30.0


class Contender:
    """One of the processes."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self._rest = b""

    async def line(self) -> list[str]:
        """The words of the next line that it says."""
        assert self.process.stdout is not None
        with trio.fail_after(_SECONDS):
            while b"\n" not in self._rest:
                data = await self.process.stdout.receive_some()
                assert data, "it has ended"
                self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode().split()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def open_contender(url: str, work: str, number: float) -> AsyncIterator[Contender]:
    command = [sys.executable, str(_CONTENDER), url, work, str(number)]
    process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
    try:
        yield Contender(process)
    finally:
        process.kill()  # also one that is frozen
        with trio.CancelScope(shield=True):
            await process.wait()
            assert process.stdout is not None
            await process.stdout.aclose()


async def until(check: Callable[[], Awaitable[object]], seconds: float = 10.0) -> None:
    """Look again and again."""
    with trio.fail_after(seconds):
        while not await check():  # noqa: ASYNC110 - nothing tells of it
            await trio.sleep(0.01)
