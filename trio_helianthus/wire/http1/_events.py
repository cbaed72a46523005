"""What can happen on an HTTP/1.1 connection, in either direction, as frozen values.

Words that programs compare are ``str`` (method, version); what only passes through stays
``bytes`` (target, header names and values, reason, data). Each message is one head, any number of
:class:`Data`, one :class:`EndOfMessage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from attrs import field, frozen

__all__ = [
    "ConnectionClosed",
    "Data",
    "EndOfMessage",
    "Event",
    "HeaderFields",
    "InformationalResponse",
    "Request",
    "Response",
]

HeaderFields: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Header fields in their order on the wire, as ``(name, value)`` pairs.

Received names are lower case and values have no white space around them. For sending, any iterable
of pairs will do, names go out in the case in which they were given, and ``Host`` goes first
(RFC 9110, section 7.2), a ``Transfer-Encoding`` or ``Connection`` that the engine sets last.
"""


def _fields(pairs: Iterable[tuple[bytes, bytes]]) -> HeaderFields:
    return tuple(pairs)


@frozen(slots=True)
class Request:
    """The head of a request.

    :param method: case-sensitive, for example ``"GET"``.
    :param target: as it stands in the request line: printable ASCII, never decoded.
    :param headers: see :data:`HeaderFields`. An HTTP/1.1 request has exactly one ``Host``.
    :param http_version: ``"1.1"`` or ``"1.0"``; what is sent is always 1.1.
    """

    method: str
    target: bytes
    headers: HeaderFields = field(default=(), converter=_fields)
    http_version: str = "1.1"


@frozen(slots=True)
class InformationalResponse:
    """A 1xx response: an answer before the answer. It has no body and no :class:`EndOfMessage`.

    :param status: 100 to 199. After 101 the connection belongs to another protocol.
    :param headers: see :data:`HeaderFields`.
    :param reason: sent as given; nothing reads it but people.
    :param http_version: of what was received; what is sent is always 1.1.
    """

    status: int
    headers: HeaderFields = field(default=(), converter=_fields)
    reason: bytes = b""
    http_version: str = "1.1"


@frozen(slots=True)
class Response:
    """The head of a final response.

    How the body ends is said by the headers. When a response is sent with neither
    ``Content-Length`` nor ``Transfer-Encoding``, and may have a body, the engine adds
    ``Transfer-Encoding: chunked`` for an HTTP/1.1 client; for an HTTP/1.0 client the body ends with
    the connection, and ``Connection: close`` is added. An answer to HEAD, and 204 and 304, have no
    body whatever their headers say (RFC 9112, section 6.3).

    :param status: 200 to 999.
    :param headers: see :data:`HeaderFields`.
    :param reason: sent as given; nothing reads it but people.
    :param http_version: of what was received; what is sent is always 1.1.
    """

    status: int
    headers: HeaderFields = field(default=(), converter=_fields)
    reason: bytes = b""
    http_version: str = "1.1"


@frozen(slots=True)
class Data:
    """A piece of a body. How a body is cut into pieces means nothing."""

    data: bytes


@frozen(slots=True)
class EndOfMessage:
    """The end of a request or a final response.

    :param trailers: header fields after a chunked body; empty for every other framing.
    """

    trailers: HeaderFields = field(default=(), converter=_fields)


@frozen(slots=True)
class ConnectionClosed:
    """The peer will send nothing more, and ended between two messages. Sent, it is no bytes."""


Event: TypeAlias = (
    Request | InformationalResponse | Response | Data | EndOfMessage | ConnectionClosed
)
"""Everything that :meth:`HTTP1Connection.next_event` returns and ``send`` accepts."""
