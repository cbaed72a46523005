"""Serving TCP and TLS: an accept loop, a task per connection, and an orderly end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import trio

from ..core import operation, open_service
from ..errors import HelianthusError, ServiceDraining, TooManyOpenFiles
from ._listen import BACKLOG, TCPListener, listen_tcp
from ._tls import HANDSHAKE_SECONDS, start_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

    from ..core import DrainReport, Lifecycle, Service
    from ._address import SocketAddress
    from ._stream import ByteStream
    from ._tcp_stream import TCPStream

Handler: TypeAlias = "Callable[[ByteStream], Awaitable[object]]"
"""What serves one connection: an async function that takes its stream."""

MAX_CONNECTIONS: Final = 10_000
"""How many connections a server has at a time, unless told otherwise."""
ACCEPT_PAUSE_SECONDS: Final = 0.1
"""How long accepting pauses when the process has no file descriptor left."""


@attrs.frozen
class ServerStatistics:
    """What a server has done so far.

    :param connections: connections that are open.
    :param accepted: connections that were ever accepted.
    :param failed_handshakes: connections that ended before their TLS handshake was done.
    :param accept_pauses: how often accepting paused for want of file descriptors.
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

    @property
    def port(self) -> int:
        """The port that it listens on."""
        address = self.addresses[0]
        if not isinstance(address, tuple):
            raise ValueError(f"{address!r} has no port")
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
        """Call ``callback`` when a drain begins, or at once if it has begun. It must not raise."""
        self._service.on_drain(callback)


async def serve_tcp(
    handler: Handler,
    port: int = 0,
    *,
    host: str | None = "127.0.0.1",
    listeners: Sequence[TCPListener] | None = None,
    backlog: int = BACKLOG,
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
    of the connection itself just ends the handler; any other exception is a mistake, is reported
    (:func:`core.report_error`), and ends this one connection.

    :param handler: an async function that takes a :class:`ByteStream`.
    :param port: 0 lets the system choose one.
    :param host: a name or numeric address; ``None`` means all interfaces.
    :param listeners: serve these instead of opening some at ``host`` and ``port``.
    :param backlog: how many connections may wait in the system to be accepted.
    :param max_connections: how many to have at a time; further ones wait in the backlog.
    :param lifecycle: drains the server; ``None`` means the one that encloses this call, if any.
    :param name: appears in reports.
    :param task_status: reports the :class:`Server`.
    :raises AddressInUse: somebody else listens there; and what else :func:`listen_tcp` raises.
    :raises ServiceDraining: the lifecycle is not running any more.
    """
    await _serve(
        _Connections(handler, max_connections, None, HANDSHAKE_SECONDS),
        partial(listen_tcp, port, host=host, backlog=backlog),
        listeners,
        lifecycle,
        name or "tcp",
        task_status,
    )


async def serve_tls(
    handler: Handler,
    port: int = 0,
    *,
    ssl_context: ssl.SSLContext,
    host: str | None = "127.0.0.1",
    listeners: Sequence[TCPListener] | None = None,
    backlog: int = BACKLOG,
    max_connections: int = MAX_CONNECTIONS,
    handshake_timeout: float = HANDSHAKE_SECONDS,
    https_compatible: bool = False,
    lifecycle: Lifecycle | None = None,
    name: str | None = None,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept TLS connections and run ``handler(stream)`` in a task for each.

    Like :func:`serve_tcp`; the handler gets a :class:`TLSStream` whose handshake is done.

    :param ssl_context: the server's certificate, versions, ALPN protocols, and for mutual TLS
        ``verify_mode`` and the authorities of the clients' certificates.
    :param handshake_timeout: seconds that a client may take for the handshake.
    :param https_compatible: see :func:`start_tls`.
    """
    await _serve(
        _Connections(handler, max_connections, ssl_context, handshake_timeout, https_compatible),
        partial(listen_tcp, port, host=host, backlog=backlog),
        listeners,
        lifecycle,
        name or "tls",
        task_status,
    )


@attrs.frozen
class _Connections:
    """What a server does with a new connection."""

    handler: Handler
    at_most: int
    ssl_context: ssl.SSLContext | None
    handshake_timeout: float
    https_compatible: bool = False


async def _serve(
    connections: _Connections,
    listen: Callable[[], Awaitable[Sequence[TCPListener]]],
    listeners: Sequence[TCPListener] | None,
    lifecycle: Lifecycle | None,
    name: str,
    task_status: trio.TaskStatus[Server],
) -> None:
    with open_service(name, lifecycle=lifecycle) as service:
        open_listeners = listeners or await listen()
        server = Server(service, open_listeners)

        async def accept_all() -> None:
            try:
                task_status.started(server)
                async with trio.open_nursery() as nursery:
                    for listener in open_listeners:
                        nursery.start_soon(_accept, server, listener, connections)
            finally:
                for listener in open_listeners:
                    listener.close()

        await service.run(accept_all)


async def _accept(server: Server, listener: TCPListener, connections: _Connections) -> None:
    service = server._service
    while True:
        await service.wait_below(connections.at_most)
        try:
            stream = await listener.accept()
        except TooManyOpenFiles:
            server._accept_pauses += 1
            await trio.sleep(ACCEPT_PAUSE_SECONDS)
            continue
        try:
            label = partial(_label, stream)
            service.start_soon(_handle, server, stream, connections, label=label)
        except ServiceDraining:  # began between accepting and here
            stream.reset()


async def _handle(server: Server, tcp_stream: TCPStream, connections: _Connections) -> None:
    stream: ByteStream = tcp_stream
    peer, connection_id = stream.remote_address, stream.connection_id
    try:
        with operation("net.connection", connection_id=connection_id, peer=peer) as report:
            try:
                if connections.ssl_context is not None:
                    stream = await _shake_hands(server, tcp_stream, connections)
                await connections.handler(stream)
            finally:
                if report is not None:
                    report.bytes_sent = stream.bytes_sent
                    report.bytes_received = stream.bytes_received
        await stream.aclose()
    except HelianthusError as exc:
        # The connection's own failures are told by the operation; all else is a mistake.
        handshake_failed = connections.ssl_context is not None and stream is tcp_stream
        if exc is not stream.last_error and not handshake_failed:
            raise
    finally:
        stream.reset()


async def _shake_hands(
    server: Server, tcp_stream: TCPStream, connections: _Connections
) -> ByteStream:
    assert connections.ssl_context is not None
    try:
        return await start_tls(
            tcp_stream,
            ssl_context=connections.ssl_context,
            server_side=True,
            https_compatible=connections.https_compatible,
            timeout=connections.handshake_timeout,
        )
    except BaseException:
        server._failed_handshakes += 1
        raise


def _label(stream: ByteStream) -> str:
    address = stream.remote_address
    peer = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)
    return f"{stream.activity} ({peer})" if stream.activity else peer
