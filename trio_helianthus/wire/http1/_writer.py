"""Writes heads: checks what is to be sent as strictly as what is received, and adds the framing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from http import HTTPStatus
from typing import Final

from trio_helianthus.errors import LocalProtocolError

from ._events import EndOfMessage, HeaderFields, InformationalResponse, Request, Response
from ._head import CHUNKED, UNTIL_END, connection_options
from ._strictness import (
    FIELD_NAME,
    FORBIDDEN_IN_TRAILERS,
    FRAMING,
    fault_of_field,
    fault_of_host,
    fault_of_target,
)

__all__ = [
    "CLOSE",
    "KEEP_ALIVE",
    "SentFields",
    "encode_field",
    "encode_request",
    "encode_response",
    "request_bytes",
    "response_bytes",
    "trailer_bytes",
]

CLOSE: Final = b"Connection: close\r\n"
KEEP_ALIVE: Final = b"Connection: keep-alive\r\n"

_FRAMING_OR_CONNECTION: Final = FRAMING | {b"connection"}
_REASONS: Final = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}


def encode_response(
    status: int, headers: Iterable[tuple[bytes, bytes]], reason: bytes | None = None
) -> bytes:
    """Write the head of a response without its framing, for :meth:`HTTP1Connection.send_whole`.

    It depends on nothing but what is given, so the bytes can be kept and sent any number of times.

    :param status: 200 to 999.
    :param headers: none of ``Content-Length``, ``Transfer-Encoding`` and ``Connection``.
    :param reason: the usual words by default.
    :returns: the status line and the header fields, without the empty line behind them.
    :raises LocalProtocolError: malformed, or not to be said here.
    """
    if not 200 <= status <= 999:
        raise LocalProtocolError(f"{status} is no status of a final response")
    fields = tuple(headers)
    if SentFields(fields).names & _FRAMING_OR_CONNECTION:
        raise LocalProtocolError("how a message ends is said when it is sent")
    return _status_line(status, _REASONS.get(status, b"") if reason is None else reason) + _lines(
        fields
    )


def encode_field(name: bytes, value: bytes) -> bytes:
    """Write one header field that may stand behind what :func:`encode_response` has written.

    :param name: none of ``Content-Length``, ``Transfer-Encoding`` and ``Connection``.
    :returns: its line.
    :raises LocalProtocolError: malformed, or not to be said here.
    """
    fault = fault_of_field(name, value)
    if fault:
        raise LocalProtocolError(fault)
    if name.lower() in _FRAMING_OR_CONNECTION:
        raise LocalProtocolError("how a message ends is said when it is sent")
    return b"%b: %b\r\n" % (name, value)


def encode_request(method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write the head of a request without its framing.

    It is for :meth:`HTTP1Connection.send_request_whole`, and can be kept and sent any number of
    times.

    :param method: case-sensitive.
    :param target: in the form that goes with the method (RFC 9112, section 3.2).
    :param headers: exactly one ``Host``, and none of ``Content-Length``, ``Transfer-Encoding`` and
        ``Connection``.
    :returns: the request line and the header fields, without the empty line behind them.
    :raises LocalProtocolError: malformed, or not to be said here.
    """
    request = Request(method, target, headers)
    fields = SentFields(request.headers)
    if fields.names & _FRAMING_OR_CONNECTION:
        raise LocalProtocolError("how a message ends is said when it is sent")
    return request_bytes(request, fields)


class SentFields:
    """Header fields of ours, checked, and what they say.

    :param names: in lower case.
    :param length: of the body; ``CHUNKED`` or ``UNTIL_END``.
    :param options: of ``Connection``, in lower case.
    :param upgrade: another protocol is proposed.
    :param expects: ``100-continue``.

    :raises LocalProtocolError: a strict peer would refuse them, or could misread them.
    """

    __slots__ = ("expects", "length", "names", "options", "upgrade")

    def __init__(self, fields: HeaderFields) -> None:
        self.length = UNTIL_END
        self.options: set[bytes] = set()
        self.expects = False
        self.names: set[bytes] = set()
        for name, value in fields:
            fault = fault_of_field(name, value)
            if fault:
                raise LocalProtocolError(fault)
            self._take(name.lower(), value)
        self.upgrade = b"upgrade" in self.options and b"upgrade" in self.names

    def _take(self, name: bytes, value: bytes) -> None:
        if name in FRAMING and self.names & FRAMING:
            raise LocalProtocolError("two fields that say how the message ends")
        self.names.add(name)
        if name == b"connection":
            self.options |= connection_options(value)
        elif name == b"content-length":
            if not value.isdigit() or len(value) > 19:
                raise LocalProtocolError(f"malformed Content-Length {value!r}")
            self.length = int(value)
        elif name == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise LocalProtocolError(f"Transfer-Encoding {value!r} is not just chunked")
            self.length = CHUNKED
        elif name == b"expect":
            self.expects = b"100-continue" in connection_options(value)


def request_bytes(request: Request, fields: SentFields) -> bytes:
    """Write a request's line and fields, ``Host`` first (RFC 9110, section 7.2).

    :raises LocalProtocolError: malformed.
    """
    method = request.method.encode("utf-8", "surrogateescape")
    if not FIELD_NAME.fullmatch(method):
        raise LocalProtocolError(f"malformed method {request.method!r}")
    fault = fault_of_target(request.method, request.target)
    if fault:
        raise LocalProtocolError(fault)
    hosts = [pair for pair in request.headers if pair[0].lower() == b"host"]
    if len(hosts) != 1:
        raise LocalProtocolError(f"a request has one Host, not {len(hosts)}")
    fault = fault_of_host(hosts[0][1])
    if fault:
        raise LocalProtocolError(fault)
    if method == b"CONNECT" and fields.length != UNTIL_END:
        raise LocalProtocolError("CONNECT has no body")
    others = [pair for pair in request.headers if pair[0].lower() != b"host"]
    return b"%b %b HTTP/1.1\r\n" % (method, request.target) + _lines([*hosts, *others])


def response_bytes(
    response: Response | InformationalResponse,
    *,
    without: Collection[bytes] = (),
    more: bytes = b"",
) -> bytes:
    """Write a response's head with the empty line behind it.

    :param without: names, in lower case, of fields to leave out.
    :param more: whole lines behind the fields.
    :raises LocalProtocolError: a malformed reason.
    """
    fields = [field for field in response.headers if field[0].lower() not in without]
    return b"%b%b%b\r\n" % (_status_line(response.status, response.reason), _lines(fields), more)


def trailer_bytes(end: EndOfMessage) -> bytes:
    """Write a trailer section.

    :raises LocalProtocolError: malformed.
    """
    if SentFields(end.trailers).names & FORBIDDEN_IN_TRAILERS:
        raise LocalProtocolError("Content-Length, Transfer-Encoding and Host are no trailers")
    return _lines(end.trailers)


def _status_line(status: int, reason: bytes) -> bytes:
    fault = fault_of_field(b"reason", reason.strip(b" \t"))
    if fault:
        raise LocalProtocolError(fault)
    return b"HTTP/1.1 %d %b\r\n" % (status, reason)


def _lines(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in fields])
