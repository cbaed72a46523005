"""The network underneath: where sockets come from, how names resolve, what waits for a socket."""

from __future__ import annotations

import socket as socket_module
from abc import ABC, abstractmethod
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TypeAlias

import trio

from ._hub import readiness_of
from ._readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AddressInfo: TypeAlias = tuple[
    socket_module.AddressFamily,
    socket_module.SocketKind,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]
"""One answer of :func:`socket.getaddrinfo`: family, type, protocol, canonical name, address."""


class Network(ABC):
    """What all operations of this area stand on; the default is the operating system's network.

    It is asked when a socket is made or a name resolved, never for each send or receive. Its
    sockets need not be the system's: what has the same non-blocking methods will do.
    """

    @abstractmethod
    def open_socket(
        self, family: socket_module.AddressFamily, kind: socket_module.SocketKind
    ) -> socket_module.socket:
        """Make a non-blocking socket.

        :param family: ``AF_INET`` or ``AF_INET6``.
        :param kind: ``SOCK_STREAM`` or ``SOCK_DGRAM``.
        :raises OSError: there is no such socket, or there are too many.
        """

    @abstractmethod
    async def getaddrinfo(
        self,
        host: str | None,
        port: int,
        *,
        family: int = socket_module.AF_UNSPEC,
        kind: socket_module.SocketKind = socket_module.SOCK_STREAM,
        flags: int = 0,
    ) -> Sequence[AddressInfo]:
        """Resolve a name, as :func:`socket.getaddrinfo` does; cancelled, it waits no longer.

        :param host: a name or numeric address; ``None`` means all addresses, or loopback's.
        :param port: 0 to 65535.
        :param family: ``AF_UNSPEC`` means any.
        :param kind: what the addresses are for.
        :param flags: those of :func:`socket.getaddrinfo`.
        :raises socket.gaierror: the name has no address, or nobody can tell.
        """

    @abstractmethod
    def readiness_of(self, socket: socket_module.socket, *, repeats: bool = False) -> Readiness:
        """Return what waits for a non-blocking socket in the current trio run.

        :param socket: one that :meth:`open_socket` has made, or a listener has accepted.
        :param repeats: whether it has to tell again of what nobody has taken, as it must for a
            listener whose accept failed for want of file descriptors.
        """


class SystemNetwork(Network):
    """The operating system's network."""

    def open_socket(
        self, family: socket_module.AddressFamily, kind: socket_module.SocketKind
    ) -> socket_module.socket:
        """Make a non-blocking socket."""
        socket = socket_module.socket(family, kind)
        socket.setblocking(False)
        return socket

    async def getaddrinfo(
        self,
        host: str | None,
        port: int,
        *,
        family: int = socket_module.AF_UNSPEC,
        kind: socket_module.SocketKind = socket_module.SOCK_STREAM,
        flags: int = 0,
    ) -> Sequence[AddressInfo]:
        """Ask the system's resolver, in a thread, or trio's own if the run has one."""
        return await trio.socket.getaddrinfo(
            host, port, family=family, type=kind, proto=_PROTOCOL_OF[kind], flags=flags
        )

    def readiness_of(self, socket: socket_module.socket, *, repeats: bool = False) -> Readiness:
        """Return what waits for a non-blocking socket in the current trio run."""
        return Readiness(socket) if repeats else readiness_of(socket)


def current_network() -> Network:
    """Return the network that the current task uses."""
    return _current_network.get()


@contextmanager
def use_network(network: Network) -> Iterator[None]:
    """Let the body, and the tasks that it starts, use another network than the system's.

    :param network: is asked for new sockets and names; those that are open stay as they are.
    """
    token = _current_network.set(network)
    try:
        yield
    finally:
        _current_network.reset(token)


_PROTOCOL_OF: Final = {
    socket_module.SOCK_STREAM: socket_module.IPPROTO_TCP,
    socket_module.SOCK_DGRAM: socket_module.IPPROTO_UDP,
}
_SYSTEM_NETWORK: Final = SystemNetwork()
_current_network: Final[ContextVar[Network]] = ContextVar(
    "trio_helianthus_network", default=_SYSTEM_NETWORK
)
