"""TCP connections."""

from __future__ import annotations

from ._socket_stream import SocketStream


class TCPStream(SocketStream):
    """A TCP connection.

    Made by :func:`connect_tcp`, :func:`serve_tcp` and :func:`adopt`.
    """
