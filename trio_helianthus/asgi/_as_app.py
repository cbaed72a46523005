"""``asgi.as_app``: a handler or router of ours as an app under another server."""

from __future__ import annotations

import trio

from trio_helianthus import core, http

from ._guest_request import GuestRequest
from ._guest_websocket import GuestHandshake
from ._messages import AppError, ASGIApp, Receive, Scope, Send

__all__ = ["as_app"]

_NEEDS_TRIO = (
    "this app runs on trio, and this server on something else: run it with trio_helianthus "
    "itself, or with hypercorn --worker-class trio"
)


def as_app(handler: http.Handler, *, limits: http.ServerLimits | None = None) -> ASGIApp:
    """Make a router of ours an ASGI app, to run it under another server.

    The server must run trio, as hypercorn with ``--worker-class trio`` does, and our own. uvicorn
    and granian run asyncio, where no code of this package works: there the app fails at its start
    with a message that says so.

    ::

        app = asgi.as_app(router)  # hypercorn --worker-class trio module:app

    A handler is cancelled when its client is gone, as far as the server tells: once the whole body
    of the request has been received. One message of it is received ahead of the handler, unless the
    client waits for ``100 Continue``. What a handler's exceptions lead to is the server's business,
    except for :exc:`~trio_helianthus.http.HTTPError`, which is answered. Every timeout is the
    server's. It has nothing to do at startup and shutdown.

    The routes of :func:`websocket.endpoint <trio_helianthus.websocket.endpoint>` work, with their
    own limits and pings behind those of the server; compression is the server's business. A refusal
    is an HTTP answer where the server has the extension for it, and 403 elsewhere. Upgrades to
    other protocols and tunnels are answered with 501.

    :param handler: a router, or any async function from a request to what a handler may return.
    :param limits: only ``max_body_bytes`` counts here; ``None`` means
        :class:`~trio_helianthus.http.ServerLimits` as it stands.
    :raises TypeError: for a handler that cannot be called.

    Under asyncio the app raises :exc:`RuntimeError`, and reports a failed startup where the server
    asks for one.
    """
    if not callable(handler):
        raise TypeError(f"a handler must be an async function, not {handler!r}")
    used_limits = limits or http.ServerLimits()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await _live(receive, send)
        elif not trio.lowlevel.in_trio_task():
            raise RuntimeError(_NEEDS_TRIO)
        elif kind == "http":
            await _answer(handler, GuestRequest(scope, receive, send, used_limits))
        elif kind == "websocket":
            await receive()
            await _answer(handler, GuestHandshake(scope, receive, send, used_limits))
        else:
            raise AppError(f"this app knows no scope of type {kind!r}")

    return app


async def _live(receive: Receive, send: Send) -> None:
    """Answer the lifespan's questions; by asyncio, too, to say why nothing else works there."""
    await receive()
    if not trio.lowlevel.in_trio_task():
        await send({"type": "lifespan.startup.failed", "message": _NEEDS_TRIO})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(handler: http.Handler, request: GuestRequest) -> None:
    async with core.open_background_nursery() as background:
        background.start_soon(_cancel_when_gone, request, background.cancel_scope)
        try:
            result = await handler(request)
            if request.writer is None:
                await request.answer(http.as_response(result))
            elif not request.writer.finished:
                await request.writer.finish()
        except http.HTTPError as error:
            if request.writer is not None:
                raise
            text = f"{error.detail}\n"
            response = http.Response.text(text, status=error.status, headers=error.headers)
            await request.answer(response)
        finally:
            request.body.close()


async def _cancel_when_gone(request: GuestRequest, scope: trio.CancelScope) -> None:
    await request.watch()
    if request.writer is None or not request.writer.finished:
        scope.cancel(reason="the client is gone")
