"""The reference parser: a fresh h11 connection for each section, used for nothing but parsing."""

from __future__ import annotations

import re
from typing import Final

import h11

from ._events import HeaderFields
from ._refusals import BadMessage
from ._strictness import count_lines

__all__ = ["H11Parser"]

_START: Final = b"GET / HTTP/1.0\r\n"  # which needs no Host
_LENGTH: Final = re.compile(rb"^content-length:[ \t]*([^\r]*)", re.IGNORECASE | re.MULTILINE)


class H11Parser:
    """A :class:`FieldParser` on h11."""

    __slots__ = ()

    def fields(self, section: bytes) -> HeaderFields:
        lines = count_lines(section) - 1  # h11 lets control characters pass
        head = _START + section
        connection = h11.Connection(h11.SERVER, len(head))
        connection.receive_data(head)
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError as exc:
            raise BadMessage(str(exc)) from exc
        if not isinstance(event, h11.Request) or len(event.headers) != lines:
            raise BadMessage("a header field that is none, or goes on in the next line")
        fields = tuple([(name.lower(), value) for name, value in event.headers.raw_items()])
        for name, value in fields:
            if name == b"content-length":  # h11 makes "5" of "5, 5", which is for us to judge
                for said in _LENGTH.findall(section):
                    if said.rstrip(b" \t") != value:
                        raise BadMessage(f"a list of lengths: {said!r}")
        return fields
