"""The fast parser: httptools, with h11 as the judge of what it refuses.

What httptools refuses, for the framing that it sees in it perhaps, is shown to the reference, so
that both engines say the same.
"""

from __future__ import annotations

from typing import Final

import httptools

from ._events import HeaderFields
from ._h11_parser import H11Parser

__all__ = ["HTTPTOOLS", "HTTPToolsParser"]

_REFERENCE: Final = H11Parser()

# A message that has no body whatever its fields say, nor leaves HTTP, ends with its head: then the
# same parser reads the next one.
_START: Final = b"HTTP/1.1 304 \r\n"


class _Found(list[tuple[bytes, bytes]]):
    """Takes what httptools calls out. It knows no parser, so that nothing refers to itself."""

    __slots__ = ("on_message_complete", "unfinished")

    def __init__(self) -> None:
        super().__init__()
        self.unfinished = [True]
        self.on_message_complete = self.unfinished.clear

    def on_header(self, name: bytes, value: bytes) -> None:
        self.append((name.lower(), value.rstrip()))


class HTTPToolsParser:
    """A :class:`FieldParser` on httptools."""

    __slots__ = ()

    def fields(self, section: bytes) -> HeaderFields:
        try:
            found, parser = _SPARE.pop()
        except IndexError:
            found = _Found()
            parser = httptools.HttpResponseParser(found)
        try:
            parser.feed_data(_START + section)
        except httptools.HttpParserCallbackError as exc:
            raise exc.__context__ or exc from None  # a KeyboardInterrupt, for example
        except httptools.HttpParserError:
            return _REFERENCE.fields(section)
        fields = tuple(found)
        if not found.unfinished:
            found.clear()
            found.unfinished.append(True)
            _SPARE.append((found, parser))
        return fields


_SPARE: Final[list[tuple[_Found, httptools.HttpResponseParser]]] = []
"""Parsers that are between two sections: one for each thread that has ever parsed at one time."""

HTTPTOOLS: Final = HTTPToolsParser()
"""The one there is."""
