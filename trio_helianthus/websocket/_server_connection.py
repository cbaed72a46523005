"""The server's side of one WebSocket: from the upgrade to the end of its handler."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import trio

from trio_helianthus import core
from trio_helianthus.wire import websocket as wire
from trio_helianthus.wire.websocket import CloseCode

from ._connection import Connection

if TYPE_CHECKING:
    from trio_helianthus import http
    from trio_helianthus.net import ByteStream

    from ._limits import WebSocketLimits
    from ._outgoing import StartTask

__all__ = ["Handler", "ServerConnection"]


class ServerConnection(Connection):
    """A WebSocket as the server's handler has it."""

    request: http.Request
    """The request that it began with: path parameters, query, headers, cookies."""

    def __init__(
        self,
        stream: ByteStream,
        wire: wire.WebSocketConnection,
        limits: WebSocketLimits,
        start_task: StartTask,
        *,
        request: http.Request,
        scope: trio.CancelScope,
        subprotocol: str | None,
        deflate: wire.DeflateParameters | None,
    ) -> None:
        super().__init__(
            stream,
            wire,
            limits,
            start_task,
            is_server=True,
            subprotocol=subprotocol,
            deflate=deflate,
        )
        self.request = request
        self._scope = scope

    async def _finish(self) -> None:
        """Look after the end, and cancel the handler if it does not notice."""
        await super()._finish()
        grace = self.limits.closed_grace
        if grace == math.inf:
            return
        waiting = -1
        while not self._ending.told:
            if waiting == self._reader.queued:  # while it takes what came before, it is at work
                self._scope.cancel(reason="its WebSocket has ended")
                return
            waiting = self._reader.queued
            await trio.sleep(grace)


Handler: TypeAlias = Callable[[ServerConnection], Awaitable[object]]
"""What serves a WebSocket: an async function that takes the connection.

When it returns, the WebSocket is closed with 1000. When it raises, that is reported
(:func:`trio_helianthus.core.report_error`), and the WebSocket closed with 1011; only an error that
the end of this very WebSocket has raised just ends the handler. It is cancelled when its WebSocket
has ended and it has neither noticed that nor taken a message for ``closed_grace`` seconds.
"""


class Acceptance:
    """What goes on behind the answer to one handshake, instead of HTTP."""

    def __init__(
        self,
        handler: Handler,
        request: http.Request,
        limits: WebSocketLimits,
        engine: wire.Engine,
        subprotocol: str | None,
        deflate: wire.DeflateParameters | None,
    ) -> None:
        self._handler = handler
        self._request = request
        self._limits = limits
        self._engine = engine
        self._subprotocol = subprotocol
        self._deflate = deflate
        self._connection: ServerConnection | None = None
        self._draining = False

    def drain(self) -> None:
        """Say goodbye: the server is about to end."""
        self._draining = True
        if self._connection is not None:
            self._connection.close_nowait(CloseCode.GOING_AWAY, "the server is going away")

    async def __call__(self, stream: ByteStream) -> None:
        """Run the handler, and close the WebSocket."""
        protocol = wire.server_connection(
            limits=self._limits.wire, engine=self._engine, deflate=self._deflate
        )
        stream.activity = f"WebSocket {self._request.target}"
        async with core.open_background_nursery() as background:
            with trio.CancelScope() as scope:
                connection = self._connection = ServerConnection(
                    stream,
                    protocol,
                    self._limits,
                    background.contained.start_soon,
                    request=self._request,
                    scope=scope,
                    subprotocol=self._subprotocol,
                    deflate=self._deflate,
                )
                code = CloseCode.NORMAL
                try:
                    if self._draining:
                        self.drain()
                    try:
                        await self._handler(connection)
                    except Exception as exc:
                        if not connection.has_raised(exc):
                            code = CloseCode.INTERNAL_ERROR
                            where = f"WebSocket handler of {self._request.target}"
                            core.report_error(exc, where=where)
                    await connection.aclose(code)
                except BaseException:
                    connection._cut()
                    raise
                finally:
                    connection._note_finished()
                    self._connection = None
