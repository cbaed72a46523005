"""Reads the header fields of heads, and of a head like the one before only what may differ.

Clients repeat themselves: on a kept connection a request's fields are mostly those of the request
before it, line by line and byte for byte, but for a line or two, and for the same ones each time.
A line that is the same was judged already, whatever it says; and what fields say together is judged
anew as soon as one that has a part in it is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ._events import HeaderFields
from ._framing import LineCutter
from ._head import CHUNKED, TELLING, Facts, facts_of
from ._parser import FieldParser
from ._refusals import BadMessage

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
        "_changing",
        "_cutter",
        "_facts",
        "_fields",
        "_lines",
        "_parser",
        "_tells",
        "block",
    )

    def __init__(self, cutter: LineCutter, parser: FieldParser) -> None:
        self._cutter = cutter
        self._parser = parser
        self.forget()

    def forget(self) -> None:
        """Remember nothing."""
        self.block = _NO_FIELDS
        """The last one, about which nothing has to be found out again."""
        self._lines: list[bytes] = []
        self._fields: HeaderFields = ()  # as many, and in the same order
        self._changing: Sequence[int] = ()  # the places of lines that were not always the same
        self._tells = False  # whether the facts are made of one of these, too
        self._facts: Facts | None = None

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
            self.forget()
        return fields, facts

    def _read_other(self, block: bytes) -> None:
        lines = block[2:-4].split(_LINE_END) if block != _NO_FIELDS else []
        self._cutter.check_count(len(lines))
        changing = self._find_changing(lines)
        if changing is None:
            self._fields = self._parse(lines)
            self._changing = ()
            self._facts = None
        else:
            self._replace(changing, self._parse([lines[place] for place in changing]))
        self._lines = lines
        self.block = block

    def _find_changing(self, lines: list[bytes]) -> Sequence[int] | None:
        """Return the places of all lines that may have changed; ``None``: all of them have."""
        known = self._lines
        if len(lines) != len(known):
            return None
        changing = self._changing
        for place in changing:
            known[place] = lines[place]
        if lines != known:  # others have, too
            others = [place for place, line in enumerate(lines) if line != known[place]]
            self._changing = changing = sorted([*changing, *others])
            self._tells = self._tell(changing)
        return changing

    def _replace(self, changing: Sequence[int], came: HeaderFields) -> None:
        fields = list(self._fields)
        renamed = False
        for place, field in zip(changing, came):  # noqa: B905 - as many, and strict is slow
            if field[0] != fields[place][0]:
                renamed = True
            fields[place] = field
        self._fields = tuple(fields)
        if renamed or self._tells:
            self._facts = None
            self._tells = self._tell(changing)

    def _tell(self, places: Sequence[int]) -> bool:
        return any(self._fields[place][0] in TELLING for place in places)

    def _parse(self, lines: list[bytes]) -> HeaderFields:
        if not lines:
            return ()
        fields = self._parser.fields(_LINE_END.join(lines) + _NO_FIELDS)
        if len(fields) != len(lines):
            raise BadMessage("a header field that is none, or goes on in the next line")
        return fields


def _with_chunked(fields: HeaderFields) -> HeaderFields:
    """Write ``chunked`` in lower case."""
    if (b"transfer-encoding", b"chunked") in fields:
        return fields
    return tuple([(n, b"chunked" if n == b"transfer-encoding" else v) for n, v in fields])
