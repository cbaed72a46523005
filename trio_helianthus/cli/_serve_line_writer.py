"""``helianthus serve``: lines to a file in a thread of its own, for whoever must not wait."""

from __future__ import annotations

import math
import os
import select
import stat
import sys
import threading
from collections import deque
from typing import Final

from ._serve_arguments import STDOUT
from ._serve_process import say

STDOUT_FD: Final = 1
GATHER_SECONDS: Final = 0.1
"""How long lines wait for others, to be written with them."""
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024
"""What may wait to be written; of what comes while it is full only the number is told."""
CLOSE_SECONDS: Final = 2.0
"""How long the last lines may take to be written."""
FILE_CHUNK_BYTES: Final = 1024 * 1024
"""How much is written to a file at once."""
PIPE_CHUNK_BYTES: Final[int] = getattr(select, "PIPE_BUF", 4096)  # not on Windows
"""How much is written to anything else at once: write(2) keeps no more than that together."""


class LineWriter:
    """Appends lines to a file.

    Whoever puts a line never waits. Lines that come faster than the file takes them wait, up to
    :data:`MAX_WAITING_BYTES`; those that come then are left out, as are those that the file
    refuses, and their number is told.

    Laws:

    1. Only :meth:`put` changes ``_put_bytes`` and ``_left_out``, and only the thread
       the others, so that none needs a lock.
    2. The thread sleeps only when no line waits. Whoever puts the first one wakes it.

    :param file: ``"-"`` is stdout.
    :raises OSError: it cannot be opened.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._fd = _open(file)
        self._waiting: deque[str] = deque()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._left_out = 0
        self._refused = 0
        self._told = 0
        self._fails = False
        self._something = threading.Event()
        self._closing = threading.Event()
        self._reopen = False
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Leave a line to be written; it may be left out if too many wait."""
        put_bytes = self._put_bytes + len(line)
        if put_bytes - self._taken_bytes > MAX_WAITING_BYTES:
            self._left_out += 1
            return
        self._put_bytes = put_bytes
        waiting = self._waiting
        waiting.append(line)
        if len(waiting) == 1:
            self._something.set()

    def reopen(self) -> None:
        """Open the file anew before the next line is written."""
        self._reopen = True
        self._something.set()

    def close(self) -> None:
        """Write what waits, unless that takes too long, and close the file."""
        self._closing.set()
        self._something.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._something.wait()
            self._closing.wait(GATHER_SECONDS)
            self._something.clear()
            self._write_waiting()
        self._write_waiting()  # what came while the last lines were written
        if self._file != STDOUT:
            os.close(self._fd)

    def _write_waiting(self) -> None:
        if self._reopen:
            self._open_anew()
        lines = ""
        try:
            at_most = _chunk_bytes(self._fd)
            while lines := self._take(at_most):
                _write_all(self._fd, lines.encode("ascii"))
        except OSError as exc:
            lines += self._take(math.inf)
            self._refused += lines.count("\n")
            if not self._fails:  # said once, until it works again
                say(f"the access log {self._file} cannot be written: {exc}")
            self._fails = True
            return
        self._fails = False
        if (missing := self._left_out + self._refused) > self._told:
            say(f"{missing - self._told} requests are not in the access log")
            self._told = missing

    def _open_anew(self) -> None:
        self._reopen = False
        if self._file == STDOUT:
            return
        try:
            opened = _open(self._file)
        except OSError as exc:  # the old one stays in use
            say(f"the access log {self._file} cannot be opened anew: {exc}")
            return
        os.close(self._fd)
        self._fd = opened

    def _take(self, at_most: float) -> str:
        """Take lines that wait, a whole one at least."""
        lines = [self._waiting.popleft()] if self._waiting else []
        chars = sum(map(len, lines))
        while self._waiting and chars + len(self._waiting[0]) <= at_most:
            lines.append(self._waiting.popleft())
            chars += len(lines[-1])
        self._taken_bytes += chars
        return "".join(lines)


def _open(file: str) -> int:
    if file == STDOUT:
        if sys.stdout is not None:
            sys.stdout.flush()
        return STDOUT_FD
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def _chunk_bytes(fd: int) -> int:
    """Return how much to write at once, so that lines of several workers do not mix."""
    return FILE_CHUNK_BYTES if stat.S_ISREG(os.fstat(fd).st_mode) else PIPE_CHUNK_BYTES


def _write_all(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:  # somebody whom we share it with wants it so
            select.select([], [fd], [])
