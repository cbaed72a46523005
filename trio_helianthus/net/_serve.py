"""Serving TCP, unix sockets and TLS: accepting, a task per connection, and an orderly end."""

from __future__ import annotations

import contextlib
import ssl
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
import trio

from trio_helianthus.core import open_background_nursery, open_service, operation
from trio_helianthus.errors import (
    ErrorCode,
    HelianthusError,
    NetworkError,
    ResourceClosed,
    format_address,
)

from ._listen import BACKLOG, listen_tcp
from ._server import Server
from ._tls import HANDSHAKE_SECONDS, start_tls
from ._unix_listen import SOCKET_MODE, listen_unix

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from trio_helianthus.core import Lifecycle

    from ._listen import TCPListener
    from ._options import SocketOption
    from ._socket_listener import SocketListener
    from ._socket_stream import SocketStream
    from ._stream import ByteStream
    from ._tcp_stream import TCPStream
    from ._tls import TLSContextSource
    from ._tls_stream import TLSStream
    from ._unix_address import UnixPath
    from ._unix_listen import UnixListener
    from ._unix_stream import UnixStream

    _Listener: TypeAlias = SocketListener[SocketStream]

Handler: TypeAlias = "Callable[[ByteStream], Awaitable[object]]"
"""What serves one connection, TCP, unix or TLS: an async function that takes its stream."""

MAX_CONNECTIONS: Final = 10_000
"""How many connections a server has at a time, unless told otherwise."""
ACCEPT_PAUSE_SECONDS: Final = 0.1
"""How long accepting pauses when the process or system has no file descriptor or memory left."""
ACCEPT_BATCH: Final = 32
"""How many connections a listener accepts before others have their turn."""
LAST_BATCH: Final = BACKLOG
"""How many a listener accepts as a drain begins: those that have connected, and do not know."""

# What stops accepting for a while. The connection stays in the backlog.
_PASSING: Final = (ErrorCode.TOO_MANY_OPEN_FILES, ErrorCode.OUT_OF_RESOURCES)


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
    Whoever has connected before a drain is still served, as far as ``max_connections`` lets it.

    The handler owns its stream. When it returns the stream is closed; when it raises, or is
    cancelled, the stream is reset, so that the peer does not take a torso for the whole. An error
    of the connection itself, alone or in a group, just ends the handler; any other exception is a
    mistake, is reported (:func:`core.report_error`), and ends this one connection.

    :param handler: an async function that takes a :class:`TCPStream`, or any :class:`ByteStream`.
    :param port: 0 lets the system choose one.
    :param host: a name or numeric address; ``None`` means all interfaces.
    :param listeners: serve these, which belong to the server then, instead of opening some with
        the arguments before and after this one. :func:`listen_tcp` has more options than there
        are here.
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
    ssl_context: TLSContextSource,
    host: str | None = "127.0.0.1",
    listeners: Sequence[SocketListener[SocketStream]] | None = None,
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
    ``listeners`` may be unix listeners, too.

    :param handler: an async function that takes a :class:`TLSStream`, or any :class:`ByteStream`.
    :param ssl_context: the server's certificate, versions, ALPN protocols, and for mutual TLS
        ``verify_mode`` and the authorities of the clients' certificates. Or what returns the one
        for the next handshake, such as a :class:`ReloadingCertificate`.
    :param handshake_timeout: seconds that a client may take for the handshake.
    :param https_compatible: see :func:`start_tls`.
    :raises TypeError: ``ssl_context`` is neither; what should be protected is never served in the
        clear.
    """
    if not (isinstance(ssl_context, ssl.SSLContext) or callable(ssl_context)):
        raise TypeError(f"serve_tls takes an SSLContext, or what returns one, not {ssl_context!r}")
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


async def serve_unix(
    handler: Callable[[UnixStream], Awaitable[object]],
    path: UnixPath | None = None,
    *,
    mode: int = SOCKET_MODE,
    listeners: Sequence[UnixListener] | None = None,
    backlog: int = BACKLOG,
    socket_options: Iterable[SocketOption] = (),
    max_connections: int = MAX_CONNECTIONS,
    lifecycle: Lifecycle | None = None,
    name: str | None = None,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept connections at a unix socket and run ``handler(stream)`` in a task for each.

    Like :func:`serve_tcp`, except that unix sockets know no reset: where a handler fails, the
    peer sees the stream end. The file at ``path`` is there from the moment when clients can
    connect until a drain begins; see :func:`listen_unix` for what becomes of one that was there
    before.

    :param handler: an async function that takes a :class:`UnixStream`, or any
        :class:`ByteStream`.
    :param path: where to listen, or an abstract name, which begins with a zero byte (Linux).
    :param mode: the file's permissions; whoever may write to it may connect.
    :param listeners: serve these, which belong to the server then, instead of ``path``.
    :raises TypeError: there is neither a path nor a listener.
    :raises AddressInUse: another server listens there; and what else :func:`listen_unix` raises.
    """

    async def listen() -> Sequence[UnixListener]:
        if path is None:
            raise TypeError("serve_unix takes a path, or listeners")
        return [await listen_unix(path, mode=mode, backlog=backlog, socket_options=socket_options)]

    await _serve(
        _Connections(handler, max_connections, None, HANDSHAKE_SECONDS),
        listen,
        listeners,
        lifecycle,
        name or "unix",
        task_status,
    )


@attrs.frozen
class _Connections:
    """What a server does with a new connection."""

    handler: Callable[[Any], Awaitable[object]]
    at_most: int
    ssl_context: TLSContextSource | None
    handshake_timeout: float
    https_compatible: bool = False

    def __attrs_post_init__(self) -> None:
        if self.at_most < 1:
            raise ValueError(f"max_connections must be at least 1, not {self.at_most}")
        if not self.handshake_timeout >= 0:  # this way round it catches NaN as well
            raise ValueError(f"handshake_timeout must be >= 0, not {self.handshake_timeout!r}")


async def _serve(
    connections: _Connections,
    listen: Callable[[], Awaitable[Sequence[_Listener]]],
    listeners: Sequence[_Listener] | None,
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
    def accept_last() -> None:
        for listener in server._listeners:
            with contextlib.suppress(NetworkError, ResourceClosed):
                _accept_batch(server, listener, connections, LAST_BATCH)
            listener.close()

    # Whoever begins a drain may be in the middle of a request, which these are no part of.
    server._service.before_drain(partial(copy_context().run, accept_last))
    try:
        async with open_background_nursery() as background:
            for listener in server._listeners:
                background.start_soon(_accept, server, listener, connections)
            await trio.sleep_forever()
    finally:
        for listener in server._listeners:
            listener.close()


async def _accept(server: Server, listener: _Listener, connections: _Connections) -> None:
    service = server._service
    while True:
        await service.wait_below(connections.at_most)
        try:
            await listener.wait_connection()
            _accept_batch(server, listener, connections, ACCEPT_BATCH)
        except ResourceClosed:
            if not service.draining:
                raise
            await trio.sleep_forever()  # it is about to be cancelled
        except NetworkError as exc:
            if exc.code not in _PASSING:
                raise
            server._accept_pauses += 1
            await trio.sleep(ACCEPT_PAUSE_SECONDS)


def _accept_batch(
    server: Server, listener: _Listener, connections: _Connections, at_most: int
) -> None:
    """Start the connections that have come, as far as there is room for them.

    Nothing is waited for between looking for room and filling it, so that no other listener of
    this server can be quicker.
    """
    service = server._service
    room = connections.at_most - service.running
    for stream in listener.accept_nowait(min(at_most, room)):
        connection = _Connection(server, stream, connections)
        # The handler's name is the one that users know, in a task tree as well.
        service.start_soon(connection.run, label=connection.label, name=connections.handler)


class _Connection:
    """One connection of a server, from the moment that it is accepted."""

    def __init__(self, server: Server, stream: SocketStream, connections: _Connections) -> None:
        self._server = server
        self._connections = connections
        self._socket_stream = stream
        self._stream: ByteStream = stream  # the TLS stream, once there is one
        self._shaking_hands = False

    def label(self) -> str:
        """Tell what it is busy with, and for whom."""
        # The other end of a unix socket has no name.
        peer = format_address(self._stream.remote_address or self._stream.local_address)
        return f"{self._stream.activity} ({peer})" if self._stream.activity else peer

    async def run(self) -> None:
        """Shake hands, let the handler have the stream, and end the connection as it ended."""
        peer, connection_id = self._socket_stream.remote_address, self._socket_stream.connection_id
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

    async def _shake_hands(self, source: TLSContextSource) -> TLSStream:
        try:
            ssl_context = source() if callable(source) else source
            self._shaking_hands = True
            stream = await start_tls(
                self._socket_stream,
                ssl_context=ssl_context,
                server_side=True,
                https_compatible=self._connections.https_compatible,
                timeout=self._connections.handshake_timeout,
            )
        except BaseException:
            self._server._failed_handshakes += 1
            raise
        self._shaking_hands = False
        return stream

    def _is_own_failure(self, exc: Exception) -> bool:
        if isinstance(exc, ExceptionGroup):
            return all(map(self._is_own_failure, exc.exceptions))
        return self._stream.has_raised(exc) or (
            self._shaking_hands and isinstance(exc, HelianthusError)
        )
