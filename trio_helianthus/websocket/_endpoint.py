"""An endpoint: a WebSocket handler as a handler of the HTTP router."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Final, overload

from trio_helianthus import http
from trio_helianthus.wire import websocket as wire

from ._accept import DEFAULT_DEFLATE, accept, names_of
from ._limits import WebSocketLimits
from ._server_connection import Handler

__all__ = ["endpoint"]

_ORIGIN: Final = re.compile(r"null|[A-Za-z][A-Za-z0-9+.-]*://[^/?#@*\s]+/?")
"""What a browser says of a page (RFC 6454, section 6.2); one slash more is let pass."""


@overload
def endpoint(
    handler: Handler,
    *,
    subprotocols: Iterable[str] = ...,
    origins: Iterable[str] | None = ...,
    headers: http.HeaderTypes = ...,
    limits: WebSocketLimits | None = ...,
    deflate: wire.Deflate | None = ...,
    engine: wire.Engine = ...,
) -> http.Handler: ...


@overload
def endpoint(
    handler: None = None,
    *,
    subprotocols: Iterable[str] = ...,
    origins: Iterable[str] | None = ...,
    headers: http.HeaderTypes = ...,
    limits: WebSocketLimits | None = ...,
    deflate: wire.Deflate | None = ...,
    engine: wire.Engine = ...,
) -> Callable[[Handler], http.Handler]: ...


def endpoint(
    handler: Handler | None = None,
    *,
    subprotocols: Iterable[str] = (),
    origins: Iterable[str] | None = None,
    headers: http.HeaderTypes = (),
    limits: WebSocketLimits | None = None,
    deflate: wire.Deflate | None = DEFAULT_DEFLATE,
    engine: wire.Engine = wire.Engine.AUTO,
) -> http.Handler | Callable[[Handler], http.Handler]:
    """Make a handler of WebSockets one of requests, for a router or for :func:`http.serve`.

    ::

        @router.get("/echo")
        @websocket.endpoint
        async def echo(connection: websocket.ServerConnection) -> None:
            async for message in connection:
                await connection.send(message)

    The arguments are those of :func:`accept`. A request that asks for no WebSocket is answered
    with 426.

    :param handler: serves each WebSocket; left out, a decorator is returned that takes it.
    :raises TypeError: for a handler that cannot be called, or is a function that is not
        ``async def``, and as :func:`accept`.
    :raises ValueError: one of ``origins`` is none, such as ``"example.org"`` or ``"*"``, and would
        let in no page.
    """
    subprotocols = names_of(subprotocols, "subprotocols")
    origins = None if origins is None else _check_origins(names_of(origins, "origins"))
    headers = http.Headers(headers)

    def decorate(handler: Handler) -> http.Handler:
        _check_handler(handler)

        async def open_websocket(request: http.Request) -> http.Response:
            return accept(
                request,
                handler,
                subprotocols=subprotocols,
                origins=origins,
                headers=headers,
                limits=limits,
                deflate=deflate,
                engine=engine,
            )

        return open_websocket

    return decorate if handler is None else decorate(handler)


def _check_handler(handler: Handler) -> None:
    what = "a WebSocket handler has to be an async function"
    if not callable(handler):
        raise TypeError(f"{what}, not {handler!r}")
    if inspect.isfunction(handler) and not inspect.iscoroutinefunction(handler):
        raise TypeError(f"{what} (async def): {handler.__name__}")


def _check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"{origin!r} is no origin, as https://example.org is; leave origins out for any"
            )
    return origins
