"""Listening sockets: bound to every address of a host, on one port."""

from __future__ import annotations

import errno
import socket
import sys
from functools import partial
from socket import SOCK_STREAM
from typing import TYPE_CHECKING, Final, cast

import trio

from trio_helianthus.core import checkpoint_budget, limit
from trio_helianthus.errors import (
    AddressInUse,
    ErrorCode,
    NetworkError,
    ResourceClosed,
    format_address,
    from_os_error,
)

from ._address import Endpoint, resolve
from ._exclusive import Exclusive
from ._options import connection_options, set_options
from ._tcp_stream import TCPStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio_helianthus.core import CancelToken

    from ._address import SocketAddress
    from ._options import SocketOption

BACKLOG: Final = 1024
"""How many connections the system keeps for a listener until they are accepted."""
SAME_PORT_ATTEMPTS: Final = 16
"""How often a free port is sought that is free at every address of the host."""

# accept(2): errors of the new connection, not of the listener.
_LOST_BEFORE_ACCEPT: Final = {
    getattr(errno, name)
    for name in (
        "ECONNABORTED",
        "ECONNRESET",  # Windows
        "ETIMEDOUT",
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

    :param socket: a stream socket, bound and listening; from now on it belongs to the listener.
    :param nodelay: let accepted connections send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe accepted connections when idle (SO_KEEPALIVE).
    :param socket_options: more options of each accepted connection.
    :raises ValueError: it is not a stream socket.
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
        if socket.type != SOCK_STREAM:
            raise ValueError(f"a listener takes a stream socket, not one of {socket.type!r}")
        options = connection_options(nodelay=nodelay, keepalive=keepalive, more=socket_options)
        # Some systems hand a listener's options on. All tell here which ones they do not know.
        set_options(socket, options)
        socket.setblocking(False)
        self.socket: Final = socket
        """The socket, for its options."""
        self.address: Final = cast("SocketAddress", socket.getsockname())
        """What it is bound to."""
        self._options = options
        self._closed = False
        self._budget = checkpoint_budget()
        self._accepting = Exclusive("accepting at this listener")

    def __repr__(self) -> str:
        return f"<TCPListener {format_address(self.address)}{' closed' if self._closed else ''}>"

    async def accept(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> TCPStream:
        """Wait for a connection and return it. Being cancelled loses none.

        :param timeout: seconds; ``None`` and ``math.inf`` mean no limit.
        :param token: cancels the waiting.
        :raises TooManyOpenFiles: the process or system has no file descriptor left; the
            connection stays in the backlog.
        :raises ResourceClosed: the listener was closed.
        :raises ResourceBusy: another task is accepting.
        :raises NetworkError: the listener failed.
        """
        with limit(timeout, token), self._accepting:
            self._check_open()
            await trio.lowlevel.checkpoint_if_cancelled()
            waited = False
            while True:
                try:
                    accepted, address = self.socket.accept()
                except BlockingIOError:
                    await self._wait_readable()
                    waited = True
                    continue
                except OSError as exc:
                    self._check_open()  # another task may have closed it after a wait
                    if exc.errno not in _LOST_BEFORE_ACCEPT:
                        raise from_os_error(exc, operation="accept", address=self.address) from exc
                    await trio.lowlevel.checkpoint()
                    continue
                try:
                    set_options(accepted, self._options)
                    stream = TCPStream(accepted, remote_address=cast("SocketAddress", address))
                except OSError:  # macOS, Windows: it was reset before we got to it
                    accepted.close()
                    await trio.lowlevel.checkpoint()
                    continue
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

    def _check_open(self) -> None:
        if self._closed:
            raise ResourceClosed("the listener was closed")

    async def _wait_readable(self) -> None:
        try:
            await trio.lowlevel.wait_readable(self.socket)
        except trio.ClosedResourceError as exc:
            raise ResourceClosed("the listener was closed") from exc
        self._budget.reset()


async def listen_tcp(
    port: int,
    *,
    host: str | None = "127.0.0.1",
    backlog: int = BACKLOG,
    nodelay: bool = True,
    keepalive: bool = False,
    socket_options: Iterable[SocketOption] = (),
) -> list[TCPListener]:
    """Listen on a port, at every address that the host has.

    :param port: 0 lets the system choose one, the same for all addresses.
    :param host: a name or numeric address; ``None`` means all interfaces, IPv4 and IPv6.
    :param backlog: how many connections may wait to be accepted; systems have their own limit.
    :param nodelay: let connections send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe idle connections (SO_KEEPALIVE).
    :param socket_options: more options of each connection.
    :returns: one listener for each address.
    :raises AddressInUse: somebody else listens there.
    :raises AccessDenied: the system does not permit it.
    :raises NameResolutionFailed: the host has no address.
    """
    endpoints = await resolve(host, port, passive=True)
    make_listener = partial(
        TCPListener, nodelay=nodelay, keepalive=keepalive, socket_options=tuple(socket_options)
    )
    for attempt in range(SAME_PORT_ATTEMPTS):
        try:
            return _listen_all(endpoints, backlog, make_listener)
        except AddressInUse:
            # The port that the system chose for the first address is taken at another.
            if port != 0 or len(endpoints) == 1 or attempt == SAME_PORT_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _listen_all(
    endpoints: list[Endpoint], backlog: int, make_listener: Callable[[socket.socket], TCPListener]
) -> list[TCPListener]:
    listeners: list[TCPListener] = []
    missing: NetworkError | None = None
    try:
        for endpoint in endpoints:
            chosen = listeners[0].address[1] if listeners else None
            try:
                listener = _listen_one(endpoint, cast("int | None", chosen), backlog, make_listener)
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
    make_listener: Callable[[socket.socket], TCPListener],
) -> TCPListener:
    """Listen at an endpoint, on ``port`` instead of its own if one was chosen already."""
    address = endpoint.address
    if port is not None and isinstance(address, tuple):
        address = cast("SocketAddress", (address[0], port, *address[2:]))
    sock: socket.socket | None = None
    try:
        sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two programs share a port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
