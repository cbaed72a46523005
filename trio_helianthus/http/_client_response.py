"""Answers as a client sees them: read as a whole, or as a stream."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import attrs

from trio_helianthus import core
from trio_helianthus.errors import LimitExceeded

from ._auth import ClientRequest
from ._charset import charset_of
from ._cookie_parse import parse_set_cookie
from ._headers import Headers
from ._http_errors import HTTPStatusError
from ._links import parse_links
from ._redirects import is_redirect
from ._response_body import ResponseBody
from ._text_streams import BodyPieces, ByteChunks, Lines, TextChunks

if TYPE_CHECKING:
    from ._call import Call

__all__ = ["ClientResponse", "ResponseBody", "ResponseHead", "StreamedResponse"]

MAX_LINE = 1024 * 1024
"""Characters of a line of a streamed answer, where the caller says nothing else."""


@attrs.define(slots=False, eq=False)
class ResponseHead:
    """What every answer has."""

    method: str
    """The method of the request."""
    url: str
    """The URL of the request; after redirects that of the last one."""
    status: int
    """The status code, 200 to 999; those from 600 mean nothing, and servers send them."""
    reason: str
    """The server's words for it; may be empty."""
    headers: Headers
    """The header fields."""
    http_version: str
    """``"1.1"`` or ``"1.0"``."""
    history: tuple[ResponseHead, ...] = attrs.field(default=(), init=False, repr=False)
    """The answers before this one: redirects, and those that asked for credentials."""
    _seconds: float = attrs.field(default=0.0, init=False, repr=False)
    _call: Call | None = attrs.field(default=None, init=False, repr=False)

    @property
    def status_code(self) -> int:
        """:attr:`status` by the name that other clients have for it."""
        return self.status

    @property
    def is_success(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """Whether it sends the client elsewhere: such a status, and a ``Location``."""
        return is_redirect(self.status, self.headers)

    @property
    def is_client_error(self) -> bool:
        """Whether the status is 400 to 499."""
        return 400 <= self.status < 500

    @property
    def is_server_error(self) -> bool:
        """Whether the status is 500 to 599."""
        return 500 <= self.status < 600

    @property
    def is_error(self) -> bool:
        """Whether the status is 400 or more."""
        return self.status >= 400

    @property
    def elapsed(self) -> timedelta:
        """The time from the start of the call to the end of this answer.

        To the end of its head where it is streamed; redirects and second tries included.
        """
        return timedelta(seconds=self._seconds)

    @property
    def request(self) -> ClientRequest:
        """The request that was answered, the last one after redirects.

        :raises RuntimeError: the answer did not come from a client.
        """
        call = self._call
        if call is None:
            raise RuntimeError("this answer was made without a request")
        content = call.content if isinstance(call.content, bytes) else None
        return ClientRequest(call.method, str(call.url), call.headers.copy(), content)

    @property
    def encoding(self) -> str:
        """The character set of the body as its ``Content-Type`` says, by Python's name for it.

        UTF-8 where that names none, or none that is known.
        """
        try:
            return charset_of(self.headers.get("content-type", ""))
        except LookupError:
            return "utf-8"

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that this answer sets, by name.

        Those that the client keeps are in :attr:`Client.cookies`.
        """
        fields = self.headers.get_all("set-cookie")
        parsed = [parse_set_cookie(field, 0.0) for field in fields]
        return {cookie.name: cookie.value for cookie in parsed if cookie is not None}

    @property
    def links(self) -> dict[str, dict[str, str]]:
        """The ``Link`` fields by relation: ``response.links["next"]["url"]``."""
        return parse_links(self.headers.get_all("link"))

    def raise_for_status(self) -> Self:
        """Refuse an answer that reports a failure.

        :returns: this answer, where its status is below 400.
        :raises HTTPStatusError: where it is not.
        """
        if self.status >= 400:
            raise HTTPStatusError(self)
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        call = state.get("_call")
        if call is not None and not isinstance(call.content, bytes):
            state["_call"] = None  # what it streamed cannot be pickled
        return state


@attrs.define(slots=False, eq=False)
class ClientResponse(ResponseHead):
    """An answer that has been received as a whole."""

    content: bytes = attrs.field(repr=False)
    """The body, its ``Content-Encoding`` undone."""
    _trailers: tuple[tuple[bytes, bytes], ...] = attrs.field(
        default=(), repr=False, alias="trailers"
    )

    @property
    def trailers(self) -> Headers:
        """The fields that came behind the body."""
        return Headers.from_wire(self._trailers)

    @cached_property
    def text(self) -> str:
        """The body as text in its :attr:`encoding`; bytes that are no text become U+FFFD."""
        return self.content.decode(self.encoding, "replace")

    def json(self) -> Any:
        """The body, parsed as JSON in UTF-8.

        :raises ValueError: when it is none (:class:`json.JSONDecodeError`,
            :class:`UnicodeDecodeError`), or nests deeper than Python can follow.
        """
        try:
            return json.loads(self.content.decode("utf-8-sig"))
        except RecursionError as exc:
            raise ValueError("the answer's JSON is nested too deeply") from exc


@attrs.define(slots=False, eq=False)
class StreamedResponse(ResponseHead):
    """An answer whose head has been received and whose body is still to come."""

    body: ResponseBody = attrs.field(repr=False)
    """The body as a stream, its ``Content-Encoding`` undone."""
    _max_bytes: int = attrs.field(repr=False, alias="max_bytes")
    _raw_body: ResponseBody | None = attrs.field(default=None, init=False, repr=False)

    @property
    def raw_body(self) -> ResponseBody:
        """The body as it was sent; read either this or :attr:`body`."""
        return self._raw_body or self.body

    @property
    def trailers(self) -> Headers:
        """The fields that came behind the body, once that was read to its end."""
        return Headers.from_wire(self.body.trailers)

    def iter_bytes(self, chunk_size: int) -> BodyPieces[bytes]:
        """The body in pieces of ``chunk_size`` bytes, the last one aside; ``body`` itself gives
        them as they come.

        :raises ValueError: for a size below 1.
        """
        return ByteChunks(self.body, chunk_size)

    def iter_text(self) -> BodyPieces[str]:
        """The body as text in its :attr:`encoding`, as it comes."""
        return TextChunks(self.body, self.encoding)

    def iter_lines(self, *, max_line: int = MAX_LINE) -> BodyPieces[str]:
        """The body as lines of text, without their ends.

        :param max_line: characters of the longest line; receiving a longer one raises
            :class:`LimitExceeded`.
        """
        return Lines(self.body, self.encoding, max_line)

    async def read(
        self,
        *,
        max_bytes: int | None = None,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> bytes:
        """Wait for everything up to the end of the body.

        :param max_bytes: a cap; ``None`` means the client's ``max_response_bytes``.
        :param timeout: seconds for all of it; ``None`` means the client's default.
        :param token: cancels this call; ``None`` means the token of the whole stream.
        :raises LimitExceeded: the body is longer than the cap.
        :raises ValueError: for a negative cap.
        :raises HelianthusError: as :meth:`ResponseBody.receive_some` does.

        What a call has received when it is cancelled or fails is lost.
        """
        cap = self._max_bytes if max_bytes is None else max_bytes
        if cap < 0:
            raise ValueError(f"max_bytes must not be negative, got {cap}")
        name = "max_response_bytes" if max_bytes is None else "max_bytes"
        body, content = self.body, bytearray()  # a list of tiny pieces would cost far more
        if (body.announced or 0) > cap:
            raise _too_long(name, cap)
        if token is None and (whole := await body.take_whole(cap)) is not None:
            return whole
        default = body._timeout
        with core.limit(default if timeout is None else timeout, token or body._token):
            while data := await body.receive_some(timeout=math.inf):
                content += data
                if len(content) > cap:
                    raise _too_long(name, cap)
        return bytes(content)


def _too_long(limit_name: str, cap: int) -> LimitExceeded:
    return LimitExceeded(
        f"the answer's body is longer than {cap} bytes", limit_name=limit_name, limit=cap
    )
