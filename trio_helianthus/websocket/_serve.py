"""``serve_websocket``: a server of nothing but WebSockets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import trio

from trio_helianthus import core, http, net
from trio_helianthus.wire import websocket as wire

from ._accept import DEFAULT_DEFLATE
from ._endpoint import endpoint
from ._limits import WebSocketLimits
from ._server_connection import Handler

__all__ = ["serve_websocket"]


async def serve_websocket(
    handler: Handler,
    port: int = 0,
    *,
    host: str | None = "127.0.0.1",
    listeners: Sequence[net.SocketListener[net.SocketStream]] | None = None,
    ssl_context: net.TLSContextSource | None = None,
    subprotocols: Iterable[str] = (),
    origins: Iterable[str] | None = None,
    headers: http.HeaderTypes = (),
    limits: WebSocketLimits | None = None,
    deflate: wire.Deflate | None = DEFAULT_DEFLATE,
    engine: wire.Engine = wire.Engine.AUTO,
    http_limits: http.ServerLimits | None = None,
    lifecycle: core.Lifecycle | None = None,
    task_status: trio.TaskStatus[http.Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve WebSockets, at whatever path, until cancelled or drained.

    ::

        async with trio.open_nursery() as nursery:
            server = await nursery.start(websocket.serve_websocket, handler, 8000)
            print(server.url)

    Short for :func:`trio_helianthus.http.serve` with an :func:`endpoint`; beside HTTP routes, add
    that to their router. A drain closes every WebSocket with 1001, and cancels what still runs
    at the drain's deadline.

    :param handler: serves each WebSocket.
    :param port: the TCP port, 0 for any free one.
    :param host: the name or address to listen on; ``None`` means all interfaces.
    :param listeners: serve these, instead of ``port`` and ``host``.
    :param ssl_context: serve ``wss`` with this context.
    :param http_limits: what the handshake may cost, and how many connections there may be.
    :param lifecycle: drains the server; ``None`` means the one that encloses this call, if any.
    :param task_status: reports the :class:`~trio_helianthus.http.Server`.
    :raises NetworkError: the address cannot be listened on.
    :raises ServiceDraining: the enclosing lifecycle is draining.

    The other arguments are those of :func:`accept`. Cancelling this cancels every handler and
    cuts every connection.
    """
    await http.serve(
        endpoint(
            handler,
            subprotocols=subprotocols,
            origins=origins,
            headers=headers,
            limits=limits,
            deflate=deflate,
            engine=engine,
        ),
        port,
        host=host,
        listeners=listeners,
        ssl_context=ssl_context,
        limits=http_limits,
        lifecycle=lifecycle,
        task_status=task_status,
    )
