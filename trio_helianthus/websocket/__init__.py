"""WebSockets: a client, a server beside HTTP routes, broadcast to many, and rooms.

A server, beside the routes of HTTP::

    @router.get("/echo")
    @websocket.endpoint
    async def echo(connection: websocket.ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

and its client::

    async with websocket.open_websocket("ws://127.0.0.1:8000/echo") as connection:
        await connection.send("hello")
        print(await connection.receive(timeout=5))
"""

from __future__ import annotations

from trio_helianthus.core import Overflow as Overflow
from trio_helianthus.wire.websocket import CloseCode as CloseCode
from trio_helianthus.wire.websocket import Deflate as Deflate
from trio_helianthus.wire.websocket import DeflateParameters as DeflateParameters
from trio_helianthus.wire.websocket import Engine as Engine
from trio_helianthus.wire.websocket import PreparedMessage as PreparedMessage

from ._accept import accept as accept
from ._broadcast import broadcast as broadcast
from ._callbacks import WebSocketServer as WebSocketServer
from ._client_connection import ClientConnection as ClientConnection
from ._connection import Connection as Connection
from ._endpoint import endpoint as endpoint
from ._fragments import IncomingMessage as IncomingMessage
from ._fragments import OutgoingMessage as OutgoingMessage
from ._keep_connected import RECONNECT as RECONNECT
from ._keep_connected import OpenOptions as OpenOptions
from ._keep_connected import keep_connected as keep_connected
from ._limits import WebSocketLimits as WebSocketLimits
from ._open import OPEN_SECONDS as OPEN_SECONDS
from ._open import open_websocket as open_websocket
from ._serve import serve_websocket as serve_websocket
from ._server_connection import Handler as Handler
from ._server_connection import ServerConnection as ServerConnection
from ._statistics import WebSocketStatistics as WebSocketStatistics

__all__ = [
    "OPEN_SECONDS",
    "RECONNECT",
    "ClientConnection",
    "CloseCode",
    "Connection",
    "Deflate",
    "DeflateParameters",
    "Engine",
    "Handler",
    "IncomingMessage",
    "OpenOptions",
    "OutgoingMessage",
    "Overflow",
    "PreparedMessage",
    "ServerConnection",
    "WebSocketLimits",
    "WebSocketServer",
    "WebSocketStatistics",
    "accept",
    "broadcast",
    "endpoint",
    "keep_connected",
    "open_websocket",
    "serve_websocket",
]
