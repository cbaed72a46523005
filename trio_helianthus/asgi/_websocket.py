"""WebSocket handshakes, which are refused: the protocol has no area of its own yet."""

from __future__ import annotations

from trio_helianthus import http

__all__ = ["asks_for_websocket", "refuse_websocket"]


def asks_for_websocket(request: http.Request) -> bool:
    """Whether a request is the opening handshake of a WebSocket (:rfc:`6455` section 4.2.1)."""
    return request.headers.get("upgrade", "").lower() == "websocket"


def refuse_websocket() -> http.Response:
    """What a client gets when an app closes a WebSocket without accepting it, as ASGI has it."""
    return http.Response.text("this server accepts no WebSocket\n", status=403)
