"""What an app is told about a request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from trio_helianthus import http
from trio_helianthus.net import SocketAddress

from ._messages import ASGI_VERSION, SPEC_VERSION, Scope
from ._tls_extension import tls_extension

__all__ = ["http_scope", "websocket_scope"]

_VERSIONS: Final = {"version": ASGI_VERSION, "spec_version": SPEC_VERSION}
_EXTENSIONS: Final[dict[str, dict[str, Any]]] = {
    "http.response.pathsend": {},
    "http.response.trailers": {},
}


def http_scope(
    request: http.Request,
    fields: list[tuple[bytes, bytes]],
    root_path: str,
    state: Mapping[str, Any],
) -> Scope:
    """The scope of one request. The app may change all of it, but not what is in ``asgi`` and in
    an extension.

    :param fields: the request's header fields, which are the app's from now on.
    :param root_path: what a proxy in front has taken off; the prefix that a router has taken off
        comes behind it. Both are put in front of the paths again, as ASGI has it.
    :param state: what the app's lifespan has left for its requests.
    :raises HTTPError: 400 where the path is not UTF-8.
    """
    endpoints = request.endpoints
    blank: dict[str, Any] | None = endpoints.kept
    if blank is None:
        blank = endpoints.kept = _blank_scope(endpoints)
    target = request.target
    path, _, query = target.partition("?")
    # Filling in a copy of all keys costs half of what making a new one does.
    scope = blank.copy()
    scope["http_version"] = request.http_version
    scope["method"] = request.method
    scope["path"] = path
    scope["raw_path"] = path.encode()
    scope["query_string"] = query.encode()
    scope["headers"] = fields
    scope["state"] = dict(state)
    scope["extensions"] = blank["extensions"].copy()
    if root_path or request.root_path or "%" in path or target[0] != "/":
        _name_place(scope, request, root_path)
    return scope


def websocket_scope(scope: Scope, subprotocols: list[str]) -> Scope:
    """The scope of a WebSocket.

    :param scope: that of the request which asks for it.
    :param subprotocols: what the client offers.
    """
    scope["type"] = "websocket"
    scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
    scope["subprotocols"] = subprotocols
    tls = scope["extensions"].get("tls")
    scope["extensions"] = {"websocket.http.response": {}}
    if tls is not None:
        scope["extensions"]["tls"] = tls
    del scope["method"]
    return scope


def _blank_scope(endpoints: http.Endpoints) -> dict[str, Any]:
    """What is the same for every request on a connection, and places for the rest."""
    extensions = _EXTENSIONS.copy()
    if endpoints.tls is not None:
        extensions["tls"] = tls_extension(endpoints.tls)
    return {
        "type": "http",
        "asgi": _VERSIONS,
        "http_version": None,
        "method": None,
        "scheme": endpoints.scheme,
        "path": None,
        "raw_path": None,
        "query_string": None,
        "root_path": "",
        "headers": None,
        "client": _host_and_port(endpoints.client_address),
        "server": _host_and_port(endpoints.server_address),
        "state": None,
        "extensions": extensions,
    }


def _name_place(scope: dict[str, Any], request: http.Request, root_path: str) -> None:
    """Paths that are not just what the client has sent."""
    path, raw_path = request.path, request.raw_path
    if path.startswith("/"):  # else it is "*", the server as a whole
        path = root_path + unquote(request.root_path) + path
        raw_path = quote(root_path) + request.root_path + raw_path
    scope["path"] = path
    scope["raw_path"] = raw_path.encode()
    scope["root_path"] = root_path + unquote(request.root_path)


def _host_and_port(address: SocketAddress | None) -> tuple[str, int | None] | None:
    """An address as ASGI has it; a unix socket is its path, and no port."""
    if isinstance(address, tuple):
        return address if len(address) == 2 else address[:2]
    return (os.fsdecode(address), None) if address else None
