"""Reads heads: cuts them, has them parsed and judged, and remembers the last one.

Clients repeat themselves: on a kept connection a request's fields are often those of the request
before it, byte for byte. Such a block was judged already, whatever it says.
"""

from __future__ import annotations

from typing import Final

from ._framing import LineCutter, Received
from ._head import Head, facts_of, request_head, response_head
from ._limits import Limits
from ._parser import HeadParser
from ._refusals import BadMessage, MessageTooLarge
from ._strictness import (
    check_status_line,
    count_lines,
    version_of_request,
)

__all__ = ["HeadReader", "RequestReader", "ResponseReader"]

_CR: Final = 13
_LONGEST_REMEMBERED: Final = 8 * 1024  # of a connection that waits, this is all that is kept


class HeadReader:
    """Reads heads; the base of both roles' readers."""

    __slots__ = ("_last", "_limits", "_line_skipped", "_lines", "_parser", "end")

    def __init__(self, limits: Limits, parser: HeadParser) -> None:
        self._limits = limits
        self._parser = parser
        self._lines = LineCutter(limits)
        self._last: Head | None = None
        self._line_skipped = False
        self.end: int = 0
        """Where to go on in the buffer."""

    def read(self, buffer: Received, at: int) -> Head | None:
        """Read the head that begins at ``at``, where there is at least one byte.

        :returns: the same object as the last time, if the head is the same; ``None`` for not yet.
        :raises BadMessage: no continuation can make this a head that we accept.
        """
        last = self._last
        if last is not None and buffer.startswith(last.raw, at):
            self.end = at + len(last.raw)
            self._lines.reset()
            self._line_skipped = False
            return last
        head = self._read_other(buffer, at)
        if head is not None:
            self._last = head if len(head.raw) <= _LONGEST_REMEMBERED else None
        return head

    def _read_other(self, buffer: Received, at: int) -> Head | None:
        raise NotImplementedError

    def _check_lines(self, raw: bytes) -> int:
        """Judge a head's bytes, and return how many header fields it must have."""
        fields = count_lines(raw) - 2
        self._lines.check_count(fields)
        return fields


class RequestReader(HeadReader):
    """Reads the heads of requests."""

    __slots__ = ("_block",)

    def __init__(self, limits: Limits, parser: HeadParser) -> None:
        super().__init__(limits, parser)
        self._block = b""

    def _read_other(self, buffer: Received, at: int) -> Head | None:
        if buffer[at] == _CR and buffer.startswith(b"\r\n", at):
            # One empty line before a request is forgiven (RFC 9112, section 2.2).
            if self._line_skipped:
                raise BadMessage("a second empty line before a request")
            self._line_skipped = True
            self.end = at = at + 2
            if at == len(buffer):
                return None
            return self.read(buffer, at)
        self.end = at
        line_end = buffer.find(b"\r\n", at, at + self._limits.max_head_bytes)
        last = self._last
        if last is not None and line_end > 0 and buffer.startswith(self._block, line_end):
            head = self._read_line(bytes(buffer[at:line_end]), last)
            self.end = at + len(head.raw)
            self._lines.reset()
            self._line_skipped = False
            return head
        end = self._lines.find_end(buffer, at)
        if not end:
            return None
        raw = bytes(buffer[at:end])
        fields = self._check_lines(raw)
        line = raw[: line_end - at]
        version = version_of_request(line)
        method, target, pairs = self._parser.request(raw)
        self._check_line(line, method, target)
        if len(pairs) != fields:
            raise BadMessage("a header field that is none, or goes on in the next line")
        head = request_head(method, target, facts_of(pairs, version), raw)
        self._block = raw[line_end - at :] if len(raw) <= _LONGEST_REMEMBERED else b""
        self.end = end
        self._line_skipped = False
        return head

    def _read_line(self, line: bytes, last: Head) -> Head:
        """Read a request line above fields that the last head had, too."""
        raw = line + self._block
        if len(raw) > self._limits.max_head_bytes:
            raise self._lines.too_long(start_line_fits=len(line) < self._limits.max_head_bytes)
        version = version_of_request(line)
        method, target = self._parser.request_line(line)
        self._check_line(line, method, target)
        facts = last.facts
        if facts.version != version:
            facts = facts_of(facts.fields, version)
        return request_head(method, target, facts, raw)

    def _check_line(self, line: bytes, method: str, target: bytes) -> None:
        if len(line) != len(method) + len(target) + len(b"  HTTP/1.1"):  # RFC 9112, section 3
            raise BadMessage("more in a request line than a method, a target and a version")
        if len(target) > self._limits.max_target_bytes:
            raise MessageTooLarge(
                f"a request target of {len(target)} bytes",
                status_hint=414,
                limit_name="max_target_bytes",
                limit=self._limits.max_target_bytes,
            )


class ResponseReader(HeadReader):
    """Reads the heads of responses."""

    __slots__ = ()

    def _read_other(self, buffer: Received, at: int) -> Head | None:
        self.end = at
        if not b"HTTP/".startswith(bytes(buffer[at : at + 5])):
            raise BadMessage("this is no HTTP response")
        end = self._lines.find_end(buffer, at)
        if not end:
            return None
        raw = bytes(buffer[at:end])
        fields = self._check_lines(raw)
        version = check_status_line(raw[: raw.index(b"\r\n")])
        status, reason, pairs = self._parser.response(raw)
        if len(pairs) != fields:
            raise BadMessage("a header field that is none, or goes on in the next line")
        head = response_head(status, reason, facts_of(pairs, version), raw)
        self.end = end
        return head
