"""Adopting: what makes a stream of a socket that exists."""

from __future__ import annotations

import socket as socket_module
from typing import TYPE_CHECKING

from trio_helianthus.errors import from_os_error

from ._tcp_stream import TCPStream
from ._unix_address import is_unix
from ._unix_stream import UnixStream

if TYPE_CHECKING:
    from ._socket_stream import SocketStream


def adopt(socket: socket_module.socket) -> SocketStream:
    """Make a stream of a connected stream socket that exists already, and take it over.

    When it raises, the socket is still the caller's.

    :param socket: a TCP or unix stream socket; from now on it belongs to the stream. To keep
        using it elsewhere, adopt ``socket.dup()``.
    :returns: a :class:`UnixStream` for a unix socket, else a :class:`TCPStream`.
    :raises TypeError: it is not a socket, or more than one, such as an :class:`ssl.SSLSocket`.
    :raises ValueError: it is not a stream socket.
    :raises NetworkError: it is not connected.
    """
    if type(socket) is not socket_module.socket:
        raise TypeError(f"adopt takes a socket of the socket module, not {type(socket).__name__}")
    if socket.type != socket_module.SOCK_STREAM:
        raise ValueError(f"adopt takes a stream socket, not one of {socket.type!r}")
    try:
        return UnixStream(socket) if is_unix(socket) else TCPStream(socket)
    except OSError as exc:
        raise from_os_error(exc, operation="adopt") from exc
