"""A head that was read, with everything that it says about the message behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ._events import HeaderFields, InformationalResponse, Request, Response
from ._refusals import BadMessage
from ._strictness import FRAMING, fault_of_host, fault_of_target

__all__ = [
    "CHUNKED",
    "SLASH",
    "TELLING",
    "UNTIL_END",
    "UNUSUAL_METHODS",
    "Facts",
    "Head",
    "RequestHead",
    "ResponseHead",
    "connection_options",
    "facts_of",
    "request_head",
    "response_head",
]

CHUNKED: Final = -1
"""The length of a body that says it piece by piece."""
UNTIL_END: Final = -2
"""The length of a body that nothing was said about."""

UNUSUAL_METHODS: Final = frozenset({"CONNECT", "HEAD"})
"""Those whose answers end in a way of their own."""
SLASH: Final = 0x2F
_LONGEST_LENGTH: Final = 19  # decimal digits, so that it fits into 64 bits
_ONCE: Final = FRAMING | {b"host"}
TELLING: Final = _ONCE | {b"connection", b"expect", b"upgrade"}
"""The fields that :class:`Facts` are made of."""


def connection_options(value: bytes) -> set[bytes]:
    """Split the value of a ``Connection`` field, or of several, joined with commas."""
    return {option.strip(b" \t") for option in value.lower().split(b",")}


class Facts:
    """What header fields say, apart from the start line above them."""

    __slots__ = (
        "close",
        "expects",
        "has_host",
        "keep_alive",
        "length",
        "plain",
        "upgrade",
        "usual",
        "version",
    )

    def __init__(self, version: str) -> None:
        self.version: str = version
        self.length: int = UNTIL_END
        """Of the body; or :data:`CHUNKED`."""
        self.close: bool = False
        """This is the peer's last message."""
        self.keep_alive: bool = False
        """Asked for in the way of HTTP/1.0."""
        self.expects: bool = False
        """``100-continue``."""
        self.upgrade: bool = False
        """Another protocol is proposed."""
        self.has_host: bool = False
        self.plain: bool = True
        """They say nothing but what they mostly say: no body, and the connection goes on."""
        self.usual: bool = False
        """Moreover, they are those of HTTP/1.1, with a host."""


def facts_of(fields: Iterable[tuple[bytes, bytes]], version: str) -> Facts:
    """Read what header fields say.

    :raises BadMessage: it has two readings.
    """
    facts = Facts(version)
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if name in TELLING:
            if name in found:
                if name in _ONCE:
                    # A repeated Content-Length may be merged if it is the same (RFC 9110, section
                    # 8.6), or refused; others merge and compare differently, so it is refused.
                    raise BadMessage(f"{name.decode('ascii')} twice")
                value = found[name] + b"," + value  # noqa: PLW2901
            found[name] = value
    host = found.pop(b"host", None)
    if host is not None:
        facts.has_host = True
        fault = fault_of_host(host)
        if fault:
            raise BadMessage(fault)
    if found:
        _read_framing(facts, found)
        _read_connection(facts, found)
        facts.plain = facts.length in (UNTIL_END, 0) and not (
            facts.close or facts.upgrade or facts.expects
        )
    if version == "1.0":
        facts.plain = False
        facts.close = not facts.keep_alive
    facts.usual = facts.plain and facts.has_host
    return facts


def _read_framing(facts: Facts, found: dict[bytes, bytes]) -> None:
    length = found.get(b"content-length")
    coding = found.get(b"transfer-encoding")
    if length is not None:
        if coding is not None:  # RFC 9112, section 6.3
            raise BadMessage("both Content-Length and Transfer-Encoding")
        if not length.isdigit() or len(length) > _LONGEST_LENGTH:  # RFC 9110, section 8.6
            raise BadMessage(f"malformed Content-Length {length[:40]!r}")
        facts.length = int(length)
    elif coding is not None:
        if facts.version == "1.0":  # RFC 9112, section 6.1
            raise BadMessage("Transfer-Encoding in an HTTP/1.0 message")
        if coding.lower() != b"chunked":
            # An unknown coding may be answered with 501 (RFC 9112, section 6.1); but a body
            # whose end nobody can find is as bad as no HTTP at all.
            raise BadMessage(f"Transfer-Encoding {coding[:40]!r} is not just chunked")
        facts.length = CHUNKED


def _read_connection(facts: Facts, found: dict[bytes, bytes]) -> None:
    options = connection_options(found.get(b"connection", b""))
    if b"close" in options:
        facts.close = True
    if facts.version == "1.0":  # it knows neither Upgrade nor Expect (RFC 9110, 7.8 and 10.1.1)
        facts.keep_alive = b"keep-alive" in options and not facts.close
        return
    facts.upgrade = b"upgrade" in options and bool(found.get(b"upgrade"))
    if b"expect" in found:
        facts.expects = b"100-continue" in connection_options(found[b"expect"])


class Head:
    """A head, and how the message goes on behind it; the base of both kinds."""

    __slots__ = ("facts", "fields", "length", "plain", "raw")

    facts: Facts
    """What its header fields say."""
    fields: HeaderFields
    """Those, with names in lower case."""
    length: int
    """Of the body, as far as the head alone says it; or :data:`CHUNKED`, or :data:`UNTIL_END`."""
    plain: bool
    """A request of HTTP/1.1 for a path, about which nothing has to be done but to answer it, with
    a body."""
    raw: bytes
    """As it was on the wire."""


class RequestHead(Head):
    """The head of a request; the event of it is made only for those who ask for that.

    :param method: case-sensitive.
    :param target: as it stands in the request line: printable ASCII, never decoded.
    :param length: of the body.
    """

    __slots__ = ("_event", "method", "target")

    def __init__(
        self,
        method: str,
        target: str,
        fields: HeaderFields,
        facts: Facts,
        raw: bytes,
        length: int,
        plain: bool,
    ) -> None:
        self.method: str = method
        """Case-sensitive."""
        self.target: str = target
        """As it stands in the request line: printable ASCII, never decoded."""
        self.fields = fields
        self.facts = facts
        self.raw = raw
        self.length = length
        self.plain = plain
        self._event: Request | None = None

    @property
    def http_version(self) -> str:
        """``"1.1"`` or ``"1.0"``."""
        return self.facts.version

    @property
    def event(self) -> Request:
        """What :meth:`HTTP1Connection.next_event` returns for it."""
        if self._event is None:
            target = self.target.encode("ascii")
            self._event = Request(self.method, target, self.fields, self.facts.version)
        return self._event


class ResponseHead(Head):
    """The head of a response."""

    __slots__ = ("event",)

    def __init__(
        self, event: Response | InformationalResponse, facts: Facts, raw: bytes, length: int
    ) -> None:
        self.event = event
        """What :meth:`HTTP1Connection.next_event` returns for it."""
        self.fields = event.headers
        self.facts = facts
        self.raw = raw
        self.length = length
        self.plain = False


def request_head(
    method: str, target: bytes, fields: HeaderFields, facts: Facts, raw: bytes
) -> RequestHead:
    """Join a request line and what the fields behind it say, where that is anything unusual.

    :param target: made of the bytes that a target is made of.
    :raises BadMessage: they do not go together.
    """
    is_connect = method == "CONNECT"
    if target[0] != SLASH or is_connect:
        fault = fault_of_target(method, target)
        if fault:
            raise BadMessage(fault)
    if not facts.has_host and facts.version == "1.1":  # RFC 9112, section 3.2
        raise BadMessage("a request without Host")
    length = facts.length
    if length == UNTIL_END:
        length = 0  # RFC 9112, section 6.3
    if is_connect and length:
        # Is what follows its body, or the tunnel's? RFC 9110, section 9.3.6, gives it no meaning.
        raise BadMessage("CONNECT with a body")
    return RequestHead(method, target.decode("ascii"), fields, facts, raw, length, False)


def response_head(
    status: int, reason: bytes, fields: HeaderFields, facts: Facts, raw: bytes
) -> ResponseHead:
    """Join a status line and what the fields behind it say.

    :raises BadMessage: they do not go together.
    """
    length = facts.length
    if status < 200 or status == 204:
        # It ends at its head whatever that says, and must not say it (RFC 9112, section 6.3).
        # Many a 204 says that it is empty, which is harmless.
        if length == CHUNKED or length > 0:
            raise BadMessage(f"a {status} response with a body")
        length = 0
    elif status == 304:
        length = 0
    build = InformationalResponse if status < 200 else Response
    return ResponseHead(build(status, fields, reason, facts.version), facts, raw, length)
