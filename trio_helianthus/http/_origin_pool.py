"""A client's connections to one origin: how they get there, and who may use them."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs
import trio

from trio_helianthus import core, net
from trio_helianthus.errors import ResourceFull
from trio_helianthus.wire import http1

from ._call import Call
from ._client_connection import ClientConnection
from ._limits import ClientLimits
from ._proxy import Proxy
from ._timeouts import Timeouts
from ._transport import TCPTransport, Transport
from ._url import Origin

if TYPE_CHECKING:
    from ._guard import Guard

__all__ = ["OriginPool", "seconds_until"]


class OriginPool:
    """Lends connections to one origin, each to one call at a time, the youngest idle one first.

    :param background: where connections are closed.
    :param transport: makes connections.
    :param propagates_deadline: whether the server is to be told how much time is left.
    :param tunnel: whether a proxy is not to read what is sent.
    """

    def __init__(
        self,
        origin: Origin,
        background: core.BackgroundNursery,
        transport: Transport,
        *,
        limits: ClientLimits,
        timeouts: Timeouts,
        engine: http1.Engine,
        propagates_deadline: bool,
        guard: Guard | None,
        tunnel: bool,
    ) -> None:
        self.origin = origin
        self.guard = guard
        """Decides whether and when calls are made; ``None`` where nothing does."""
        self._propagates_deadline = propagates_deadline
        self.proxy: Proxy | None = None
        """Who forwards our requests, and reads them."""
        if isinstance(transport, TCPTransport):
            proxy = transport.proxy_for(origin)
            if proxy is not None and proxy.forwards(origin) and not tunnel:
                self.proxy = proxy
        self._connect_transport = transport.connect
        if tunnel and isinstance(transport, TCPTransport):
            self._connect_transport = partial(transport.connect, tunnel=True)
        self._limits = limits
        self.timeouts: Final = timeouts
        """Of the parts of its calls."""
        self._engine = engine
        self._pool = core.Pool(
            background,
            self._open,
            _close,
            limits=attrs.evolve(limits.pool, wait_timeout=timeouts.pool),
        )

    def statistics(self) -> core.PoolStatistics:
        """What the pool has, and what it has done."""
        return self._pool.statistics()

    def unused_since(self) -> float:
        """Since when nobody has used it, in trio's time; ``inf`` while somebody does."""
        if self.guard is not None and self.guard.remembers():
            return math.inf
        counts = self._pool.statistics()
        if counts.size == counts.waiting == 0:
            return -math.inf
        return self._pool.idle_since if counts.size == counts.idle else math.inf

    def target(self, call: Call) -> str:
        """What the request line says: all of the URL to a proxy (:rfc:`9112` section 3.2.2)."""
        return call.url.target if self.proxy is None else f"{self.origin}{call.url.target}"

    def encode(self, connection: ClientConnection, call: Call, deadline: float) -> bytes:
        """The bytes of a call that is sent in one piece."""
        more = self.more_fields(call, deadline)
        wire = connection.wire
        if call.is_special:
            fields = (*call.fields, *more)
            if call.body is not None:
                fields += ((b"Content-Length", str(len(call.body)).encode("ascii")),)
            head = http1.Request(call.method, self.target(call).encode("ascii"), headers=fields)
            return wire.send(head, http1.Data(call.body or b""), http1.EndOfMessage())
        whole = call.head if self.proxy is None else call.head_for(self.target(call))
        if more:
            whole += b"".join([b"%b: %b\r\n" % field for field in more])
        return wire.send_request_whole(whole, call.body)

    def more_fields(self, call: Call, deadline: float) -> http1.HeaderFields:
        """What is told to this server now, and to no other: the trace, and the time left."""
        more: http1.HeaderFields = () if self.proxy is None else self.proxy.headers.raw
        if (trace := core.current_trace()) is not None and "traceparent" not in call.headers:
            more += ((b"traceparent", trace.to_traceparent().encode("ascii")),)
            if trace.state:
                more += ((b"tracestate", trace.state.encode("ascii")),)
        if self._propagates_deadline and "x-request-timeout" not in call.headers:
            seconds = min(core.remaining_time(), seconds_until(deadline))
            if seconds < math.inf:
                more += ((b"X-Request-Timeout", b"%.3f" % seconds),)
        return more

    def take_nowait(self) -> ClientConnection | None:
        """An idle connection, if one is left that the server has not closed.

        :returns: ``None`` where it takes some waiting to find out, or to get one.
        """
        pool = self._pool
        while True:
            try:
                connection = pool.acquire_nowait()
            except ResourceFull:
                return None
            usable = connection.seems_usable()
            if usable:
                return connection
            if usable is None:
                pool.release(connection)
                return None
            pool.discard(connection)

    async def take(self, deadline: float) -> ClientConnection:
        """An idle connection, or a new one, after waiting for a place where there is none.

        :raises OperationTimeout: it took too long.
        :raises NetworkError: there is none to be had.
        :raises ResourceClosed: the client was closed.
        """
        while True:
            connection = await self._pool.acquire(timeout=seconds_until(deadline))
            if not connection.exchanges:
                return connection
            try:
                usable = connection.seems_usable()
                if usable is None:
                    with core.limit(seconds_until(deadline), None):
                        usable = await connection.is_usable()
            except BaseException:
                self.discard(connection)
                raise
            if usable:
                return connection
            self._pool.discard(connection)

    async def reconnect(self, connection: ClientConnection, deadline: float) -> None:
        """Replace the stream of a connection that the server has closed."""
        with core.limit(seconds_until(deadline), None):
            connection.restart(await self._connect())

    def give_back(self, connection: ClientConnection) -> None:
        """Keep a connection for another call, or close it where it is of no more use."""
        if connection.finish():
            self._pool.release(connection)
        else:
            self._pool.discard(connection)

    def discard(self, connection: ClientConnection) -> None:
        """Give a connection up whose exchange did not come to its end: it is reset."""
        self._pool.discard(connection)

    def close(self) -> None:
        """Reset the connections that are used, and close the others in good order."""
        self._pool.close()

    async def _open(self) -> ClientConnection:
        return ClientConnection(await self._connect(), self._limits, self._engine)

    async def _connect(self) -> net.ByteStream:
        return await self._connect_transport(self.origin, timeout=self.timeouts.connect)


def _close(connection: ClientConnection) -> object:
    if connection.is_idle:
        return connection.aclose()
    connection.reset()
    return None


def seconds_until(deadline: float) -> float:
    """The seconds up to a trio time, at least 0."""
    return math.inf if deadline == math.inf else max(0.0, deadline - trio.current_time())
