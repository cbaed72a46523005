"""What an app is told about a request."""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import quote, unquote

from trio_helianthus import http
from trio_helianthus.net import SocketAddress

from ._messages import ASGI_VERSION, SPEC_VERSION, Scope
from ._tls_extension import tls_extension

__all__ = ["http_scope"]

_VERSIONS: Final = {"version": ASGI_VERSION, "spec_version": SPEC_VERSION}
_EXTENSIONS: Final[dict[str, dict[str, Any]]] = {
    "http.response.pathsend": {},
    "http.response.trailers": {},
}


def http_scope(
    request: http.Request,
    fields: list[tuple[bytes, bytes]],
    root_path: str,
    state: dict[str, Any],
) -> Scope:
    """The scope of one request. The app may change all of it but the versions.

    :param fields: the request's header fields, which are the app's from now on.
    :param root_path: what a proxy in front has taken off; the prefix that a router has taken off
        comes behind it. Both are put in front of the paths again, as ASGI has it.
    :param state: what the app's lifespan has left for its requests.
    :raises HTTPError: 400 where the path is not UTF-8.
    """
    raw_path, _, query = request.target.partition("?")
    path = raw_path
    if "%" in path or not path.startswith("/"):
        raw_path = request.raw_path
        path = request.path
    client_address, server_address, scheme, tls = request.endpoints
    scope: Scope = {
        "type": "http",
        "asgi": _VERSIONS,
        "http_version": request.http_version,
        "method": request.method,
        "scheme": scheme,
        "path": path,
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": root_path,
        "headers": fields,
        "client": _host_and_port(client_address),
        "server": _host_and_port(server_address),
        "state": state.copy(),
        "extensions": _EXTENSIONS.copy(),
    }
    if root_path or request.root_path:
        scope["root_path"] = root_path + unquote(request.root_path)
        scope["path"] = scope["root_path"] + path
        scope["raw_path"] = (quote(root_path) + request.root_path + raw_path).encode()
    if tls is not None:
        scope["extensions"]["tls"] = tls_extension(tls)
    return scope


def _host_and_port(address: SocketAddress | None) -> tuple[str, int | None] | None:
    """An address as ASGI has it; a unix socket is its path, and no port."""
    if isinstance(address, tuple):
        return address if len(address) == 2 else address[:2]
    return (os.fsdecode(address), None) if address else None
