"""Child processes: each on its core, spoken to in lines, and gone for certain at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_SECONDS: Final = 30.0
"""How long a process may take for its first line."""
END_SECONDS: Final = 5.0
"""How long a process that should have ended may take."""


class ChildFailed(Exception):
    """A process did not say what it should have said."""


class Child:
    """A running process; :func:`start_child` makes it."""

    def __init__(self, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self._process = process
        self._errors = errors

    @property
    def pid(self) -> int:
        """The number that the system knows it by."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Write a line.

        :raises ChildFailed: it has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError:
            raise ChildFailed(self.ending()) from None

    def hear(self, within: float = START_SECONDS) -> str:
        """Return the next line.

        :param within: seconds; a process that takes longer is killed.
        :raises ChildFailed: it has ended, or has just been killed.
        """
        assert self._process.stdout is not None
        overdue = Event()

        def give_up() -> None:
            overdue.set()
            self._process.kill()

        timer = Timer(within, give_up)
        timer.daemon = True  # Ctrl-C can come at any point here, and is not to wait for it
        try:
            timer.start()
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if line:
            return line.rstrip("\n")
        raise ChildFailed(f"said nothing for {within:.0f} s" if overdue.is_set() else self.ending())

    def ask(self, line: str, within: float = START_SECONDS) -> str:
        """Write a line and return the answer.

        :raises ChildFailed: it has ended, or did not answer in time.
        """
        self.tell(line)
        return self.hear(within)

    def ended(self, within: float) -> bool:
        """Whether it has ended, or does within so many seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(within)
        return self._process.returncode is not None

    def ending(self) -> str:
        """Tell how it ended, with the last line of its stderr."""
        if not self.ended(END_SECONDS):
            return "said nothing more"
        self._errors.seek(0)
        last = last_words(self._errors.read())
        return f"ended with exit code {self._process.returncode}" + (f": {last}" if last else "")


def last_words(errors: str) -> str:
    """Return the last line that says something, without the frame of an exception group."""
    said = [line.strip(" |+-") for line in errors.splitlines()]
    return next((line for line in reversed(said) if line), "")


@contextmanager
def start_child(command: Sequence[str], core: int | None) -> Iterator[Child]:
    """Start a process; when the block is left it is told to end, and killed if it does not.

    It is in a session of its own: Ctrl-C reaches only us, and we end it.

    :param core: the only core that it may use, or ``None`` for all.
    :raises ChildFailed: it cannot be started.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                start_new_session=True,
            )
        except OSError as exc:
            raise ChildFailed(f"cannot be started: {exc}") from exc
        try:
            if core is not None and sys.platform == "linux":
                os.sched_setaffinity(process.pid, {core})
            yield Child(process, errors)
            _end(process)
        finally:
            process.kill()
            process.wait()
            _close_pipes(process)


def _end(process: subprocess.Popen[str]) -> None:
    _close_pipes(process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):  # what was left in the buffer cannot be written any more
                pipe.close()
