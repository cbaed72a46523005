"""How an answer goes on the wire: the fields that are the server's business."""

from __future__ import annotations

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.wire import http1

from ._date import http_date
from ._http_errors import HTTPError
from ._response import Response
from ._status import forbids_body, reason_phrase

__all__ = ["error_answer", "has_body", "server_error", "wants_close", "wire_head"]

_OURS = frozenset(["connection", "content-length", "transfer-encoding"])


def has_body(response: Response, method: str) -> bool:
    """Whether anything follows the head (:rfc:`9112` section 6.3)."""
    return method != "HEAD" and not forbids_body(response.status)


def wants_close(response: Response) -> bool:
    """Whether the handler asked for the end of the connection."""
    options = response.headers.get("connection", "").lower().split(",")
    return "close" in [option.strip() for option in options]


def wire_head(response: Response, method: str, *, close: bool) -> http1.Response:
    """The head of an answer.

    The body's length is ours to say, except where the handler must know better: in front of a
    body that comes piece by piece, and where no body follows.

    :param method: of the request.
    :param close: whether this is the connection's last answer.
    :raises LocalProtocolError: the handler set ``Transfer-Encoding``.
    """
    if "transfer-encoding" in response.headers:
        raise LocalProtocolError("Transfer-Encoding is the server's business, not a handler's")
    fields = [
        (name, value)
        for name, value in response.headers.to_wire()
        if name.decode("ascii").lower() not in _OURS
    ]
    if "date" not in response.headers:
        fields.append((b"Date", http_date()))
    length = _content_length(response, method)
    if length is not None:
        fields.append((b"Content-Length", length))
    if close:
        fields.append((b"Connection", b"close"))
    reason = reason_phrase(response.status).encode("ascii")
    return http1.Response(response.status, headers=fields, reason=reason)


def error_answer(error: HTTPError) -> Response:
    """A short plain text."""
    return Response.text(f"{error.detail}\n", status=error.status, headers=error.headers)


def server_error() -> Response:
    """The answer where a handler failed; tells nothing of how."""
    return error_answer(HTTPError(500))


def _content_length(response: Response, method: str) -> bytes | None:
    if response.status == 204:
        return None
    if isinstance(response.body, bytes) and (response.body or has_body(response, method)):
        return str(len(response.body)).encode("ascii")
    given = response.headers.get("content-length")
    return None if given is None else given.encode("latin-1")
