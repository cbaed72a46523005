"""WebSockets by callbacks: what happens on connect, on each message and on disconnect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import trio

from trio_helianthus.wire.websocket import CloseCode, PreparedMessage

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ._server_connection import ServerConnection

__all__ = ["WebSocketServer"]

_ConnectionCallback: TypeAlias = "Callable[[ServerConnection], Awaitable[object]]"
_MessageCallback: TypeAlias = "Callable[[ServerConnection, str | bytes], Awaitable[object]]"
_C = TypeVar("_C", bound="_ConnectionCallback")
_M = TypeVar("_M", bound="_MessageCallback")


class WebSocketServer:
    """A handler of WebSockets that is put together from callbacks.

    ::

        chat = websocket.WebSocketServer()

        @chat.on_message
        async def spread(connection: websocket.ServerConnection, message: str | bytes) -> None:
            chat.broadcast(message, but=connection)

        router.add("/chat", websocket.endpoint(chat))
        # or, alone: await nursery.start(websocket.serve_websocket, chat, 8000)

    The callbacks of one connection run one after the other, in its task, so that they may wait
    and are cancelled with it; those of several run at the same time. One that raises ends its
    connection, as a handler does.
    """

    def __init__(self) -> None:
        self._connect: _ConnectionCallback | None = None
        self._message: _MessageCallback | None = None
        self._disconnect: _ConnectionCallback | None = None
        self._connections: dict[ServerConnection, None] = {}

    @property
    def connections(self) -> tuple[ServerConnection, ...]:
        """The connections that are open now, the oldest first."""
        return tuple(self._connections)

    def on_connect(self, callback: _C) -> _C:
        """Have it called with each new connection, before its first message.

        Broadcasts reach the connection meanwhile: turn away who may not have them in the
        handshake (:func:`accept`).
        """
        self._connect = callback
        return callback

    def on_message(self, callback: _M) -> _M:
        """Have it called with each message and its connection."""
        self._message = callback
        return callback

    def on_disconnect(self, callback: _C) -> _C:
        """Have it called with each connection that has ended, however it did.

        It is shielded from cancellation, for up to ``close_timeout`` seconds, and may look at
        ``close_code``, which is ``None`` where ``on_message`` has raised: then the connection is
        closed afterwards. It is not called where ``on_connect`` has raised.
        """
        self._disconnect = callback
        return callback

    def broadcast(
        self,
        message: str | bytes | PreparedMessage,
        *,
        but: ServerConnection | None = None,
        key: Hashable = None,
    ) -> int:
        """Send a message to all connections, in the same order for all; waits for none of them.

        :param message: ``str`` for a text message, ``bytes`` for a binary one.
        :param but: leave this one out.
        :param key: under ``CONFLATE``, the message replaces the one of the same key that waits.
        :returns: how many connections have taken it. What they cannot take at once waits in
            their feeds, by the policy of their :class:`WebSocketLimits`.
        """
        if not isinstance(message, PreparedMessage):
            message = PreparedMessage(message)
        reached = 0
        for connection in list(self._connections):
            if connection is not but and connection.offer(message, key):
                reached += 1
        return reached

    async def close(self, code: int = CloseCode.GOING_AWAY, reason: str = "") -> None:
        """Close all connections, and wait for it."""
        async with trio.open_nursery() as nursery:
            for connection in self.connections:
                nursery.start_soon(connection.aclose, code, reason)

    async def __call__(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        self._connections[connection] = None
        try:
            if self._connect is not None:
                await self._connect(connection)
        except BaseException:
            del self._connections[connection]
            raise
        try:
            async for message in connection:
                if self._message is not None:
                    await self._message(connection, message)
        finally:
            del self._connections[connection]
            if self._disconnect is not None:
                with trio.move_on_after(connection.limits.close_timeout, shield=True):
                    await self._disconnect(connection)
