"""A request that came over a connection, which is asked only when something is wanted of it."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol

import trio

from trio_helianthus.net import SocketAddress, TLSInfo

from ._endpoints import OF_THE_ENDPOINTS, Endpoints
from ._headers import FieldContent, Headers
from ._lazy import lazy
from ._request import Request
from ._request_body import RequestBody
from ._starting import STARTED

if TYPE_CHECKING:
    from ._response import Response
    from ._response_writer import ResponseWriter

__all__ = ["ReceivedRequest", "RequestOrigin"]


class RequestOrigin(Protocol):
    """What a request asks of the connection that it came on."""

    @property
    def endpoints(self) -> Endpoints:
        """Between whom it went, and how."""
        ...

    def request_body(self) -> RequestBody:
        """The body of the request that is being answered."""
        ...

    def take_body(self, max_bytes: int | None) -> bytes | None:
        """All of the body, if it is there and not too long."""
        ...

    async def start_response(self, request: ReceivedRequest, response: Response) -> ResponseWriter:
        """Send the head of an answer to the request that is being answered."""
        ...

    def respond(
        self, request: ReceivedRequest, response: Response
    ) -> Coroutine[Any, Any, ResponseWriter]:
        """Send an answer to the request that is being answered, and let its handler go on."""
        ...

    async def wait_disconnect(self) -> None:
        """Wait until the client is gone."""
        ...


class ReceivedRequest(Request):
    """Makes of itself only what its handler looks at: most handlers want little.

    :param fields: what :attr:`headers` begin with.
    :param origin: the connection, until the request has been answered.
    """

    _closed = False
    _outermost: ReceivedRequest | None = None
    """Of a request below a prefix, the one that has come."""
    _taken: bytes | None = None
    """The body, where all of it was there and nobody has needed a stream for it."""

    def __init__(
        self, method: str, target: str, fields: FieldContent, origin: RequestOrigin
    ) -> None:
        self.method = method
        self.target = target
        self._received_fields = fields
        self._origin = origin

    @lazy
    def headers(self) -> Headers:
        """The header fields."""
        return self._received_fields.headers()

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields as pairs of bytes; see :attr:`Request.raw_headers`."""
        headers: Headers | FieldContent = self.__dict__.get("headers", self._received_fields)
        return headers.raw

    @lazy
    def body(self) -> RequestBody:
        """The body as a stream."""
        if not self._closed and self._taken is None:
            return self._origin.request_body()
        body = RequestBody.already_read(self._taken or b"")
        if self._closed:
            body.close()
        return body

    async def read(self, *, max_bytes: int | None = None) -> bytes:
        """Wait for the whole body; see :meth:`Request.read`."""
        if not self._closed and "body" not in self.__dict__:
            await trio.lowlevel.checkpoint_if_cancelled()
            body = None if self._taken is not None else self._origin.take_body(max_bytes)
            if body is not None:  # a small one comes with its head
                self._taken = body
                return body
        return await super().read(max_bytes=max_bytes)

    def read_nowait(self) -> bytes | None:
        """The whole body, if it is there; see :meth:`Request.read_nowait`."""
        if self._closed or "body" in self.__dict__:
            return None
        if self._taken is None:
            self._taken = self._origin.take_body(None)
        return self._taken

    @lazy
    def client_address(self) -> SocketAddress | None:
        """The address of the peer."""
        return self._origin.endpoints.client_address

    @lazy
    def server_address(self) -> SocketAddress | None:
        """The address that the peer has reached."""
        return self._origin.endpoints.server_address

    @lazy
    def tls(self) -> TLSInfo | None:
        """What the handshake agreed on."""
        return self._origin.endpoints.tls

    @property
    def endpoints(self) -> Endpoints:
        """Both addresses, the scheme and the TLS in one; see :attr:`Request.endpoints`."""
        if OF_THE_ENDPOINTS.isdisjoint(self.__dict__):
            return self._origin.endpoints
        return super().endpoints  # middleware may have set one of them

    @property
    def outermost(self) -> ReceivedRequest:
        """The request that has come, which a prefix was taken from."""
        return self if self._outermost is None else self._outermost

    def close(self) -> None:
        """Close the body, and with it the files of a form: the request was answered."""
        self._closed = True
        if "body" in self.__dict__:
            self.body.close()

    async def start_response(self, response: Response) -> ResponseWriter:
        """Send the head of an answer; see :meth:`Request.start_response`."""
        return await self._origin.start_response(self, self._apply_changes(response))

    def respond(self, response: Response) -> Coroutine[Any, Any, ResponseWriter]:
        """Answer now; see :meth:`Request.respond`."""
        return self._origin.respond(self, self._apply_changes(response))

    def _apply_changes(self, response: Response) -> Response:
        if "_starting" in self.__dict__:
            return self._starting.apply(response)
        self._starting = STARTED
        return response

    async def wait_disconnect(self) -> None:
        """Wait until the client is gone; see :meth:`Request.wait_disconnect`."""
        await self._origin.wait_disconnect()
