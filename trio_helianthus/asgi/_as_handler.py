"""``asgi.as_handler``: an app as a handler of our server."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Final

from trio_helianthus import http, websocket

from ._exchange import Exchange
from ._messages import ASGIApp
from ._scope import http_scope, websocket_scope
from ._websocket import asks_for_websocket, offered_subprotocols, serve_websocket

__all__ = ["DEFAULT_DEFLATE", "as_handler", "check_app"]

DEFAULT_DEFLATE: Final = websocket.Deflate()
"""How the messages of WebSockets are compressed, unless told otherwise."""
_NAME: Final = itemgetter(0)
"""Of a header field."""


def as_handler(
    app: ASGIApp,
    *,
    state: Mapping[str, Any] | None = None,
    root_path: str = "",
    websocket_limits: websocket.WebSocketLimits | None = None,
    websocket_deflate: websocket.Deflate | None = DEFAULT_DEFLATE,
) -> http.Handler:
    """Make an ASGI app a handler, for :func:`http.serve <trio_helianthus.http.serve>` or a route.

    Its requests run in the task of their connection, as those of any handler do, and are
    cancelled when the client is gone. What the app does behind a complete answer, as background
    tasks of Starlette do, is not cancelled then, but by the end of the server; the next request
    on the same connection waits for it.

    A request for a WebSocket is one, too, until the app accepts it. From then on it is not
    cancelled, but told by ``websocket.disconnect`` when its client is gone; only an app that does
    not notice that within the ``closed_grace`` seconds of ``websocket_limits`` is (``math.inf``:
    never), so what has to be done at the end belongs into a ``finally``.

    Nothing is told of start and end: that is the business of :func:`open_lifespan`, or of
    :func:`serve`, which does both.

    :param app: an ASGI 3 app that runs on trio.
    :param state: each request gets a shallow copy of this, as it stands then, as
        ``scope["state"]``.
    :param root_path: the path that a proxy has taken off in front of us, or under which a router
        has the app; ``scope["path"]`` begins with it. Without a slash at its end.
    :param websocket_limits: what a client may cost by WebSocket; ``None`` means
        :class:`~trio_helianthus.websocket.WebSocketLimits` as it stands.
    :param websocket_deflate: how messages are compressed, if the client wants that; ``None`` for
        never.
    :raises TypeError: for an app that cannot be called.
    :raises ValueError: for a ``root_path`` that ends with a slash or does not begin with one.

    The handler raises :class:`AppError`, which the server answers with 500 or a reset and
    reports, where the app returns without a complete answer.
    """
    check_app(app)
    if root_path and (not root_path.startswith("/") or root_path.endswith("/")):
        raise ValueError(
            f"a root_path begins with a slash and does not end with one: {root_path!r}"
        )
    shared: Mapping[str, Any] = {} if state is None else state

    async def handle(request: http.Request) -> http.HandlerResult:
        fields = list(request.raw_headers)
        scope = http_scope(request, fields, root_path, shared)
        if b"upgrade" in map(_NAME, fields) and asks_for_websocket(request):
            scope = websocket_scope(scope, offered_subprotocols(request))
            return await serve_websocket(app, request, scope, websocket_limits, websocket_deflate)
        exchange = Exchange(request)
        try:
            await app(scope, exchange.receive, exchange.send)
        except BaseException as exc:
            exchange.ended_by(exc)
            raise
        return exchange.answer or exchange.returned()

    return handle


def check_app(app: ASGIApp) -> None:
    """Refuse what cannot be an app.

    :raises TypeError: it cannot be called.
    """
    if not callable(app):
        raise TypeError(f"an ASGI app is an async function of scope, receive and send, not {app!r}")
