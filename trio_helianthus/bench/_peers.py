"""Who is measured: a table of echo servers, each a program of its own."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import attrs

from ._scenario import Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@attrs.frozen
class Peer:
    """One echo server.

    Its program is started as ``*command protocol [certificate]``, where the certificate is a PEM
    file with the private key, for TLS. It listens on a port of 127.0.0.1 and prints that number in
    a line. For each line that it reads from stdin it prints its CPU time in seconds, and it ends
    when there are no more.

    :param name: what it is called on the command line.
    :param titles: what answers, by protocol; a protocol that is not there is not served.
    :param command: its program, with arguments.
    :param package: the package that it needs and that may not be installed.
    """

    name: str
    titles: Mapping[Protocol, str]
    command: tuple[str, ...]
    package: str | None = None

    @property
    def installed(self) -> bool:
        """Whether its package can be imported."""
        return self.package is None or find_spec(self.package) is not None


def _ours(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{__package__}.{module}", *arguments)


PEERS: Final = (
    Peer(
        name="net",
        titles={
            Protocol.TCP: "net.TCPStream",
            Protocol.TLS: "net.TLSStream",
            Protocol.UDP: "net.open_udp",
        },
        command=_ours("_trio_servers", "net"),
    ),
    Peer(
        name="trio",
        titles={
            Protocol.TCP: "trio.SocketStream",
            Protocol.TLS: "trio.SSLStream",
            Protocol.UDP: "trio.socket",
        },
        command=_ours("_trio_servers", "trio"),
    ),
    Peer(
        name="asyncio-streams",
        titles={Protocol.TCP: "asyncio streams"},
        command=_ours("_asyncio_servers", "asyncio", "streams"),
    ),
    Peer(
        name="asyncio-protocol",
        titles=dict.fromkeys(Protocol, "asyncio protocol"),
        command=_ours("_asyncio_servers", "asyncio", "protocol"),
    ),
    Peer(
        name="uvloop-streams",
        titles={Protocol.TCP: "uvloop streams"},
        command=_ours("_asyncio_servers", "uvloop", "streams"),
        package="uvloop",
    ),
    Peer(
        name="uvloop-protocol",
        titles=dict.fromkeys(Protocol, "uvloop protocol"),
        command=_ours("_asyncio_servers", "uvloop", "protocol"),
        package="uvloop",
    ),
)
"""Every peer that comes with the library, ours first."""


def find_peers(names: Iterable[str]) -> tuple[Peer, ...]:
    """Return the peers of these names, installed or not.

    :param names: as ``--peers`` takes them.
    :raises ValueError: no peer has such a name.
    """
    names = tuple(names)
    known = {peer.name: peer for peer in PEERS}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no peer is called {unknown[0]}; there are {', '.join(known)}")
    return tuple(known[name] for name in names)
