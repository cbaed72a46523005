"""Reads the header fields of heads, and of a head like the one before only the values that vary.

Clients repeat themselves: on a kept connection a request's fields are mostly those of the request
before it, byte for byte, but for the values of one or two, and of the same ones each time.
"""

from __future__ import annotations

from typing import Final

from ._events import HeaderFields
from ._framing import LineCutter, Received
from ._head import CHUNKED, TELLING, Facts, facts_of
from ._parser import FieldParser
from ._refusals import BadMessage
from ._strictness import has_control

__all__ = ["LONGEST_REMEMBERED", "FieldReader"]

LONGEST_REMEMBERED: Final = 8 * 1024
"""Of a connection that waits, no longer head is kept."""

_LINE_END: Final = b"\r\n"
_NO_FIELDS: Final = b"\r\n\r\n"
_GAP: Final = b"\0"  # which is in no field


class FieldReader:
    """Reads blocks of header fields: all of a head but its first line.

    It remembers the last block as text with gaps, where values were seen to vary: what is fixed has
    been parsed, whatever it says, and a gap takes any value that is plainly one. What fields say
    about the message depends on no gap.

    :param cutter: knows the limits.
    """

    __slots__ = ("_behind", "_cutter", "_facts", "_gaps", "_parser", "_up_to", "fields")

    def __init__(self, cutter: LineCutter, parser: FieldParser) -> None:
        self._cutter = cutter
        self._parser = parser
        self.fields: HeaderFields = ()
        """Those of the last block."""
        self._facts: Facts | None = None
        self.forget()

    def forget(self) -> None:
        """Compare the next block with none."""
        self._up_to: tuple[
            tuple[bytes, int], ...
        ] = ()  # what is fixed before each gap, and its length
        self._behind = _NO_FIELDS  # and behind the last one
        self._gaps: tuple[tuple[int, bytes], ...] = ()  # the place and the name of each gap's field
        if self.fields:
            self.fields = ()
            self._facts = None

    def facts(self, version: str) -> Facts:
        """Return what the fields say.

        It is the same object as long as that, and the names of all fields, are the same.

        :raises BadMessage: it has two readings.
        """
        facts = self._facts
        if facts is None or facts.version != version:
            self._facts = facts = facts_of(self.fields, version)
            if facts.length == CHUNKED:
                self.fields = _with_chunked(self.fields)
        return facts

    def read_again(self, buffer: Received, at: int, stop: int) -> int:
        """Read a block that is like the last one.

        :param at: where it begins, with the line end of the first line.
        :param stop: where it has to end at the latest.
        :returns: where it ends, behind the empty line; 0 where it is not like the last one, or not
            complete, and nothing has happened.
        """
        values: list[bytes] = []
        for fixed, length in self._up_to:
            if not buffer.startswith(fixed, at):
                return 0
            at += length
            end = buffer.find(b"\r", at)
            value = buffer[at:end]
            if value != value.strip() or end <= at:
                return 0
            values.append(value)  # type: ignore[arg-type]  # made bytes of below
            at = end
        if not buffer.startswith(self._behind, at):
            return 0
        at += len(self._behind)
        if at > stop:
            return 0
        if values:
            if has_control(b"".join(values)):
                return 0
            if buffer.__class__ is not bytes:  # they alone: it may hold many other requests
                values = list(map(bytes, values))
            fields = list(self.fields)
            for (place, name), value in zip(self._gaps, values):  # noqa: B905 - strict is slow
                fields[place] = name, value
            self.fields = tuple(fields)
        return at

    def read(self, block: bytes) -> None:
        """Read a block that is another.

        :param block: from the line end of the first line to the empty line, with both.
        :raises BadMessage: it has two readings, or too many fields.
        """
        lines = block[2:-4].split(_LINE_END) if block != _NO_FIELDS else []
        self._cutter.check_count(len(lines))
        fields = self._parser.fields(block[2:]) if lines else ()
        if len(fields) != len(lines):
            raise BadMessage("a header field that is none, or goes on in the next line")
        gaps = self._find_gaps(lines, fields)
        if gaps is None:
            self._facts = None
        elif self._facts is not None and self._facts.length == CHUNKED:
            fields = _with_chunked(fields)
        self.fields = fields
        self._remember(lines, gaps or ())

    def _find_gaps(self, lines: list[bytes], fields: HeaderFields) -> tuple[int, ...] | None:
        """Return which fields have varied in their values; ``None`` where more than that has."""
        fixed = [*[fixed for fixed, _ in self._up_to], self._behind]
        known_lines = _GAP.join(fixed)[2:-4].split(_LINE_END)
        known = self.fields
        if not known or len(known) != len(fields):
            return None
        gaps = tuple([place for place, line in enumerate(lines) if line != known_lines[place]])
        for place in gaps:
            name = fields[place][0]
            if name != known[place][0] or name in TELLING:
                return None
        return gaps

    def _remember(self, lines: list[bytes], gaps: tuple[int, ...]) -> None:
        for place in gaps:
            line = lines[place]
            value = line[len(self.fields[place][0]) + 1 :].lstrip(b" \t")
            lines[place] = line[: len(line) - len(value)] + _GAP
        text = _LINE_END + _LINE_END.join(lines) + _NO_FIELDS if lines else _NO_FIELDS
        *up_to, self._behind = text.split(_GAP)
        self._up_to = tuple([(fixed, len(fixed)) for fixed in up_to])
        self._gaps = tuple([(place, self.fields[place][0]) for place in gaps])


def _with_chunked(fields: HeaderFields) -> HeaderFields:
    """Write ``chunked`` in lower case."""
    if (b"transfer-encoding", b"chunked") in fields:
        return fields
    return tuple([(n, b"chunked" if n == b"transfer-encoding" else v) for n, v in fields])
