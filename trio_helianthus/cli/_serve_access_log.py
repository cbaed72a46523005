"""``helianthus serve``: the access log, a line for each request in the combined format."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from trio_helianthus import http
from trio_helianthus.core import Instrument, Operation, Outcome
from trio_helianthus.errors import from_os_error

from ._serve_arguments import STDOUT

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUEST: Final = "http.server.request"
GATHER_SECONDS: Final = 0.1
"""How long lines wait for others, to be written with them."""
MAX_WAITING_BYTES: Final = 16 * 1024 * 1024
"""What may wait to be written; of what comes while it is full only the number is told."""
CLOSE_SECONDS: Final = 2.0
"""How long the last lines may take to be written."""
CLIENT_GONE: Final = 499
"""The status of a request whose client left before its answer began (as nginx has it)."""
NO_ANSWER: Final = "-"

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
# What could end a field or a line, or speak to a terminal.
_ESCAPES: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *b'"\\', *range(0x7F, 0x100))}


def open_access_log(file: str) -> AccessLog:
    """Make an access log.

    :raises NetworkError: the file cannot be opened.
    """
    try:
        return AccessLog(file)
    except OSError as exc:
        raise from_os_error(exc, operation="open access log", address=file) from exc


class AccessLog(Instrument):
    """Writes a line for each request that a server of this process has answered.

    The event loop only formats; a thread writes. Lines that come faster than the file takes them
    wait, up to :data:`MAX_WAITING_BYTES`, and are then counted and left out.

    :param file: where lines are appended; ``"-"`` is stdout.
    :raises OSError: it cannot be opened.
    """

    def __init__(self, file: str) -> None:
        self._writer = LineWriter(file)
        self._second = -1
        self._time = ""

    def operation_ended(self, operation: Operation) -> None:
        """Log a request."""
        if operation.name == REQUEST:
            self._writer.put(self.line(operation, time.time()))

    def reopen(self) -> None:
        """Open the file anew, which somebody has moved away."""
        self._writer.reopen()

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._writer.close()

    def line(self, operation: Operation, now: float) -> str:
        """Format the line of a request.

        :param now: seconds since the epoch.
        """
        known = operation.attributes
        request = known.get("http.request")
        method, target = known.get("http.method"), known.get("http.target")
        version, referer, agent, client = "1.1", "-", "-", operation.peer
        if isinstance(request, http.Request):
            version, client = request.http_version, request.client_address
            referer = request.headers.get("referer") or "-"
            agent = request.headers.get("user-agent") or "-"
        status = known.get("http.status")
        if status is None:
            status = CLIENT_GONE if operation.outcome is Outcome.CANCELLED else NO_ANSWER
        if int(now) != self._second:
            self._second, self._time = int(now), format_time(now)
        return (
            f"{_host(client)} - - [{self._time}] "
            f'"{escape(str(method))} {escape(str(target))} HTTP/{version}" '
            f"{status} {operation.bytes_sent} "
            f'"{escape(referer)}" "{escape(agent)}" {operation.seconds:.6f}\n'
        )


def format_time(now: float) -> str:
    """Format a time as ``22/Nov/2026:16:25:21 +0000``, whatever the locale."""
    at = time.gmtime(now)
    month = _MONTHS[at.tm_mon - 1]
    clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    return f"{at.tm_mday:02d}/{month}/{at.tm_year}:{clock} +0000"


def escape(text: str) -> str:
    r"""Write what could forge a line, end a field or move a cursor as ``\x..``."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return text.translate(_ESCAPES).encode("ascii", "backslashreplace").decode("ascii")


def _host(client: object) -> str:
    if isinstance(client, tuple) and client:
        return escape(str(client[0]))
    return "-"  # at a unix socket


class LineWriter:
    """Appends lines to a file in a thread of its own, for whoever must not wait.

    :param file: ``"-"`` is stdout.
    :raises OSError: it cannot be opened.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._fd = _open(file)
        self._waiting: list[str] = []
        self._waiting_bytes = 0
        self._left_out = 0
        self._something = threading.Event()
        self._closing = threading.Event()
        self._changed = threading.Lock()
        self._reopen = False
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def put(self, line: str) -> None:
        """Leave a line to be written; it may be left out if too many wait."""
        with self._changed:
            if self._waiting_bytes + len(line) > MAX_WAITING_BYTES:
                self._left_out += 1
                return
            self._waiting_bytes += len(line)
            self._waiting.append(line)
            first = len(self._waiting) == 1
        if first:
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
            try:
                self._write_waiting()
            except OSError as exc:
                print(f"the access log {self._file} cannot be written: {exc}", file=sys.stderr)
        if self._file != STDOUT:
            os.close(self._fd)

    def _write_waiting(self) -> None:
        if self._reopen and self._file != STDOUT:
            self._reopen = False
            opened = _open(self._file)
            os.close(self._fd)
            self._fd = opened
        with self._changed:
            lines, self._waiting = self._waiting, []
            left_out, self._left_out = self._left_out, 0
        try:
            _write_all(self._fd, lines)
        finally:
            with self._changed:
                self._waiting_bytes -= sum(map(len, lines))
        if left_out:
            print(f"{left_out} requests are not in the access log: it is too slow", file=sys.stderr)


def _open(file: str) -> int:
    if file == STDOUT:
        sys.stdout.flush()
        return sys.stdout.fileno()
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def _write_all(fd: int, lines: Iterable[str]) -> None:
    # In one piece, so that the lines of several workers do not mix in a file (O_APPEND).
    data = memoryview("".join(lines).encode("ascii"))
    while data:
        data = data[os.write(fd, data) :]
