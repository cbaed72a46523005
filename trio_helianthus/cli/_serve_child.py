"""``helianthus serve``: a worker's process as its supervisor sees it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import trio

from trio_helianthus.core import EXIT_DRAINED

from ._serve_worker import DRAIN, Ties, open_pipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._serve_arguments import ServeOptions

_MODULE_OR_CODE: Final = re.compile("-([bBdEiIOPqRsSuvx]*)[mc]")  # python(1): -m, -c, and as in -Im
STOPPED_CODES: Final = (EXIT_DRAINED, 130, -2, -15)
"""How a process ends that got SIGINT or SIGTERM, perhaps before it served."""


class Child:
    """A worker's process. :func:`start_child` makes it, and whoever made it waits for its end."""

    def __init__(self, process: trio.Process, commands: int, said: int) -> None:
        self._process = process
        self._commands = commands
        self._said: Any = open_pipe(said)
        self.ready: Final = trio.Event()
        """Set when it serves."""
        self.told: Final = trio.Event()
        """Set when it was told to stop, so that its end is no surprise."""
        self.ended: Final = trio.Event()
        """Set when there is no process any more."""

    @property
    def pid(self) -> int:
        """The number that the system knows it by."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; ``None`` while it runs."""
        return self._process.returncode

    @property
    def was_stopped(self) -> bool:
        """Whether it ended as if somebody had told it to."""
        return self.exit_code in STOPPED_CODES

    @property
    def cut(self) -> bool:
        """Whether it has cut what it served."""
        return self.ready.is_set() and self.exit_code != EXIT_DRAINED

    async def hear(self) -> bytes:
        """Wait for a word of it; empty when it says no more."""
        return bytes(await self._said.receive_some(1))

    async def wait_end(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()
        self.ended.set()

    def tell(self, command: bytes) -> None:
        """Say what to do. One that has ended does not hear it."""
        self.told.set()
        try:
            os.write(self._commands, command)
        except OSError:
            pass

    def stop(self) -> None:
        """Say that it is to drain. One that does not serve yet has nothing to drain."""
        self.tell(DRAIN)
        if not self.ready.is_set():
            self._process.terminate()  # it may be importing, and not hear anything

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Let go of the pipes. The process takes that as an order to drain."""
        os.close(self._commands)
        self._said.close()

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
    said, says = os.pipe()
    try:
        words = worker_command(options, Ties(heard, says, tuple(sockets)))
        process = await trio.lowlevel.open_process(words, pass_fds=(heard, says, *sockets))
    except BaseException:
        os.close(commands)
        os.close(said)
        raise
    finally:
        os.close(heard)
        os.close(says)
    return Child(process, commands, said)


def worker_command(options: ServeOptions, ties: Ties) -> list[str]:
    """Return the command line of a worker: the supervisor's own, with the same Python in front."""
    subcommand, *words = options.words
    python = [sys.executable, *python_options(sys.orig_argv, len(sys.argv))]
    tied = f"--as-worker={ties.write()}"
    return [*python, "-m", "trio_helianthus", subcommand, tied, *words]


def python_options(command: Sequence[str], own: int) -> list[str]:
    """Return the options of this Python, such as ``-O`` and ``-W error``.

    :param command: as Python was started.
    :param own: how many words at its end are the program's own, itself included.
    """
    options = list(command[1 : len(command) - own + 1])
    for at, word in enumerate(options):
        if found := _MODULE_OR_CODE.match(word):
            return options[:at] + ([f"-{found[1]}"] if found[1] else [])
    # A script: its folder is in front of the path, and not the working directory as with -m.
    return [*options[:-1], "-P"]
