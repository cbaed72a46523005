"""Answers as a client sees them: read as a whole, or as a stream."""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import Any, Self

import attrs

from trio_helianthus import core
from trio_helianthus.errors import LimitExceeded

from ._body_stream import BodyStream, check_max_bytes
from ._charset import charset_of
from ._client_connection import ClientConnection
from ._headers import Headers
from ._http_errors import HTTPStatusError

__all__ = ["ClientResponse", "ResponseBody", "ResponseHead", "StreamedResponse"]


@attrs.frozen(slots=False, eq=False)
class ResponseHead:
    """What every answer has."""

    method: str
    """The method of the request."""
    url: str
    """The URL of the request."""
    status: int
    """The status code, 200 to 999; those from 600 mean nothing, and servers send them."""
    reason: str
    """The server's words for it; may be empty."""
    headers: Headers
    """The header fields."""
    http_version: str
    """``"1.1"`` or ``"1.0"``."""

    def raise_for_status(self) -> Self:
        """Refuse an answer that reports a failure.

        :returns: this answer, where its status is below 400.
        :raises HTTPStatusError: where it is not.
        """
        if self.status >= 400:
            raise HTTPStatusError(self)
        return self


@attrs.frozen(slots=False, eq=False)
class ClientResponse(ResponseHead):
    """An answer that has been received as a whole."""

    content: bytes = attrs.field(repr=False)
    """The body."""

    @cached_property
    def text(self) -> str:
        """The body as text, decoded as its ``Content-Type`` says.

        UTF-8 where that names no character set, or none that is known. Bytes that are no text
        in it become U+FFFD.
        """
        try:
            charset = charset_of(self.headers.get("content-type", ""))
        except LookupError:
            charset = "utf-8"
        return self.content.decode(charset, "replace")

    def json(self) -> Any:
        """The body, parsed as JSON in UTF-8.

        :raises ValueError: when it is none (:class:`json.JSONDecodeError`,
            :class:`UnicodeDecodeError`), or nests deeper than Python can follow.
        """
        try:
            return json.loads(self.content.decode("utf-8-sig"))
        except RecursionError as exc:
            raise ValueError("the answer's JSON is nested too deeply") from exc


class ResponseBody(BodyStream):
    """The body of an answer as it arrives.

    Iterate over it (``async for chunk in response.body``) or call :meth:`receive_some`.

    :param timeout: seconds that one call waits, unless it is told otherwise.
    :param token: cancels calls that are given none.
    """

    def __init__(
        self,
        connection: ClientConnection,
        *,
        timeout: float,
        token: core.CancelToken | None,
    ) -> None:
        super().__init__("the answer's body")
        self._connection = connection
        self._timeout = timeout
        self._token = token

    async def receive_some(
        self,
        max_bytes: int | None = None,
        *,
        timeout: float | None = None,
        token: core.CancelToken | None = None,
    ) -> bytes:
        """Wait for the next bytes of the body.

        :param max_bytes: at most so many at once; any number where it is ``None``.
        :param timeout: seconds; ``None`` means the client's default.
        :param token: cancels this call; ``None`` means the token of the whole stream.
        :returns: the bytes, ``b""`` at the end of the body.
        :raises NetworkError: the connection failed, or ended before the body did.
        :raises RemoteProtocolError: the body is malformed.
        :raises OperationTimeout: nothing came in time; another call may try again.
        :raises OperationCancelled: the token was cancelled.
        :raises ResourceBusy: another task is reading.
        :raises ResourceClosed: the stream was left.
        :raises ValueError: for a ``max_bytes`` below 1.

        Cancellation loses nothing: the next call gets the same bytes.
        """
        check_max_bytes(max_bytes)
        with core.limit(self._timeout if timeout is None else timeout, token or self._token):
            return await self._read(max_bytes)

    async def _next_piece(self) -> bytes:
        return await self._connection.receive_body()


@attrs.frozen(slots=False, eq=False)
class StreamedResponse(ResponseHead):
    """An answer whose head has been received and whose body is still to come."""

    body: ResponseBody = attrs.field(repr=False)
    """The body as a stream."""
    _max_bytes: int = attrs.field(repr=False, alias="max_bytes")

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
        :raises HelianthusError: as :meth:`ResponseBody.receive_some` does.

        What a call has received when it is cancelled or fails is lost.
        """
        cap = self._max_bytes if max_bytes is None else max_bytes
        limit_name = "max_response_bytes" if max_bytes is None else "max_bytes"
        too_long = LimitExceeded(
            f"the answer's body is longer than {cap} bytes", limit_name=limit_name, limit=cap
        )
        announced = self.headers.get("content-length", "")
        if self.method != "HEAD" and announced.isdecimal() and int(announced) > cap:
            raise too_long
        body = bytearray()  # not a list: of tiny pieces, that would cost many times more
        default = self.body._timeout
        with core.limit(default if timeout is None else timeout, token or self.body._token):
            while data := await self.body.receive_some(timeout=math.inf):
                body += data
                if len(body) > cap:
                    raise too_long
        return bytes(body)
