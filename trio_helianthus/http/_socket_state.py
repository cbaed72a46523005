"""What a connection's socket tells without being read."""

from __future__ import annotations

import socket

from trio_helianthus.net import ByteStream, TCPStream, TLSStream

__all__ = ["is_reset", "is_stale"]


def is_stale(stream: ByteStream) -> bool:
    """Whether an idle connection is of no use: the peer has ended it, or has sent something that
    nobody asked for.
    """
    try:
        arrived = _socket_of(stream).recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except (ConnectionError, TimeoutError):
        return True
    # TLS has things to say between two messages, such as session tickets.
    return not arrived or not isinstance(stream, TLSStream)


def is_reset(stream: ByteStream) -> bool:
    """Whether the connection has failed, although nobody reads from it."""
    return _socket_of(stream).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def _socket_of(stream: ByteStream) -> socket.socket:
    while isinstance(stream, TLSStream):
        stream = stream.transport
    assert isinstance(stream, TCPStream)
    return stream.socket
