"""Connections on trio: TCP and TLS clients and servers whose every operation has two limits.

:func:`connect_tcp` and :func:`connect_tls` make a :class:`ByteStream`, :func:`serve_tcp` and
:func:`serve_tls` hand one to a handler for each connection, :func:`start_tls` upgrades one, and
:func:`adopt` makes one of a socket that exists. What the system reports becomes an error of
:mod:`trio_helianthus.errors` here, and nowhere else.
"""

from __future__ import annotations

from ._address import SocketAddress as SocketAddress
from ._buffers import Buffer as Buffer
from ._connect import ATTEMPT_DELAY_SECONDS as ATTEMPT_DELAY_SECONDS
from ._connect import CONNECT_SECONDS as CONNECT_SECONDS
from ._connect import connect_tcp as connect_tcp
from ._listen import BACKLOG as BACKLOG
from ._listen import TCPListener as TCPListener
from ._listen import listen_tcp as listen_tcp
from ._options import SocketOption as SocketOption
from ._serve import MAX_CONNECTIONS as MAX_CONNECTIONS
from ._serve import Handler as Handler
from ._serve import Server as Server
from ._serve import ServerStatistics as ServerStatistics
from ._serve import serve_tcp as serve_tcp
from ._serve import serve_tls as serve_tls
from ._stream import MAX_ALL_BYTES as MAX_ALL_BYTES
from ._stream import MAX_UNTIL_BYTES as MAX_UNTIL_BYTES
from ._stream import RECEIVE_BYTES as RECEIVE_BYTES
from ._stream import ByteStream as ByteStream
from ._tcp_stream import TCPStream as TCPStream
from ._tcp_stream import adopt as adopt
from ._tls import GOODBYE_SECONDS as GOODBYE_SECONDS
from ._tls import HANDSHAKE_SECONDS as HANDSHAKE_SECONDS
from ._tls import TCPOptions as TCPOptions
from ._tls import TLSInfo as TLSInfo
from ._tls import TLSStream as TLSStream
from ._tls import connect_tls as connect_tls
from ._tls import start_tls as start_tls

__all__ = [
    "ATTEMPT_DELAY_SECONDS",
    "BACKLOG",
    "CONNECT_SECONDS",
    "GOODBYE_SECONDS",
    "HANDSHAKE_SECONDS",
    "MAX_ALL_BYTES",
    "MAX_CONNECTIONS",
    "MAX_UNTIL_BYTES",
    "RECEIVE_BYTES",
    "Buffer",
    "ByteStream",
    "Handler",
    "Server",
    "ServerStatistics",
    "SocketAddress",
    "SocketOption",
    "TCPListener",
    "TCPOptions",
    "TCPStream",
    "TLSInfo",
    "TLSStream",
    "adopt",
    "connect_tcp",
    "connect_tls",
    "listen_tcp",
    "serve_tcp",
    "serve_tls",
    "start_tls",
]
