"""A client's request, checked and complete before any I/O."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from typing import Any, Final, TypeAlias

import attrs

from trio_helianthus import core
from trio_helianthus.net import Buffer

from ._headers import Headers, HeaderTypes
from ._response import encode_json
from ._url import URL

__all__ = ["Call", "Content", "make_call", "merge_headers"]

Content: TypeAlias = "Buffer | str | AsyncIterable[Buffer]"
"""What ``content=`` takes: bytes, text that is sent as UTF-8, or pieces that come one by one."""

_METHOD: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_IDEMPOTENT: Final = frozenset(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
"""Methods that may be sent twice (:rfc:`9110` section 9.2.2)."""
_WITH_CONTENT: Final = frozenset(["POST", "PUT", "PATCH"])
"""Methods that say ``Content-Length: 0`` when there is no content (section 8.6)."""
_OURS: Final = frozenset(["transfer-encoding", "upgrade", "expect"])


@attrs.frozen
class Call:
    """One request of a client."""

    method: str
    url: URL
    headers: Headers
    content: bytes | AsyncIterable[Buffer]

    @property
    def repeatable(self) -> bool:
        """Whether sending it a second time does no harm and is possible."""
        return self.method in _IDEMPOTENT and isinstance(self.content, bytes)


def make_call(
    method: str,
    url: URL,
    *,
    defaults: Headers,
    headers: HeaderTypes,
    content: Content | None,
    json: Any,
) -> Call:
    """Check and complete a request.

    :param defaults: header fields of the client, which ``headers`` replace.
    :raises ValueError: for an invalid method, invalid headers, or both ``content`` and ``json``.
    :raises TypeError: for content of another type, or what JSON cannot express.
    """
    if _METHOD.fullmatch(method) is None:
        raise ValueError(f"invalid method {method!r}")
    method = method.upper()
    if method == "CONNECT":
        raise ValueError("CONNECT is for proxies, which are not supported")
    if content is not None and json is not None:
        raise ValueError("give content or json, not both")
    fields = merge_headers(defaults, headers)
    body = _encode(content, json, fields)
    if isinstance(body, bytes):
        fields.pop("Content-Length", None)
        if body or method in _WITH_CONTENT:
            fields["Content-Length"] = str(len(body))
    elif "content-length" not in fields:
        fields["Transfer-Encoding"] = "chunked"
    fields.setdefault("Host", url.origin.authority)
    _add_trace(fields)
    return Call(method, url, fields, body)


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


def _encode(content: Content | None, json: Any, fields: Headers) -> bytes | AsyncIterable[Buffer]:
    if json is not None:
        fields.setdefault("Content-Type", "application/json")
        return encode_json(json)
    if content is None:
        return b""
    if isinstance(content, str):
        fields.setdefault("Content-Type", "text/plain; charset=utf-8")
        return content.encode("utf-8")
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    if isinstance(content, AsyncIterable):
        return content
    raise TypeError(
        f"content is bytes, str or an async iterable of bytes, not {type(content).__name__}"
    )


def _add_trace(fields: Headers) -> None:
    """Tell the server which trace the call belongs to (W3C Trace Context)."""
    trace = core.current_trace()
    if trace is None or "traceparent" in fields:
        return
    fields["traceparent"] = trace.to_traceparent()
    if trace.state:
        fields["tracestate"] = trace.state
