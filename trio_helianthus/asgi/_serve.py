"""``asgi.serve``: a server for one app, from its startup to its shutdown."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from trio_helianthus import core, http, net, websocket
from trio_helianthus.wire import http1

from ._as_handler import DEFAULT_DEFLATE, as_handler, check_app
from ._lifespan import SHUTDOWN_SECONDS, STARTUP_SECONDS, LifespanMode, open_lifespan
from ._messages import ASGIApp

__all__ = ["serve"]


async def serve(
    app: ASGIApp,
    port: int = 0,
    *,
    host: str | None = "127.0.0.1",
    listeners: Sequence[net.SocketListener[net.SocketStream]] | None = None,
    ssl_context: net.TLSContextSource | None = None,
    limits: http.ServerLimits | None = None,
    engine: http1.Engine = http1.Engine.AUTO,
    root_path: str = "",
    websocket_limits: websocket.WebSocketLimits | None = None,
    websocket_deflate: websocket.Deflate | None = DEFAULT_DEFLATE,
    lifespan: LifespanMode = "auto",
    startup_timeout: float = STARTUP_SECONDS,
    shutdown_timeout: float = SHUTDOWN_SECONDS,
    lifecycle: core.Lifecycle | None = None,
    task_status: trio.TaskStatus[http.Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Start an ASGI app up, serve it until cancelled or drained, and shut it down.

    ::

        async with trio.open_nursery() as nursery:
            server = await nursery.start(asgi.serve, app, 8000)
            print(server.url)

    Nobody can connect before the app has started up. A drain closes WebSockets with 1001, waits
    for the requests that run, and then for the app to shut down. Cancelling this cancels the
    requests, and then gives the app ``shutdown_timeout`` seconds to shut down all the same.

    The app runs on trio. Starlette, FastAPI and Litestar do; of Quart, the app to use is
    ``QuartTrio`` from the package quart-trio. See :func:`as_handler` for how requests are run.

    :param app: an ASGI 3 app.
    :param root_path: as for :func:`as_handler`.
    :param websocket_limits: as for :func:`as_handler`.
    :param websocket_deflate: as for :func:`as_handler`.
    :param lifespan: ``"auto"``, ``"on"`` or ``"off"``, as for :func:`open_lifespan`.
    :param startup_timeout: seconds until the app has to be ready.
    :param shutdown_timeout: seconds until it has to be done, when it has been told to end.
    :param task_status: reports the :class:`trio_helianthus.http.Server`.
    :raises LifespanFailed: the app could not start up or shut down.
    :raises OperationTimeout: the app took too long to.
    :raises TypeError: for an app that cannot be called.
    :raises ValueError: for a bad ``root_path`` or ``lifespan``.
    :raises NetworkError: the address cannot be listened on.
    :raises ServiceDraining: the enclosing lifecycle is draining.

    All other arguments are those of :func:`trio_helianthus.http.serve`.
    """
    check_app(app)
    async with open_lifespan(
        app, lifespan, startup_timeout=startup_timeout, shutdown_timeout=shutdown_timeout
    ) as state:
        await http.serve(
            as_handler(
                app,
                state=state,
                root_path=root_path,
                websocket_limits=websocket_limits,
                websocket_deflate=websocket_deflate,
            ),
            port,
            host=host,
            listeners=listeners,
            ssl_context=ssl_context,
            limits=limits,
            engine=engine,
            lifecycle=lifecycle,
            task_status=task_status,
        )
