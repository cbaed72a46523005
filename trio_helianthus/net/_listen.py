"""Listening sockets: bound to every address of a host, on one port."""

from __future__ import annotations

import errno
import socket
import sys
from typing import TYPE_CHECKING, Final, cast

import trio

from ..core import checkpoint_budget
from ..errors import AddressInUse, NetworkError, ResourceClosed, from_os_error
from ._address import Endpoint, resolve
from ._tcp_stream import TCPStream

if TYPE_CHECKING:
    from ._address import SocketAddress

BACKLOG: Final = 1024
"""How many connections the system keeps for a listener until they are accepted."""
SAME_PORT_ATTEMPTS: Final = 16
"""How often a free port is sought that is free at every address of the host."""

# accept(2): errors of the new connection, not of the listener.
_LOST_BEFORE_ACCEPT: Final = {
    getattr(errno, name)
    for name in (
        "ECONNABORTED",
        "EPROTO",
        "EPERM",
        "ENETDOWN",
        "ENOPROTOOPT",
        "EHOSTDOWN",
        "ENONET",
        "EHOSTUNREACH",
        "EOPNOTSUPP",
        "ENETUNREACH",
    )
    if hasattr(errno, name)
}


class TCPListener(trio.abc.Listener[TCPStream]):
    """A listening socket.

    :param socket: bound and listening; from now on it belongs to the listener.
    """

    def __init__(self, socket: socket.socket) -> None:
        socket.setblocking(False)
        self.socket: Final = socket
        """The socket, for its options."""
        self.address: Final = cast("SocketAddress", socket.getsockname())
        """What it is bound to."""
        self._closed = False
        self._budget = checkpoint_budget()

    async def accept(self) -> TCPStream:
        """Wait for a connection and return it. Being cancelled loses none.

        :raises TooManyOpenFiles: the process or system has no file descriptor left; the
            connection stays in the backlog.
        :raises ResourceClosed: the listener was closed.
        :raises NetworkError: the listener failed.
        """
        if self._closed:
            raise ResourceClosed("the listener was closed")
        await trio.lowlevel.checkpoint_if_cancelled()
        waited = False
        while True:
            try:
                accepted, address = self.socket.accept()
                stream = _as_stream(accepted, cast("SocketAddress", address))
            except BlockingIOError:
                await self._wait_readable()
                waited = True
            except OSError as exc:
                if exc.errno not in _LOST_BEFORE_ACCEPT:
                    raise from_os_error(exc, operation="accept", address=self.address) from exc
            else:
                if not waited and self._budget.spend():
                    await self._budget.refill()
                return stream

    async def aclose(self) -> None:
        """Close the listener; connections in its backlog are refused by the system."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close the listener, without a checkpoint."""
        if not self._closed:
            self._closed = True
            trio.lowlevel.notify_closing(self.socket)
            self.socket.close()

    async def _wait_readable(self) -> None:
        try:
            await trio.lowlevel.wait_readable(self.socket)
        except trio.ClosedResourceError as exc:
            raise ResourceClosed("the listener was closed") from exc
        self._budget.reset()


async def listen_tcp(
    port: int, *, host: str | None = "127.0.0.1", backlog: int = BACKLOG
) -> list[TCPListener]:
    """Listen on a port, at every address that the host has.

    :param port: 0 lets the system choose one, the same for all addresses.
    :param host: a name or numeric address; ``None`` means all interfaces, IPv4 and IPv6.
    :param backlog: how many connections may wait to be accepted; systems have their own limit.
    :returns: one listener for each address.
    :raises AddressInUse: somebody else listens there.
    :raises AccessDenied: the system does not permit it.
    :raises NameResolutionFailed: the host has no address.
    """
    endpoints = await resolve(host, port, passive=True)
    for attempt in range(SAME_PORT_ATTEMPTS):
        try:
            return _listen_all(endpoints, backlog)
        except AddressInUse:
            # The port that the system chose for the first address is taken at another.
            if port != 0 or len(endpoints) == 1 or attempt == SAME_PORT_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _listen_all(endpoints: list[Endpoint], backlog: int) -> list[TCPListener]:
    listeners: list[TCPListener] = []
    unsupported: NetworkError | None = None
    try:
        for endpoint in endpoints:
            chosen = listeners[0].address[1] if listeners else None
            try:
                sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
            except OSError as exc:  # a kernel without IPv6 still resolves to it
                unsupported = from_os_error(exc, operation="listen", address=endpoint.address)
                continue
            listeners.append(_listen_one(sock, endpoint, cast("int | None", chosen), backlog))
    except BaseException:
        for listener in listeners:
            listener.close()
        raise
    if not listeners and unsupported is not None:
        raise unsupported
    return listeners


def _listen_one(
    sock: socket.socket, endpoint: Endpoint, port: int | None, backlog: int
) -> TCPListener:
    address = endpoint.address
    if port is not None and isinstance(address, tuple):
        address = cast("SocketAddress", (address[0], port, *address[2:]))
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two programs share a port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if endpoint.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(backlog)
        return TCPListener(sock)
    except OSError as exc:
        sock.close()
        raise from_os_error(exc, operation="listen", address=address) from exc


def _as_stream(accepted: socket.socket, address: SocketAddress) -> TCPStream:
    try:
        if accepted.family in (socket.AF_INET, socket.AF_INET6):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return TCPStream(accepted, remote_address=address)
    except OSError:  # reset before we got to it
        accepted.close()
        raise
