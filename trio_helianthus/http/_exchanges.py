"""A client's exchanges with all origins: who may begin one, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from typing import Any, Unpack

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.core import SEAM
from trio_helianthus.errors import LimitExceeded, ResourceClosed
from trio_helianthus.wire import http1

from ._call import Call
from ._client_connection import GOODBYE_SECONDS, ClientConnection
from ._client_response import ClientResponse
from ._client_upgrade import Upgraded, UpgradeRefused
from ._connection_options import ConnectionOptions, guards_of, transport_of
from ._exchange import Exchange, Head, ask_at_once, begin_exchange, note_exchange
from ._guard import Guard
from ._headers import Headers
from ._limits import ClientLimits
from ._origin_pool import OriginPool
from ._timeouts import Timeouts
from ._transport import Transport
from ._url import Origin

__all__ = ["ClientStatistics", "Exchanges", "open_exchanges"]


@attrs.frozen
class ClientStatistics:
    """What a client's connections are doing.

    :param active: being used by a call, or being made for one.
    :param idle: open and unused.
    :param waiting: calls that wait for a connection.
    """

    active: int
    idle: int
    waiting: int


class Exchanges:
    """Runs calls on the connections of one client.

    :param background: where connections are closed.
    :param transport: makes connections.
    :param timeouts: of calls and of their parts.
    :param propagate_deadline: whether to tell servers how much time is left, or which origins.
    :param make_guard: makes what stands between the client and an origin, if anything does.
    """

    def __init__(
        self,
        background: core.BackgroundNursery,
        transport: Transport,
        *,
        timeouts: Timeouts,
        limits: ClientLimits,
        engine: http1.Engine = http1.Engine.AUTO,
        propagate_deadline: bool | Collection[str] = False,
        make_guard: Callable[[Origin], Guard | None] = lambda _: None,
    ) -> None:
        self._background = background
        self._transport = transport
        self._timeouts = timeouts
        self._limits = limits
        self._engine = engine
        self._propagate_deadline = propagate_deadline
        self._make_guard = make_guard
        self._pools: dict[Origin, OriginPool] = {}
        self._tunnels: dict[Origin, OriginPool] = {}  # where a proxy forwards the rest
        self._closed = False

    def statistics(self) -> ClientStatistics:
        """Numbers of this moment, over all origins."""
        pools = [pool.statistics() for pool in self._all_pools()]
        return ClientStatistics(
            active=sum(pool.acquired + pool.opening for pool in pools),
            idle=sum(pool.idle for pool in pools),
            waiting=sum(pool.waiting for pool in pools),
        )

    async def ask(self, call: Call, deadline: float = math.inf) -> ClientResponse:
        """Make a call and wait for the whole answer.

        :param deadline: in trio's time, for all of it. An alarm looks after it, which is cheap and
            a little late; put a scope around this where it has to be exact.
        """
        pool = self._pools.get(call.url.origin) or self._make_pool(call.url.origin)
        if pool.guard is not None:
            return await pool.guard.run(
                call, lambda: self._ask_once(pool, call, deadline), _head_of, deadline=deadline
            )
        if call.at_once and SEAM.instrument is None:
            return await self._ask_at_once(pool, call, deadline, None)
        return await self._ask_once(pool, call, deadline)

    async def _ask_once(self, pool: OriginPool, call: Call, deadline: float) -> ClientResponse:
        with self._report(call) as operation:
            if call.at_once:
                return await self._ask_at_once(pool, call, deadline, operation)
            async with await begin_exchange(pool, call, deadline, self._background) as exchange:
                connection, head = exchange.connection, exchange.head
                body = await self._receive_whole(connection)
                await exchange.wait_sent()
                response = _whole(call, head, body, connection.trailers)
                if operation is not None:
                    note_exchange(operation, connection, head)
            return response

    async def _ask_at_once(
        self, pool: OriginPool, call: Call, deadline: float, operation: core.Operation | None
    ) -> ClientResponse:
        # The hot path: no scope, no context manager, and nothing that is made anew for each call.
        connection, head = await ask_at_once(pool, call, deadline)
        try:
            body = await self._receive_whole(connection)
        except BaseException:
            pool.discard(connection)
            raise
        finally:
            if operation is not None:
                note_exchange(operation, connection, head)
        response = _whole(call, head, body, connection.trailers)
        pool.give_back(connection)
        return response

    async def open(self, call: Call, deadline: float) -> Exchange:
        """Make a call and wait for the head of its answer.

        Content in pieces is sent while the answer comes, until an answer refuses it.

        :param deadline: in trio's time, until the connection is told that it is
            :meth:`~ClientConnection.untimed`; an alarm looks after it.
        """
        pool = self._pools.get(call.url.origin) or self._make_pool(call.url.origin)
        if SEAM.instrument is None:
            if pool.guard is None:
                return await begin_exchange(pool, call, deadline, self._background)
            return await self._open(pool, call, deadline)
        with ExitStack() as stack:
            operation = stack.enter_context(self._report(call))
            exchange = await self._open(pool, call, deadline)
            if operation is not None:
                exchange.report(operation, stack.pop_all())
        return exchange

    async def _open(self, pool: OriginPool, call: Call, deadline: float) -> Exchange:
        if pool.guard is None:
            return await begin_exchange(pool, call, deadline, self._background)
        return await pool.guard.run(
            call,
            lambda: begin_exchange(pool, call, deadline, self._background),
            _head_in,
            Exchange.end,
            deadline=deadline,
        )

    @asynccontextmanager
    async def upgrade(self, call: Call, deadline: float = math.inf) -> AsyncIterator[Upgraded]:
        """Change to another protocol; the body has the stream.

        Leaving closes the stream in good order, or resets it where the body raises. The connection
        counts as used until then.

        :param deadline: in trio's time, for the answer.
        :raises UpgradeRefused: the server answers, and goes on with HTTP.
        """
        pool = self._pools.get(call.url.origin) or self._make_pool(call.url.origin)
        if pool.proxy is not None:  # it would not forward what is no HTTP
            origin = call.url.origin
            pool = self._tunnels.get(origin) or self._make_pool(origin, tunnel=True)
        with self._report(call) as operation:
            connection, head = await ask_at_once(pool, call, deadline)
            try:
                if operation is not None:
                    note_exchange(operation, connection, head)
                if not connection.wire.switched:
                    body = await connection.receive_body()
                    raise UpgradeRefused(_whole(call, head, body, ()))
                yield Upgraded(_whole(call, head, b"", ()), connection.let_go())
                with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                    await connection.stream.aclose()
            finally:
                pool.discard(connection)

    async def _receive_whole(self, connection: ClientConnection) -> bytes:
        cap = self._limits.max_response_bytes
        if (whole := connection.take_whole(cap)) is not None:
            return whole
        if (connection.wire.body_length or 0) > cap:
            raise _too_long(cap)
        body = await connection.receive_body()
        if len(body) > cap:
            raise _too_long(cap)
        if not body or not (more := await connection.receive_body()):
            return body
        collected = bytearray(body)  # not a list: of tiny pieces, that would cost far more
        while more:
            collected += more
            if len(collected) > cap:
                raise _too_long(cap)
            more = await connection.receive_body()
        return bytes(collected)

    def _make_pool(self, origin: Origin, *, tunnel: bool = False) -> OriginPool:
        if self._closed:  # while the call waited for its credentials
            raise ResourceClosed("the client is closed")
        pools = self._tunnels if tunnel else self._pools
        if len(pools) >= self._limits.max_origins:
            _forget_some(pools)
        pool = pools[origin] = OriginPool(
            origin,
            self._background,
            self._transport,
            limits=self._limits,
            timeouts=self._timeouts,
            engine=self._engine,
            propagates_deadline=self._propagates_to(origin),
            guard=None if tunnel else self._make_guard(origin),
            tunnel=tunnel,
        )
        return pool

    def _all_pools(self) -> Iterator[OriginPool]:
        yield from self._pools.values()
        yield from self._tunnels.values()

    def _propagates_to(self, origin: Origin) -> bool:
        told = self._propagate_deadline
        return told if isinstance(told, bool) else str(origin) in told

    def _report(self, call: Call) -> AbstractContextManager[core.Operation | None]:
        if SEAM.instrument is None:
            return core.operation("")
        asked: dict[str, Any] = {"http.method": call.method, "http.url": str(call.url)}
        return core.operation("http.client.request", **asked)

    def close(self) -> None:
        """Reset the connections that are used, and close the others in good order."""
        self._closed = True
        for pool in self._all_pools():
            pool.close()


def _forget_some(pools: dict[Origin, OriginPool]) -> None:
    """Close pools that are empty, or else the one that was left alone for longest."""
    unused = {known: pool.unused_since() for known, pool in pools.items()}
    empty = [known for known, since in unused.items() if since == -math.inf]
    oldest = min(unused, key=unused.__getitem__)
    for known in empty or [oldest]:
        if unused[known] < math.inf:
            pools.pop(known).close()


@asynccontextmanager
async def open_exchanges(
    *, timeouts: Timeouts, limits: ClientLimits, **options: Unpack[ConnectionOptions]
) -> AsyncIterator[Exchanges]:
    """Open what runs the calls of one client; on leaving its connections are closed."""
    transport, make_guard = transport_of(options), guards_of(options)
    async with core.open_background_nursery() as background:
        exchanges = Exchanges(
            background,
            transport,
            timeouts=timeouts,
            limits=limits,
            engine=options.get("engine", http1.Engine.AUTO),
            propagate_deadline=options.get("propagate_deadline", False),
            make_guard=make_guard,
        )
        try:
            yield exchanges
        finally:
            exchanges.close()


def _whole(call: Call, head: Head, body: bytes, trailers: http1.HeaderFields) -> ClientResponse:
    return ClientResponse(
        method=call.method,
        url=str(call.url),
        status=head.status,
        reason=head.reason.decode("latin-1"),
        headers=Headers.received(head.headers),
        http_version=head.http_version,
        content=body,
        trailers=trailers,
    )


def _head_of(response: ClientResponse) -> tuple[int, Headers]:
    return response.status, response.headers


def _head_in(exchange: Exchange) -> tuple[int, Headers]:
    return exchange.head.status, Headers.received(exchange.head.headers)


def _too_long(cap: int) -> LimitExceeded:
    return LimitExceeded(
        f"the answer's body is longer than {cap} bytes",
        limit_name="max_response_bytes",
        limit=cap,
    )
