"""A virtual network: hosts with names, links with faults, and all of it in one process."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from trio_helianthus.core import open_background_nursery
from trio_helianthus.net import use_network

from ._virtual_fabric import Fabric
from ._virtual_link import Link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from trio_helianthus.net import Network

    from ._virtual_link import Path

FIRST_HOST: Final = "here"
"""The host that the body of :func:`open_virtual_network` belongs to."""


class VirtualNetwork:
    """Hosts that reach each other without sockets; :func:`open_virtual_network` makes one.

    Hosts are meant by their names; the first mention of a name makes the host.
    """

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric

    def __repr__(self) -> str:
        return f"<VirtualNetwork of {', '.join(self._fabric.host_names)}>"

    @contextmanager
    def host(self, name: str, *, addresses: Sequence[str] = ()) -> Iterator[Network]:
        """Let the body, and the tasks that it starts, belong to a host.

        :param name: what the other hosts know it by; lower case.
        :param addresses: its IPv4 and IPv6 addresses; by default the next free one of 10.0.0.0/16.
        :raises ValueError: the host has other addresses, or somebody else has one of them.
        """
        host = self._fabric.host(name, addresses)
        with use_network(host):
            yield host

    def set_link(self, one: str, other: str, link: Link) -> None:
        """Change what is between two hosts, for what is sent from now on.

        :param one: a host's name.
        :param other: another host's name; the link is the same in both directions.
        :param link: what is between them.
        """
        self._path(one, other).link = link

    def partition(self, one: str, other: str) -> None:
        """Let nothing through between two hosts, what is on the way included.

        Whoever sends meanwhile sends again, until the link's ``retransmission_timeout``; whoever
        only receives hears nothing at all, as with a cable that was pulled.
        """
        self._path(one, other).cut = True

    def heal(self, one: str, other: str) -> None:
        """Let everything through again; what was sent meanwhile is on its way now."""
        path = self._path(one, other)
        path.cut = False
        for connection in self._fabric.connections_of((self._fabric.host(one),)):
            if connection.path is path:
                connection.heal()

    def reset_connections(self, *hosts: str) -> int:
        """Lose connections: both sides see a reset, and what was on the way is gone.

        :param hosts: none means all connections, one means those of this host, two mean those
            between them.
        :returns: how many there were.
        """
        lost = self._fabric.connections_of(map(self._fabric.host, hosts))
        for connection in lost:
            connection.lose()
        return len(lost)

    def _path(self, one: str, other: str) -> Path:
        if one == other:
            raise ValueError(f"{one} is one host, and has no link to itself")
        return self._fabric.path(self._fabric.host(one), self._fabric.host(other))


@asynccontextmanager
async def open_virtual_network(
    link: Link | None = None, *, seed: int = 0
) -> AsyncIterator[VirtualNetwork]:
    """Open a network of hosts that exist only in this process, for testing whole services.

    Inside, everything of :mod:`trio_helianthus.net` and of the areas above works as it does on
    the system's network: connecting by name, listening, serving, TLS, UDP; the very same streams
    and servers run, on sockets without file descriptors. Names are those of the hosts, and
    nothing reaches the outside. The body belongs to the host ``here``; see
    :meth:`VirtualNetwork.host` for others.

    Time is trio's. Under a :class:`trio.testing.MockClock` with ``autojump_threshold=0`` a
    test of latencies, timeouts and partitions takes no time.

    On leaving, connections that are still open are reset.

    :param link: what is between any two hosts; by default nothing that takes time. A host always
        reaches itself at once.
    :param seed: decides all chances. The same seed makes the same network; which of several
        tasks runs first is still trio's choice.
    """
    fabric = Fabric(link or Link(), seed)
    network = VirtualNetwork(fabric)
    try:
        async with open_background_nursery() as background:
            background.start_soon(fabric.timetable.run)
            with network.host(FIRST_HOST):
                yield network
    finally:
        fabric.close()
