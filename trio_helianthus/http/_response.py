"""An answer as its handler makes it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, Callable, Iterable
from contextvars import copy_context
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from trio_helianthus.net import Buffer

from ._file_body import FileBody
from ._file_response import file_response
from ._headers import Headers, HeaderTypes
from ._json import encode_json
from ._lazy import lazy
from ._set_cookie import SameSite, set_cookie_field
from ._status import check_status, forbids_body
from ._upgrade import WithContext

if TYPE_CHECKING:
    from ._request import Request
    from ._response_writer import ResponseWriter
    from ._server_sent_event import ServerSentEvent
    from ._upgrade import UpgradeHandler

__all__ = ["TEXT", "HandlerResult", "Response", "as_response"]


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
    :param trailers: fields behind a body that comes piece by piece, or a function that gives
        them when its end was sent. They are dropped where they cannot be sent: to an HTTP/1.0
        client, and behind a body whose length is known.
    :raises ValueError: for an impossible status, invalid headers, or a body for a status that
        has none (204, 304).
    :raises TypeError: for a body of another type.
    """

    status: int = 200
    body: bytes | AsyncIterable[Buffer] | FileBody
    _shared_headers: Headers | None = None

    upgrade_handler: UpgradeHandler | None = None
    """What goes on behind this answer instead of HTTP; see :meth:`upgrade` and :meth:`tunnel`."""
    on_drain: Callable[[], object] | None = None
    """What is called when the server begins to drain while that goes on."""
    trailers: Headers | Callable[[], HeaderTypes] | None = None
    """The fields behind the body, or what makes them."""

    def __init__(
        self,
        body: Buffer | AsyncIterable[Buffer] | FileBody = b"",
        *,
        status: int = 200,
        headers: HeaderTypes = (),
        content_type: str | None = None,
        trailers: HeaderTypes | Callable[[], HeaderTypes] | None = None,
    ) -> None:
        if trailers is not None:
            self.trailers = trailers if callable(trailers) else Headers(trailers)
        if type(body) is bytes and status == 200 and not headers:
            self.body = body
            if content_type is not None:
                self._shared_headers = _kind(content_type)
            elif body:
                self._shared_headers = _BYTES
            return
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
        self.headers = Headers(headers)
        self.body = body
        if content_type is not None:
            self.headers["Content-Type"] = content_type
        elif body != b"" and "content-type" not in self.headers:
            self.headers["Content-Type"] = "application/octet-stream"
        if isinstance(body, FileBody):
            self.headers["Content-Length"] = str(body.count)

    @lazy
    def headers(self) -> Headers:
        """The header fields; a handler and middleware may change them."""
        return Headers() if self._shared_headers is None else self._shared_headers.copy()

    @property
    def shared_headers(self) -> Headers | None:
        """The fields, where other answers may share them; they must not be changed."""
        return None if "headers" in self.__dict__ else self._shared_headers

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as pairs of bytes, in order: what to ask for where nothing is changed."""
        if self._shared_headers is None or "headers" in self.__dict__:
            return self.headers.raw
        return self._shared_headers.raw

    @property
    def plain_headers(self) -> Headers | None:
        """The fields of an answer with status 200 that is nothing but these and a body, where many
        answers share them; they must not be changed.
        """
        own = self.__dict__
        return self._shared_headers if len(own) == 2 and "_shared_headers" in own else None

    def share_headers(self, headers: Headers) -> None:
        """Have these fields instead of its own.

        :param headers: must not change from now on: other answers may have the same.
        """
        self.__dict__.pop("headers", None)
        self._shared_headers = headers

    @classmethod
    def from_wire(
        cls, status: int, fields: Headers | Iterable[tuple[bytes, bytes]], body: bytes = b""
    ) -> Response:
        """An answer from what it is on the wire, as a gateway has it.

        :param status: 200 to 599.
        :param fields: pairs of name and value, which are checked when they are sent; nothing is
            added to them for the body's sake. :class:`Headers` are shared, and must not change.
        :param body: what there is of it.
        :raises ValueError: for an impossible status.
        """
        if not 200 <= status <= 599:
            check_status(status)
        response = cls.__new__(cls)
        response.body = body
        if isinstance(fields, Headers):
            response._shared_headers = fields
            if status != 200:
                response.status = status
        else:
            response.headers = Headers.from_wire(fields)
            response.status = status
        return response

    @classmethod
    def text(cls, text: str, *, status: int = 200, headers: HeaderTypes = ()) -> Response:
        """Plain text in UTF-8; what UTF-8 cannot carry (lone surrogates) becomes ``?``."""
        if not headers and status == 200 and cls is Response and isinstance(text, str):
            response = Response.__new__(Response)  # as _simple does, without the calls
            response.body = text.encode("utf-8", "replace")
            response._shared_headers = TEXT
            return response
        body = _encode_text(text)
        return cls._of_type(body, "text/plain; charset=utf-8", status, headers)

    @classmethod
    def html(cls, text: str, *, status: int = 200, headers: HeaderTypes = ()) -> Response:
        """An HTML page in UTF-8; what UTF-8 cannot carry (lone surrogates) becomes ``?``."""
        body = _encode_text(text)
        if not headers and status == 200 and cls is Response:
            return _simple(body, _HTML)
        return cls._of_type(body, "text/html; charset=utf-8", status, headers)

    @classmethod
    def json(cls, value: Any, *, status: int = 200, headers: HeaderTypes = ()) -> Response:
        """JSON in UTF-8 without needless spaces.

        :raises TypeError: for a value that JSON cannot express.
        :raises ValueError: for ``nan`` and infinities, or a value that contains itself.
        """
        body = encode_json(value)
        if not headers and status == 200 and cls is Response:
            return _simple(body, _JSON)
        return cls._of_type(body, "application/json", status, headers)

    @classmethod
    def redirect(cls, location: str, *, status: int = 307, headers: HeaderTypes = ()) -> Response:
        """Send the client elsewhere.

        :param location: a URL, percent-encoded where it needs to be. A backslash, which browsers
            take for a slash, and a tab, which they drop, are encoded here, so that no path becomes
            another host.
        :param status: 301, 302, 303, 307 or 308; 307 and 308 keep the method.
        :raises ValueError: for another status or an invalid location.
        """
        if status not in (301, 302, 303, 307, 308):
            raise ValueError(f"{status} is not the status of a redirect")
        response = cls(b"", status=status, headers=headers)
        if not location.isascii():
            raise ValueError(f"a location must be percent-encoded: {location!r}")
        response.headers["Location"] = location.replace("\\", "%5C").replace("\t", "%09")
        return response

    @classmethod
    async def file(
        cls,
        path: str | os.PathLike[str],
        request: Request | None = None,
        *,
        download: bool | str = False,
        content_type: str | None = None,
        headers: HeaderTypes = (),
    ) -> Response:
        """A file, or the parts of it that the request asks for, sent by the system itself.

        ::

            return await http.Response.file("reports/today.pdf", request, download=True)

        It has ``ETag``, ``Last-Modified`` and ``Accept-Ranges``, and what ``Range``, ``If-Range``
        and the other conditions of the request ask for is done (:rfc:`9110` sections 13 and 14):
        the status is 200, 206, 304, 412 or 416.

        :param path: trusted as it is: for what a client has named, take :class:`StaticFiles`.
        :param request: what is asked for; the whole file where it is left out.
        :param download: have a browser save it and not show it, under its own name or this one.
        :param content_type: else what the name's ending stands for.
        :param headers: win over those that belong to a file.
        :raises FileNotFoundError: and other :exc:`OSError`, where it cannot be opened, or is
            not a regular file.
        """
        status, fields, body = await file_response(
            path, request, download=download, content_type=content_type, headers=headers
        )
        return Response(body, status=status, headers=fields)

    @classmethod
    def events(
        cls,
        events: AsyncIterable[ServerSentEvent | str],
        *,
        ping: float = 15.0,
        retry: float | None = None,
        headers: HeaderTypes = (),
    ) -> Response:
        """Server-sent events, for an ``EventSource`` in a browser.

        ::

            async def clock() -> AsyncIterator[http.ServerSentEvent]:
                while True:
                    yield http.ServerSentEvent(time.ctime(), event="tick")
                    await trio.sleep(1)

            return http.Response.events(clock())

        It goes on until the iterable ends, or the client does, and closes the iterable then.
        Browsers come again after an end: to have one stay away, answer it with 204.

        :param events: gives an event, or the text of one, at a time: an async generator or the
            receiving end of a channel. It waits while the client reads slowly.
        :param ping: seconds of silence after which a comment is sent, so that no proxy takes the
            connection for dead; ``math.inf`` for none.
        :param retry: seconds after which the client should come again, told once at the start.
        :raises ValueError: for a ``ping`` that is not positive, or a negative ``retry``.
        """
        from ._event_stream import EventStream

        fields = Headers(headers)
        fields["Content-Type"] = "text/event-stream"
        fields.setdefault("Cache-Control", "no-cache")
        fields.setdefault("X-Accel-Buffering", "no")  # else nginx keeps them until it has many
        return cls(EventStream(events, ping=ping, retry=retry), headers=fields)

    @classmethod
    def upgrade(
        cls,
        protocol: str,
        handler: UpgradeHandler,
        *,
        headers: HeaderTypes = (),
        on_drain: Callable[[], object] | None = None,
    ) -> Response:
        """Answer 101 and go on with another protocol (:rfc:`9110` section 7.8).

        :param protocol: for the ``Upgrade`` field; one that the request has asked for.
        :param handler: is given the connection's stream; what the client has sent behind its
            request comes first. Context variables have the values that they have now.
        :param on_drain: is called when the server begins to drain, so that the protocol can say
            goodbye: once, also where that was before the handler began. It must not wait.
        """
        response = cls(headers=headers)
        response.status = 101
        response.headers["Upgrade"] = protocol
        response.headers["Connection"] = "Upgrade"
        response.upgrade_handler = WithContext(handler, copy_context())
        response.on_drain = on_drain
        return response

    @classmethod
    def tunnel(cls, handler: UpgradeHandler, *, headers: HeaderTypes = ()) -> Response:
        """Answer ``CONNECT`` with 200, and go on without HTTP (:rfc:`9110` section 9.3.6).

        :param handler: as for :meth:`upgrade`.
        """
        response = cls(headers=headers)
        response.upgrade_handler = WithContext(handler, copy_context())
        return response

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        expires: datetime | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        http_only: bool = True,
        same_site: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Have the client keep a cookie (RFC 6265bis).

        :param value: visible ASCII without quotes, commas, semicolons and backslashes.
        :param max_age: seconds; without it and ``expires``, as long as the browser is open.
        :param expires: when it ends, with a time zone; ``max_age`` counts more.
        :param path: sent with requests for this path and what is below; ``None`` for the folder
            of the request's path.
        :param domain: sent to this domain and all below it; ``None`` for this host alone.
        :param secure: only by ``https``.
        :param http_only: not shown to scripts.
        :param same_site: ``"strict"``, ``"lax"`` or ``"none"``: whether it comes with requests
            that other sites have caused; ``None`` leaves that to the browser.
        :param partitioned: kept apart for each site that embeds this one.
        :raises ValueError: for characters that have no place there, or what browsers would drop.
        """
        field = set_cookie_field(
            name,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
            partitioned=partitioned,
        )
        self.headers.add("Set-Cookie", field)

    def delete_cookie(
        self,
        name: str,
        *,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        http_only: bool = True,
        same_site: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Have the client forget a cookie; everything must be as it was when it was set.

        :raises ValueError: as :meth:`set_cookie` does.
        """
        self.set_cookie(
            name,
            "",
            max_age=0,
            expires=_LONG_AGO,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
            partitioned=partitioned,
        )

    def __repr__(self) -> str:
        size = f"{len(self.body)} bytes" if isinstance(self.body, bytes) else "streamed"
        return f"<Response {self.status}, {size}>"

    @classmethod
    def _of_type(cls, body: bytes, kind: str, status: int, headers: HeaderTypes) -> Response:
        fields = Headers(headers)
        fields.setdefault("Content-Type", kind)
        return cls(body, status=status, headers=fields)


HandlerResult: TypeAlias = "Response | ResponseWriter | str | bytes | dict[str, Any] | list[Any]"
"""What a handler may return: a :class:`Response`, a ``str`` (plain text), ``bytes``
(``application/octet-stream``), or a ``dict`` or ``list`` (JSON); or the :class:`ResponseWriter` by
which it has answered. Nothing else: a forgotten ``return`` is answered with status 500 and
reported."""


def as_response(result: HandlerResult) -> Response:
    """The answer that a handler's result stands for.

    :raises TypeError: for what a handler must not return.
    """
    if isinstance(result, Response):
        return result
    if isinstance(result, str):
        return _simple(result.encode("utf-8", "replace"), TEXT)
    if isinstance(result, bytes):
        return _simple(result, _BYTES) if result else Response()
    if isinstance(result, dict | list):
        return Response.json(result)
    raise TypeError(
        f"a handler must return a Response, str, bytes, dict or list, not {type(result).__name__}"
    )


def _encode_text(text: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    return text.encode("utf-8", "replace")


def _simple(body: bytes, headers: Headers) -> Response:
    """An answer of ours with status 200, in which there is nothing to be checked."""
    response = Response.__new__(Response)
    response.body = body
    response._shared_headers = headers
    return response


@lru_cache(maxsize=64)
def _kind(content_type: str) -> Headers:
    """The fields of an answer that has no others; to be copied before they are changed."""
    fields = Headers({"Content-Type": content_type})
    return Headers.from_wire(fields.raw)


TEXT: Final = _kind("text/plain; charset=utf-8")
_HTML: Final = _kind("text/html; charset=utf-8")
_JSON: Final = _kind("application/json")
_BYTES: Final = _kind("application/octet-stream")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
