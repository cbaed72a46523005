"""Answers, parsed by hiredis, within our limits."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from hiredis import PushNotification, Reader

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError, redis_error

from .._contract import NEED_DATA
from ._client import ClientConnection
from ._values import Push

if TYPE_CHECKING:
    from ._encoding import CommandEncoder
    from ._limits import Limits
    from ._values import Answer

__all__ = ["HiredisClientConnection"]

_CRLF: Final = b"\r\n"
_LONGEST_HEADER: Final = 24
_DIGITS: Final = 7
_NUMBER: Final = re.compile(rb"[0-9]+")
_HEADER_BEGUN: Final = re.compile(rb"[|+\-:,#(_!]|[*%~>$=][0-9]*\r?")
_END_BEGUN: Final = re.compile(rb"(?:\r|(?<=\r\n)(?:[|+\-:,#(_!]|[*%~>$=][0-9]*\r?))\Z")
_CONTAINERS: Final[frozenset[type]] = frozenset({list, dict, PushNotification})


class HiredisClientConnection(ClientConnection):
    r"""Feeds hiredis, and looks in front of it at what it would take without asking.

    hiredis makes a list of any length that is announced, and takes an attribute for an answer. So
    the bytes are searched, at the speed of ``memchr``, for what could be the beginning of one of
    these: a line's end, and ``|`` or a long number behind it. If there is one, hiredis gets the
    bytes up to it, first. Has it used up all of them, it is indeed a beginning, and is judged; else
    it stands within a string. As hiredis uses up a value's first byte at once, that is never the
    last one that it gets.
    """

    def __init__(self, limits: Limits, encode: CommandEncoder) -> None:
        super().__init__(limits, encode)
        self._reader = Reader(
            protocolError=RemoteProtocolError, replyError=redis_error, notEnoughData=NEED_DATA
        )
        self._unparsed: list[bytes] = []
        self._held = b""  # the beginning of a line that could be judged when more of it is there
        self._events: deque[Any] = deque()
        self._in_answer = False
        self._answer_bytes = 0  # of the present answer, at least
        digits = min(_DIGITS, *(len(str(n)) for n in (limits.max_items, limits.max_bulk_bytes)))
        self._suspicious = re.compile(rb"\r\n(\||[*%%~>$=][0-9]{%d})" % digits)
        self._header = re.compile(rb"[*%%~>$=][0-9]{%d,}|\|" % digits)

    def _feed(self, data: bytes) -> None:
        self._unparsed.append(data)

    def next_event(self) -> Answer:
        if not self._events and self._unparsed:
            self._parse_all()
        if self._events:
            return self._events.popleft()
        if self.error is not None:
            raise self.error
        return self._end()

    def next_events(self) -> list[Answer]:
        if self._unparsed:
            self._parse_all()
        if self._events:
            events = list(self._events)
            self._events.clear()
            return events
        if self.error is not None:
            raise self.error
        return []

    @property
    def buffered(self) -> int:
        # What is parsed already took a byte at least.
        return len(self._held) + sum(map(len, self._unparsed)) + len(self._events)

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return b"".join([self._held, *self._unparsed]), self._eof

    @property
    def is_between_answers(self) -> bool:
        return not (self._in_answer or self._events or self._unparsed or self._held)

    def _parse_all(self) -> None:
        """Parse all that was received, and take note of what is wrong with it."""
        unparsed = self._unparsed
        data = unparsed[0] if len(unparsed) == 1 else b"".join(unparsed)
        unparsed.clear()
        if self.error is not None:
            return
        try:
            self._search_and_parse(data)
        except RemoteProtocolError as exc:
            self.error = exc
        except MemoryError as exc:  # nested announcements, each within its limit
            self.error = RemoteProtocolError("the server announces more than fits into memory")
            self.error.__cause__ = exc
        except TypeError as exc:
            self.error = RemoteProtocolError(f"a map with such a key: {exc}")

    def _search_and_parse(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
            self._held = b""
        if not data.endswith(_CRLF):
            data = self._hold(data)
        at = 0
        if self._header.match(data) is not None:
            self._judge(data, 0)
        for match in self._suspicious.finditer(data):
            header = match.start() + 2
            self._parse(data, at, header)
            self._judge(data, header)
            at = header
        self._parse(data, at, len(data))

    def _hold(self, data: bytes) -> bytes:
        """Keep what may be the beginning of a header until the rest of it is there."""
        if len(data) <= _LONGEST_HEADER and _HEADER_BEGUN.fullmatch(data) is not None:
            begin = 0
        else:
            begun = _END_BEGUN.search(data, max(0, len(data) - _LONGEST_HEADER))
            if begun is None:
                return data
            begin = begun.start()
        self._held = data[begin:]
        return data[:begin]

    def _judge(self, data: bytes, at: int) -> None:
        """Refuse the header at ``at``, if it is one, where hiredis must not see it."""
        if self._reader.has_data():
            return  # it stands within a string
        if data[at] == ord("|"):
            raise RemoteProtocolError("hiredis does not understand attributes")
        number = _NUMBER.match(data, at + 1)
        if number is None or len(number[0]) > _LONGEST_HEADER:
            return  # hiredis refuses it
        name = "max_bulk_bytes" if data[at] in b"$=" else "max_items"
        if int(number[0]) > (most := getattr(self.limits, name)):
            raise LimitExceeded(limit_name=name, limit=most)

    def _parse(self, data: bytes, start: int, end: int) -> None:
        """Hand bytes to hiredis, and take the answers that are complete."""
        if start == end:
            return
        reader, take = self._reader, self._events.append
        reader.feed(data, start, end - start)
        gets, has_data = reader.gets, reader.has_data
        taken = len(self._events)
        while (answer := gets()) is not NEED_DATA:
            kind = answer.__class__
            if kind in _CONTAINERS:
                if kind is PushNotification:
                    answer = Push(answer)
                self._check_depth(answer, self.limits.max_depth - 1)
            take(answer)
            if not has_data():
                self._in_answer = False
                self._answer_bytes = 0
                return
        self._in_answer = True
        if len(self._events) == taken:
            self._answer_bytes += end - start
            if self._answer_bytes > (most := self.limits.max_answer_bytes):
                raise LimitExceeded(limit_name="max_answer_bytes", limit=most)
        else:
            self._answer_bytes = 0  # it began in these bytes; where is not known

    def _check_depth(self, answer: Any, most: int) -> None:
        """Refuse what is nested too deeply."""
        for value in answer.values() if answer.__class__ is dict else answer:
            if value.__class__ in _CONTAINERS:
                if not most:
                    raise LimitExceeded(limit_name="max_depth", limit=self.limits.max_depth)
                self._check_depth(value, most - 1)
