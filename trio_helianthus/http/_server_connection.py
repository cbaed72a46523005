"""One connection of a server: requests in, answers out, and a handler that ends with its client."""

from __future__ import annotations

import math
from collections.abc import AsyncIterable
from contextlib import AbstractContextManager
from typing import Any, Final

import trio

from trio_helianthus import core
from trio_helianthus.errors import (
    ConnectionBroken,
    NetworkError,
    OperationTimeout,
)
from trio_helianthus.net import Buffer, ByteStream, TLSStream
from trio_helianthus.wire import http1

from ._answer import error_answer, has_body, server_error, wants_close, wire_head
from ._headers import Headers
from ._http_errors import HTTPError
from ._inbox import Inbox
from ._incoming import Incoming
from ._limits import ServerLimits
from ._pieces import bytes_of, closing
from ._request import Request
from ._response import Response, as_response
from ._router import Handler

__all__ = ["ServerConnection"]

WRITE_PIECE: Final = 64 * 1024
"""How many bytes of an answer ``write_timeout`` allows for."""
LOOK_SECONDS: Final = 0.1
"""How often a connection that is too full to be read is asked whether the peer has reset it."""


class _PeerGone(ConnectionBroken):
    """Nothing can be sent any more, and the handler keeps its cancellation off."""


class _AnswerBroken(Exception):
    """The body of an answer failed behind its head: only a reset tells the client."""


class ServerConnection:
    """Runs one connection until it ends.

    Two tasks share it. One receives, and does nothing else: it fills the inbox, waits while that
    is full, and cancels the other when the client is gone. The other takes from the inbox,
    parses, runs the handler and answers, one request after the other.

    Laws:

    1. Only the receiving task receives; only the other one touches the engine and sends.
    2. An answer is either complete, or the connection is reset.
    3. The scope around both has a deadline only while a handler works for a client that has
       ended its side of the stream.
    """

    def __init__(self, stream: ByteStream, handler: Handler, limits: ServerLimits) -> None:
        self.requests = 0
        """How many requests have been received."""
        self.request: Request | None = None
        """The request that is being answered."""
        self._stream = stream
        self._handler = handler
        self._limits = limits
        self._engine = http1.server_connection(limits=limits.wire)
        self._inbox = Inbox(limits.read_ahead_bytes)
        self._incoming = Incoming(self._engine, self._inbox, limits, self._send)
        self._scope = trio.CancelScope()
        self._operation: core.Operation | None = None
        self._draining = False
        self._half_an_answer = False
        self._counted = 0

    def drain(self) -> None:
        """Let the request that is under way be the last; while waiting for one, end at once."""
        self._draining = True
        if self._incoming.idle:
            self._scope.cancel(reason="the server drains and this connection is idle")

    async def run(self) -> None:
        """Serve until either side wants no more."""
        try:
            async with trio.open_nursery(strict_exception_groups=True) as nursery:
                self._scope = nursery.cancel_scope
                nursery.start_soon(self._receive)
                try:
                    await self._serve()
                except (_PeerGone, _AnswerBroken):
                    pass
                nursery.cancel_scope.cancel(reason="the connection has ended")
        finally:
            if self._half_an_answer:
                self._stream.reset()

    async def _receive(self) -> None:
        try:
            while data := await self._stream.receive_some():
                self._inbox.put(data)
                while self._inbox.full:
                    with trio.move_on_after(LOOK_SECONDS):
                        await self._inbox.wait_room()
                    if self._stream.is_broken():
                        self._scope.cancel(reason="the client has reset the connection")
                        return
        except NetworkError as exc:
            self._scope.cancel(reason=f"the client is gone: {exc}")
        else:
            self._inbox.put(b"")
            self._start_grace()

    async def _serve(self) -> None:
        try:
            # Who had asked before it was accepted gets an answer, even in a drain.
            while not (self._draining and self.requests) and await self._incoming.wait_request():
                head = await self._incoming.receive_head()
                if head is None:
                    return
                await self._answer(head)
                if self._engine.must_close or not await self._incoming.finish():
                    break
                self._engine.start_next_cycle()
        except HTTPError as error:
            await self._send_error(error)
        await self._incoming.linger(self._stream)

    async def _answer(self, head: http1.Request) -> None:
        self.requests += 1
        request = self.request = Request(
            head.method,
            head.target.decode("ascii"),
            headers=Headers.from_wire(head.headers),
            body=self._incoming.body_of(head),
            http_version=head.http_version,
            client_address=self._stream.remote_address,
            tls=self._stream.info if isinstance(self._stream, TLSStream) else None,
        )
        self._stream.activity = f"{request.method} {request.target}"
        try:
            with core.use_trace(_trace_of(request.headers)), self._report(request) as operation:
                self._operation = operation
                self._start_grace()
                try:
                    response = await self._ask_handler(request)
                    await self._send_answer(response, request)
                finally:
                    self._count_received()
        finally:
            request.body.close()
            self.request = self._operation = None
            self._stream.activity = "idle"
            self._scope.deadline = math.inf

    def _report(self, request: Request) -> AbstractContextManager[core.Operation | None]:
        asked: dict[str, Any] = {"http.method": request.method, "http.target": request.target}
        return core.operation(
            "http.server.request",
            connection_id=self._stream.connection_id,
            peer=self._stream.remote_address,
            **asked,
        )

    def _count_received(self) -> None:
        if self._operation is not None:
            self._operation.bytes_received = self._incoming.consumed - self._counted
        self._counted = self._incoming.consumed

    async def _ask_handler(self, request: Request) -> Response:
        try:
            if request.method == "CONNECT":
                # What follows may be meant for a tunnel, so it is no request of ours.
                raise HTTPError(501, "this server is no proxy", {"Connection": "close"})
            return as_response(await self._handler(request))
        except HTTPError as error:
            return error_answer(error)
        except _PeerGone:
            raise
        except Exception as exc:
            core.report_error(exc, where=f"handler of {request.method} {request.target}")
            return server_error()

    async def _send_answer(self, response: Response, request: Request) -> None:
        async with closing(response.body):
            try:
                data = self._start_answer(response, request.method, close=self._is_last(response))
            except Exception as exc:
                # Nothing is sent yet, and what cannot be sent is what the handler has made.
                core.report_error(exc, where=f"handler of {request.method} {request.target}")
                response = server_error()
                data = self._start_answer(response, request.method, close=True)
            if self._operation is not None:
                self._operation.attributes["http.status"] = response.status
            self._half_an_answer = True
            await self._send(data)
            if not isinstance(response.body, bytes) and has_body(response, request.method):
                await self._send_pieces(response.body)
            self._half_an_answer = False

    def _is_last(self, response: Response) -> bool:
        """Whether the connection ends behind this answer."""
        if isinstance(response.body, bytes):
            body_is_in_the_way = not self._incoming.can_finish()
        else:  # it may be made from the request's body
            body_is_in_the_way = self._incoming.is_the_last
        return (
            body_is_in_the_way
            or self._engine.must_close
            or self._draining
            or self.requests >= self._limits.max_requests_per_connection
            or wants_close(response)
        )

    def _start_answer(self, response: Response, method: str, *, close: bool) -> bytes:
        """The head, and with it the body where that is already there."""
        head = wire_head(response, method, close=close)
        if not has_body(response, method):
            return self._engine.send(head, http1.EndOfMessage())
        if isinstance(response.body, bytes):
            return self._engine.send(head, http1.Data(response.body), http1.EndOfMessage())
        return self._engine.send(head)

    async def _send_pieces(self, pieces: AsyncIterable[Buffer]) -> None:
        try:
            async for piece in pieces:
                await self._send(self._engine.send(http1.Data(bytes_of(piece))))
                self._start_grace()
            end = self._engine.send(http1.EndOfMessage())
        except _PeerGone:
            raise
        except HTTPError as exc:  # from the request's body
            raise _AnswerBroken from exc
        except Exception as exc:
            core.report_error(exc, where="the body of an answer")
            raise _AnswerBroken from exc
        await self._send(end)

    async def _send_error(self, error: HTTPError) -> None:
        if self._engine.can_answer:
            self._half_an_answer = True
            await self._send(self._start_answer(error_answer(error), "GET", close=True))
            self._half_an_answer = False

    async def _send(self, data: bytes) -> None:
        try:
            for start in range(0, len(data), WRITE_PIECE):
                await self._stream.send_all(
                    memoryview(data)[start : start + WRITE_PIECE],
                    timeout=self._limits.write_timeout,
                )
        except (NetworkError, OperationTimeout) as exc:
            failure = exc
        else:
            if self._operation is not None:
                self._operation.bytes_sent += len(data)
            return
        self._scope.cancel(reason=f"the client is gone: {failure}")
        await trio.lowlevel.checkpoint()
        raise _PeerGone from failure

    def _start_grace(self) -> None:
        """Give the handler its last time, if the client has ended its side."""
        if self._inbox.ended and self.request is not None:
            self._scope.deadline = trio.current_time() + self._limits.half_close_grace


def _trace_of(headers: Headers) -> core.TraceContext | None:
    parent = headers.get("traceparent")
    if parent is None:
        return None
    return core.TraceContext.from_traceparent(parent, headers.get("tracestate", ""))
