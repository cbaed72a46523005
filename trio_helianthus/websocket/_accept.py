"""The server's handshake: a request that asks for a WebSocket, and the answer that opens it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from trio_helianthus import http
from trio_helianthus.wire import websocket as wire

from ._limits import WebSocketLimits
from ._server_connection import Acceptance

if TYPE_CHECKING:
    from ._server_connection import Handler

__all__ = ["DEFAULT_DEFLATE", "accept", "names_of"]

VERSION: Final = "13"
"""The only version of the protocol (RFC 6455, section 4.1)."""
DEFAULT_DEFLATE: Final = wire.Deflate()
"""How messages are compressed, unless told otherwise."""
DEFAULT_LIMITS: Final = WebSocketLimits()


def accept(
    request: http.Request,
    handler: Handler,
    *,
    subprotocols: Iterable[str] = (),
    origins: Iterable[str] | None = None,
    headers: http.HeaderTypes = (),
    limits: WebSocketLimits | None = None,
    deflate: wire.Deflate | None = DEFAULT_DEFLATE,
    engine: wire.Engine = wire.Engine.AUTO,
) -> http.Response:
    """Answer a request for a WebSocket, so that it goes on with ``handler``.

    For handlers that want to see the request first; :func:`endpoint` is the short form::

        @router.get("/chat")
        async def chat(request: http.Request) -> http.Response:
            if request.cookies.get("session") not in sessions:
                raise http.HTTPError(401)
            return websocket.accept(request, talk)

    Middleware stays in charge of the answer; behind it, the connection is the handler's.

    :param handler: serves the WebSocket.
    :param subprotocols: those that the handler speaks, the best first; the first that the client
        offers is taken. None in common is no error.
    :param origins: the ``Origin`` fields of pages that may come, such as
        ``"https://example.org"``; ``None`` means any, and a request without one, which no browser
        sends, is let in. The same-origin policy does not hold WebSockets back, so name them
        wherever cookies count.
    :param headers: header fields of the answer.
    :param limits: what the client may cost; ``None`` means :class:`WebSocketLimits` as it stands.
    :param deflate: how messages are compressed, if the client wants that; ``None`` for never.
    :param engine: what parses the frames.
    :raises HTTPError: 400 for a malformed request, 403 for another origin, 405 for another method,
        426 for a request that asks for no WebSocket, or another version of them.
    :raises TypeError: one string for ``subprotocols`` or ``origins``.
    """
    subprotocols = names_of(subprotocols, "subprotocols")
    origins = None if origins is None else names_of(origins, "origins")
    check_handshake(request)
    if origins is not None:
        check_origin(request, origins)
    answer = http.Headers(headers)
    answer["Sec-WebSocket-Accept"] = wire.accept_token(request.headers["sec-websocket-key"].strip())
    subprotocol = choose_subprotocol(request, subprotocols)
    if subprotocol is not None:
        answer["Sec-WebSocket-Protocol"] = subprotocol
    parameters = None
    offers = ",".join(request.headers.get_all("sec-websocket-extensions"))
    if deflate is not None and offers and (agreed := wire.accept_deflate(offers, deflate)):
        answer["Sec-WebSocket-Extensions"], parameters = agreed
    limits = DEFAULT_LIMITS if limits is None else limits
    acceptance = Acceptance(handler, request, limits, engine, subprotocol, parameters)
    return http.Response.upgrade("websocket", acceptance, headers=answer, on_drain=acceptance.drain)


def names_of(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Return several names.

    :raises TypeError: it is one, of which each character would be taken for a name.
    """
    if isinstance(names, str):
        raise TypeError(f"{what} has to be several strings, such as [{names!r}], and not one")
    return names if isinstance(names, tuple) else tuple(names)


def check_handshake(request: http.Request) -> None:
    """Check that a request asks for a WebSocket, and does it well (RFC 6455, section 4.2.1).

    :raises HTTPError: it does not.
    """
    if request.method != "GET":
        raise http.HTTPError(405, "a WebSocket begins with GET", {"Allow": "GET"})
    headers = request.headers
    if (
        request.http_version == "1.0"
        or "websocket" not in _tokens(headers, "upgrade")
        or "upgrade" not in _tokens(headers, "connection")
    ):
        wanted = {"Upgrade": "websocket", "Connection": "Upgrade"}
        raise http.HTTPError(426, "this is a WebSocket", wanted)
    versions = headers.get_all("sec-websocket-version")
    if [version.strip() for version in versions] != [VERSION]:
        told = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": VERSION}
        raise http.HTTPError(426, "another version of WebSocket", told)
    keys = headers.get_all("sec-websocket-key")
    if len(keys) != 1 or not wire.is_key(keys[0].strip()):
        raise http.HTTPError(400, "Sec-WebSocket-Key has to be 16 bytes in base64, once")


def check_origin(request: http.Request, origins: Iterable[str]) -> None:
    """Check where the page comes from that asks for a WebSocket (RFC 6455, section 10.2).

    :raises HTTPError: from somewhere else.
    """
    told = request.headers.get_all("origin")
    if not told:
        return
    allowed = {origin.lower().rstrip("/") for origin in origins}
    if len(told) > 1 or told[0].lower() not in allowed:
        raise http.HTTPError(403, "this origin may not open a WebSocket here")


def choose_subprotocol(request: http.Request, spoken: Iterable[str]) -> str | None:
    """Return the first subprotocol of ours that the client offers, if any."""
    offered = request.headers.get_all("sec-websocket-protocol")
    names = {name.strip() for line in offered for name in line.split(",")}
    return next((name for name in spoken if name in names), None)


def _tokens(headers: http.Headers, name: str) -> set[str]:
    lines = headers.get_all(name)
    return {token.strip().lower() for line in lines for token in line.split(",")}
