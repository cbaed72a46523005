"""``http.serve``: a server of HTTP/1.1 on TCP or TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import attrs
import trio

from trio_helianthus import core, net
from trio_helianthus.wire import http1

from ._limits import ServerLimits
from ._router import Handler, check_handler
from ._server_connection import ServerConnection, Serving

__all__ = ["Server", "ServerStatistics", "serve", "serve_stream"]


@attrs.frozen
class ServerStatistics:
    """What a server is doing, and has done.

    :param connections: open now.
    :param active_requests: being answered now.
    :param requests: received since the start.
    """

    connections: int
    active_requests: int
    requests: int


class Server:
    """A running server, as :func:`serve` reports it through ``nursery.start``."""

    def __init__(self, running: net.Server, connections: _Connections, scheme: str) -> None:
        self._running = running
        self._connections = connections
        self._scheme = scheme

    @property
    def addresses(self) -> tuple[net.SocketAddress, ...]:
        """The addresses that the server listens on."""
        return tuple(self._running.addresses)

    @property
    def port(self) -> int:
        """The port that the server listens on.

        :raises ValueError: it listens on a unix socket.
        """
        return self._running.port

    @property
    def url(self) -> str:
        """Where a client on this machine reaches the server: ``"http://127.0.0.1:8000"``.

        :raises ValueError: it listens on a unix socket, which no URL leads to.
        """
        place = self.addresses[0]
        if not isinstance(place, tuple):
            raise ValueError(f"no URL leads to {place!r}")  # noqa: TRY004 (of this server, not type)
        host = place[0]
        address = ipaddress.ip_address(host.partition("%")[0])
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"
        if address.version == 6:
            host = f"[{host}]"
        return f"{self._scheme}://{host}:{self.port}"

    def statistics(self) -> ServerStatistics:
        """Numbers of this moment."""
        return self._connections.statistics()

    async def drain(self, timeout: float | None = None) -> core.DrainReport:
        """Stop accepting, finish the requests that run, and end.

        Idle connections are closed at once, running requests answered with
        ``Connection: close``. What still runs at the deadline is cancelled. :func:`serve`
        returns afterwards.

        :param timeout: seconds that running requests may take; ``None`` means the service's own
            setting, 0 cancels at once.
        :returns: how the connections ended.

        Being cancelled while waiting here does not stop the drain.
        """
        return await self._running.drain(timeout)


async def serve(
    handler: Handler,
    port: int = 0,
    *,
    host: str | None = "127.0.0.1",
    listeners: Sequence[net.SocketListener[net.SocketStream]] | None = None,
    ssl_context: net.TLSContextSource | None = None,
    limits: ServerLimits | None = None,
    engine: http1.Engine = http1.Engine.AUTO,
    lifecycle: core.Lifecycle | None = None,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve HTTP/1.1 until cancelled or drained.

    ::

        async with trio.open_nursery() as nursery:
            server = await nursery.start(http.serve, router, 8000)
            print(server.url)

    Each connection answers its requests one after the other, in a task of its own, and each
    handler runs in a context of its own (:mod:`contextvars`). The handler is cancelled when its
    client is gone: at once after a reset or a failed write, ``limits.half_close_grace`` seconds
    after the client has ended its side of the stream. It is cancelled as well when it takes longer
    than ``limits.handler_timeout``, which is answered with 503, or than the seconds that the
    client says in ``X-Request-Timeout``, which is answered with 504. An exception of the handler
    is answered with 500 and reported by :func:`trio_helianthus.core.report_error`; where the
    answer's head was sent already, the connection is reset, so that no client takes the part for
    the whole.

    Cancelling this cancels every handler and cuts every connection.

    :param handler: a :class:`Router`, or any async function from :class:`Request` to what a
        handler may return.
    :param port: the TCP port, 0 for any free one.
    :param host: the name or address to listen on; ``None`` means all interfaces.
    :param listeners: serve these, TCP or unix, which belong to the server then, instead of
        ``port`` and ``host``.
    :param ssl_context: serve ``https`` with this context.
    :param limits: what a client may cost; ``None`` means :class:`ServerLimits` as it stands.
    :param engine: what parses the requests.
    :param lifecycle: drains the server; ``None`` means the one that encloses this call, if any.
    :param task_status: reports the :class:`Server`.
    :raises TypeError: for a handler that is not async.
    :raises NetworkError: the address cannot be listened on.
    :raises ServiceDraining: the enclosing lifecycle is draining.
    """
    check_handler(handler)
    limits = limits or ServerLimits()
    scheme = "http" if ssl_context is None else "https"
    async with core.open_background_nursery() as background:
        connections = _Connections(handler, limits, engine, background.contained.start_soon)
        starting = _Starting(task_status, connections, scheme)
        if ssl_context is None:
            await net.serve_tcp(
                connections.run,
                port,
                host=host,
                # The handler takes any stream, so that the listeners may be of any kind.
                listeners=cast("Sequence[net.TCPListener] | None", listeners),
                max_connections=limits.max_connections,
                lifecycle=lifecycle,
                name="http",
                task_status=starting,
            )
        else:
            await net.serve_tls(
                connections.run,
                port,
                ssl_context=ssl_context,
                host=host,
                listeners=listeners,
                max_connections=limits.max_connections,
                lifecycle=lifecycle,
                https_compatible=True,  # a message says itself where it ends
                name="https",
                task_status=starting,
            )


async def serve_stream(
    handler: Handler,
    stream: net.ByteStream,
    *,
    limits: ServerLimits | None = None,
    engine: http1.Engine = http1.Engine.AUTO,
) -> None:
    """Serve HTTP/1.1 on one connection that is there already, until either side ends it.

    :param handler: as for :func:`serve`.
    :param stream: belongs to this call, which closes it, or resets it where an answer is not
        complete or this is cancelled.
    :param limits: as for :func:`serve`.
    :param engine: as for :func:`serve`.
    :raises TypeError: for a handler that is not async.
    """
    check_handler(handler)
    try:
        async with core.open_background_nursery() as background:
            start_watcher = background.contained.start_soon
            serving = Serving(
                handler, limits or ServerLimits(), engine, start_watcher, on_end=_note_nothing
            )
            await ServerConnection(stream, serving).run()
            await stream.aclose()
    finally:
        stream.reset()


class _Connections:
    """The connections of one server."""

    def __init__(
        self,
        handler: Handler,
        limits: ServerLimits,
        engine: http1.Engine,
        start_watcher: Callable[[Callable[[], Awaitable[object]]], object],
    ) -> None:
        self._serving = Serving(handler, limits, engine, start_watcher, self._note_end)
        self._open = set[ServerConnection]()
        self._draining = False
        self._past_requests = 0

    def statistics(self) -> ServerStatistics:
        return ServerStatistics(
            connections=len(self._open),
            active_requests=sum(one.request is not None for one in self._open),
            requests=self._past_requests + sum(one.requests for one in self._open),
        )

    def drain(self) -> None:
        self._draining = True
        for connection in self._open:
            connection.drain()

    def run(self, stream: net.ByteStream) -> Awaitable[None]:
        """Serve one connection; the caller waits for it."""
        connection = ServerConnection(stream, self._serving)
        self._open.add(connection)
        if self._draining:  # began while it was shaking hands, or not yet accepted
            connection.drain()
        return connection.run()

    def _note_end(self, connection: ServerConnection) -> None:
        self._open.discard(connection)
        self._past_requests += connection.requests


def _note_nothing(_: ServerConnection) -> None:
    """Nobody counts."""


class _Starting:
    """Turns the start of the server below into the start of ours."""

    def __init__(
        self, task_status: trio.TaskStatus[Server], connections: _Connections, scheme: str
    ) -> None:
        self._task_status = task_status
        self._connections = connections
        self._scheme = scheme

    def started(self, value: net.Server | None = None) -> None:
        assert value is not None
        value.on_drain(self._connections.drain)
        self._task_status.started(Server(value, self._connections, self._scheme))
