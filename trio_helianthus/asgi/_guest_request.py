"""A request that another ASGI server has received, for a handler of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import quote

import trio

from trio_helianthus import http
from trio_helianthus.net import SocketAddress

from ._guest_inbox import Inbox
from ._guest_outbox import Outbox
from ._messages import Receive, Scope, Send

__all__ = ["GuestRequest"]

GOODBYE_SECONDS: Final = 5.0
"""How long the body of an answer may take to be closed."""


class GuestRequest(http.Request):
    """A request whose connection belongs to another server."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, limits: http.ServerLimits
    ) -> None:
        fields = ((bytes(name).lower(), bytes(value)) for name, value in scope["headers"])
        headers = http.Headers.from_wire(fields)
        length = _announced_length(headers, scope["http_version"])
        self._inbox = Inbox(receive, has_body=length != 0, waits_for_reader="expect" in headers)
        super().__init__(
            scope["method"],
            _target(scope),
            headers=headers,
            body=http.RequestBody(
                self._inbox.receive_piece,
                max_bytes=limits.max_body_bytes,
                length=length,
            ),
            http_version=scope["http_version"],
            client_address=_address(scope.get("client")),
            server_address=_address(scope.get("server")),
        )
        self.scheme = scope.get("scheme", "http")
        self.root_path = quote(scope.get("root_path", ""))
        self._outbox = Outbox(send, scope.get("extensions") or {}, scope["method"])

    @property
    def writer(self) -> http.ResponseWriter | None:
        """What the answer was begun with, if it was: by this request, or by one below a prefix."""
        return self._outbox.writer

    async def start_response(self, response: http.Response) -> http.ResponseWriter:
        """As :meth:`trio_helianthus.http.Request.start_response`."""
        return await self._outbox.start(self._starting.apply(response))

    async def respond(self, response: http.Response) -> http.ResponseWriter:
        """As :meth:`trio_helianthus.http.Request.respond`."""
        return await self.answer(self._starting.apply(response))

    async def answer(self, response: http.Response) -> http.ResponseWriter:
        """Send what a handler has returned, which its middleware has changed already.

        :raises HTTPError: 501 where another protocol is to go on behind it.
        """
        if response.upgrade_handler is not None:
            raise http.HTTPError(501, "no other protocol can be reached through this server")
        async with _closing(response.body):
            return await self._outbox.send(response)

    async def wait_disconnect(self) -> None:
        """As :meth:`trio_helianthus.http.Request.wait_disconnect`."""
        await self._inbox.disconnected.wait()

    async def watch(self) -> None:
        """Wait for the client to go away."""
        await self._inbox.watch()


@asynccontextmanager
async def _closing(body: object) -> AsyncIterator[None]:
    """Close the body of an answer afterwards, if it can be."""
    try:
        yield
    finally:
        if (close := getattr(body, "aclose", None)) is not None:
            with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                await close()


def _announced_length(headers: http.Headers, http_version: str) -> int | None:
    """How long the body is going to be; ``None`` where the head does not tell.

    In HTTP/1 it tells always (:rfc:`9112` section 6.3), later on it need not.
    """
    text = headers.get("content-length")
    if text is not None and text.isdecimal():
        return int(text)
    tells = http_version.startswith("1.") and text is None and "transfer-encoding" not in headers
    return 0 if tells else None


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
