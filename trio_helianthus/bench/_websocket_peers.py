"""Who takes part in the WebSocket benchmark, and what is to be shown by it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import attrs

from ._goals import Goal
from ._websocket_loads import WebSocketLoad

if TYPE_CHECKING:
    from collections.abc import Iterable

_L = WebSocketLoad
_ECHOES: Final = frozenset({_L.ECHO_32, _L.ECHO_1K, _L.ECHO_64K})
_ALL: Final = frozenset(WebSocketLoad)


@attrs.frozen
class WebSocketPeer:
    """A server.

    Its program is started as ``*command load``. It listens on a port of 127.0.0.1, prints that
    number in a line, and ends when there is no more to read on its stdin. It accepts WebSockets at
    ``/`` and echoes their messages. Under loads that publish, a connection that says ``join``
    joins the audience, and for each ``publish`` all of them are sent what ``published_text()``
    returns.

    :param name: what it is called in the table and on the command line.
    :param command: its program, with arguments.
    :param loads: in which it takes part.
    :param packages: what it needs that may not be installed.
    """

    name: str
    command: tuple[str, ...]
    loads: frozenset[WebSocketLoad] = _ALL
    packages: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not installed."""
        return [package for package in self.packages if not _is_there(package)]


def _is_there(package: str) -> bool:
    parent = package.rpartition(".")[0]  # looking for a part imports what it is a part of
    return (not parent or _is_there(parent)) and find_spec(package) is not None


def _trio(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{__package__}._websocket_trio_servers", *arguments)


def _asyncio(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"{__package__}._websocket_asyncio_servers", *arguments)


WEBSOCKET_PEERS: Final = (
    WebSocketPeer("helianthus", _trio("ours", "own"), packages=("websockets",)),
    WebSocketPeer("helianthus-pure", _trio("ours", "pure"), _ECHOES),
    WebSocketPeer("helianthus-wsproto", _trio("ours", "wsproto"), _ECHOES),
    WebSocketPeer("websockets-trio", _trio("websockets"), packages=("websockets.trio",)),
    WebSocketPeer("trio-websocket", _trio("trio-websocket"), packages=("trio_websocket",)),
    WebSocketPeer(
        "websockets", _asyncio("websockets", "asyncio"), packages=("websockets.asyncio",)
    ),
    WebSocketPeer(
        "websockets-uvloop",
        _asyncio("websockets", "uvloop"),
        packages=("websockets.asyncio", "uvloop"),
    ),
    WebSocketPeer("aiohttp", _asyncio("aiohttp", "asyncio"), packages=("aiohttp",)),
    WebSocketPeer("aiohttp-uvloop", _asyncio("aiohttp", "uvloop"), packages=("aiohttp", "uvloop")),
    WebSocketPeer("picows-uvloop", _asyncio("picows", "uvloop"), packages=("picows", "uvloop")),
)
"""Every server that takes part, ours first."""

WEBSOCKET_GOALS: Final = (
    *(Goal(load, "helianthus", "websockets-trio", 0.35) for load in sorted(_ECHOES)),
    *(Goal(load, "helianthus", "aiohttp", 1.0) for load in sorted(_ECHOES)),
    Goal(_L.BROADCAST, "helianthus", "websockets-trio", 1 / 8),
    Goal(_L.BROADCAST, "helianthus", "picows-uvloop", 1.15),
    Goal(_L.STALLED, "helianthus", "helianthus", 1.5, "p99", "p99_before"),
    Goal(_L.MEMORY, "helianthus", "websockets-trio", 1.0),
)
"""What the library is to reach."""


def find_websocket_peers(names: Iterable[str]) -> tuple[WebSocketPeer, ...]:
    """Return the peers of these names, installed or not.

    :raises ValueError: no peer has such a name.
    """
    names = tuple(names)
    known = {peer.name: peer for peer in WEBSOCKET_PEERS}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"no peer is called {unknown[0]}; there are {', '.join(known)}")
    return tuple(known[name] for name in names)
