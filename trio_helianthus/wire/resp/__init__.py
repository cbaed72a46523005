r"""RESP2 and RESP3, which Redis and Valkey speak, without I/O, for clients and servers.

:func:`client_connection` returns a :class:`ClientConnection`, :func:`server_connection` a
:class:`ServerConnection`. A client::

    connection = client_connection()
    connection.send(("GET", "key"))  # b'*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n'
    connection.receive_data(b"$5\r\nvalue\r\n:1")
    connection.next_event()  # b'value'
    connection.next_event()  # NEED_DATA

Answers are plain Python values; an error is one, too, and is not raised.
"""

from __future__ import annotations

from ._client import ClientConnection as ClientConnection
from ._encoding import CommandEncoder as CommandEncoder
from ._encoding import encode_command as encode_command
from ._engine import Engine as Engine
from ._inline import split_inline as split_inline
from ._limits import (
    DEFAULT_COMMAND_LIMITS as DEFAULT_COMMAND_LIMITS,
)
from ._limits import (
    DEFAULT_LIMITS as DEFAULT_LIMITS,
)
from ._limits import (
    CommandLimits as CommandLimits,
)
from ._limits import (
    Limits as Limits,
)
from ._making import client_connection as client_connection
from ._making import command_encoder as command_encoder
from ._replies import encode_answer as encode_answer
from ._server import CommandReceived as CommandReceived
from ._server import ServerConnection as ServerConnection
from ._server import server_connection as server_connection
from ._values import Answer as Answer
from ._values import Argument as Argument
from ._values import Push as Push

__all__ = [
    "DEFAULT_COMMAND_LIMITS",
    "DEFAULT_LIMITS",
    "Answer",
    "Argument",
    "ClientConnection",
    "CommandEncoder",
    "CommandLimits",
    "CommandReceived",
    "Engine",
    "Limits",
    "Push",
    "ServerConnection",
    "client_connection",
    "command_encoder",
    "encode_answer",
    "encode_command",
    "server_connection",
    "split_inline",
]
