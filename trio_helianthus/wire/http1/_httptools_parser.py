"""The fast parser: httptools, with h11 as the judge of what it refuses.

httptools knows a list of methods and refuses each other one, while a method is any token (RFC 9110,
section 9.1). So that both engines say the same, what it refuses is shown to the reference.
"""

from __future__ import annotations

from typing import Final

import httptools

from ._events import HeaderFields
from ._h11_parser import H11Parser

__all__ = ["HTTPToolsParser"]

_REFERENCE: Final = H11Parser()
_BEFORE_TRAILERS: Final = b"GET / HTTP/1.1\r\n"


class _Found:
    """Takes what httptools calls out; knows no parser, so that nothing refers to itself."""

    __slots__ = ("fields", "on_message_complete", "start", "unfinished")

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self.start = b""
        self.unfinished = [True]
        self.on_message_complete = self.unfinished.clear  # the cheapest way to notice

    def on_url(self, url: bytes) -> None:
        self.start = url

    def on_status(self, reason: bytes) -> None:
        self.start = reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.lower(), value.rstrip()))


class HTTPToolsParser:
    """A :class:`HeadParser` on httptools.

    httptools goes on from message to message, and only a message without a body has ended with its
    head; behind any other one the next head gets a fresh parser.
    """

    __slots__ = ("_found", "_requests")

    def __init__(self) -> None:
        self._found = _Found()
        self._requests: httptools.HttpRequestParser | None = None

    def request(self, head: bytes) -> tuple[str, bytes, HeaderFields]:
        found = self._found
        found.fields = []
        try:
            method = self._feed_request(head)
        except httptools.HttpParserError:
            return _REFERENCE.request(head)
        return method, found.start, tuple(found.fields)

    def request_line(self, line: bytes) -> tuple[str, bytes]:
        try:
            method = self._feed_request(line + b"\r\n\r\n")
        except httptools.HttpParserError:
            return _REFERENCE.request_line(line)
        return method, self._found.start

    def response(self, head: bytes) -> tuple[int, bytes, HeaderFields]:
        found = self._found
        found.start = b""
        found.fields = []
        parser = httptools.HttpResponseParser(found)
        try:
            parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError:
            return _REFERENCE.response(head)
        found.unfinished[:] = (True,)
        return parser.get_status_code(), found.start, tuple(found.fields)

    def trailers(self, section: bytes) -> HeaderFields:
        self._found.fields = []
        try:
            self._feed_request(_BEFORE_TRAILERS + section)
        except httptools.HttpParserError:
            return _REFERENCE.trailers(section)
        return tuple(self._found.fields)

    def _feed_request(self, head: bytes) -> str:
        parser = self._requests
        if parser is None:
            parser = self._requests = httptools.HttpRequestParser(self._found)
        unfinished = self._found.unfinished
        try:
            parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self._requests = None
        except httptools.HttpParserError:
            self._requests = None
            unfinished[:] = (True,)
            raise
        if unfinished:
            self._requests = None
        else:
            unfinished.append(True)
        return _METHODS.get(head[:4]) or parser.get_method().decode("ascii")


_METHODS: Final = {b"GET ": "GET", b"PUT ": "PUT", b"POST": "POST", b"HEAD": "HEAD"}
"""A method's first bytes, where no other method that httptools knows begins with them."""
