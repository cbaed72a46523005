"""What virtual hosts have in common: names and addresses, paths, connections, time and chance."""

from __future__ import annotations

import ipaddress
import random
from collections import Counter
from typing import TYPE_CHECKING, Final

from ._virtual_host import VirtualHost
from ._virtual_link import Path
from ._virtual_time import Timetable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._virtual_link import Link
    from ._virtual_tcp import Connection

_ADDRESSES: Final = ipaddress.ip_network("10.0.0.0/16")


class Fabric:
    """The inside of one virtual network."""

    def __init__(self, link: Link, seed: int) -> None:
        self.timetable: Final = Timetable()
        self.closed: bool = False
        self._link = link
        self._seed = seed
        self._hosts: dict[str, VirtualHost] = {}
        self._host_at: dict[str, VirtualHost] = {}
        self._paths: dict[frozenset[VirtualHost | None], Path] = {}
        self._connections: dict[Connection, None] = {}  # in the order in which they were made
        self._flows_made: Counter[str] = Counter()

    def host(self, name: str, addresses: Sequence[str] = ()) -> VirtualHost:
        """Return a host; the first mention makes it.

        :raises ValueError: that is no name, or the addresses are somebody else's.
        """
        host = self._hosts.get(name)
        if host is None:
            return self._add_host(name, addresses)
        if addresses and tuple(addresses) != host.addresses:
            raise ValueError(f"{name} has the addresses {host.addresses} already")
        return host

    @property
    def host_names(self) -> Sequence[str]:
        """The names of all hosts, in the order in which they were made."""
        return tuple(self._hosts)

    def host_at(self, ip: str) -> VirtualHost | None:
        """Return the host that has an address."""
        return self._host_at.get(ip)

    def addresses_of(self, name: str) -> Sequence[str]:
        """Return a host's addresses; none if there is no such host."""
        host = self._hosts.get(name.lower())
        return () if host is None else host.addresses

    def path(self, one: VirtualHost, other: VirtualHost | None) -> Path:
        """Return what is between two hosts, or a host and an address that nobody has."""
        ends = frozenset({one, other})
        if ends not in self._paths:
            self._paths[ends] = Path(self._link)
        return self._paths[ends]

    def make_rngs(
        self, one: VirtualHost, other: VirtualHost | None, port: int
    ) -> tuple[random.Random, random.Random]:
        """Return the chances of each direction of a new flow.

        They depend on the seed, on who talks to whom, and on how often they did so before; not
        on what the rest of the network does.
        """
        talk = f"{one.name} {other.name if other else 'nobody'} {port}"
        self._flows_made[talk] += 1
        seed = f"{self._seed} {talk} {self._flows_made[talk]}"
        return random.Random(f"{seed} there"), random.Random(f"{seed} back")  # noqa: S311

    def remember(self, connection: Connection) -> None:
        """Note a new connection."""
        self._connections[connection] = None

    def forget_if_over(self, connection: Connection) -> None:
        """Forget a connection that both sides have closed."""
        if connection.over:
            self._connections.pop(connection, None)

    def connections_of(self, hosts: Iterable[VirtualHost]) -> list[Connection]:
        """Return the connections that all of these hosts have an end of."""
        wanted = set(hosts)
        return [each for each in self._connections if wanted <= {*each.hosts}]

    def close(self) -> None:
        """Lose all connections, and make no more sockets."""
        self.closed = True
        for connection in self.connections_of(()):
            connection.lose()
        self._connections.clear()
        for host in self._hosts.values():
            host.ports.clear()

    def _add_host(self, name: str, addresses: Sequence[str]) -> VirtualHost:
        if not name or name != name.lower() or name == "localhost":
            raise ValueError(f"{name!r} is no name for a host: lower case, and not localhost")
        chosen = tuple(str(ipaddress.ip_address(address)) for address in addresses)
        host = VirtualHost(self, name, chosen or (self._free_address(),))
        for address in host.addresses:
            if address in self._host_at:
                raise ValueError(f"{self._host_at[address].name} has the address {address}")
        self._hosts[name] = host
        self._host_at.update(dict.fromkeys(host.addresses, host))
        return host

    def _free_address(self) -> str:
        return next(str(ip) for ip in _ADDRESSES.hosts() if str(ip) not in self._host_at)
