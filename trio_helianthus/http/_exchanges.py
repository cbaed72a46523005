"""A client's calls in the making: a place, a connection, a second try, and what is left of it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio

from trio_helianthus import core
from trio_helianthus.errors import NetworkError
from trio_helianthus.wire import http1

from ._call import Call
from ._client_connection import ClientConnection
from ._client_response import ResponseBody, StreamedResponse
from ._headers import Headers
from ._limits import ClientLimits
from ._origin_pool import OriginPool
from ._pieces import closing
from ._url import Origin

__all__ = ["ClientStatistics", "Exchanges"]


@attrs.frozen
class ClientStatistics:
    """What a client's connections are doing.

    :param active: being used by a call.
    :param idle: open and unused.
    :param waiting: calls that wait for a connection.
    """

    active: int
    idle: int
    waiting: int


class Exchanges:
    """Runs calls on the connections of one client.

    :param timeout: seconds that one call on an answer's body waits, unless it is told otherwise.
    """

    def __init__(
        self, *, timeout: float, limits: ClientLimits, ssl_context: ssl.SSLContext | None
    ) -> None:
        self._timeout = timeout
        self._limits = limits
        self._ssl_context = ssl_context
        self._pools: dict[Origin, OriginPool] = {}

    def statistics(self) -> ClientStatistics:
        """Numbers of this moment, over all origins."""
        pools = self._pools.values()
        return ClientStatistics(
            active=sum(pool.lent for pool in pools),
            idle=sum(pool.idle for pool in pools),
            waiting=sum(pool.waiting for pool in pools),
        )

    @asynccontextmanager
    async def open(
        self, call: Call, token: core.CancelToken | None
    ) -> AsyncIterator[StreamedResponse]:
        """Make a call; the body runs when the head of its answer is there.

        Leaving gives the connection back if the answer was read to its end, and resets it if not.

        :param token: cancels whatever waits for the answer's body.
        """
        asked: dict[str, Any] = {"http.method": call.method, "http.url": str(call.url)}
        report = core.operation("http.client.request", **asked)
        pool = self._pool(call.url.origin)
        with report as operation:
            async with closing(call.content), pool.place():
                connection, head = await self._ask(pool, call)
                if operation is not None:
                    operation.connection_id = connection.stream.connection_id
                    operation.peer = connection.stream.remote_address
                    operation.attributes["http.status"] = head.status
                response = self._response(call, head, connection, token)
                try:
                    yield response
                except BaseException:
                    pool.discard(connection)
                    raise
                finally:
                    response.body.close()
                    if operation is not None:
                        operation.bytes_sent = connection.bytes_sent
                        operation.bytes_received = connection.bytes_received
                await pool.give_back(connection)

    async def _ask(self, pool: OriginPool, call: Call) -> tuple[ClientConnection, http1.Response]:
        connection = await pool.take_idle()
        if connection is not None:
            try:
                return connection, await connection.ask(call)
            except NetworkError:
                # The server closed it while it was idle; the request found nobody.
                pool.discard(connection)
                if connection.answered or not call.repeatable:
                    raise
            except BaseException:
                pool.discard(connection)
                raise
        connection = await pool.connect()
        try:
            return connection, await connection.ask(call)
        except BaseException:
            pool.discard(connection)
            raise

    def _response(
        self,
        call: Call,
        head: http1.Response,
        connection: ClientConnection,
        token: core.CancelToken | None,
    ) -> StreamedResponse:
        return StreamedResponse(
            method=call.method,
            url=str(call.url),
            status=head.status,
            reason=head.reason.decode("latin-1"),
            headers=Headers.from_wire(head.headers),
            http_version=head.http_version,
            body=ResponseBody(connection, timeout=self._timeout, token=token),
            max_bytes=self._limits.max_response_bytes,
        )

    def _pool(self, origin: Origin) -> OriginPool:
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = OriginPool(origin, self._limits, self._ssl_context)
        return pool

    async def aclose(self) -> None:
        """Reset the connections that are used, and close the others in good order."""
        async with trio.open_nursery() as nursery:
            for pool in self._pools.values():
                for connection in pool.close():
                    nursery.start_soon(connection.aclose)
