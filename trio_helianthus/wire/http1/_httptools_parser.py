"""The fast parser: httptools, with h11 as the judge of what it refuses.

What httptools refuses, for the framing that it sees in it perhaps, is shown to the reference, so
that both engines say the same.
"""

from __future__ import annotations

from typing import Final

import httptools

from ._events import HeaderFields
from ._h11_parser import H11Parser

__all__ = ["HTTPToolsParser"]

_REFERENCE: Final = H11Parser()

# A message that has no body whatever its fields say, nor leaves HTTP, ends with its head: then the
# same parser reads the next one.
_START: Final = b"HTTP/1.1 304 \r\n"


class _Found:
    """Takes what httptools calls out, by functions of C: most of the time goes into these calls.

    It knows no parser, so that nothing refers to itself.
    """

    __slots__ = ("fields", "on_header", "on_message_complete", "unfinished")

    def __init__(self) -> None:
        self.fields: dict[bytes, bytes] = {}  # the first of each name
        self.on_header = self.fields.setdefault
        self.unfinished = [True]
        self.on_message_complete = self.unfinished.clear


class _FoundOften(list[tuple[bytes, bytes]]):
    """Takes fields of which some have the same name."""

    def on_header(self, name: bytes, value: bytes) -> None:
        self.append((name.lower(), value.rstrip()))


class HTTPToolsParser:
    """A :class:`FieldParser` on httptools."""

    __slots__ = ("_found", "_parser")

    def __init__(self) -> None:
        self._found = _Found()
        self._parser: httptools.HttpResponseParser | None = None

    def fields(self, section: bytes, count: int) -> HeaderFields:
        found = self._found
        parser = self._parser
        if parser is None:
            parser = self._parser = httptools.HttpResponseParser(found)
        pairs = found.fields
        pairs.clear()
        try:
            parser.feed_data(_START + section)
        except httptools.HttpParserError:
            self._parser = None
            return _REFERENCE.fields(section, count)
        if found.unfinished:
            self._parser = None
        else:
            found.unfinished.append(True)
        if len(pairs) != count:
            return _fields_of_same_name(section, count)
        return tuple([(name.lower(), value.rstrip()) for name, value in pairs.items()])


def _fields_of_same_name(section: bytes, count: int) -> HeaderFields:
    found = _FoundOften()
    try:
        httptools.HttpResponseParser(found).feed_data(_START + section)
    except httptools.HttpParserError:
        return _REFERENCE.fields(section, count)
    if len(found) != count:
        return _REFERENCE.fields(section, count)
    return tuple(found)
