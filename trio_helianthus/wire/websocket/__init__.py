r"""WebSocket (RFC 6455, RFC 7692) without I/O, for servers and clients, after their handshake.

``server_connection()`` and ``client_connection()`` return a :class:`WebSocketConnection`. A
server::

    connection = server_connection()
    connection.receive_data(b"\x81\x82\x01\x02\x03\x04\x69\x6b")
    connection.next_event()  # Text(data='hi', start=True, end=True)
    connection.next_event()  # NEED_DATA
    connection.send_text("hi")  # b'\x81\x02hi'
    connection.send(Close(1000, "bye"))  # b'\x88\x05\x03\xe8bye'
"""

from __future__ import annotations

from ._codes import CloseCode as CloseCode
from ._codes import Opcode as Opcode
from ._connection import WebSocketConnection as WebSocketConnection
from ._deflate import Deflate as Deflate
from ._deflate import DeflateParameters as DeflateParameters
from ._engine import Engine as Engine
from ._engine import client_connection as client_connection
from ._engine import server_connection as server_connection
from ._events import (
    Binary as Binary,
)
from ._events import (
    Close as Close,
)
from ._events import (
    Event as Event,
)
from ._events import (
    Ping as Ping,
)
from ._events import (
    Pong as Pong,
)
from ._events import (
    Text as Text,
)
from ._handshake import accept_token as accept_token
from ._handshake import is_key as is_key
from ._handshake import make_key as make_key
from ._limits import DEFAULT_LIMITS as DEFAULT_LIMITS
from ._limits import Limits as Limits
from ._mask import apply_mask as apply_mask
from ._negotiation import accept_deflate as accept_deflate
from ._negotiation import confirm_deflate as confirm_deflate
from ._negotiation import offer_deflate as offer_deflate
from ._prepared import PreparedMessage as PreparedMessage

__all__ = [
    "DEFAULT_LIMITS",
    "Binary",
    "Close",
    "CloseCode",
    "Deflate",
    "DeflateParameters",
    "Engine",
    "Event",
    "Limits",
    "Opcode",
    "Ping",
    "Pong",
    "PreparedMessage",
    "Text",
    "WebSocketConnection",
    "accept_deflate",
    "accept_token",
    "apply_mask",
    "client_connection",
    "confirm_deflate",
    "is_key",
    "make_key",
    "offer_deflate",
    "server_connection",
]
