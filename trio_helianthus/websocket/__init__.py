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
from ._bus import Bus as Bus
from ._bus import BusEvent as BusEvent
from ._bus import BusLost as BusLost
from ._bus import BusSnapshot as BusSnapshot
from ._bus import Entered as Entered
from ._bus import Gone as Gone
from ._bus import Position as Position
from ._bus import Present as Present
from ._bus import Published as Published
from ._bus import RoomFeed as RoomFeed
from ._callbacks import WebSocketServer as WebSocketServer
from ._client_connection import ClientConnection as ClientConnection
from ._connection import Connection as Connection
from ._endpoint import endpoint as endpoint
from ._fragments import IncomingMessage as IncomingMessage
from ._fragments import OutgoingMessage as OutgoingMessage
from ._joined_room import JoinedRoom as JoinedRoom
from ._keep_connected import RECONNECT as RECONNECT
from ._keep_connected import OnFailure as OnFailure
from ._keep_connected import OpenOptions as OpenOptions
from ._keep_connected import keep_connected as keep_connected
from ._limits import WebSocketLimits as WebSocketLimits
from ._membership import Listener as Listener
from ._membership import Membership as Membership
from ._memory_bus import MemoryBus as MemoryBus
from ._open import OPEN_SECONDS as OPEN_SECONDS
from ._open import open_websocket as open_websocket
from ._redis_bus import RedisBus as RedisBus
from ._room import ChatRoom as ChatRoom
from ._room_client import RoomClient as RoomClient
from ._room_client import open_room_client as open_room_client
from ._room_error import RoomError as RoomError
from ._room_error import RoomProblem as RoomProblem
from ._room_events import MemberJoined as MemberJoined
from ._room_events import MemberLeft as MemberLeft
from ._room_events import MessagesMissed as MessagesMissed
from ._room_events import RoomMessage as RoomMessage
from ._room_events import RoomUpdate as RoomUpdate
from ._room_limits import HistoryLimits as HistoryLimits
from ._room_limits import RoomLimits as RoomLimits
from ._room_session import RoomHooks as RoomHooks
from ._room_session import RoomSession as RoomSession
from ._rooms import Rooms as Rooms
from ._rooms import RoomsStatistics as RoomsStatistics
from ._rooms import open_rooms as open_rooms
from ._serve import serve_websocket as serve_websocket
from ._server_connection import Handler as Handler
from ._server_connection import ServerConnection as ServerConnection
from ._statistics import WebSocketStatistics as WebSocketStatistics

__all__ = [
    "OPEN_SECONDS",
    "RECONNECT",
    "Bus",
    "BusEvent",
    "BusLost",
    "BusSnapshot",
    "ChatRoom",
    "ClientConnection",
    "CloseCode",
    "Connection",
    "Deflate",
    "DeflateParameters",
    "Engine",
    "Entered",
    "Gone",
    "Handler",
    "HistoryLimits",
    "IncomingMessage",
    "JoinedRoom",
    "Listener",
    "MemberJoined",
    "MemberLeft",
    "Membership",
    "MemoryBus",
    "MessagesMissed",
    "OnFailure",
    "OpenOptions",
    "OutgoingMessage",
    "Overflow",
    "Position",
    "PreparedMessage",
    "Present",
    "Published",
    "RedisBus",
    "RoomClient",
    "RoomError",
    "RoomFeed",
    "RoomHooks",
    "RoomLimits",
    "RoomMessage",
    "RoomProblem",
    "RoomSession",
    "RoomUpdate",
    "Rooms",
    "RoomsStatistics",
    "ServerConnection",
    "WebSocketLimits",
    "WebSocketServer",
    "WebSocketStatistics",
    "accept",
    "broadcast",
    "endpoint",
    "keep_connected",
    "open_room_client",
    "open_rooms",
    "open_websocket",
    "serve_websocket",
]
