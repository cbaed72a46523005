"""``asgi.transport``: an app, called by our client without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trio_helianthus import http, websocket

from ._as_handler import DEFAULT_DEFLATE, as_handler, check_app
from ._lifespan import SHUTDOWN_SECONDS, STARTUP_SECONDS, LifespanMode, open_lifespan
from ._messages import ASGIApp

__all__ = ["transport"]


@asynccontextmanager
async def transport(
    app: ASGIApp,
    *,
    limits: http.ServerLimits | None = None,
    root_path: str = "",
    websocket_limits: websocket.WebSocketLimits | None = None,
    websocket_deflate: websocket.Deflate | None = DEFAULT_DEFLATE,
    lifespan: LifespanMode = "auto",
    startup_timeout: float = STARTUP_SECONDS,
    shutdown_timeout: float = SHUTDOWN_SECONDS,
) -> AsyncIterator[http.Transport]:
    """Start an app up, and give a client a way to it that needs no socket.

    ::

        async with (
            asgi.transport(app) as transport,
            http.open_client("http://app", transport=transport) as client,
        ):
            assert (await client.get("/health")).status == 200

    A WebSocket is opened with ``websocket.open_websocket("/chat", client=client)``.

    What the client sends is HTTP all the same, and runs through the server's code: what works here
    works over a socket. Close the client first, as above: what is still open is cut.

    :param app: an ASGI 3 app that runs on trio.
    :param limits: the server's; ``None`` means :class:`~trio_helianthus.http.ServerLimits` as it
        stands.
    :param root_path: as for :func:`as_handler`.
    :param websocket_limits: as for :func:`as_handler`.
    :param websocket_deflate: as for :func:`as_handler`.
    :param lifespan: ``"auto"``, ``"on"`` or ``"off"``, as for :func:`open_lifespan`.
    :param startup_timeout: seconds until the app has to be ready.
    :param shutdown_timeout: seconds until it has to be done, when the body has ended.
    :returns: what ``transport=`` of :func:`trio_helianthus.http.open_client` takes.
    :raises LifespanFailed: the app could not start up or shut down.
    :raises OperationTimeout: the app took too long to.
    """
    check_app(app)
    async with (
        open_lifespan(
            app, lifespan, startup_timeout=startup_timeout, shutdown_timeout=shutdown_timeout
        ) as state,
        http.in_process(
            as_handler(
                app,
                state=state,
                root_path=root_path,
                websocket_limits=websocket_limits,
                websocket_deflate=websocket_deflate,
            ),
            limits=limits,
        ) as inside,
    ):
        yield inside
