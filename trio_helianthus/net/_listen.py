"""Listening for TCP: at every address of a host, on one port."""

from __future__ import annotations

import errno
import socket
import sys
from functools import partial
from socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING, Final, cast

from trio_helianthus.errors import (
    AddressInUse,
    ErrorCode,
    NetworkError,
    from_os_error,
    network_error,
)

from ._address import Endpoint, resolve
from ._network import current_network
from ._options import connection_options
from ._socket_listener import SocketListener
from ._tcp_stream import TCPStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ._address import SocketAddress
    from ._options import SocketOption

BACKLOG: Final = 1024
"""How many connections the system keeps for a listener until they are accepted."""
SAME_PORT_ATTEMPTS: Final = 16
"""How often a free port is sought that is free at every address of the host."""
_SO_REUSEPORT: Final[int | None] = getattr(socket, "SO_REUSEPORT", None)  # not on Windows


class TCPListener(SocketListener[TCPStream]):
    """A listening TCP socket.

    :param socket: bound and listening; from now on it belongs to the listener.
    :param nodelay: let accepted connections send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe accepted connections when idle (SO_KEEPALIVE).
    :param socket_options: more options of each accepted connection.
    :raises ValueError: it is not a TCP socket; for a unix socket there is :class:`UnixListener`.
    :raises OSError: the system does not know an option.
    """

    def __init__(
        self,
        socket: socket.socket,
        *,
        nodelay: bool = True,
        keepalive: bool = False,
        socket_options: Iterable[SocketOption] = (),
    ) -> None:
        if socket.family not in (AF_INET, AF_INET6):
            raise ValueError(f"a TCPListener takes a TCP socket, not one of {socket.family!r}")
        options = connection_options(nodelay=nodelay, keepalive=keepalive, more=socket_options)
        super().__init__(socket, options=options)

    def _make_stream(self, accepted: socket.socket, address: SocketAddress) -> TCPStream:
        return TCPStream(accepted, remote_address=address)


async def listen_tcp(
    port: int,
    *,
    host: str | None = "127.0.0.1",
    backlog: int = BACKLOG,
    reuse_port: bool = False,
    nodelay: bool = True,
    keepalive: bool = False,
    socket_options: Iterable[SocketOption] = (),
) -> list[TCPListener]:
    """Listen on a port, at every address that the host has.

    :param port: 0 lets the system choose one, the same for all addresses.
    :param host: a name or numeric address; ``None`` means all interfaces, IPv4 and IPv6.
    :param backlog: how many connections may wait to be accepted; systems have their own limit.
    :param reuse_port: share the port with other listeners of this user that say so, too, such as
        other processes of one service (SO_REUSEPORT). Linux spreads new connections over them.
    :param nodelay: let connections send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe idle connections (SO_KEEPALIVE).
    :param socket_options: more options of each connection.
    :returns: one listener for each address.
    :raises AddressInUse: somebody else listens there.
    :raises AccessDenied: the system does not permit it.
    :raises NameResolutionFailed: the host has no address.
    :raises NetworkError: the system cannot share ports, or does not know an option.
    """
    if reuse_port and _SO_REUSEPORT is None:
        raise network_error(
            errno.EOPNOTSUPP,
            "this system cannot share a port",
            operation="listen",
            address=(host or "*", port),
        )
    endpoints = await resolve(host, port, passive=True)
    make_listener = partial(
        TCPListener, nodelay=nodelay, keepalive=keepalive, socket_options=tuple(socket_options)
    )
    for attempt in range(SAME_PORT_ATTEMPTS):
        try:
            return _listen_all(endpoints, backlog, reuse_port, make_listener)
        except AddressInUse:
            # The port that the system chose for the first address is taken at another.
            if port != 0 or len(endpoints) == 1 or attempt == SAME_PORT_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _listen_all(
    endpoints: list[Endpoint],
    backlog: int,
    reuse_port: bool,
    make_listener: Callable[[socket.socket], TCPListener],
) -> list[TCPListener]:
    listeners: list[TCPListener] = []
    missing: NetworkError | None = None
    try:
        for endpoint in endpoints:
            chosen = listeners[0].address[1] if listeners else None
            try:
                listener = _listen_one(
                    endpoint, cast("int | None", chosen), backlog, reuse_port, make_listener
                )
            except NetworkError as exc:
                if not _is_without_ipv6(endpoint, exc):
                    raise
                missing = exc
            else:
                listeners.append(listener)
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    if not listeners and missing is not None:
        try:
            raise missing
        finally:
            del missing  # its traceback refers to this frame
    return listeners


def _is_without_ipv6(endpoint: Endpoint, exc: NetworkError) -> bool:
    """Whether the system has no IPv6, or has it switched off; names resolve to it all the same."""
    return endpoint.family == socket.AF_INET6 and exc.code in (
        ErrorCode.NOT_SUPPORTED,
        ErrorCode.ADDRESS_NOT_AVAILABLE,
    )


def _listen_one(
    endpoint: Endpoint,
    port: int | None,
    backlog: int,
    reuse_port: bool,
    make_listener: Callable[[socket.socket], TCPListener],
) -> TCPListener:
    """Listen at an endpoint, on ``port`` instead of its own if one was chosen already."""
    address = endpoint.address
    if port is not None and isinstance(address, tuple):
        address = cast("SocketAddress", (address[0], port, *address[2:]))
    sock: socket.socket | None = None
    try:
        sock = current_network().open_socket(endpoint.family, socket.SOCK_STREAM)
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two programs share a port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port and _SO_REUSEPORT is not None:
            sock.setsockopt(socket.SOL_SOCKET, _SO_REUSEPORT, 1)
        if endpoint.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(backlog)
        return make_listener(sock)
    except OSError as exc:
        if sock is not None:
            sock.close()
        raise from_os_error(exc, operation="listen", address=address) from exc
    except BaseException:
        if sock is not None:
            sock.close()
        raise
