"""A client's calls in the making: one request out, one answer in, on a connection of a pool."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from typing import Any, Final, TypeAlias, Unpack

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.core import SEAM
from trio_helianthus.errors import (
    ConnectionTimedOut,
    LimitExceeded,
    NetworkError,
    ResourceClosed,
)
from trio_helianthus.wire import http1

from ._call import Call
from ._client_connection import GOODBYE_SECONDS, ClientConnection
from ._client_response import ClientResponse, ResponseBody, StreamedResponse
from ._client_upgrade import Upgraded, UpgradeRefused
from ._connection_options import ConnectionOptions, guards_of, transport_of
from ._guard import Guard
from ._headers import Headers
from ._limits import ClientLimits
from ._origin_pool import OriginPool, seconds_until
from ._pieces import closing
from ._sending import Sending
from ._timeouts import Timeouts
from ._transport import Transport
from ._url import Origin

__all__ = ["ClientStatistics", "Exchanges", "open_exchanges"]

MANY_ORIGINS: Final = 64
"""From so many origins on, those that are not used are forgotten when a new one comes."""
_EXPECTATION_FAILED: Final = 417
_Head: TypeAlias = "http1.Response | http1.InformationalResponse"
_Answering: TypeAlias = "tuple[ClientConnection, _Head]"


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
        self._closed = False

    def statistics(self) -> ClientStatistics:
        """Numbers of this moment, over all origins."""
        pools = [pool.statistics() for pool in self._pools.values()]
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
            opening = self._opening(pool, call, until_sent=True)
            with core.limit(seconds_until(deadline), None):
                async with closing(call.content), opening as (connection, head):
                    body = await self._receive_whole(connection)
                    response = _whole(call, head, body, connection.trailers)
                    if operation is not None:
                        _fill_in(operation, connection, head)
            return response

    async def _ask_at_once(
        self, pool: OriginPool, call: Call, deadline: float, operation: core.Operation | None
    ) -> ClientResponse:
        # The hot path: no scope, no context manager, and nothing that is made anew for each call.
        connection, head = await self._receive_head(pool, call, deadline)
        try:
            body = await self._receive_whole(connection)
        except BaseException:
            pool.discard(connection)
            raise
        finally:
            if operation is not None:
                _fill_in(operation, connection, head)
        response = _whole(call, head, body, connection.trailers)
        pool.give_back(connection)
        return response

    @asynccontextmanager
    async def open(
        self, call: Call, token: core.CancelToken | None
    ) -> AsyncIterator[StreamedResponse]:
        """Make a call; the body runs when the head of its answer is there.

        Content in pieces is sent while the answer comes, until an answer refuses it. Leaving gives
        the connection back if the answer was read to its end, and resets it if not.

        :param token: cancels whatever waits for the answer's body.
        """
        pool = self._pools.get(call.url.origin) or self._make_pool(call.url.origin)
        with self._report(call) as operation:
            async with closing(call.content), self._guarded(pool, call) as (connection, head):
                connection.untimed()
                response = self._response(call, head, connection, token)
                try:
                    yield response
                finally:
                    response.body.close()
                    if operation is not None:
                        _fill_in(operation, connection, head)

    @asynccontextmanager
    async def _guarded(self, pool: OriginPool, call: Call) -> AsyncIterator[_Answering]:
        async with AsyncExitStack() as stack:

            async def attempt() -> _Answering:
                return await stack.enter_async_context(self._opening(pool, call, until_sent=False))

            async def drop(_: _Answering) -> None:
                await stack.aclose()

            if pool.guard is None:
                yield await attempt()
            else:
                yield await pool.guard.run(call, attempt, _head_in, drop, deadline=math.inf)

    def _opening(
        self, pool: OriginPool, call: Call, *, until_sent: bool
    ) -> AbstractAsyncContextManager[_Answering]:
        if call.at_once:
            return self._open_at_once(pool, call)
        return self._open_in_pieces(pool, call, until_sent)

    @asynccontextmanager
    async def _open_at_once(self, pool: OriginPool, call: Call) -> AsyncIterator[_Answering]:
        connection, head = await self._receive_head(pool, call, math.inf)
        try:
            yield connection, head
        except BaseException:
            pool.discard(connection)
            raise
        pool.give_back(connection)

    @asynccontextmanager
    async def _open_in_pieces(
        self, pool: OriginPool, call: Call, until_sent: bool
    ) -> AsyncIterator[_Answering]:
        connection = await pool.take(math.inf)
        try:
            while True:
                connection.begin(math.inf, read=self._timeouts.read)
                sending = Sending(connection, call, self._timeouts.write)
                try:
                    head = await self._start_sending(pool, connection, call, sending)
                    if head.status != _EXPECTATION_FAILED or sending.begun:
                        yield connection, head
                        if until_sent and connection.is_complete():
                            await sending.wait_sent()
                        sending.check()
                        break
                    # The same again, without asking first (RFC 9110, section 10.1.1).
                    call = attrs.evolve(call, expect_continue=0.0)
                except NetworkError as exc:
                    untouched = not sending.begun
                    if sending.error is not None or not _may_repeat(
                        call, connection, exc, untouched=untouched
                    ):
                        raise
                finally:
                    await sending.stop()  # noqa: ASYNC102 - shielded in there
                await pool.reconnect(connection, math.inf)
        except BaseException:
            pool.discard(connection)
            raise
        pool.give_back(connection)

    async def _start_sending(
        self, pool: OriginPool, connection: ClientConnection, call: Call, sending: Sending
    ) -> _Head:
        await sending.send_head(pool.more_fields(call, math.inf), pool.target(call))
        sending.start(self._background)
        head = await connection.receive_head()
        sending.hear(head.status)
        return head

    @asynccontextmanager
    async def upgrade(self, call: Call, deadline: float = math.inf) -> AsyncIterator[Upgraded]:
        """Change to another protocol; the body has the stream.

        Leaving closes the stream in good order, or resets it where the body raises. The connection
        counts as used until then.

        :param deadline: in trio's time, for the answer.
        :raises UpgradeRefused: the server answers, and goes on with HTTP.
        """
        pool = self._pools.get(call.url.origin) or self._make_pool(call.url.origin)
        with self._report(call) as operation:
            connection, head = await self._receive_head(pool, call, deadline)
            try:
                if operation is not None:
                    _fill_in(operation, connection, head)
                if not connection.wire.switched:
                    body = await connection.receive_body()
                    raise UpgradeRefused(_whole(call, head, body, ()))
                yield Upgraded(_whole(call, head, b"", ()), connection.let_go())
                with trio.move_on_after(GOODBYE_SECONDS, shield=True):
                    await connection.stream.aclose()
            finally:
                pool.discard(connection)

    async def _receive_head(self, pool: OriginPool, call: Call, deadline: float) -> _Answering:
        """Send a call in one piece, and wait for the head of its answer."""
        connection = pool.take_nowait() or await pool.take(deadline)
        timeouts = self._timeouts
        try:
            while True:
                connection.begin(deadline, read=timeouts.read, write=timeouts.write)
                await connection.send(pool.encode(connection, call, deadline))
                try:
                    return connection, await connection.receive_head()
                except NetworkError as exc:
                    # The server closed it while it was idle; the request found nobody.
                    if not _may_repeat(call, connection, exc):
                        raise
                await pool.reconnect(connection, deadline)
        except BaseException:
            pool.discard(connection)
            raise

    async def _receive_whole(self, connection: ClientConnection) -> bytes:
        cap = self._limits.max_response_bytes
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

    def _response(
        self, call: Call, head: _Head, connection: ClientConnection, token: core.CancelToken | None
    ) -> StreamedResponse:
        return StreamedResponse(
            method=call.method,
            url=str(call.url),
            status=head.status,
            reason=head.reason.decode("latin-1"),
            headers=Headers.from_wire(head.headers),
            http_version=head.http_version,
            body=ResponseBody(connection, timeout=self._timeouts.read, token=token),
            max_bytes=self._limits.max_response_bytes,
        )

    def _make_pool(self, origin: Origin) -> OriginPool:
        if self._closed:  # while the call waited for its credentials
            raise ResourceClosed("the client is closed")
        if len(self._pools) >= MANY_ORIGINS:
            for known, pool in list(self._pools.items()):
                if pool.is_unused():
                    self._pools.pop(known).close()
        pool = self._pools[origin] = OriginPool(
            origin,
            self._background,
            self._transport,
            limits=self._limits,
            timeouts=self._timeouts,
            engine=self._engine,
            propagates_deadline=self._propagates_to(origin),
            guard=self._make_guard(origin),
        )
        return pool

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
        for pool in self._pools.values():
            pool.close()


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


def _whole(call: Call, head: _Head, body: bytes, trailers: http1.HeaderFields) -> ClientResponse:
    return ClientResponse(
        method=call.method,
        url=str(call.url),
        status=head.status,
        reason=head.reason.decode("latin-1"),
        headers=Headers.from_wire(head.headers),
        http_version=head.http_version,
        content=body,
        trailers=trailers,
    )


def _head_of(response: ClientResponse) -> tuple[int, Headers]:
    return response.status, response.headers


def _head_in(answering: _Answering) -> tuple[int, Headers]:
    head = answering[1]
    return head.status, Headers.from_wire(head.headers)


def _may_repeat(
    call: Call, connection: ClientConnection, error: NetworkError, *, untouched: bool = False
) -> bool:
    """Whether a call that failed may be sent again on a new connection.

    The server has closed an idle connection just as it was used again (:rfc:`9112` section 9.3.1).
    It may have acted on the request all the same, unless not a byte of it was sent. A peer that
    does not answer at all has closed nothing, and would not answer a second time.

    :param untouched: nobody has asked for the content yet.
    """
    if not connection.exchanges or connection.answered or isinstance(error, ConnectionTimedOut):
        return False
    if connection.nothing_sent:
        return call.replayable or untouched
    return call.repeatable


def _too_long(cap: int) -> LimitExceeded:
    return LimitExceeded(
        f"the answer's body is longer than {cap} bytes",
        limit_name="max_response_bytes",
        limit=cap,
    )


def _fill_in(operation: core.Operation, connection: ClientConnection, head: _Head) -> None:
    operation.connection_id = connection.stream.connection_id
    operation.peer = connection.stream.remote_address
    operation.attributes["http.status"] = head.status
    operation.bytes_sent = connection.bytes_sent
    operation.bytes_received = connection.bytes_received
