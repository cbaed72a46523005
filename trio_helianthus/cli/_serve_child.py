"""``helianthus serve``: a worker's process as its supervisor sees it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import trio

from ._serve_worker import READY, Ties, open_pipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._serve_arguments import ServeOptions


class Child:
    """A worker's process. :func:`start_child` makes it, and whoever made it waits for its end."""

    def __init__(self, process: trio.Process, commands: int, readiness: int) -> None:
        self._process = process
        self._commands = commands
        self._readiness = readiness
        self.told = False
        """Whether it was told to stop, so that its end is no surprise."""
        self.ended = trio.Event()

    @property
    def pid(self) -> int:
        """The number that the system knows it by."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; ``None`` while it runs."""
        return self._process.returncode

    async def wait_ready(self) -> bool:
        """Wait until it serves; false when it has ended, or is about to, without."""
        async with open_pipe(self._readiness) as pipe:
            return bool(await pipe.receive_some(len(READY)))

    async def wait_end(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()
        self.ended.set()

    def tell(self, command: bytes) -> None:
        """Say what to do. One that has ended does not hear it."""
        self.told = True
        try:
            os.write(self._commands, command)
        except OSError:
            pass

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Let go of the pipe. The process takes that as an order to drain."""
        os.close(self._commands)

    def ending(self) -> str:
        """Tell how it ended."""
        code = self.exit_code
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


async def start_child(options: ServeOptions, sockets: Sequence[int]) -> Child:
    """Start a worker as a fresh interpreter, with the same command line as this one.

    :param sockets: what it serves.
    :raises OSError: the system lets no process start.
    """
    if sys.platform == "win32":
        raise NotImplementedError("workers are not supported on Windows")
    heard, commands = os.pipe()
    readiness, said = os.pipe()
    try:
        words = worker_command(options, Ties(heard, said, tuple(sockets)))
        process = await trio.lowlevel.open_process(words, pass_fds=(heard, said, *sockets))
    except BaseException:
        os.close(commands)
        os.close(readiness)
        raise
    finally:
        os.close(heard)
        os.close(said)
    return Child(process, commands, readiness)


def worker_command(options: ServeOptions, ties: Ties) -> list[str]:
    """Return the command line of a worker: the supervisor's own, with the same Python in front."""
    python = [sys.executable, *_python_options()]
    return [*python, "-m", "trio_helianthus", *options.words, f"--as-worker={ties.write()}"]


def _python_options() -> list[str]:
    """Return the options of this Python, such as ``-O`` and ``-W error``."""
    before = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv[1:])]
    for entry in ("-m", "-c"):
        if entry in before:
            return before[: before.index(entry)]
    return before[:-1]  # behind them comes the script
