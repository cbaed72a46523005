"""A request that another ASGI server has received, for a handler of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import trio

from trio_helianthus import http
from trio_helianthus.errors import ResourceBusy
from trio_helianthus.net import BinaryFile, Buffer, SocketAddress

from ._messages import Message, Receive, Scope, Send

__all__ = ["GuestRequest"]

GOODBYE_SECONDS: Final = 5.0
"""How long the body of an answer may take to be closed."""

_BODILESS: Final = frozenset([204, 304])
_SERVERS_BUSINESS: Final = frozenset([b"connection", b"transfer-encoding"])


class GuestRequest(http.Request):
    """A request whose connection belongs to another server.

    One task receives at a time: whoever reads the body, and :meth:`watch` behind its end.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, limits: http.ServerLimits
    ) -> None:
        fields = ((bytes(name).lower(), bytes(value)) for name, value in scope["headers"])
        headers = http.Headers.from_wire(fields)
        length = _announced_length(headers)
        super().__init__(
            scope["method"],
            _target(scope),
            headers=headers,
            body=http.RequestBody(
                self._receive_piece, max_bytes=limits.max_body_bytes, length=length
            ),
            http_version=scope["http_version"],
            client_address=_address(scope.get("client")),
            server_address=_address(scope.get("server")),
        )
        self.scheme = scope.get("scheme", "http")
        self.root_path = quote(scope.get("root_path", ""))
        self.writer: http.ResponseWriter | None = None
        self._receive = receive
        self._send = send
        self._takes_trailers = "http.response.trailers" in (scope.get("extensions") or {})
        self._body_is_over = trio.Event()
        self._disconnected = trio.Event()
        if length == 0:
            self._body_is_over.set()

    async def start_response(self, response: http.Response) -> http.ResponseWriter:
        """As :meth:`trio_helianthus.http.Request.start_response`."""
        return await self._start(response, trailers=self._takes_trailers)

    async def respond(self, response: http.Response) -> http.ResponseWriter:
        """As :meth:`trio_helianthus.http.Request.respond`."""
        if response.upgrade_handler is not None:
            raise http.HTTPError(501, "no other protocol can be reached through this server")
        async with _closing(response.body):
            if isinstance(response.body, bytes):
                return await self._send_whole(response, response.body)
            trailers = response.trailers
            writer = await self._start(
                response, trailers=self._takes_trailers and trailers is not None
            )
            if not writer.finished:
                async for piece in response.body:
                    await writer.send_all(piece)
                await writer.finish(trailers() if callable(trailers) else trailers or ())
            return writer

    async def _send_whole(self, response: http.Response, body: bytes) -> http.ResponseWriter:
        if response.status in _BODILESS:
            response.headers.pop("content-length", None)
        elif body or self.method != "HEAD":
            response.headers["content-length"] = str(len(body))
        if self.method == "HEAD":
            body = b""
        return await self._start(response, body=body)

    async def _start(
        self, response: http.Response, *, body: bytes | None = None, trailers: bool = False
    ) -> http.ResponseWriter:
        if self.writer is not None:
            raise ResourceBusy("this request has its answer already")
        follows = body is None and self.method != "HEAD" and response.status not in _BODILESS
        sink = _Sink(self._send, trailers=trailers and follows)
        self.writer = http.ResponseWriter(sink, has_body=follows, status=response.status)
        await sink.start(response)
        if not follows:
            await self._send({"type": "http.response.body", "body": body or b""})
        return self.writer

    async def wait_disconnect(self) -> None:
        """As :meth:`trio_helianthus.http.Request.wait_disconnect`."""
        await self._disconnected.wait()

    async def watch(self) -> None:
        """Wait for the client to go away; begins when the body has been read."""
        await self._body_is_over.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._disconnected.set()

    async def _receive_piece(self) -> bytes:
        while not self._body_is_over.is_set():
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._disconnected.set()
                raise http.HTTPError(400, "the client left before its request was complete")
            if not message.get("more_body"):
                self._body_is_over.set()
            if data := message.get("body", b""):
                return bytes(data)
        return b""


class _Sink:
    """Sends an answer as messages."""

    def __init__(self, send: Send, *, trailers: bool) -> None:
        self._send = send
        self._trailers = trailers

    async def start(self, response: http.Response) -> None:
        fields = [(name.lower(), value) for name, value in response.headers.raw]
        message: Message = {
            "type": "http.response.start",
            "status": response.status,
            "headers": [field for field in fields if field[0] not in _SERVERS_BUSINESS],
        }
        if self._trailers:
            message["trailers"] = True
        await self._send(message)

    async def send_piece(self, data: Buffer) -> None:
        await self._send({"type": "http.response.body", "body": bytes(data), "more_body": True})

    async def send_file(self, file: BinaryFile, offset: int, count: int) -> int:
        sent = 0
        async for piece in http.FileBody(file, offset, count):
            await self.send_piece(piece)
            sent += len(piece)
        return sent

    async def finish(self, trailers: http.HeaderTypes = ()) -> None:
        await self._send({"type": "http.response.body", "body": b""})
        if self._trailers:
            fields = http.Headers(trailers).raw
            await self._send({"type": "http.response.trailers", "headers": list(fields)})


@asynccontextmanager
async def _closing(body: object) -> AsyncIterator[None]:
    """Close the body of an answer afterwards, if it can be."""
    try:
        yield
    finally:
        if (close := getattr(body, "aclose", None)) is not None:
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                await close()


def _announced_length(headers: http.Headers) -> int | None:
    """How long the body is going to be; ``None`` where the head does not tell."""
    if "transfer-encoding" in headers:
        return None
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() else None


def _target(scope: Scope) -> str:
    """The target as our server would have it: without what stands in ``root_path``."""
    raw_path = scope.get("raw_path")
    path = quote(scope["path"]) if raw_path is None else bytes(raw_path).decode("latin-1")
    root_path = quote(scope.get("root_path", ""))
    if root_path and (path == root_path or path.startswith(root_path + "/")):
        path = path[len(root_path) :] or "/"
    query = bytes(scope["query_string"]).decode("latin-1")
    return f"{path}?{query}" if query else path


def _address(pair: Any) -> SocketAddress | None:
    if pair is None:
        return None
    host, port = pair
    return str(host) if port is None else (str(host), int(port))
