"""How an answer goes on the wire: the fields that are the server's business."""

from __future__ import annotations

import time
from typing import Final

from trio_helianthus.errors import LocalProtocolError
from trio_helianthus.wire import http1

from ._date import date_line, http_date
from ._file_body import FileBody
from ._headers import Headers
from ._http_errors import HTTPError
from ._response import Response
from ._status import forbids_body, reason_phrase

__all__ = [
    "AnswerHead",
    "AnswerHeads",
    "error_answer",
    "has_body",
    "server_error",
    "switching_head",
    "wants_close",
    "wire_head",
]

MAX_KEPT_HEADS: Final = 512
"""How many different heads a server keeps rendered, and how many lines; beyond that it begins
anew."""
MAX_KEPT_BYTES: Final = 2048
"""How long a head is that is kept."""
MAX_KEPT_LINE: Final = 256
"""How long a line is that is kept."""
_SPECIAL: Final = frozenset([b"connection", b"content-length", b"date", b"transfer-encoding"])
_OURS: Final = frozenset([b"connection", b"content-length", b"transfer-encoding"])


class AnswerHead:
    """What is always the same in the answers with one status and the same fields.

    :param fixed: status line and fields, without what tells of the body.
    :param has_date: the date is among them.
    """

    __slots__ = ("_dated", "_fixed", "_has_date", "_second", "close", "length", "status")

    def __init__(
        self,
        status: int,
        fixed: bytes,
        *,
        close: bool = False,
        length: bytes | None = None,
        has_date: bool = False,
    ) -> None:
        self.status: int = status
        self.close: bool = close
        """Whether the handler asked for the end of the connection."""
        self.length: bytes | None = length
        """What the handler says of the body's length."""
        self._fixed = fixed
        self._dated = fixed
        self._has_date = has_date
        self._second = 0  # when it was rendered

    def render(self) -> bytes:
        """Status line and fields, with the date, without what tells of the body."""
        second = int(time.time())
        if second != self._second and not self._has_date:
            self._second = second
            self._dated = self._fixed + date_line()
        return self._dated


def answer_head(status: int, fields: tuple[tuple[bytes, bytes], ...]) -> AnswerHead:
    """Check and render a head.

    :raises LocalProtocolError: the fields cannot be sent.
    """
    names = {name.lower(): value for name, value in fields}
    if b"transfer-encoding" in names:
        raise LocalProtocolError("Transfer-Encoding is the server's business, not a handler's")
    theirs = [(name, value) for name, value in fields if name.lower() not in _OURS]
    return AnswerHead(
        status,
        http1.encode_response(status, theirs, reason_phrase(status).encode("ascii")),
        close=_says_close(fields),
        length=names.get(b"content-length"),
        has_date=b"date" in names,
    )


class AnswerHeads:
    """The heads of one server's answers, each checked and rendered once.

    Where a field has another value in each answer, such as an identifier, the others are.
    """

    def __init__(self) -> None:
        self._status_lines: dict[int, bytes] = {}
        self._lines: dict[tuple[bytes, bytes], bytes] = {}
        self._kept: dict[tuple[int, tuple[tuple[bytes, bytes], ...]], AnswerHead] = {}
        self._shared: dict[tuple[int, int], tuple[AnswerHead, Headers]] = {}
        self._plain: dict[int, tuple[bytes | None, Headers]] = {}  # with the date of this second
        self._second = 0

    def plain(self, fields: Headers) -> bytes | None:
        """The rendered head of an answer with status 200 and fields that many answers share.

        It has the date of the last :meth:`tick`.

        :returns: ``None`` where they say how the message ends, or that the connection does.
        :raises LocalProtocolError: they cannot be sent.
        """
        found = self._plain.get(id(fields))
        if found is None:
            head = self._find(200, fields.raw)
            rendered = head.render()
            found = rendered if head.length is None and not head.close else None, fields
            if len(rendered) <= MAX_KEPT_BYTES:
                if len(self._plain) >= MAX_KEPT_HEADS:
                    self._plain.clear()
                self._plain[id(fields)] = found
        return found[0]

    def tick(self) -> None:
        """Look at the clock, for the date of what is sent next."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._plain.clear()

    def head_of(self, response: Response) -> AnswerHead:
        """The head of an answer.

        :raises LocalProtocolError: its fields cannot be sent.
        """
        fields = response.shared_headers
        if fields is None:
            return self._find(response.status, response.raw_headers)
        place = response.status, id(fields)
        kept = self._shared.get(place)
        if kept is None:
            head = self._find(response.status, fields.raw)
            if len(head.render()) > MAX_KEPT_BYTES:
                return head
            if len(self._shared) >= MAX_KEPT_HEADS:
                self._shared.clear()
            kept = self._shared[place] = head, fields
        return kept[0]

    def _find(self, status: int, fields: tuple[tuple[bytes, bytes], ...]) -> AnswerHead:
        head = self._kept.get((status, fields))
        return self._make(status, fields) if head is None else head

    def _make(self, status: int, fields: tuple[tuple[bytes, bytes], ...]) -> AnswerHead:
        is_known = True
        lines = [self._status_lines.get(status) or self._add_status(status)]
        for field in fields:
            line = self._lines.get(field)
            if line is None:
                if field[0].lower() in _SPECIAL:
                    return self._keep(answer_head(status, fields), fields)
                line = self._add_line(field)
                is_known = False
            lines.append(line)
        head = AnswerHead(status, b"".join(lines))
        return self._keep(head, fields) if is_known else head

    def _add_status(self, status: int) -> bytes:
        line = http1.encode_response(status, (), reason_phrase(status).encode("ascii"))
        self._status_lines[status] = line
        return line

    def _add_line(self, field: tuple[bytes, bytes]) -> bytes:
        line = http1.encode_field(*field)
        if len(line) <= MAX_KEPT_LINE:
            if len(self._lines) >= MAX_KEPT_HEADS:
                self._lines.clear()
            self._lines[field] = line
        return line

    def _keep(self, head: AnswerHead, fields: tuple[tuple[bytes, bytes], ...]) -> AnswerHead:
        if len(head.render()) <= MAX_KEPT_BYTES:
            if len(self._kept) >= MAX_KEPT_HEADS:
                self._kept.clear()
            self._kept[head.status, fields] = head
        return head


def has_body(response: Response, method: str) -> bool:
    """Whether anything follows the head (:rfc:`9112` section 6.3)."""
    return method != "HEAD" and not forbids_body(response.status)


def wire_head(
    response: Response, method: str, *, close: bool, body_follows: bool = False
) -> http1.Response:
    """The head of an answer whose body comes piece by piece, or that has none.

    The body's length is ours to say, except where the handler must know better: in front of a
    body that comes piece by piece, and where no body follows.

    :param method: of the request.
    :param close: whether this is the connection's last answer.
    :param body_follows: from the handler, or from another protocol, whatever is in the response.
    :raises LocalProtocolError: the handler set ``Transfer-Encoding``.
    """
    if "transfer-encoding" in response.headers:
        raise LocalProtocolError("Transfer-Encoding is the server's business, not a handler's")
    fields = [(name, value) for name, value in response.headers.raw if name.lower() not in _OURS]
    if "date" not in response.headers:
        fields.append((b"Date", http_date()))
    length = _content_length(response, method, body_follows=body_follows)
    if length is not None:
        fields.append((b"Content-Length", length))
    if close:
        fields.append((b"Connection", b"close"))
    reason = reason_phrase(response.status).encode("ascii")
    return http1.Response(response.status, headers=fields, reason=reason)


def switching_head(response: Response) -> http1.InformationalResponse:
    """The head of an answer behind which another protocol goes on (:rfc:`9110` section 15.2.2)."""
    return http1.InformationalResponse(101, response.headers.raw, reason=b"Switching Protocols")


def error_answer(error: HTTPError) -> Response:
    """A short plain text."""
    return Response.text(f"{error.detail}\n", status=error.status, headers=error.headers)


def server_error() -> Response:
    """The answer where a handler failed; tells nothing of how."""
    return error_answer(HTTPError(500))


def _says_close(fields: tuple[tuple[bytes, bytes], ...]) -> bool:
    return any(
        b"close" in [option.strip() for option in value.lower().split(b",")]
        for name, value in fields
        if name.lower() == b"connection"
    )


def wants_close(headers: Headers) -> bool:
    """Whether the handler asked for the end of the connection."""
    return "connection" in headers and _says_close(headers.raw)


def _content_length(response: Response, method: str, *, body_follows: bool) -> bytes | None:
    if response.status == 204:
        return None
    body = response.body
    if isinstance(body, FileBody):
        return b"%d" % body.count
    if isinstance(body, bytes) and not body_follows and (body or has_body(response, method)):
        return b"%d" % len(body)
    given = response.headers.get("content-length")
    return None if given is None else given.encode("latin-1")
