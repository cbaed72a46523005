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
_COUNTED_DIGITS: Final = 4
_LONG_DIGITS: Final = 5
_LONGEST_NUMBER: Final = 20
_SHORT_BYTES: Final = 128
_SPARE_ITEMS: Final = 2**16
_SHORTER_THAN_LONG: Final = 10 ** (_LONG_DIGITS - 1) - 1
_GLANCES: Final = 4
_ATTRIBUTE: Final = ord("|")
_NUMBER: Final = re.compile(rb"[0-9]+")
_CONTAINERS: Final[frozenset[type]] = frozenset({list, dict, PushNotification})


class HiredisClientConnection(ClientConnection):
    r"""Feeds hiredis, and looks in front of it at what it would take without asking.

    hiredis makes a list of any length that is announced, takes an attribute for an answer, does
    not look at the two bytes behind a string, and searches an unfinished line from its beginning
    again and again. Three rules keep it within our limits:

    * It gets nothing but whole lines, and pieces of strings that are known to be *long* (10,000
      bytes and more). These are measured here, and not searched.
    * In front of what could be the header of a large array, of a map, of a long string or of an
      attribute it is stopped. Has it used up all that it got, a value begins there, and the header
      is judged; else it stands within a string, such as a stored value that looks like RESP.
    * A header of an array counts wherever it stands, as a string with a wrong end could hide it.
    """

    def __init__(self, limits: Limits, encode: CommandEncoder) -> None:
        super().__init__(limits, encode)
        self._reader = Reader(
            protocolError=RemoteProtocolError, replyError=redis_error, notEnoughData=NEED_DATA
        )
        self._unparsed: list[bytes] = []
        self._held: list[bytes] = []  # the beginning of a line, until its end is there
        self._held_bytes = 0
        self._events: deque[Any] = deque()
        self._in_answer = False
        self._in_string = False  # hiredis has a part of a string, and no part of anything else
        self._long_string_left = 0  # bytes of a long string, and of its end, that are to come
        self._answer_bytes = 0  # of the present answer, at least
        self._announced_items = 0  # in large arrays of the present answer
        items = min(_COUNTED_DIGITS, len(str(limits.max_items)))
        length = min(_LONG_DIGITS, len(str(limits.max_bulk_bytes)))
        numbers = (items, items, length)
        self._match_at_start = re.compile(rb"\||%%[0-9]{%d}|[$=][0-9]{%d}" % numbers[1:]).match
        self._search_short = re.compile(
            rb"[|*~>%%$=](?:(?<=\|)|[0-9]{%d})" % min(items, length)
        ).search
        self._search_strings = re.compile(rb"\$[0-9]{%d}" % length).search
        self._search_arrays = re.compile(rb"\*[0-9]{%d}" % items).search
        self._search_pushes = re.compile(rb">[0-9]{%d}" % items).search
        self._search_sets = re.compile(rb"~[0-9]{%d}" % items).search
        self._search_others = re.compile(rb"\r\n(?:\||%%[0-9]{%d}|=[0-9]{%d})" % numbers[1:]).search
        self._search_all = re.compile(
            rb"[*~>|%%$=](?:(?<=[*~>])[0-9]{%d}|(?<=\r\n\|)|(?<=\r\n%%)[0-9]{%d}"
            rb"|(?<=\r\n[$=])[0-9]{%d})" % numbers
        ).search

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
        return self._held_bytes + sum(map(len, self._unparsed))

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return b"".join([*self._held, *self._unparsed]), self._eof

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
            if self._long_string_left:
                data = self._parse_long_string(data)
            if not data:
                return
            if self._held or not data.endswith(_CRLF):
                self._parse_lines(data)
            elif self._is_flat(data):
                self._parse_flat(data)
            elif len(data) < _SHORT_BYTES and self._search_short(data) is None:
                self._parse(data, 0, len(data))
            else:
                self._search_and_parse(data, len(data))
        except RemoteProtocolError as exc:
            self.error = exc
        except MemoryError as exc:
            self.error = RemoteProtocolError("the server announces more than fits into memory")
            self.error.__cause__ = exc

    def _is_plain(self, data: bytes, at: int, end: int) -> bool:
        """Whether there is nothing that has to be judged; at nearly the speed of ``memchr``."""
        return (
            (b"*" not in data or self._search_arrays(data, at, end) is None)
            and (b">" not in data or self._search_pushes(data, at, end) is None)
            and (b"~" not in data or self._search_sets(data, at, end) is None)
            and self._search_strings(data, at, end) is None
            and (
                not (b"|" in data or b"%" in data or b"=" in data)
                or self._search_others(data, max(at - 2, 0), end) is None
            )
        )

    def _is_flat(self, data: bytes) -> bool:
        """Whether these are whole answers, or pieces of strings, without anything to judge."""
        return not (
            self._in_answer
            or b"*" in data
            or b">" in data
            or b"~" in data
            or b"%" in data
            or b"|" in data
            or b"=" in data
            or self._search_strings(data)
        )

    def _parse_lines(self, data: bytes) -> None:
        """Parse whole lines, and hold what is behind them."""
        held = self._held
        if held and (_CRLF in data or (held[-1].endswith(b"\r") and data.startswith(b"\n"))):
            held.append(data)
            data = b"".join(held)
            held.clear()
            self._held_bytes = 0
        if not held and (end := data.rfind(_CRLF) + 2) > 1:
            data = self._search_and_parse(data, end)
        if data:
            held.append(data)
            self._held_bytes += len(data)
            self._check_held()

    def _check_held(self) -> None:
        """Refuse a line that does not end."""
        if self._in_string:
            if self._held_bytes > _SHORTER_THAN_LONG + 1:  # with CR
                raise RemoteProtocolError("a string is longer than was announced")
        elif self._held_bytes > (most := self.limits.max_line_bytes) + 2:  # its kind, and CR
            raise LimitExceeded(limit_name="max_line_bytes", limit=most)

    def _search_and_parse(self, data: bytes, end: int) -> bytes:
        """Parse whole lines, the last of which ends at ``end``; return what is behind it."""
        at = found = glances = 0
        match = self._match_at_start(data)
        while found < end:
            if match is None:
                # A glance may look at all of the bytes, in vain: not once for each header.
                if glances < _GLANCES and self._is_plain(data, found, end):
                    break
                glances += 1
                match = self._search_all(data, found, end)
                if match is None:
                    break
            header, match = match.start(), None
            if header and not data.endswith(_CRLF, 0, header):
                at, found = self._pass_by(data, at, header)
                continue
            self._parse(data, at, header)
            at, found = header, header + 1
            if self._in_string or (length := self._judge(data, header)) is None:
                continue
            begin = data.index(_CRLF, header) + 2
            self._long_string_left = length + 2
            self._check_string_end(data, begin)
            found = begin + length + 2
            if found > len(data):
                self._long_string_left = found - len(data)
                self._parse(data, at, len(data))
                return b""
            self._long_string_left = 0
        self._parse(data, at, end)
        return data[end:]

    def _pass_by(self, data: bytes, at: int, header: int) -> tuple[int, int]:
        """Go on behind what looks like a header, but is not at the beginning of a line.

        :returns: up to where hiredis got the data, and where to search on.
        """
        line = data.rfind(_CRLF, at, header) + 2
        if line > 1:
            self._parse(data, at, line)
            at = line
        if not self._in_string:
            return at, data.index(_CRLF, header)
        self._parse(data, at, header)
        if not self._in_string:
            raise RemoteProtocolError("a string is longer than was announced")
        return header, header + 1

    def _judge(self, data: bytes, header: int) -> int | None:
        """Refuse a header that hiredis must not see; return the length of a string."""
        kind = data[header]
        if kind == _ATTRIBUTE:
            raise RemoteProtocolError("hiredis does not understand attributes")
        number = _NUMBER.match(data, header + 1)
        if number is None or len(number[0]) > _LONGEST_NUMBER:
            return None  # hiredis refuses it
        length = int(number[0])
        if kind in b"$=":
            if length > (most := self.limits.max_bulk_bytes):
                raise LimitExceeded(limit_name="max_bulk_bytes", limit=most)
            return length
        if length > (most := self.limits.max_items):
            raise LimitExceeded(limit_name="max_items", limit=most)
        if not self._in_answer:
            self._announced_items = 0
        # A list's memory is reserved when it is announced. An item takes three bytes at least.
        self._announced_items += length
        if self._announced_items > 2 * most + _SPARE_ITEMS + self._answer_bytes:
            raise LimitExceeded(limit_name="max_items", limit=most)
        return None

    def _parse_long_string(self, data: bytes) -> bytes:
        """Parse the next part of a long string; return what is behind it."""
        self._check_string_end(data, 0)
        taken = min(self._long_string_left, len(data))
        self._long_string_left -= taken
        self._parse(data, 0, taken)
        return data[taken:]

    def _check_string_end(self, data: bytes, at: int) -> None:
        """Check the two bytes behind a long string, as far as they are there.

        :param at: where in ``data`` its next part begins.
        """
        left = self._long_string_left
        end = data[at + max(left - 2, 0) : at + left]
        if not _CRLF[max(2 - left, 0) :].startswith(end):
            raise RemoteProtocolError("a string is longer than was announced")

    def _parse(self, data: bytes, start: int, end: int) -> None:
        """Hand bytes to hiredis, and take the answers that are complete."""
        if start == end:
            return
        reader, take = self._reader, self._events.append
        reader.feed(data, start, end - start)
        gets, has_data = reader.gets, reader.has_data
        taken = len(self._events)
        try:
            while (answer := gets()) is not NEED_DATA:
                if answer.__class__ in _CONTAINERS:
                    answer = self._checked(answer)
                take(answer)
                if not has_data():
                    self._in_answer = self._in_string = False
                    self._answer_bytes = 0
                    return
        except TypeError as exc:
            raise RemoteProtocolError(f"a map with such a key: {exc}") from exc
        self._in_answer = True
        self._in_string = has_data()
        if len(self._events) == taken:
            self._answer_bytes += end - start
            if self._answer_bytes > (most := self.limits.max_answer_bytes):
                raise LimitExceeded(limit_name="max_answer_bytes", limit=most)
        else:
            self._answer_bytes = 0  # it began in these bytes; where is not known

    def _parse_flat(self, data: bytes) -> None:
        """Do what :meth:`_parse` does, in a loop that takes half of the time."""
        self._reader.feed(data)
        self._events.extend(iter(self._reader.gets, NEED_DATA))
        self._in_answer = self._in_string = self._reader.has_data()

    def _checked(self, answer: Any) -> Any:
        if answer.__class__ is PushNotification:
            answer = Push(answer)
        if _is_deeper(answer, most := self.limits.max_depth):
            raise LimitExceeded(limit_name="max_depth", limit=most)
        return answer


def _is_deeper(answer: Any, most: int) -> bool:
    """Whether an answer is nested deeper than ``most``; without recursion, as it may be deep."""
    level = [answer]
    for _ in range(most):
        inner: list[Any] = []
        for container in level:
            values = container.values() if container.__class__ is dict else container
            if not _CONTAINERS.isdisjoint(map(type, values)):
                inner += [value for value in values if value.__class__ in _CONTAINERS]
        if not inner:
            return False
        level = inner
    return True
