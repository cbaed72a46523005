"""Reads heads: cuts them, has them parsed and judged, and remembers the last one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final, Generic, TypeVar

from ._fields import LONGEST_REMEMBERED, FieldReader
from ._framing import LineCutter, Received
from ._head import (
    SLASH,
    UNUSUAL_METHODS,
    Head,
    RequestHead,
    ResponseHead,
    request_head,
    response_head,
)
from ._limits import Limits
from ._parser import FieldParser
from ._refusals import BadMessage, MessageTooLarge
from ._strictness import (
    REQUEST_LINE,
    STATUS_LINE,
    count_lines,
    fault_of_request_line,
    fault_of_status_line,
)

__all__ = ["HeadReader", "RequestReader", "ResponseReader"]

_CR: Final = 13
_VERSIONS: Final = {b"1.1": "1.1", b"1.0": "1.0"}
_METHODS: Final = {m.encode("ascii"): m for m in ("GET", "HEAD", "POST", "PUT", "DELETE")}


_H = TypeVar("_H", bound=Head)


class HeadReader(ABC, Generic[_H]):
    """Reads heads; the base of both roles' readers."""

    __slots__ = ("_fields", "_limits", "_line_skipped", "_lines", "begun", "end", "last")

    def __init__(self, limits: Limits, parser: FieldParser) -> None:
        self._limits = limits
        self._lines = LineCutter(limits)
        self._fields = FieldReader(self._lines, parser)
        self.last: _H | None = None
        """What :meth:`read` may return again."""
        self.begun = False
        """Whether some bytes of a head have been looked at."""
        self._line_skipped = False
        self.end: int = 0
        """Where to go on in the buffer."""

    def read(self, buffer: Received, at: int) -> _H | None:
        """Read the head that begins at ``at``, where there is at least one byte.

        :returns: the same object as the last time, if the head is the same; ``None`` for not yet.
        :raises BadMessage: no continuation can make this a head that we accept.
        """
        last = self.last
        if last is not None and buffer.startswith(last.raw, at):
            self.end = at + len(last.raw)
            if self.begun:
                self._start_over()
            return last
        return self.read_other(buffer, at)

    def read_other(self, buffer: Received, at: int) -> _H | None:
        """Read a head that is another than the last one; otherwise as :meth:`read`."""
        head = self._read_anew(buffer, at)
        if head is None:
            self.begun = True
            return None
        if len(head.raw) <= LONGEST_REMEMBERED:
            self.last = head
        else:
            self.last = None
            self._fields.forget()
        if self.begun:
            self._start_over()
        return head

    def _start_over(self) -> None:
        self.begun = self._line_skipped = False
        self._lines.reset()

    @abstractmethod
    def _read_anew(self, buffer: Received, at: int) -> _H | None:
        """Parse a head; otherwise as :meth:`read`."""


class RequestReader(HeadReader[RequestHead]):
    """Reads the heads of requests."""

    __slots__ = ()

    def _read_anew(self, buffer: Received, at: int) -> RequestHead | None:
        self.end = at
        cap = at + self._limits.max_head_bytes
        known = self._fields
        match = None if self.begun else REQUEST_LINE.match(buffer, at, cap)
        if match is not None:
            end = known.read_again(buffer, match.end(), cap)
        elif buffer[at] == _CR and buffer.startswith(b"\r\n", at):
            return self._skip_line(buffer, at)
        else:
            end = 0
        if not end:
            end = self._lines.find_end(buffer, at)
            if not end:
                return None
            match = match or REQUEST_LINE.match(buffer, at)
            if match is None:
                line = bytes(buffer[at : buffer.index(b"\r\n", at)])
                count_lines(line)
                raise BadMessage(fault_of_request_line(line))
            if len(match[2]) > self._limits.max_target_bytes:  # before a parser sees the rest
                raise self._target_too_long(match[2])
            known.read(bytes(buffer[match.end() : end]))
        assert match is not None  # or there would have been no end
        method, target, version = match.groups()
        if len(target) > self._limits.max_target_bytes:
            raise self._target_too_long(target)
        self.end = end
        raw = buffer[at:end]
        if raw.__class__ is not bytes:
            raw = bytes(raw)
        facts = known.facts(_VERSIONS[version])
        name = _METHODS.get(method) or method.decode("ascii")
        if facts.usual and target[0] == SLASH and name not in UNUSUAL_METHODS:
            return RequestHead(name, target.decode("ascii"), known.fields, facts, raw, 0, True)
        return request_head(name, target, known.fields, facts, raw)

    def _target_too_long(self, target: bytes) -> MessageTooLarge:
        return MessageTooLarge(
            f"a request target of {len(target)} bytes",
            status_hint=414,
            limit_name="max_target_bytes",
            limit=self._limits.max_target_bytes,
        )

    def _skip_line(self, buffer: Received, at: int) -> RequestHead | None:
        """One empty line before a request is forgiven (RFC 9112, section 2.2)."""
        if self._line_skipped:
            raise BadMessage("a second empty line before a request")
        self.begun = self._line_skipped = True
        self.end = at = at + 2
        return None if at == len(buffer) else self.read(buffer, at)


class ResponseReader(HeadReader[ResponseHead]):
    """Reads the heads of responses."""

    __slots__ = ()

    def _read_anew(self, buffer: Received, at: int) -> ResponseHead | None:
        self.end = at
        if not b"HTTP/".startswith(bytes(buffer[at : at + 5])):
            raise BadMessage("this is no HTTP response")
        end = self._lines.find_end(buffer, at)
        if not end:
            return None
        raw = bytes(buffer[at:end])
        match = STATUS_LINE.match(raw)
        if match is None:
            line = raw[: raw.index(b"\r\n")]
            count_lines(line)
            raise BadMessage(fault_of_status_line(line))
        version, status, reason = match.groups(b"")
        self._fields.read(raw[match.end() :])
        facts = self._fields.facts(_VERSIONS[version])
        head = response_head(int(status), reason, self._fields.fields, facts, raw)
        self.end = end
        return head
