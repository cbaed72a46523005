"""Virtual hosts: what net stands on for the tasks that belong to one."""

from __future__ import annotations

import errno
import ipaddress
import socket as socket_module
from typing import TYPE_CHECKING, Final, cast

import trio

from trio_helianthus.net import Network, SystemNetwork

from ._virtual_datagrams import VirtualDatagramSocket
from ._virtual_link import LOOPBACK, Path
from ._virtual_ports import Ports, is_loopback
from ._virtual_readiness import VirtualReadiness
from ._virtual_socket import WILDCARDS, VirtualSocket, address_in, os_error
from ._virtual_stream import VirtualStreamSocket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_helianthus.net import AddressInfo, Readiness

    from ._virtual_fabric import Fabric

_LOOPBACKS: Final = {socket_module.AF_INET: "127.0.0.1", socket_module.AF_INET6: "::1"}
_SOCKET_OF: Final = {
    socket_module.SOCK_STREAM: VirtualStreamSocket,
    socket_module.SOCK_DGRAM: VirtualDatagramSocket,
}


class VirtualHost(Network):
    """A host of a virtual network.

    :param name: what resolves to its addresses.
    :param addresses: where the other hosts reach it; 127.0.0.1 is its own, too.
    """

    def __init__(self, fabric: Fabric, name: str, addresses: tuple[str, ...]) -> None:
        self.fabric: Final = fabric
        self.name: Final = name
        self.addresses: Final = addresses
        self.ports: Final = Ports(self)
        self._loopback = Path(LOOPBACK)
        self._families = tuple(dict.fromkeys(map(_family_of, addresses)))

    def __repr__(self) -> str:
        return f"<VirtualHost {self.name} at {', '.join(self.addresses)}>"

    def open_socket(
        self, family: socket_module.AddressFamily, kind: socket_module.SocketKind
    ) -> socket_module.socket:
        """Make a virtual socket of this host."""
        if self.fabric.closed:
            raise os_error(errno.ENETDOWN)
        if family not in WILDCARDS or kind not in _SOCKET_OF:
            raise os_error(errno.EAFNOSUPPORT)
        # Not a socket of the system's, but with all the methods that net calls.
        return cast("socket_module.socket", _SOCKET_OF[kind](self, family))

    async def getaddrinfo(
        self,
        host: str | None,
        port: int,
        *,
        family: int = socket_module.AF_UNSPEC,
        kind: socket_module.SocketKind = socket_module.SOCK_STREAM,
        flags: int = 0,
    ) -> Sequence[AddressInfo]:
        """Resolve a host's name, ``localhost`` and numeric addresses; asks nobody outside."""
        await trio.lowlevel.checkpoint()
        answers: list[AddressInfo] = []
        for ip in self._resolve(host, passive=bool(flags & socket_module.AI_PASSIVE)):
            its_family = _family_of(ip)
            if family in (socket_module.AF_UNSPEC, its_family):
                address = address_in(its_family, ip, port)
                answers.append((its_family, kind, _SOCKET_OF[kind].proto, "", address))
        if not answers:
            text = f"the virtual network has no host called {host!r}"
            raise socket_module.gaierror(socket_module.EAI_NONAME, text)
        return answers

    def readiness_of(self, socket: socket_module.socket, *, repeats: bool = False) -> Readiness:
        """Return what waits for a socket, virtual or not."""
        if isinstance(socket, VirtualSocket):
            return VirtualReadiness(socket)
        return SystemNetwork().readiness_of(socket, repeats=repeats)

    def host_at(self, ip: str) -> VirtualHost | None:
        """Return the host that an address leads to from here."""
        return self if is_loopback(ip) else self.fabric.host_at(ip)

    def path_to(self, ip: str) -> Path:
        """Return what is between this host and an address."""
        other = self.host_at(ip)
        return self._loopback if other is self else self.fabric.path(self, other)

    def address_towards(self, family: socket_module.AddressFamily, ip: str) -> str:
        """Return which of its addresses this host sends from.

        :raises OSError: it has none of that family.
        """
        if self.host_at(ip) is self:
            return ip
        for address in self.addresses:
            if _family_of(address) == family:
                return address
        raise os_error(errno.ENETUNREACH)

    def _resolve(self, host: str | None, *, passive: bool) -> Sequence[str]:
        if host is None:
            chosen = WILDCARDS if passive else _LOOPBACKS
            return [chosen[family] for family in self._families]
        if host == "localhost":
            return [_LOOPBACKS[family] for family in self._families]
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            return self.fabric.addresses_of(host)


def _family_of(ip: str) -> socket_module.AddressFamily:
    return socket_module.AF_INET6 if ":" in ip else socket_module.AF_INET
