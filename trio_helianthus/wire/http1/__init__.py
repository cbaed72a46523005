r"""HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) without I/O, for servers and clients.

``server_connection()`` and ``client_connection()`` return an :class:`HTTP1Connection`. A server::

    connection = server_connection()
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: example\r\n\r\n")
    connection.next_event()  # Request(method='GET', target=b'/', ...)
    connection.next_event()  # EndOfMessage()
    connection.next_event()  # NEED_DATA
    connection.send(
        Response(200, headers=[(b"content-length", b"2")]), Data(b"hi"), EndOfMessage()
    )  # b'HTTP/1.1 200 OK\r\n...'
    connection.start_next_cycle()
"""

from __future__ import annotations

from ._connect import client_connection as client_connection
from ._connect import server_connection as server_connection
from ._connection import HTTP1Connection as HTTP1Connection
from ._cycle import Role as Role
from ._engine import Engine as Engine
from ._events import (
    ConnectionClosed as ConnectionClosed,
)
from ._events import (
    Data as Data,
)
from ._events import (
    EndOfMessage as EndOfMessage,
)
from ._events import (
    Event as Event,
)
from ._events import (
    HeaderFields as HeaderFields,
)
from ._events import (
    InformationalResponse as InformationalResponse,
)
from ._events import (
    Request as Request,
)
from ._events import (
    Response as Response,
)
from ._head import RequestHead as RequestHead
from ._limits import DEFAULT_LIMITS as DEFAULT_LIMITS
from ._limits import Limits as Limits
from ._refusals import BadMessage as BadMessage
from ._refusals import MessageTooLarge as MessageTooLarge
from ._writer import encode_field as encode_field
from ._writer import encode_request as encode_request
from ._writer import encode_response as encode_response

__all__ = [
    "DEFAULT_LIMITS",
    "BadMessage",
    "ConnectionClosed",
    "Data",
    "EndOfMessage",
    "Engine",
    "Event",
    "HTTP1Connection",
    "HeaderFields",
    "InformationalResponse",
    "Limits",
    "MessageTooLarge",
    "Request",
    "RequestHead",
    "Response",
    "Role",
    "client_connection",
    "encode_field",
    "encode_request",
    "encode_response",
    "server_connection",
]
