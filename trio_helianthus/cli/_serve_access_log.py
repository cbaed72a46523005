"""``helianthus serve``: the access log, a line for each request in the combined format."""

from __future__ import annotations

import time
from typing import Final

from trio_helianthus import http
from trio_helianthus.core import Instrument, Operation, Outcome
from trio_helianthus.errors import from_os_error

from ._serve_line_writer import LineWriter

REQUEST: Final = "http.server.request"
CLIENT_GONE: Final = 499
"""The status of a request whose client left before its answer began (as nginx has it)."""
NO_ANSWER: Final = "-"
MAX_REMEMBERED: Final = 256
"""How many values of each kind are kept as they were written last time."""
MAX_REMEMBERED_CHARS: Final = 400
"""Longer values are written anew each time."""

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

    The event loop only formats; a thread writes (:class:`LineWriter`).

    :param file: where lines are appended; ``"-"`` is stdout.
    :raises OSError: it cannot be opened.
    """

    def __init__(self, file: str) -> None:
        self._writer = LineWriter(file)
        self._second = -1
        self._time = ""
        self._methods = _Escaped()
        self._clients = _Escaped()
        self._referers = _Escaped()
        self._agents = _Escaped()

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
        version, referer, agent, client = "1.1", "-", "-", operation.peer
        if isinstance(request, http.Request):
            version, client = request.http_version, request.client_address
            fields = request.headers
            referer = self._referers[fields.get("referer") or "-"]
            agent = self._agents[fields.get("user-agent") or "-"]
        # At a unix socket there is no address.
        host = self._clients[client[0]] if isinstance(client, tuple) else "-"
        method = self._methods[str(known.get("http.method"))]
        status = known.get("http.status")
        if status is None:
            status = CLIENT_GONE if operation.outcome is Outcome.CANCELLED else NO_ANSWER
        second = int(now)
        if second != self._second:
            self._second, self._time = second, format_time(now)
        return (
            f'{host} - - [{self._time}] "{method} {escape(str(known.get("http.target")))} '
            f'HTTP/{version}" {status} {operation.bytes_sent} '
            f'"{referer}" "{agent}" {operation.seconds:.6f}\n'
        )


class _Escaped(dict[str, str]):
    """Values as they are written, which are often the same again."""

    def __missing__(self, text: str) -> str:
        written = escape(text)
        if len(text) <= MAX_REMEMBERED_CHARS:
            if len(self) >= MAX_REMEMBERED:
                self.clear()
            self[text] = written
        return written


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
