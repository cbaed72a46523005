"""The ports of a virtual host: who is bound to which address."""

from __future__ import annotations

import errno
import ipaddress
import socket as socket_module
from typing import TYPE_CHECKING, Final, TypeAlias

from ._virtual_datagrams import VirtualDatagramSocket
from ._virtual_socket import WILDCARDS, address_in, os_error
from ._virtual_stream import VirtualStreamSocket

if TYPE_CHECKING:
    from ._virtual_host import VirtualHost
    from ._virtual_socket import Address, VirtualSocket

FIRST_FREE_PORT: Final = 49152
"""The first port that a virtual system chooses by itself (RFC 6335, section 6)."""
LAST_PORT: Final = 65535

_Key: TypeAlias = "tuple[socket_module.SocketKind, socket_module.AddressFamily, str, int]"


class Ports:
    """Who is bound to which address of a host."""

    def __init__(self, host: VirtualHost) -> None:
        self._host = host
        self._bound: dict[_Key, VirtualSocket] = {}
        self._next_free = FIRST_FREE_PORT

    def bind(self, socket: VirtualSocket, address: Address) -> Address:
        """Give an address to a socket, and return it.

        :raises OSError: it is not this host's, or somebody has it.
        """
        ip, port = address[:2]
        if ip not in (WILDCARDS[socket.family], *self._host.addresses) and not is_loopback(ip):
            raise os_error(errno.EADDRNOTAVAIL)
        if port == 0:
            port = self._find_free(socket, ip)
        elif self._is_taken(socket, ip, port):
            raise os_error(errno.EADDRINUSE)
        self._bound[socket.type, socket.family, ip, port] = socket
        return address_in(socket.family, ip, port)

    def release(self, socket: VirtualSocket) -> None:
        """Take a socket's address back, if it has one of its own."""
        key = (socket.type, socket.family, *socket.local[:2])
        if self._bound.get(key) is socket:
            del self._bound[key]

    def find_listener(
        self, family: socket_module.AddressFamily, ip: str, port: int
    ) -> VirtualStreamSocket | None:
        """Return who listens there."""
        found = self._find(socket_module.SOCK_STREAM, family, ip, port)
        if isinstance(found, VirtualStreamSocket) and found.takes_connections():
            return found
        return None

    def find_receiver(
        self, family: socket_module.AddressFamily, ip: str, port: int
    ) -> VirtualDatagramSocket | None:
        """Return who receives datagrams there."""
        found = self._find(socket_module.SOCK_DGRAM, family, ip, port)
        return found if isinstance(found, VirtualDatagramSocket) else None

    def clear(self) -> None:
        """Forget everybody."""
        self._bound.clear()

    def _find(
        self,
        kind: socket_module.SocketKind,
        family: socket_module.AddressFamily,
        ip: str,
        port: int,
    ) -> VirtualSocket | None:
        exact = self._bound.get((kind, family, ip, port))
        return exact or self._bound.get((kind, family, WILDCARDS[family], port))

    def _is_taken(self, socket: VirtualSocket, ip: str, port: int) -> bool:
        wildcard = WILDCARDS[socket.family]
        return any(
            bound.type == socket.type
            and bound.family == socket.family
            and bound.local[1] == port
            and (bound.local[0] == ip or wildcard in (ip, bound.local[0]))
            for bound in self._bound.values()
        )

    def _find_free(self, socket: VirtualSocket, ip: str) -> int:
        for _ in range(FIRST_FREE_PORT, LAST_PORT + 1):
            port = self._next_free
            self._next_free = port + 1 if port < LAST_PORT else FIRST_FREE_PORT
            if not self._is_taken(socket, ip, port):
                return port
        raise os_error(errno.EADDRINUSE)


def is_loopback(ip: str) -> bool:
    """Tell whether an address means the host itself."""
    try:
        return ipaddress.ip_address(ip).is_loopback
    except ValueError:
        return False
