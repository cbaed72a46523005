"""An answer as its handler makes it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable
from typing import Any, TypeAlias

from trio_helianthus.net import Buffer

from ._headers import Headers, HeaderTypes
from ._status import check_status, forbids_body

__all__ = ["HandlerResult", "Response", "as_response", "encode_json"]


class Response:
    """An answer: status, header fields and a body that is there or comes piece by piece.

    ``Date``, ``Content-Length``, ``Transfer-Encoding`` and, where it is due, ``Connection``
    are the server's business. A handler may set ``Content-Length`` for a body that comes
    piece by piece, and ``Connection: close``.

    :param body: the bytes, or an async iterable of bytes (an async generator, a receive
        channel). The server iterates in the handler's task as fast as the client reads, sends
        each piece at once and closes the iterable, also when the client is gone. It may read the
        request's body while it goes on, unless the client waits for ``100 Continue``: then the
        handler has to read first.
    :param status: 200 to 599.
    :param headers: header fields.
    :param content_type: the ``Content-Type``; without it and without one in ``headers`` a body
        is ``application/octet-stream``.
    :raises ValueError: for an impossible status, invalid headers, or a body for a status that
        has none (204, 304).
    :raises TypeError: for a body of another type.
    """

    def __init__(
        self,
        body: Buffer | AsyncIterable[Buffer] = b"",
        *,
        status: int = 200,
        headers: HeaderTypes = (),
        content_type: str | None = None,
    ) -> None:
        check_status(status)
        if isinstance(body, bytes | bytearray | memoryview):
            body = bytes(body)
        elif not isinstance(body, AsyncIterable):
            raise TypeError(
                f"a body is bytes or an async iterable of bytes, not {type(body).__name__}; "
                "use Response.text() or Response.json()"
            )
        if body != b"" and forbids_body(status):
            raise ValueError(f"an answer with status {status} has no body")
        self.status = status
        self.headers: Headers = Headers(headers)
        self.body: bytes | AsyncIterable[Buffer] = body
        if content_type is not None:
            self.headers["Content-Type"] = content_type
        elif body != b"" and "content-type" not in self.headers:
            self.headers["Content-Type"] = "application/octet-stream"

    @classmethod
    def text(cls, text: str, *, status: int = 200, headers: HeaderTypes = ()) -> Response:
        """Plain text in UTF-8; what UTF-8 cannot carry (lone surrogates) becomes ``?``."""
        return cls._of_text(text, "text/plain; charset=utf-8", status, headers)

    @classmethod
    def html(cls, text: str, *, status: int = 200, headers: HeaderTypes = ()) -> Response:
        """An HTML page in UTF-8; what UTF-8 cannot carry (lone surrogates) becomes ``?``."""
        return cls._of_text(text, "text/html; charset=utf-8", status, headers)

    @classmethod
    def json(cls, value: Any, *, status: int = 200, headers: HeaderTypes = ()) -> Response:
        """JSON in UTF-8 without needless spaces.

        :raises TypeError: for a value that JSON cannot express.
        :raises ValueError: for ``nan`` and infinities, or a value that contains itself.
        """
        return cls._of_type(encode_json(value), "application/json", status, headers)

    @classmethod
    def redirect(cls, location: str, *, status: int = 307, headers: HeaderTypes = ()) -> Response:
        """Send the client elsewhere.

        :param location: a URL, percent-encoded where it needs to be.
        :param status: 301, 302, 303, 307 or 308; 307 and 308 keep the method.
        :raises ValueError: for another status or an invalid location.
        """
        if status not in (301, 302, 303, 307, 308):
            raise ValueError(f"{status} is not the status of a redirect")
        response = cls(b"", status=status, headers=headers)
        if not location.isascii():
            raise ValueError(f"a location must be percent-encoded: {location!r}")
        response.headers["Location"] = location
        return response

    def __repr__(self) -> str:
        size = f"{len(self.body)} bytes" if isinstance(self.body, bytes) else "streamed"
        return f"<Response {self.status}, {size}>"

    @classmethod
    def _of_text(cls, text: str, kind: str, status: int, headers: HeaderTypes) -> Response:
        if not isinstance(text, str):
            raise TypeError(f"expected str, got {type(text).__name__}")
        return cls._of_type(text.encode("utf-8", "replace"), kind, status, headers)

    @classmethod
    def _of_type(cls, body: bytes, kind: str, status: int, headers: HeaderTypes) -> Response:
        fields = Headers(headers)
        fields.setdefault("Content-Type", kind)
        return cls(body, status=status, headers=fields)


HandlerResult: TypeAlias = "Response | str | bytes | dict[str, Any] | list[Any]"
"""What a handler may return: a :class:`Response`, a ``str`` (plain text), ``bytes``
(``application/octet-stream``), or a ``dict`` or ``list`` (JSON). Nothing else: a forgotten
``return`` is answered with status 500 and reported."""


def as_response(result: HandlerResult) -> Response:
    """The answer that a handler's result stands for.

    :raises TypeError: for what a handler must not return.
    """
    if isinstance(result, Response):
        return result
    if isinstance(result, str):
        return Response.text(result)
    if isinstance(result, bytes):
        return Response(result)
    if isinstance(result, dict | list):
        return Response.json(result)
    raise TypeError(
        f"a handler must return a Response, str, bytes, dict or list, not {type(result).__name__}"
    )


def encode_json(value: Any) -> bytes:
    """Compact JSON in UTF-8; escaped where a string holds what UTF-8 cannot carry."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        escaped = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return escaped.encode("ascii")
