"""A client's connections to one origin: so many at most, and the youngest idle one first."""

from __future__ import annotations

import math
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from trio_helianthus import net
from trio_helianthus.errors import ResourceClosed

from ._client_connection import ClientConnection
from ._limits import ClientLimits
from ._url import Origin

__all__ = ["OriginPool"]


class OriginPool:
    """Lends connections, each to one call at a time.

    A call waits for a place first (:meth:`place`), in the order in which they came, and takes an
    idle connection or makes one then. So there are never more connections than places: an idle
    one occupies the place of a call that has ended.

    :param origin: where the connections lead.
    :param limits: how many there are, and how long they are kept.
    :param ssl_context: for ``https``; ``None`` means one that verifies.
    """

    def __init__(
        self, origin: Origin, limits: ClientLimits, ssl_context: ssl.SSLContext | None
    ) -> None:
        self._origin = origin
        self._limits = limits
        self._ssl_context = ssl_context
        self._places = trio.CapacityLimiter(limits.max_connections)
        self._idle = deque[ClientConnection]()
        self._lent = set[ClientConnection]()
        self._closed = False

    @property
    def idle(self) -> int:
        """How many connections are open and unused."""
        return len(self._idle)

    @property
    def lent(self) -> int:
        """How many connections are being used."""
        return len(self._lent)

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        return self._places.statistics().tasks_waiting

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and hold it while the body runs."""
        holder = object()
        await self._places.acquire_on_behalf_of(holder)
        try:
            yield
        finally:
            self._places.release_on_behalf_of(holder)

    async def take_idle(self) -> ClientConnection | None:
        """The connection that was used last, if one is left that the server has not closed."""
        oldest = trio.current_time() - self._limits.idle_timeout
        while self._idle:
            connection = self._idle.pop()
            self._lent.add(connection)
            try:
                if connection.idle_since >= oldest and await connection.is_usable():
                    return connection
            except BaseException:
                self.discard(connection)
                raise
            self.discard(connection)
        return None

    async def connect(self) -> ClientConnection:
        """Make a connection. The caller's own limits end it.

        :raises NetworkError: there is none to be had.
        :raises ResourceClosed: the client was closed.
        """
        if not self._closed:
            connection = ClientConnection(await self._connect_stream(), self._limits)
            if not self._closed:
                self._lent.add(connection)
                return connection
            connection.reset()
        raise ResourceClosed("the client is closed")

    async def give_back(self, connection: ClientConnection) -> None:
        """Keep a connection for another call, or close it where it is of no more use.

        One whose answer was not read to its end is reset.
        """
        if self._closed or not connection.is_complete():
            self.discard(connection)
            return
        self._lent.discard(connection)
        if not connection.reusable or self.idle >= self._limits.max_idle:
            await connection.aclose()
            return
        connection.start_next()
        self._idle.append(connection)

    def discard(self, connection: ClientConnection) -> None:
        """Give a connection up whose exchange did not come to its end."""
        self._lent.discard(connection)
        connection.reset()

    def close(self) -> list[ClientConnection]:
        """Give up every connection, and make no more.

        Those that are used are reset.

        :returns: the others, for the caller to close.
        """
        self._closed = True
        for connection in list(self._lent):
            self.discard(connection)
        idle = list(self._idle)
        self._idle.clear()
        return idle

    async def _connect_stream(self) -> net.ByteStream:
        origin = self._origin
        if origin.scheme == "http":
            return await net.connect_tcp(origin.host, origin.port, timeout=math.inf)
        return await net.connect_tls(
            origin.host,
            origin.port,
            ssl_context=self._ssl_context,
            alpn_protocols=("http/1.1",) if self._ssl_context is None else (),
            timeout=math.inf,
        )
