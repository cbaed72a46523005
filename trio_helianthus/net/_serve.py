"""Serving TCP and TLS: an accept loop, a task per connection, and an orderly end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
import trio

from trio_helianthus.core import open_background_nursery, open_service, operation
from trio_helianthus.errors import (
    ErrorCode,
    HelianthusError,
    NetworkError,
    ServiceDraining,
    format_address,
)

from ._listen import BACKLOG, TCPListener, listen_tcp
from ._tls import HANDSHAKE_SECONDS, start_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from trio_helianthus.core import DrainReport, Lifecycle, Service

    from ._address import SocketAddress
    from ._options import SocketOption
    from ._stream import ByteStream
    from ._tcp_stream import TCPStream
    from ._tls import TLSStream

Handler: TypeAlias = "Callable[[ByteStream], Awaitable[object]]"
"""What serves one connection, TCP or TLS: an async function that takes its stream."""

MAX_CONNECTIONS: Final = 10_000
"""How many connections a server has at a time, unless told otherwise."""
ACCEPT_PAUSE_SECONDS: Final = 0.1
"""How long accepting pauses when the process or system has no file descriptor or memory left."""

# What stops accepting for a while. The connection stays in the backlog.
_PASSING: Final = (ErrorCode.TOO_MANY_OPEN_FILES, ErrorCode.OUT_OF_RESOURCES)


@attrs.frozen
class ServerStatistics:
    """What a server has done so far.

    :param connections: connections that are open.
    :param accepted: connections that were ever accepted.
    :param failed_handshakes: connections that ended before their TLS handshake was done.
    :param accept_pauses: how often accepting paused for want of file descriptors or memory.
    """

    connections: int
    accepted: int
    failed_handshakes: int
    accept_pauses: int


class Server:
    """A running server; :func:`serve_tcp` and :func:`serve_tls` make it."""

    def __init__(self, service: Service, listeners: Sequence[TCPListener]) -> None:
        self._service = service
        self._listeners = listeners
        self._failed_handshakes = 0
        self._accept_pauses = 0
        self.addresses: Final[tuple[SocketAddress, ...]] = tuple(
            listener.address for listener in listeners
        )
        """Every address that it listens at."""

    def __repr__(self) -> str:
        places = ", ".join(format_address(address) for address in self.addresses)
        state = "draining" if self.draining else "serving"
        return f"<Server {state} at {places}>"

    @property
    def port(self) -> int:
        """The port that it listens on."""
        address = self.addresses[0]
        if not isinstance(address, tuple):
            raise ValueError(f"{address!r} has no port")  # noqa: TRY004 (of this server, not type)
        return address[1]

    @property
    def draining(self) -> bool:
        """Whether it has stopped accepting."""
        return self._service.draining

    def statistics(self) -> ServerStatistics:
        """Return what the server has done so far."""
        return ServerStatistics(
            connections=self._service.running,
            accepted=self._service.started,
            failed_handshakes=self._failed_handshakes,
            accept_pauses=self._accept_pauses,
        )

    async def drain(self, timeout: float | None = None) -> DrainReport:
        """Stop accepting, let the connections finish, and cut those that do not.

        The ``serve`` call returns afterwards.

        :param timeout: seconds that connections may take; ``None`` means the lifecycle's
            setting, 0 cuts at once, ``math.inf`` waits for as long as it takes.
        :returns: what finished, what was cut, and what would not stop.
        """
        return await self._service.drain(timeout)

    def on_drain(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when a drain begins, or at once if it has begun.

        What it raises is reported (:func:`core.report_error`), and does not stop the drain.
        """
        self._service.on_drain(callback)


async def serve_tcp(
    handler: Callable[[TCPStream], Awaitable[object]],
    port: int = 0,
    *,
    host: str | None = "127.0.0.1",
    listeners: Sequence[TCPListener] | None = None,
    backlog: int = BACKLOG,
    nodelay: bool = True,
    keepalive: bool = False,
    socket_options: Iterable[SocketOption] = (),
    max_connections: int = MAX_CONNECTIONS,
    lifecycle: Lifecycle | None = None,
    name: str | None = None,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept TCP connections and run ``handler(stream)`` in a task for each.

    Use it as ``server = await nursery.start(serve_tcp, handler, port)``. It returns when the
    server was drained, by itself or by the lifecycle, and otherwise runs until it is cancelled.

    The handler owns its stream. When it returns the stream is closed; when it raises, or is
    cancelled, the stream is reset, so that the peer does not take a torso for the whole. An error
    of the connection itself, alone or in a group, just ends the handler; any other exception is a
    mistake, is reported (:func:`core.report_error`), and ends this one connection.

    :param handler: an async function that takes a :class:`TCPStream`, or any :class:`ByteStream`.
    :param port: 0 lets the system choose one.
    :param host: a name or numeric address; ``None`` means all interfaces.
    :param listeners: serve these, which belong to the server then, instead of opening some with
        the arguments before and after this one.
    :param backlog: how many connections may wait in the system to be accepted.
    :param nodelay: let connections send small writes at once (TCP_NODELAY).
    :param keepalive: let the system probe idle connections (SO_KEEPALIVE).
    :param socket_options: more options of each connection.
    :param max_connections: how many to have at a time; further ones wait in the backlog.
    :param lifecycle: drains the server; ``None`` means the one that encloses this call, if any.
    :param name: appears in reports.
    :param task_status: reports the :class:`Server`.
    :raises AddressInUse: somebody else listens there; and what else :func:`listen_tcp` raises.
    :raises NetworkError: a listener failed for good; all connections are cut then.
    :raises ServiceDraining: the lifecycle is not running any more.
    """
    await _serve(
        _Connections(handler, max_connections, None, HANDSHAKE_SECONDS),
        partial(
            listen_tcp,
            port,
            host=host,
            backlog=backlog,
            nodelay=nodelay,
            keepalive=keepalive,
            socket_options=socket_options,
        ),
        listeners,
        lifecycle,
        name or "tcp",
        task_status,
    )


async def serve_tls(
    handler: Callable[[TLSStream], Awaitable[object]],
    port: int = 0,
    *,
    ssl_context: ssl.SSLContext,
    host: str | None = "127.0.0.1",
    listeners: Sequence[TCPListener] | None = None,
    backlog: int = BACKLOG,
    nodelay: bool = True,
    keepalive: bool = False,
    socket_options: Iterable[SocketOption] = (),
    max_connections: int = MAX_CONNECTIONS,
    handshake_timeout: float = HANDSHAKE_SECONDS,
    https_compatible: bool = False,
    lifecycle: Lifecycle | None = None,
    name: str | None = None,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept TLS connections and run ``handler(stream)`` in a task for each.

    Like :func:`serve_tcp`; the handler gets a :class:`TLSStream` whose handshake is done.

    :param handler: an async function that takes a :class:`TLSStream`, or any :class:`ByteStream`.
    :param ssl_context: the server's certificate, versions, ALPN protocols, and for mutual TLS
        ``verify_mode`` and the authorities of the clients' certificates.
    :param handshake_timeout: seconds that a client may take for the handshake.
    :param https_compatible: see :func:`start_tls`.
    """
    await _serve(
        _Connections(handler, max_connections, ssl_context, handshake_timeout, https_compatible),
        partial(
            listen_tcp,
            port,
            host=host,
            backlog=backlog,
            nodelay=nodelay,
            keepalive=keepalive,
            socket_options=socket_options,
        ),
        listeners,
        lifecycle,
        name or "tls",
        task_status,
    )


@attrs.frozen
class _Connections:
    """What a server does with a new connection."""

    handler: Callable[[Any], Awaitable[object]]
    at_most: int
    ssl_context: ssl.SSLContext | None
    handshake_timeout: float
    https_compatible: bool = False

    def __attrs_post_init__(self) -> None:
        if self.at_most < 1:
            raise ValueError(f"max_connections must be at least 1, not {self.at_most}")
        if not self.handshake_timeout >= 0:  # this way round it catches NaN as well
            raise ValueError(f"handshake_timeout must be >= 0, not {self.handshake_timeout!r}")


async def _serve(
    connections: _Connections,
    listen: Callable[[], Awaitable[Sequence[TCPListener]]],
    listeners: Sequence[TCPListener] | None,
    lifecycle: Lifecycle | None,
    name: str,
    task_status: trio.TaskStatus[Server],
) -> None:
    open_listeners = listeners
    try:
        with open_service(name, lifecycle=lifecycle) as service:
            if open_listeners is None:
                open_listeners = await listen()
            elif not open_listeners:
                raise ValueError("there are no listeners to serve")
            server = Server(service, open_listeners)
            task_status.started(server)
            await service.run(partial(_accept_all, server, connections))
    finally:
        for listener in open_listeners or ():
            listener.close()


async def _accept_all(server: Server, connections: _Connections) -> None:
    try:
        async with open_background_nursery() as background:
            for listener in server._listeners:
                background.start_soon(_accept, server, listener, connections)
            await trio.sleep_forever()
    finally:
        for listener in server._listeners:
            listener.close()


async def _accept(server: Server, listener: TCPListener, connections: _Connections) -> None:
    service = server._service
    while True:
        await service.wait_below(connections.at_most)
        try:
            stream = await listener.accept()
        except NetworkError as exc:
            if exc.code not in _PASSING:
                raise
            server._accept_pauses += 1
            await trio.sleep(ACCEPT_PAUSE_SECONDS)
            continue
        connection = _Connection(server, stream, connections)
        try:
            # Another listener may have been quicker to fill the last place.
            await service.wait_below(connections.at_most)
            service.start_soon(connection.run, label=connection.label)
        except ServiceDraining:  # the drain began between accepting and here
            stream.reset()
        except BaseException:
            stream.reset()
            raise


class _Connection:
    """One connection of a server, from the moment that it is accepted."""

    def __init__(self, server: Server, stream: TCPStream, connections: _Connections) -> None:
        self._server = server
        self._connections = connections
        self._tcp_stream = stream
        self._stream: ByteStream = stream  # the TLS stream, once there is one

    def label(self) -> str:
        """Tell what it is busy with, and for whom."""
        peer = format_address(self._stream.remote_address)
        return f"{self._stream.activity} ({peer})" if self._stream.activity else peer

    async def run(self) -> None:
        """Shake hands, let the handler have the stream, and end the connection as it ended."""
        peer, connection_id = self._tcp_stream.remote_address, self._tcp_stream.connection_id
        try:
            with operation("net.connection", connection_id=connection_id, peer=peer) as report:
                try:
                    if self._connections.ssl_context is not None:
                        self._stream = await self._shake_hands(self._connections.ssl_context)
                    await self._connections.handler(self._stream)
                finally:
                    if report is not None:
                        report.bytes_sent = self._stream.bytes_sent
                        report.bytes_received = self._stream.bytes_received
            await self._stream.aclose()
        except Exception as exc:
            # The connection's own failures are told by the operation; all else is a mistake.
            if not self._is_own_failure(exc):
                raise
        finally:
            self._stream.reset()

    async def _shake_hands(self, ssl_context: ssl.SSLContext) -> TLSStream:
        try:
            return await start_tls(
                self._tcp_stream,
                ssl_context=ssl_context,
                server_side=True,
                https_compatible=self._connections.https_compatible,
                timeout=self._connections.handshake_timeout,
            )
        except BaseException:
            self._server._failed_handshakes += 1
            raise

    def _is_own_failure(self, exc: Exception) -> bool:
        if isinstance(exc, ExceptionGroup):
            return all(map(self._is_own_failure, exc.exceptions))
        shaking_hands = self._connections.ssl_context is not None and (
            self._stream is self._tcp_stream
        )
        return exc is self._stream.last_error or (
            shaking_hands and isinstance(exc, HelianthusError)
        )
