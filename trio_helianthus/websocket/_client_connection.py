"""The client's side of one WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._connection import Connection

if TYPE_CHECKING:
    from trio_helianthus import http
    from trio_helianthus.net import ByteStream
    from trio_helianthus.wire import websocket as wire

    from ._limits import WebSocketLimits
    from ._outgoing import StartTask

__all__ = ["ClientConnection"]


class ClientConnection(Connection):
    """A WebSocket as the client has it; :func:`open_websocket` makes it."""

    response: http.ClientResponse
    """The server's answer to the handshake."""

    def __init__(
        self,
        stream: ByteStream,
        wire: wire.WebSocketConnection,
        limits: WebSocketLimits,
        start_task: StartTask,
        *,
        response: http.ClientResponse,
        subprotocol: str | None,
        deflate: wire.DeflateParameters | None,
    ) -> None:
        super().__init__(
            stream,
            wire,
            limits,
            start_task,
            is_server=False,
            subprotocol=subprotocol,
            deflate=deflate,
        )
        self.response = response
