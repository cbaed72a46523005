"""A TCP proxy between any client and any server that breaks their connections on purpose."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Final

import attrs

from trio_helianthus.core import open_background_nursery
from trio_helianthus.errors import NetworkError, OperationTimeout
from trio_helianthus.net import connect_tcp, listen_tcp

from ._fault_proxy_connection import ProxiedConnection
from ._faults import Chain, Faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from trio_helianthus.core import BackgroundNursery
    from trio_helianthus.net import SocketAddress, TCPListener, TCPStream

NO_FAULTS: Final = Faults()


@attrs.frozen
class ProxyStatistics:
    """What a proxy has done so far.

    :param connections: connections that are open.
    :param accepted: connections that were ever accepted.
    :param unreachable: how many of them were reset because the server could not be reached.
    :param bytes_to_server: bytes that were passed on to the server.
    :param bytes_to_client: bytes that were passed on to clients.
    """

    connections: int
    accepted: int
    unreachable: int
    bytes_to_server: int
    bytes_to_client: int


class FaultProxy:
    """A proxy with faults; :func:`open_fault_proxy` makes it."""

    def __init__(
        self, server: tuple[str, int], listeners: Sequence[TCPListener], faults: Faults, seed: int
    ) -> None:
        self.faults = faults
        """The faults of connections that are accepted from now on; those before keep theirs."""
        self.addresses: Final[tuple[SocketAddress, ...]] = tuple(
            listener.address for listener in listeners
        )
        """Every address that it listens at."""
        self._server = server
        self._seed = seed
        self._numbers = count()
        self._open: list[ProxiedConnection] = []
        self._accepted = self._unreachable = 0
        self._bytes_to_server = self._bytes_to_client = 0

    def __repr__(self) -> str:
        host, port = self._server
        return f"<FaultProxy at port {self.port} for {host}:{port}>"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.addresses[0][1])

    def statistics(self) -> ProxyStatistics:
        """Return what the proxy has done so far."""
        to_server = sum(connection.to_server.passed for connection in self._open)
        to_client = sum(connection.to_client.passed for connection in self._open)
        return ProxyStatistics(
            connections=len(self._open),
            accepted=self._accepted,
            unreachable=self._unreachable,
            bytes_to_server=self._bytes_to_server + to_server,
            bytes_to_client=self._bytes_to_client + to_client,
        )

    def break_all(self) -> int:
        """Reset all connections that are open, at once; new ones are taken.

        :returns: how many there were.
        """
        broken = tuple(self._open)
        for connection in broken:
            connection.reset()
        return len(broken)

    async def _accept(self, listener: TCPListener, background: BackgroundNursery) -> None:
        while True:
            client = await listener.accept()
            self._accepted += 1
            background.start_soon(self._connect, client, self.faults, next(self._numbers))

    async def _connect(self, client: TCPStream, faults: Faults, number: int) -> None:
        try:
            server = await connect_tcp(*self._server)
        except (NetworkError, OperationTimeout):
            self._unreachable += 1
            client.reset()
            return
        except BaseException:
            client.reset()
            raise
        connection = ProxiedConnection(
            client,
            server,
            to_server=Chain(faults.to_server, self._rng(number, "to server")),
            to_client=Chain(faults.to_client, self._rng(number, "to client")),
        )
        self._open.append(connection)
        try:
            await connection.run()
        finally:
            self._open.remove(connection)
            self._bytes_to_server += connection.to_server.passed
            self._bytes_to_client += connection.to_client.passed

    def _rng(self, number: int, direction: str) -> random.Random:
        return random.Random(f"{self._seed} {number} {direction}")  # noqa: S311


@asynccontextmanager
async def open_fault_proxy(
    server_host: str,
    server_port: int,
    faults: Faults = NO_FAULTS,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 0,
) -> AsyncIterator[FaultProxy]:
    """Open a proxy that passes TCP connections on to a server, with faults.

    Neither side need know of it, nor be written with this library. What one side does not take
    is not taken from the other either, but for the few pieces that a latency holds; an end and a
    reset are passed on as what they are. On leaving, or when it is cancelled, all connections are
    reset.

    Its delays are on trio's clock. A :class:`trio.testing.MockClock` that jumps knows nothing of
    what the system's network and other processes do meanwhile, and may jump too early; inside of
    :func:`open_virtual_network`, where the proxy works as well, it cannot.

    :param server_host: where the server is.
    :param server_port: its port.
    :param faults: what to do to new connections; ``proxy.faults = ...`` changes it.
    :param host: where to listen.
    :param port: 0 lets the system choose one, ``proxy.port`` tells.
    :param seed: decides all chances, for the n-th connection the same in each run.
    :raises AddressInUse: somebody else listens there.
    :raises NameResolutionFailed: ``host`` has no address.
    """
    listeners = await listen_tcp(port, host=host)
    proxy = FaultProxy((server_host, server_port), listeners, faults, seed)
    try:
        async with open_background_nursery() as background:
            for listener in listeners:
                background.start_soon(proxy._accept, listener, background)
            yield proxy
    finally:
        for listener in listeners:
            listener.close()
