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

__all__ = ["http_scope"]

_EXTENSIONS: Final[dict[str, dict[str, Any]]] = {
    "http.response.pathsend": {},
    "http.response.trailers": {},
}
_BLANK: Final[dict[str, Any]] = {
    "type": "http",
    "asgi": {"version": ASGI_VERSION, "spec_version": SPEC_VERSION},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "root_path": "",
    "headers": [],
    "client": None,
    "server": None,
    "state": {},
    "extensions": {},
}
"""All keys of a scope: filling a copy in costs half of what making a new one does."""


def http_scope(
    request: http.Request,
    fields: list[tuple[bytes, bytes]],
    root_path: str,
    state: Mapping[str, Any],
) -> Scope:
    """The scope of one request. The app may change all of it but the versions.

    :param fields: the request's header fields, which are the app's from now on.
    :param root_path: what a proxy in front has taken off; the prefix that a router has taken off
        comes behind it. Both are put in front of the paths again, as ASGI has it.
    :param state: what the app's lifespan has left for its requests.
    :raises HTTPError: 400 where the path is not UTF-8.
    """
    path, _, query = request.target.partition("?")
    client, server, scheme, tls = request.endpoints
    scope = _BLANK.copy()
    scope["http_version"] = request.http_version
    scope["method"] = request.method
    scope["scheme"] = scheme
    scope["path"] = path
    scope["raw_path"] = path.encode()
    scope["query_string"] = query.encode()
    scope["headers"] = fields
    scope["client"] = _host_and_port(client)
    scope["server"] = _host_and_port(server)
    scope["state"] = dict(state)
    scope["extensions"] = _EXTENSIONS.copy()
    if root_path or request.root_path or "%" in path or path[:1] != "/":
        _name_place(scope, request, root_path)
    if tls is not None:
        scope["extensions"]["tls"] = tls_extension(tls)
    return scope


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
