"""TCP connections, and what makes a stream of a socket that exists."""

from __future__ import annotations

import socket as socket_module

from trio_helianthus.errors import from_os_error

from ._socket_stream import SocketStream


class TCPStream(SocketStream):
    """A TCP connection.

    Made by :func:`connect_tcp`, :func:`serve_tcp` and :func:`adopt`.
    """


def adopt(socket: socket_module.socket) -> TCPStream:
    """Make a stream of a connected stream socket that exists already, and take it over.

    When it raises, the socket is still the caller's.

    :param socket: a TCP or unix stream socket; from now on it belongs to the stream. To keep
        using it elsewhere, adopt ``socket.dup()``.
    :raises TypeError: it is not a socket, or more than one, such as an :class:`ssl.SSLSocket`.
    :raises ValueError: it is not a stream socket.
    :raises NetworkError: it is not connected.
    """
    if type(socket) is not socket_module.socket:
        raise TypeError(f"adopt takes a socket of the socket module, not {type(socket).__name__}")
    if socket.type != socket_module.SOCK_STREAM:
        raise ValueError(f"adopt takes a stream socket, not one of {socket.type!r}")
    try:
        return TCPStream(socket)
    except OSError as exc:
        raise from_os_error(exc, operation="adopt") from exc
