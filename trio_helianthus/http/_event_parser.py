"""Server-sent events as they arrive, without I/O: bytes in, events out (WHATWG HTML, 9.2.6)."""

from __future__ import annotations

import codecs
from typing import Final

from trio_helianthus.errors import LimitExceeded

from ._server_sent_event import ServerSentEvent

__all__ = ["EventParser"]

MAX_EVENT_BYTES: Final = 1024 * 1024


class EventParser:
    """Takes the bytes of an event stream apart.

    :param max_event_bytes: a cap on one event.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.last_event_id = ""
        """To be sent as ``Last-Event-ID`` when the client comes again."""
        self.retry: float | None = None
        """Seconds until it should, where the server has said so."""
        self._max_event_bytes = max_event_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line: list[str] = []
        self._size = 0
        self._after_cr = False
        self._at_start = True
        self._data: list[str] = []
        self._event = ""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Parse some bytes; return the events that are complete, each with the last id so far.

        An event that the stream ends in the middle of is never given, as the standard has it.

        :raises LimitExceeded: one is longer than the cap.
        """
        text = self._decoder.decode(data)
        if not text:
            return []
        if self._at_start:
            text = text.removeprefix("\ufeff")
            self._at_start = False
        if self._after_cr:
            text = text.removeprefix("\n")
        self._after_cr = text.endswith("\r") or (self._after_cr and not text)
        events: list[ServerSentEvent] = []
        *lines, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            self._count(line)
            self._line.append(line)
            whole = "".join(self._line)
            self._line.clear()
            if whole.startswith(":"):
                self._size -= len(whole)  # a comment, as servers send to keep a connection open
            elif whole:
                self._take(whole)
            else:
                self._dispatch(events)
        self._count(rest)
        if rest:
            self._line.append(rest)
        return events

    def _count(self, text: str) -> None:
        self._size += len(text)
        if self._size > self._max_event_bytes:
            raise LimitExceeded(
                "a server-sent event is too long",
                limit_name="max_event_bytes",
                limit=self._max_event_bytes,
            )

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self.last_event_id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) < 13:
            self.retry = int(value) / 1000

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        self._size = 0
        if self._data:
            data = "\n".join(self._data)
            events.append(ServerSentEvent(data, self._event or None, self.last_event_id or None))
        self._data.clear()
        self._event = ""
