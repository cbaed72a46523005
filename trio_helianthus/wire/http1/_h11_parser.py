"""The reference parser: a fresh h11 connection for each head, used for nothing but parsing it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import h11

from ._events import HeaderFields
from ._refusals import BadMessage

if TYPE_CHECKING:
    from h11._headers import Headers  # h11 has no public name for it

__all__ = ["H11Parser"]

# Whatever may be answered by any response, so that h11 is willing to read it.
_ASKED: Final = h11.Request(
    method="GET",
    target="/",
    headers=[("Host", "a"), ("Connection", "upgrade"), ("Upgrade", "any")],
)
_BEFORE_TRAILERS: Final = b"GET / HTTP/1.1\r\nHost:\r\n"
_BEHIND_LINE: Final = b"\r\nHost:\r\n\r\n"

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([^\r]*)", re.IGNORECASE)


def _parse(connection: h11.Connection, head: bytes) -> object:
    connection.receive_data(head)
    try:
        return connection.next_event()
    except h11.RemoteProtocolError as exc:
        raise BadMessage(str(exc)) from exc


def _request(head: bytes) -> h11.Request:
    event = _parse(h11.Connection(h11.SERVER, len(head)), head)
    if not isinstance(event, h11.Request):
        raise BadMessage("this is no request")
    return event


def _fields(headers: Headers, head: bytes) -> HeaderFields:
    fields = tuple([(name.lower(), value) for name, value in headers.raw_items()])
    for name, value in fields:
        if name == b"content-length":  # h11 makes "5" of "5, 5", which is for us to judge
            for said in _LENGTH.findall(head):
                if said.rstrip(b" \t") != value:
                    raise BadMessage(f"a list of lengths: {said!r}")
    return fields


class H11Parser:
    """A :class:`HeadParser` on h11."""

    __slots__ = ()

    def request(self, head: bytes) -> tuple[str, bytes, HeaderFields]:
        event = _request(head)
        return event.method.decode("ascii"), event.target, _fields(event.headers, head)

    def request_line(self, line: bytes) -> tuple[str, bytes]:
        event = _request(line + _BEHIND_LINE)
        return event.method.decode("ascii"), event.target

    def response(self, head: bytes) -> tuple[int, bytes, HeaderFields]:
        connection = h11.Connection(h11.CLIENT, len(head))
        connection.send(_ASKED)
        connection.send(h11.EndOfMessage())
        event = _parse(connection, head)
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise BadMessage("this is no response")
        return event.status_code, event.reason, _fields(event.headers, head)

    def trailers(self, section: bytes) -> HeaderFields:
        return _fields(_request(_BEFORE_TRAILERS + section).headers, section)[1:]
