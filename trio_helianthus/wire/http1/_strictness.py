"""What we refuse although a lenient parser would take it; every rule holds for every engine.

Two parsers that read the same bytes differently are how requests are smuggled (RFC 9112, section
11.2), so whatever has two readings gets none. Rules about bytes are patterns, rules about parsed
messages are functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from trio_helianthus.errors import LocalProtocolError

from ._events import ConnectionClosed, Data, EndOfMessage, Event, HeaderFields, Request
from ._limits import Limits
from ._refusals import BadMessage, MessageTooLarge

__all__ = [
    "CHUNK_LINE",
    "GOOD_LINES",
    "check_received",
    "check_sent",
    "fault_behind_good_lines",
]

_CONTROL: Final = rb"\x00-\x08\x0a-\x1f\x7f"  # all but the tab

GOOD_LINES: Final = re.compile(rb"[^%b]*+(?:\r\n(?![\t ])[^%b]++)*+" % (_CONTROL, _CONTROL))
"""As much of a head, or of a trailer section, as has one reading; stops before a line end too."""


def fault_behind_good_lines(rest: bytes) -> str:
    """Say what is wrong with bytes behind :data:`GOOD_LINES` that do not end them.

    :param rest: at least one byte that can be no part of ``CR LF CR LF``.
    """
    fault = rest.removeprefix(b"\r\n")
    if fault.startswith((b"\t", b" ")):
        return "a header goes on in the next line"  # RFC 9112, section 5.2
    if fault.startswith((b"\r", b"\n")):
        return "a carriage return or a line feed alone"  # RFC 9112, section 2.2
    return "a control character"  # RFC 9110, section 5.5


CHUNK_LINE: Final = re.compile(
    rb"(?P<size>[0-9A-Fa-f]{1,16})(?P<extension>(?:;[\t\x20-\x7e\x80-\xff]*)?)\r\n"
)
"""A chunk's size and extension (RFC 9112, section 7.1), without white space between or behind."""

_HOST: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]*)(?::[0-9]*)?")
"""``uri-host [ ":" port ]`` (RFC 9110, section 7.2; RFC 3986, section 3.2.2)."""

_FORBIDDEN_IN_TEXT: Final = re.compile(rb"[%b]" % _CONTROL)
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_FORBIDDEN_IN_TRAILERS: Final = _FRAMING | {b"host"}


def check_received(event: Event, limits: Limits) -> None:
    """Refuse a parsed head, or trailers, that the engine let pass.

    :raises BadMessage: and says why.
    """
    if isinstance(event, Data | ConnectionClosed):
        return
    if isinstance(event, EndOfMessage):
        _check_received_trailers(event.trailers)
        return
    if event.http_version not in ("1.1", "1.0"):
        raise BadMessage(f"HTTP version {event.http_version}", status_hint=505)
    framing = _FRAMING.intersection(name for name, _ in event.headers)
    if framing == _FRAMING:  # RFC 9112, section 6.3
        raise BadMessage("both Content-Length and Transfer-Encoding")
    if b"transfer-encoding" in framing and event.http_version == "1.0":  # RFC 9112, section 6.1
        raise BadMessage("Transfer-Encoding in an HTTP/1.0 message")
    if isinstance(event, Request):
        _check_target_and_host(event, limits)


def _check_target_and_host(request: Request, limits: Limits) -> None:
    if len(request.target) > limits.max_target_bytes:
        raise MessageTooLarge(
            f"a request target of {len(request.target)} bytes",
            status_hint=414,
            limit_name="max_target_bytes",
            limit=limits.max_target_bytes,
        )
    for name, value in request.headers:
        if name == b"host" and not _HOST.fullmatch(value):  # RFC 9112, section 3.2
            raise BadMessage(f"malformed Host {value!r}")


def _check_received_trailers(trailers: HeaderFields) -> None:
    for name, _ in trailers:
        if name in _FORBIDDEN_IN_TRAILERS:  # RFC 9110, section 6.5.1
            raise BadMessage(f"{name.decode('ascii')} in a trailer section")


def check_sent(event: Event) -> None:
    """Refuse a head, or trailers, of ours that a strict peer would refuse, or could misread.

    :raises LocalProtocolError: and says why.
    """
    fault = next(_faults_of_ours(event), None)
    if fault is not None:
        raise LocalProtocolError(fault)


def _faults_of_ours(event: Event) -> Iterator[str]:
    if isinstance(event, Data | ConnectionClosed):
        return
    fields = event.trailers if isinstance(event, EndOfMessage) else event.headers
    for name, value in fields:
        if _FORBIDDEN_IN_TEXT.search(value):
            yield f"a control character in {name!r}: {value!r}"
    names = {name.lower() for name, _ in fields}
    if isinstance(event, EndOfMessage):
        if names & _FORBIDDEN_IN_TRAILERS:
            yield "Content-Length, Transfer-Encoding and Host do not belong in trailers"
        return
    if names >= _FRAMING:
        yield "both Content-Length and Transfer-Encoding"
    if isinstance(event, Request):
        return
    if _FORBIDDEN_IN_TEXT.search(event.reason):
        yield f"a control character in the reason {event.reason!r}"
    if (event.status < 200 or event.status == 204) and names & _FRAMING:
        # RFC 9110, section 8.6, and RFC 9112, section 6.1
        yield f"a {event.status} response has neither Content-Length nor Transfer-Encoding"
