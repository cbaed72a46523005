"""A client's request, checked and complete before any I/O."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Callable
from functools import lru_cache
from typing import Final, TypeAlias

import attrs

from trio_helianthus.net import Buffer
from trio_helianthus.wire import http1

from ._headers import Headers, HeaderTypes
from ._url import URL, Origin

__all__ = ["Call", "Trailers", "merge_headers"]

_TARGET: Final = re.compile(rb"[/*][!-\"$-~]*|[a-z]+://[!-\"$-~]+")
_IDEMPOTENT: Final = frozenset(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
"""Methods that may be sent twice (:rfc:`9110` section 9.2.2)."""
_WITH_CONTENT: Final = frozenset(["POST", "PUT", "PATCH"])
"""Methods that say ``Content-Length: 0`` when there is no content (section 8.6)."""
_FRAMING: Final = frozenset([b"content-length", b"transfer-encoding"])
_OURS: Final = frozenset(["transfer-encoding", "upgrade", "expect"])
AT_ONCE_BYTES: Final = 64 * 1024
"""Content up to this size is sent together with the head, before anything is received."""

Trailers: TypeAlias = "HeaderTypes | Callable[[], HeaderTypes]"
"""Header fields behind a body, or what returns them when all of it was sent."""


@attrs.define(eq=False)
class Call:
    """One request of a client. Nothing in it is ever changed; other calls may share its headers.

    (It is not frozen, since that makes it slower to make, and it keeps what it has worked out.)
    """

    method: str
    url: URL
    headers: Headers
    """Without those that say how the message ends, and ``Host`` only where it is not the URL's."""
    content: bytes | AsyncIterable[Buffer]
    trailers: Trailers = attrs.field(default=(), kw_only=True)
    """Sent behind content that comes in pieces and has no known length."""
    expect_continue: float = attrs.field(default=0.0, kw_only=True)
    """For how many seconds to wait for ``100 Continue`` before sending the content."""
    upgrade: str = attrs.field(default="", kw_only=True)
    """The protocol to change to, if the server agrees."""
    idempotent: bool | None = attrs.field(default=None, kw_only=True)
    """Whether sending it a second time does no harm; ``None``: as its method says."""
    _head: bytes = attrs.field(default=b"", init=False, repr=False)
    _known_lines: _Lines | None = attrs.field(default=None, init=False, repr=False)

    @property
    def repeatable(self) -> bool:
        """Whether sending it a second time does no harm and is possible."""
        harmless = self.method in _IDEMPOTENT if self.idempotent is None else self.idempotent
        return harmless and self.replayable

    @property
    def replayable(self) -> bool:
        """Whether the content can be sent a second time."""
        return isinstance(self.content, bytes) or getattr(self.content, "replayable", False)

    @property
    def body(self) -> bytes | None:
        """The content, if it is sent together with the head; ``None`` for none at all."""
        assert isinstance(self.content, bytes)
        return self.content if self.content or self.method in _WITH_CONTENT else None

    @property
    def at_once(self) -> bool:
        """Whether all of it is sent before anything is received."""
        content = self.content
        return (
            isinstance(content, bytes)
            and len(content) <= AT_ONCE_BYTES
            and not (content and self.expect_continue)
            and not self.trailers
        )

    @property
    def is_special(self) -> bool:
        """Whether its head is not one that :attr:`head` can give."""
        return bool(self.upgrade) or self._lines.has_connection

    @property
    def head(self) -> bytes:
        """Request line and fields, as :func:`http1.encode_request` returns them."""
        if not self._head:
            self._head = self.head_for(self.url.target)
        return self._head

    def head_for(self, target: str) -> bytes:
        """The head with another target: a proxy's."""
        raw_target = target.encode("ascii")
        if _TARGET.fullmatch(raw_target) is None:
            raise ValueError(f"invalid request target {target!r}")
        lines = self._lines
        return b"%b %b HTTP/1.1\r\n%b" % (lines.method, raw_target, lines.fields)

    @property
    def fields(self) -> tuple[tuple[bytes, bytes], ...]:
        """The header fields as they are sent, without those that say how the message ends."""
        fields = _with_host(self.url.origin, self.headers.raw)
        if self.upgrade:
            fields += ((b"Connection", b"Upgrade"), (b"Upgrade", self.upgrade.encode("ascii")))
        return fields

    @property
    def announced(self) -> bytes | None:
        """What ``Content-Length`` says of content that comes in pieces."""
        return next((v for n, v in self.headers.raw if n.lower() == b"content-length"), None)

    @property
    def _lines(self) -> _Lines:
        if self._known_lines is None:
            self._known_lines = _encode(self.method, self.url.origin, self.headers.raw)
        return self._known_lines


@attrs.frozen
class _Lines:
    """What a head is made of, but for the target; the same for many calls."""

    method: bytes
    fields: bytes
    has_connection: bool


@lru_cache(maxsize=1024)
def _encode(method: str, origin: Origin, fields: tuple[tuple[bytes, bytes], ...]) -> _Lines:
    complete = _with_host(origin, fields)
    plain = [(name, value) for name, value in complete if name.lower() != b"connection"]
    head = http1.encode_request(method, b"*" if method == "OPTIONS" else b"/", plain)
    return _Lines(
        method=method.encode("ascii"),
        fields=head.partition(b"\r\n")[2],
        has_connection=len(plain) < len(complete),
    )


def _with_host(
    origin: Origin, fields: tuple[tuple[bytes, bytes], ...]
) -> tuple[tuple[bytes, bytes], ...]:
    kept = [(name, value) for name, value in fields if name.lower() not in _FRAMING]
    if any(name.lower() == b"host" for name, _ in kept):
        return tuple(kept)
    return ((b"Host", origin.authority.encode("ascii")), *kept)


def merge_headers(defaults: Headers, headers: HeaderTypes) -> Headers:
    """The fields of ``headers``, and those of ``defaults`` whose names are not among them.

    :raises ValueError: for an invalid header, or one that is the client's business.
    """
    given = Headers(headers)
    for name in given:
        if name.lower() in _OURS:
            raise ValueError(f"the header {name} is the client's business")
    fields = defaults.copy()
    for name in given:
        fields.pop(name, None)
    for name, value in given.pairs:
        fields.add(name, value)
    return fields
