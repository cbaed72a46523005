"""What we refuse although a lenient parser would take it; every rule holds for every engine.

Two parsers that read the same bytes differently are how requests are smuggled (RFC 9112, section
11.2), so whatever has two readings gets none. Rules about bytes are patterns, rules about parsed
messages are functions; a rule that also holds for what we send returns the fault, or ``None``.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final

from ._refusals import BadMessage

__all__ = [
    "CHUNK_LINE",
    "FIELD_NAME",
    "FORBIDDEN_IN_TRAILERS",
    "FRAMING",
    "GOOD_LINES",
    "REQUEST_LINE",
    "STATUS_LINE",
    "count_lines",
    "fault_behind_good_lines",
    "fault_of_field",
    "fault_of_host",
    "fault_of_request_line",
    "fault_of_status_line",
    "fault_of_target",
    "has_control",
]

FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
FORBIDDEN_IN_TRAILERS: Final = FRAMING | {b"host"}
"""Fields that would change what was read before them (RFC 9110, section 6.5.1)."""

_CONTROL: Final = rb"\x00-\x08\x0a-\x1f\x7f"  # all but the tab
_NO_CONTROL: Final = bytes(byte for byte in range(256) if byte == 9 or (byte >= 32 and byte != 127))

GOOD_LINES: Final = re.compile(rb"[^%b]*+(?:\r\n(?![\t ])[^%b]++)*+" % (_CONTROL, _CONTROL))
"""As much of a head, or of a trailer section, as has one reading; stops before a line end too."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_QUOTED: Final = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'

CHUNK_LINE: Final = re.compile(
    rb"([0-9A-Fa-f]{1,16})((?:;%b(?:=(?:%b|%b))?)*+)\r\n" % (_TOKEN, _TOKEN, _QUOTED)
)
"""A chunk's size and extensions (RFC 9112, section 7.1), without white space between or behind."""

FIELD_NAME: Final = re.compile(_TOKEN)
"""``field-name = token`` (RFC 9110, sections 5.1 and 5.6.2); a method is one too."""

_TEXT: Final = re.compile(rb"[^%b]*+" % _CONTROL)

# Printable ASCII but the fragment's sign. Browsers send more of it as it is than RFC 3986 has, and
# a lone "%" too (the URL standard, "query percent-encode set"); nothing here decodes a target.
_VISIBLE: Final = rb"[!-\"$-~]++"
_TARGET: Final = re.compile(_VISIBLE)

REQUEST_LINE: Final = re.compile(rb"(%b) (%b) HTTP/(1\.[01])(?=\r\n)" % (_TOKEN, _VISIBLE))
"""Method, target and version (RFC 9112, section 3)."""

STATUS_LINE: Final = re.compile(
    rb"HTTP/(1\.[01]) ([1-9][0-9]{2})(?: ([^%b]*+))?(?=\r\n)" % _CONTROL
)
"""Version, status and reason, which may be missing with its space (RFC 9112, section 4)."""

_SLASH: Final = 0x2F
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*+://([^/?]++)(?:[/?].*+)?")
_PLAIN_HOST: Final = re.compile(rb"[A-Za-z0-9.\-]++(?::[0-9]{1,4})?")
_HOST: Final = re.compile(
    rb"(?:\[([0-9A-Fa-f:.]++)\]|((?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})*+))(?::([0-9]*+))?"
)


def has_control(text: bytes) -> bool:
    """Whether there is a character that no field value has (RFC 9110, section 5.5)."""
    return bool(text.translate(None, _NO_CONTROL))


def count_lines(lines: bytes) -> int:
    """Return how many line ends there are, all of them ``CR LF``.

    :raises BadMessage: there is a control character, or half a line end (RFC 9112, section 2.2).
    """
    controls = len(lines.translate(None, _NO_CONTROL))
    count = lines.count(b"\r\n")
    if controls != 2 * count:
        good = GOOD_LINES.match(lines)
        raise BadMessage(fault_behind_good_lines(lines[good.end() if good else 0 :]))
    return count


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


def fault_of_request_line(line: bytes) -> str:
    """Say what is wrong with a line that is no :data:`REQUEST_LINE`.

    The fault may be another version. 505 would be an answer to that (RFC 9110, section 15.6.6), but
    nothing that a client sends shall look like a fault of the server, and a 400 is as true.
    """
    if not line.endswith((b" HTTP/1.1", b" HTTP/1.0")):
        return f"a request line ends with HTTP/1.1 or HTTP/1.0, not with {line[-9:]!r}"
    method = line[:-9].partition(b" ")[0]
    if not FIELD_NAME.fullmatch(method):
        return f"malformed method {method[:40]!r}"
    return "a request target is printable ASCII without spaces and without '#'"


def fault_of_status_line(line: bytes) -> str:
    """Say what is wrong with a line that is no :data:`STATUS_LINE`."""
    if not line.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")):
        return f"{line[:9]!r} is neither HTTP/1.1 nor HTTP/1.0"
    return f"{line[9:13]!r} is no status"


def fault_of_target(method: str, target: bytes) -> str | None:
    """Say what is wrong with a request target (RFC 9112, section 3.2), or ``None``."""
    if not _TARGET.fullmatch(target):
        return "a request target is printable ASCII without spaces and without '#'"
    if method == "CONNECT":
        # A tunnel needs a port (RFC 9110, section 9.3.6).
        host, colon, port = target.rpartition(b":")
        if not (host and colon and port.isdigit() and port.strip(b"0")):
            return "the target of CONNECT is a host and a port"
        return fault_of_host(target)
    if target[0] == _SLASH:
        return None
    if target == b"*":
        return None if method == "OPTIONS" else "only OPTIONS has the target *"
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:  # or without a host (RFC 9110, section 4.2.1)
        return "a request target is a path, or a whole URL"
    return fault_of_host(absolute[1])


def fault_of_host(value: bytes) -> str | None:
    """Say what is wrong with ``uri-host [ ":" port ]`` (RFC 9110, section 7.2), or ``None``.

    A comma, though RFC 3986 has it in names, is refused: no name in use has one, and it is what
    two ``Host`` fields look like once somebody has joined them.
    """
    if _PLAIN_HOST.fullmatch(value):
        return None
    match = _HOST.fullmatch(value)
    if match is None or value[:1] == b":":
        return f"malformed host {value!r}"
    address, _, port = match.groups()
    if port and (len(port) > 5 or int(port) > 65535):
        return f"no such port: {port!r}"
    if address is not None:
        try:
            IPv6Address(address.decode("ascii"))
        except ValueError:
            return f"malformed IPv6 address {address!r}"
    return None


def fault_of_field(name: bytes, value: bytes) -> str | None:
    """Say what is wrong with a header field that we are to send, or ``None``."""
    if not FIELD_NAME.fullmatch(name):
        return f"malformed header name {name!r}"
    if not _TEXT.fullmatch(value):
        return f"a control character in {name!r}: {value!r}"
    if value[:1] in (b" ", b"\t") or value[-1:] in (b" ", b"\t"):
        return f"white space around the value of {name!r}: {value!r}"
    return None
