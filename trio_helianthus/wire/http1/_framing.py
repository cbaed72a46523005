"""Where one part of a message ends and the next begins: cuts what was received at the joints.

A cutter is told the buffer and where to begin, answers what it found, and leaves in ``end`` where
to go on. A parser never sees anything behind the part that it is parsing, so that limits and
strictness are exact however the bytes arrive, and what follows a message, or an upgrade, is still
there untouched.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from ._events import HeaderFields
from ._limits import Limits
from ._parser import FieldParser
from ._refusals import BadMessage, MessageTooLarge
from ._strictness import (
    CHUNK_LINE,
    FORBIDDEN_IN_TRAILERS,
    GOOD_LINES,
    fault_behind_good_lines,
)

__all__ = [
    "BodyCutter",
    "ChunkedCutter",
    "LengthCutter",
    "LineCutter",
    "Received",
    "UntilEndCutter",
]

Received: TypeAlias = bytes | bytearray
"""What was received and not cut yet."""

_END: Final = b"\r\n\r\n"
_LONGEST_SIZE: Final = 16  # hexadecimal digits of a chunk size
_CHUNKS_AT_ONCE: Final = 64  # joined to one piece; more would be much work for one call


class LineCutter:
    """Finds the empty line behind header fields, and scans no byte more than twice."""

    __slots__ = ("_limits", "_scanned")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._scanned = 0

    def find_end(self, buffer: Received, at: int) -> int:
        """Return where what begins at ``at`` ends, behind its empty line; 0 for not yet.

        :raises BadMessage: no continuation can make this lines that we accept.
        """
        cap = self._limits.max_head_bytes
        begin = at + self._scanned - 3 if self._scanned > 3 else at
        end = buffer.find(_END, begin, at + cap)
        if end >= 0:
            self._scanned = 0
            return end + 4
        good = GOOD_LINES.match(buffer, at + self._scanned, at + cap)
        scanned = good.end() if good else at
        rest = bytes(buffer[scanned : min(scanned + 4, at + cap)])
        if not _END.startswith(rest):
            raise BadMessage(fault_behind_good_lines(rest))
        if len(buffer) - at >= cap:
            raise self.too_long(start_line_fits=buffer.find(b"\r\n", at, at + cap) != -1)
        self._scanned = scanned - at
        return 0

    def reset(self) -> None:
        """Begin with other lines: these were found without looking for their end."""
        self._scanned = 0

    def too_long(self, *, start_line_fits: bool) -> MessageTooLarge:
        """Make the refusal of lines that do not end in time."""
        cap = self._limits.max_head_bytes
        return MessageTooLarge(
            f"header fields do not end within {cap} bytes",
            status_hint=431 if start_line_fits else 414,
            limit_name="max_head_bytes",
            limit=cap,
        )

    def check_count(self, fields: int) -> None:
        """Refuse too many header fields.

        :raises MessageTooLarge: there are.
        """
        if fields > self._limits.max_headers:
            raise MessageTooLarge(
                "too many header fields",
                status_hint=431,
                limit_name="max_headers",
                limit=self._limits.max_headers,
            )


class BodyCutter(Protocol):
    """Cuts a body, or its data out of it, from a buffer."""

    end: int
    """Where to go on in the buffer."""
    done: bool
    """Whether the body is complete."""
    trailers: HeaderFields
    """What came behind it."""

    def cut(self, buffer: Received, at: int) -> Received:
        """Return some data of the body; nothing, where there is none yet or it is complete.

        :raises BadMessage: no continuation can make this a body that we accept.
        """
        ...


class LengthCutter:
    """Cuts a body of known length."""

    __slots__ = ("done", "end", "left", "trailers")

    def __init__(self, length: int) -> None:
        self.left = length
        """How many bytes are still to come."""
        self.done = False
        self.end = 0
        self.trailers: HeaderFields = ()

    def cut(self, buffer: Received, at: int) -> Received:
        there = len(buffer) - at
        if there >= self.left:
            there = self.left
            self.done = True
        self.left -= there
        self.end = at + there
        return buffer[at : self.end]


class UntilEndCutter:
    """Cuts a body that ends with the stream."""

    __slots__ = ("done", "end", "trailers")

    def __init__(self) -> None:
        self.done = False
        self.end = 0
        self.trailers: HeaderFields = ()

    def cut(self, buffer: Received, at: int) -> Received:
        self.end = len(buffer)
        return buffer[at:]


class ChunkedCutter:
    """Cuts the data out of chunks, and reads the trailer section behind them."""

    __slots__ = (
        "_behind",
        "_extensions",
        "_left",
        "_limits",
        "_lines",
        "_parser",
        "_scanned",
        "done",
        "end",
        "trailers",
    )

    def __init__(self, limits: Limits, parser: FieldParser) -> None:
        self._limits = limits
        self._parser = parser
        self._left = 0
        self._behind = False  # a chunk, and before the line end that belongs to it
        self._extensions = 0
        self._scanned = 0
        self._lines: LineCutter | None = None
        self.done = False
        self.end = 0
        self.trailers: HeaderFields = ()

    def cut(self, buffer: Received, at: int) -> Received:
        self.end = at
        pieces: list[Received] = []
        try:
            while self._lines is None and len(pieces) < _CHUNKS_AT_ONCE:
                if not self._cut_some(buffer, pieces):
                    break
            if self._lines is not None:
                self._cut_trailers(buffer, self._lines)
        except BadMessage:
            if not pieces:
                raise
            # It is found again, at the same place, once the data before it was taken.
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _cut_some(self, buffer: Received, pieces: list[Received]) -> bool:
        """Cut up to the next joint; whether there was enough for that."""
        at = self.end
        if self._left:
            piece = buffer[at : at + self._left]
            if piece:
                pieces.append(piece)
                self._left -= len(piece)
                self.end += len(piece)
                self._behind = not self._left
            return self._behind
        if self._behind:
            line_end = buffer[at : at + 2]
            if line_end != b"\r\n":
                if b"\r\n".startswith(line_end):
                    return False
                raise BadMessage("a chunk goes on behind its end")
            self._behind = False
            self.end += 2
            return True
        return self._cut_line(buffer, at)

    def _cut_line(self, buffer: Received, at: int) -> bool:
        allowance = self._limits.max_chunk_extension_bytes - self._extensions
        longest = _LONGEST_SIZE + allowance + len(b"\r\n")
        line_end = buffer.find(b"\n", at + self._scanned, at + longest) + 1
        if not line_end:
            self._scanned = len(buffer) - at
            if self._scanned >= longest:
                raise self._extension_too_long()
            if self._scanned and not _may_begin_chunk_line(buffer, at):
                raise BadMessage("malformed chunk size or extension")
            return False
        match = CHUNK_LINE.fullmatch(buffer, at, line_end)
        if match is None:
            raise BadMessage("malformed chunk size or extension")
        size, extension = match.groups()
        if len(extension) > allowance:
            raise self._extension_too_long()
        self._extensions += len(extension)
        self._scanned = 0
        self._left = int(size, 16)
        self.end = line_end
        if not self._left:
            self._lines = LineCutter(self._limits)
        return True

    def _cut_trailers(self, buffer: Received, lines: LineCutter) -> None:
        at = self.end
        if buffer.startswith(b"\r\n", at):
            self.end = at + 2
            self.done = True
            return
        end = lines.find_end(buffer, at)
        if not end:
            return
        section = bytes(buffer[at:end])
        lines.check_count(section.count(b"\r\n") - 1)
        trailers = self._parser.fields(section)
        for name, _ in trailers:
            if name in FORBIDDEN_IN_TRAILERS:
                raise BadMessage(f"{name.decode('ascii')} in a trailer section")
        self.trailers = trailers
        self.end = end
        self.done = True

    def _extension_too_long(self) -> MessageTooLarge:
        limit = self._limits.max_chunk_extension_bytes
        return MessageTooLarge(
            f"chunk extensions of more than {limit} bytes",
            status_hint=413,
            limit_name="max_chunk_extension_bytes",
            limit=limit,
        )


def _may_begin_chunk_line(buffer: Received, at: int) -> bool:
    """Whether a line can go on so that it has a size; what never can is refused at once."""
    first = buffer[at : at + 1]
    return first.isalnum() and first.lower() <= b"f"
