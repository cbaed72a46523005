"""WebSocket handshakes, which are refused: the protocol has no area of its own yet."""

from __future__ import annotations

from trio_helianthus import http

__all__ = ["asks_for_websocket", "refuse_websocket"]


def asks_for_websocket(request: http.Request) -> bool:
    """Whether a request is the opening handshake of a WebSocket (:rfc:`6455` section 4.2.1).

    One that only names the protocol is any other request (:rfc:`9110` section 7.8).
    """
    return (
        request.method == "GET"
        and request.http_version == "1.1"
        and "websocket" in _options(request, "upgrade")
        and "upgrade" in _options(request, "connection")
    )


def _options(request: http.Request, name: str) -> list[str]:
    return [option.strip() for option in request.headers.get(name, "").lower().split(",")]


def refuse_websocket() -> http.Response:
    """What a client gets when an app closes a WebSocket without accepting it, as ASGI has it."""
    return http.Response.text("this server accepts no WebSocket\n", status=403)
