"""What a connection's socket tells without being read."""

from __future__ import annotations

import socket

import trio

from trio_helianthus.errors import NetworkError
from trio_helianthus.net import ByteStream, TCPStream, TLSStream

__all__ = ["is_reset", "is_stale"]


async def is_stale(stream: ByteStream) -> bool:
    """Whether an idle connection is of no use: the peer has ended it, or has sent something that
    nobody asked for.

    Does not wait for anything to arrive; under TLS it is a checkpoint. A TLS message that is no
    answer, such as a session ticket, counts too: what is inside cannot be told from here.
    """
    if is_reset(stream):  # for any reason, such as a host that cannot be reached any more
        return True
    try:
        _socket_of(stream).recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return isinstance(stream, TLSStream) and await _holds_anything(stream)
    except (ConnectionError, TimeoutError):  # since then
        pass
    return True


async def _holds_anything(stream: TLSStream) -> bool:
    """Whether a TLS stream has taken more from its socket than it was asked for."""
    with trio.CancelScope() as scope:
        scope.deadline = trio.current_time()  # trio looks when the receive goes to the socket
        try:
            await stream.receive_some()
        except NetworkError:
            pass
        return True
    return False


def is_reset(stream: ByteStream) -> bool:
    """Whether the connection has failed, although nobody reads from it."""
    return _socket_of(stream).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def _socket_of(stream: ByteStream) -> socket.socket:
    while isinstance(stream, TLSStream):
        stream = stream.transport
    assert isinstance(stream, TCPStream)
    return stream.socket
