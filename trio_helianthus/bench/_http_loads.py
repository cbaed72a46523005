"""The loads of the HTTP benchmark: what is asked, byte by byte, and what has to be answered."""

from __future__ import annotations

import enum
from typing import Final

import attrs

VARIETY: Final = 64
"""How many different requests take turns."""
PIPELINE: Final = 16
"""How many requests are under way on a connection at a time, where they are pipelined."""
POST_BYTES: Final = 1024
ROUTES: Final = 1000
ROUTE_STEP: Final = 20
"""Every which of the thousand routes is asked for."""

_BROWSER: Final = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:1{0:02}.0) Gecko/20100101 Firefox/1{0:02}.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-GB,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: http://127.0.0.1/list?page={0}&sort=name",
    "Connection: keep-alive",
    "Cookie: session=5b1f0c{0:02}e9a74d3c; theme=dark; seen={0}",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
)


class HTTPLoad(enum.StrEnum):
    """What is measured."""

    GET = "get"
    """GET with the short head of a load generator, the same each time, which names a route with
    a parameter."""
    BROWSER = "browser"
    """GET with the twelve fields that a browser sends; path, agent, referer and cookie vary."""
    PIPELINED = "pipelined"
    """The short GET, sixteen at a time on each connection."""
    POST = "post"
    """POST of 1 KiB, which is read."""
    ROUTES = "routes"
    """GET of a router with a thousand more routes."""
    ASGI = "asgi"
    """The short GET of the same Starlette app."""
    WORKERS = "workers"
    """The short GET of a server with so many processes, all of them counted."""
    CLIENT = "client"
    """GET by a client, from 64 tasks at a time, of nginx; the client is counted."""
    MEMORY = "memory"
    """Connections that have had an answer and are idle."""


@attrs.frozen
class Exchange:
    """A request, and the body of its answer.

    :param request: the bytes.
    :param body: what the answer has to contain.
    """

    request: bytes
    body: bytes


def exchanges(load: HTTPLoad) -> list[Exchange]:
    """Return the requests of a load, which take turns on each connection."""
    match load:
        case HTTPLoad.BROWSER:
            return [_get(f"/hello/user{number:02}", number) for number in range(VARIETY)]
        case HTTPLoad.POST:
            return [_post(b"x" * POST_BYTES)]
        case HTTPLoad.ROUTES:
            return [_route(number) for number in range(0, ROUTES, ROUTE_STEP)]
        case _:
            return [_get("/hello/World")]


def pipelined_by(load: HTTPLoad) -> int:
    """Return how many requests are under way on a connection at a time."""
    return PIPELINE if load is HTTPLoad.PIPELINED else 1


def route_of(number: int) -> str:
    """Return the beginning of one of the thousand paths."""
    return f"/v1/things{number}"


def _head(line: str, *fields: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: 127.0.0.1", *fields, "", ""]).encode()


def _get(path: str, browser: int | None = None) -> Exchange:
    fields = [] if browser is None else [field.format(browser) for field in _BROWSER]
    name = path.rpartition("/")[2]
    return Exchange(_head(f"GET {path}", *fields), f"Hello, {name}!".encode())


def _route(number: int) -> Exchange:
    return Exchange(_head(f"GET {route_of(number)}/7"), b"7")


def _post(body: bytes) -> Exchange:
    head = _head(
        "POST /length", "Content-Type: application/octet-stream", f"Content-Length: {len(body)}"
    )
    return Exchange(head + body, str(len(body)).encode())
