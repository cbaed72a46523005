"""The client's side of one WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_helianthus.errors import HelianthusError, WebSocketBroken
from trio_helianthus.wire.websocket import CloseCode

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
        self._closed_here = False

    def close_nowait(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Begin to close; see :meth:`Connection.close_nowait`."""
        was_open = not self._outgoing.ended
        super().close_nowait(code, reason)
        self._closed_here |= was_open

    async def aclose(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close the WebSocket, and wait for it; see :meth:`Connection.aclose`."""
        self.close_nowait(code, reason)
        await super().aclose(code, reason)

    def _why_lost(self) -> HelianthusError | None:
        """Return how it was lost; ``None`` if it is open, or was closed on purpose.

        On purpose is: by this side's own code, with whatever code, while it was open; or by the
        server with 1000. One that was closed here after it was lost is lost.
        """
        ending = self._ending
        if self._closed_here or not self._outgoing.ended or ending.code == CloseCode.NORMAL:
            return None
        if ending.by_us:
            code = CloseCode.ABNORMAL if ending.code is None else ending.code
            lost = WebSocketBroken(code=int(code), reason=ending.reason)
            lost.__cause__ = ending.cause
            return lost
        return ending.why_no_sending()
