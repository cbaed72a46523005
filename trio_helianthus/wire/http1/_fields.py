"""Reads the header fields of heads, and of a head like the one before only what differs.

Clients repeat themselves: on a kept connection a request's fields are mostly those of the request
before it, line by line and byte for byte, but for a line or two, and for the same ones each time.
A line that is the same was judged already, whatever it says; and what fields say together is judged
anew as soon as one that has a part in it is another.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress, count
from operator import ne
from typing import Final

from ._events import HeaderFields
from ._framing import LineCutter
from ._head import CHUNKED, TELLING, Facts, facts_of
from ._parser import FieldParser
from ._strictness import count_lines

__all__ = ["LONGEST_REMEMBERED", "FieldReader"]

LONGEST_REMEMBERED: Final = 8 * 1024
"""Of a connection that waits, no longer head is kept."""

_LINE_END: Final = b"\r\n"
_NO_FIELDS: Final = b"\r\n\r\n"


class FieldReader:
    """Reads blocks of header fields: all of a head but its first line.

    :param cutter: knows the limits.
    """

    __slots__ = (
        "_behind",
        "_cutter",
        "_exact",
        "_facts",
        "_fields",
        "_first",
        "_parser",
        "_stop",
        "_up_to",
        "block",
    )

    def __init__(self, cutter: LineCutter, parser: FieldParser) -> None:
        self._cutter = cutter
        self._parser = parser
        self._forget()

    def _forget(self) -> None:
        self.block = _NO_FIELDS
        """The last one, about which nothing has to be found out again."""
        self._fields: HeaderFields = ()
        self._facts: Facts | None = None
        # Where it differed from the one before it: these fields, and the bytes around them.
        self._first = self._stop = 0
        self._up_to = self._behind = _LINE_END
        self._exact = True  # no field at either end of these was the same

    def read(self, block: bytes, version: str) -> tuple[HeaderFields, Facts]:
        """Return the fields, and what they say.

        :param block: from the line end of the first line to the empty line, with both.
        :raises BadMessage: it has two readings, or too many fields.
        """
        if block != self.block:
            self._read_other(block)
        facts = self._facts
        if facts is None or facts.version != version:
            self._facts = facts = facts_of(self._fields, version)
            if facts.length == CHUNKED:
                self._fields = _with_chunked(self._fields)
        fields = self._fields
        if len(block) > LONGEST_REMEMBERED:
            self._forget()
        return fields, facts

    def _read_other(self, block: bytes) -> None:
        middle = self._middle(block)
        if middle is None:
            self._compare(block)
            middle = block[len(self._up_to) : len(block) - len(self._behind)]
        section = middle + _LINE_END
        lines = count_lines(section) - 1
        known, first, stop = self._fields, self._first, self._stop
        self._cutter.check_count(first + lines + len(known) - stop)
        came = self._parser.fields(section, lines) if lines else ()
        if self._facts is not None:
            for name, _ in came + known[first:stop]:
                if name in TELLING:
                    self._facts = None
        self._fields = known[:first] + came + known[stop:]
        self._stop = first + lines
        self._exact = (
            lines == stop - first > 0 and came[0] != known[first] and came[-1] != known[stop - 1]
        )
        self.block = block

    def _middle(self, block: bytes) -> bytes | None:
        """Return the lines that are where the last block differed, if all around is the same."""
        if self._exact:
            up_to, behind = self._up_to, self._behind
            if block.startswith(up_to) and block.endswith(behind):
                middle = block[len(up_to) : len(block) - len(behind)]
                if middle.endswith(_LINE_END):
                    return middle
        return None

    def _compare(self, block: bytes) -> None:
        """Find out where a block differs from the last one."""
        old = self.block[2:-4].split(_LINE_END)
        new = block[2:-4].split(_LINE_END)
        shortest = min(len(old), len(new))
        first = next(compress(count(), map(ne, old, new)), shortest)
        last = next(compress(count(), map(ne, reversed(old), reversed(new))), shortest)
        last = min(last, shortest - first)
        self._up_to = _LINE_END + _joined(new[:first])
        self._behind = _joined(new[len(new) - last :]) + _LINE_END
        self._first = first
        self._stop = len(self._fields) - last


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join([line + _LINE_END for line in lines])


def _with_chunked(fields: HeaderFields) -> HeaderFields:
    """Write ``chunked`` in lower case."""
    if (b"transfer-encoding", b"chunked") in fields:
        return fields
    return tuple([(n, b"chunked" if n == b"transfer-encoding" else v) for n, v in fields])
