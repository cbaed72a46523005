"""Answers, parsed in Python."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus.errors import LimitExceeded, RemoteProtocolError, redis_error

from .._contract import NEED_DATA
from ._client import ClientConnection
from ._numbers import read_big_number, read_double, read_integer, read_length
from ._values import Push

if TYPE_CHECKING:
    from ._encoding import CommandEncoder
    from ._limits import Limits
    from ._values import Answer

__all__ = ["OwnClientConnection"]

_CRLF: Final = b"\r\n"
_COMPACT_BYTES: Final = 64 * 1024


class _Word(Enum):
    OPEN = "open"
    """Instead of a value: an array or the like has begun, its items follow."""


_OPEN: Final = _Word.OPEN


class _Open:
    """An array, map, set, push or attribute of which items are still to come."""

    __slots__ = ("items", "kind", "missing")

    def __init__(self, kind: int, missing: int) -> None:
        self.kind = kind
        self.missing = missing
        self.items: list[Any] = []


class OwnClientConnection(ClientConnection):
    """Parses each byte once: what is nested and incomplete stays open between two receives."""

    def __init__(self, limits: Limits, encode: CommandEncoder) -> None:
        super().__init__(limits, encode)
        self._buffer = bytearray()
        self._at = 0  # bytes before it are parsed
        self._searched = 0  # no line ends before it
        self._string: int | None = None  # the length of the string whose bytes come next
        self._string_kind = 0
        self._nested: list[_Open] = []
        self._answer_bytes = 0  # of the present answer, parsed already

    def _feed(self, data: bytes) -> None:
        if self.error is not None:
            return
        if self._at == len(self._buffer):
            self._buffer = bytearray(data)
            self._at = self._searched = 0
        else:
            if self._at >= _COMPACT_BYTES:
                del self._buffer[: self._at]
                self._searched = max(0, self._searched - self._at)
                self._at = 0
            self._buffer += data

    def next_event(self) -> Answer:
        if self.error is not None:
            raise self.error
        try:
            event = self._parse()
        except RemoteProtocolError as exc:
            self.error = exc
            raise
        if event is NEED_DATA:
            return self._end()
        return event

    def next_events(self) -> list[Answer]:
        events: list[Answer] = []
        if self.error is not None:
            raise self.error
        try:
            while (event := self._parse()) is not NEED_DATA:
                events.append(event)
        except RemoteProtocolError as exc:
            self.error = exc
            if not events:
                raise
        return events

    @property
    def buffered(self) -> int:
        return len(self._buffer) - self._at

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        return bytes(self._buffer[self._at :]), self._eof

    @property
    def is_between_answers(self) -> bool:
        return not self._answer_bytes and self._at == len(self._buffer)

    def _parse(self) -> Answer:
        """Return the next answer, or NEED_DATA."""
        while True:
            before = self._at
            value = self._next_value()
            self._answer_bytes += self._at - before
            if value is NEED_DATA:
                most = self.limits.max_answer_bytes
                if self._answer_bytes + len(self._buffer) - self._at > most:
                    raise LimitExceeded(limit_name="max_answer_bytes", limit=most)
                return value
            nested = self._nested
            while value is not _OPEN:
                if not nested:
                    self._answer_bytes = 0
                    return value
                top = nested[-1]
                top.items.append(value)
                top.missing -= 1
                if top.missing:
                    break
                nested.pop()
                value = self._close(top, is_top=not nested)

    def _next_value(self) -> Any:
        """Return the next value that is complete, _OPEN if its items follow, or NEED_DATA."""
        if self._string is not None:
            return self._next_string(self._string)
        buffer, at = self._buffer, self._at
        end = buffer.find(_CRLF, max(at, self._searched))
        if end < 0:
            self._searched = max(at, len(buffer) - 1)
            most = self.limits.max_line_bytes
            if len(buffer) - at > most + 2:  # what introduces it, and half of its end
                raise LimitExceeded(limit_name="max_line_bytes", limit=most)
            # What cannot begin a value is refused without waiting for the line's end.
            if at < len(buffer) and buffer[at] not in _READERS:
                raise _no_value(buffer[at])
            return NEED_DATA
        kind = buffer[at]
        reader = _READERS.get(kind)
        if reader is None:
            raise _no_value(kind)
        if end - at > (most := self.limits.max_line_bytes) + 1:
            raise LimitExceeded(limit_name="max_line_bytes", limit=most)
        line = bytes(buffer[at + 1 : end])
        self._at = end + 2
        return reader(self, kind, line)

    def _next_string(self, length: int) -> Any:
        buffer, at = self._buffer, self._at
        end = at + length
        if len(buffer) < end + 2:
            return NEED_DATA
        if not buffer.startswith(_CRLF, end):
            raise RemoteProtocolError("a string is longer than was announced")
        data = bytes(memoryview(buffer)[at:end])
        self._string = None
        self._at = end + 2
        if self._string_kind == _VERBATIM:
            if data[3:4] != b":":
                raise RemoteProtocolError("a verbatim string without its format")
            return data[4:]
        if self._string_kind == _BULK_ERROR:
            return redis_error(data.decode(errors="replace"))
        return data

    def _close(self, top: _Open, *, is_top: bool) -> Any:
        """Make a value of all items of an array or the like."""
        items = top.items
        if top.kind == _MAP:
            return dict(zip(items[::2], items[1::2], strict=True))
        if top.kind == _ATTRIBUTE:
            return _OPEN  # what it says of the value behind it is nothing that we ask for
        if top.kind == _PUSH and is_top:
            return Push(items)
        return items

    def _wants_key(self) -> bool:
        """Whether a map's next key is what comes next."""
        if not self._nested:
            return False
        top = self._nested[-1]
        return top.kind == _MAP and not top.missing % 2

    def _read_simple(self, _kind: int, line: bytes) -> bytes:
        if b"\r" in line or b"\n" in line:
            raise RemoteProtocolError("a simple string with a line's end in it")
        return line

    def _read_error(self, _kind: int, line: bytes) -> Any:
        if b"\r" in line or b"\n" in line:
            raise RemoteProtocolError("an error with a line's end in it")
        return redis_error(line.decode(errors="replace"))

    def _read_integer(self, _kind: int, line: bytes) -> int:
        return read_integer(line)

    def _read_double(self, _kind: int, line: bytes) -> float:
        return read_double(line)

    def _read_big_number(self, _kind: int, line: bytes) -> bytes:
        return read_big_number(line)

    def _read_boolean(self, _kind: int, line: bytes) -> bool:
        if line not in {b"t", b"f", b"T", b"F"}:
            raise RemoteProtocolError(f"not a boolean: {line[:40]!r}")
        return line in {b"t", b"T"}

    def _read_null(self, _kind: int, line: bytes) -> None:
        if line:
            raise RemoteProtocolError(f"not a null: {line[:40]!r}")

    def _read_string(self, kind: int, line: bytes) -> Any:
        length = read_length(line)
        if length is None:
            return None
        if length > (most := self.limits.max_bulk_bytes):
            raise LimitExceeded(limit_name="max_bulk_bytes", limit=most)
        self._string, self._string_kind = length, kind
        return self._next_string(length)

    def _read_aggregate(self, kind: int, line: bytes) -> Any:
        length = read_length(line)
        if length is None:
            if kind == _ATTRIBUTE:
                raise RemoteProtocolError("an attribute without items")
            return None
        if length > (most := self.limits.max_items):
            raise LimitExceeded(limit_name="max_items", limit=most)
        if len(self._nested) >= (most := self.limits.max_depth):
            raise LimitExceeded(limit_name="max_depth", limit=most)
        if kind != _ATTRIBUTE and self._wants_key():
            raise RemoteProtocolError("a map with an array or the like for a key")
        top = _Open(kind, 2 * length if kind in {_MAP, _ATTRIBUTE} else length)
        if not length:
            return self._close(top, is_top=not self._nested)
        self._nested.append(top)
        return _OPEN


def _no_value(kind: int) -> RemoteProtocolError:
    return RemoteProtocolError(f"no answer begins with {bytes([kind])!r}")


_MAP: Final = ord("%")
_PUSH: Final = ord(">")
_ATTRIBUTE: Final = ord("|")
_VERBATIM: Final = ord("=")
_BULK_ERROR: Final = ord("!")

_Reader = Callable[[OwnClientConnection, int, bytes], Any]
_READERS: Final[dict[int, _Reader]] = {
    ord("+"): OwnClientConnection._read_simple,
    ord("-"): OwnClientConnection._read_error,
    ord(":"): OwnClientConnection._read_integer,
    ord(","): OwnClientConnection._read_double,
    ord("#"): OwnClientConnection._read_boolean,
    ord("_"): OwnClientConnection._read_null,
    ord("("): OwnClientConnection._read_big_number,
    ord("$"): OwnClientConnection._read_string,
    ord("="): OwnClientConnection._read_string,
    ord("!"): OwnClientConnection._read_string,
    ord("*"): OwnClientConnection._read_aggregate,
    ord("~"): OwnClientConnection._read_aggregate,
    ord(">"): OwnClientConnection._read_aggregate,
    ord("%"): OwnClientConnection._read_aggregate,
    ord("|"): OwnClientConnection._read_aggregate,
}
