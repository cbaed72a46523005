"""Structured concurrency for network programs on trio: a cancel scope that reaches across the wire.

Each area is a module of its own, imported when it is first used::

    import trio_helianthus as helianthus

    async with helianthus.http.open_client() as client:
        answer = await client.get("http://127.0.0.1:8080/", timeout=2)

``errors`` is the one error tree, ``core`` has tokens, timeouts, lifecycle and portals, ``net`` has
TCP and TLS, ``http`` has the client and the server, ``websocket`` both
sides of WebSockets, ``asgi`` runs ASGI apps, ``wire`` has the protocols without any I/O,
``testing`` has the test kit, ``bench`` the benchmarks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import asgi as asgi
    from . import bench as bench
    from . import core as core
    from . import errors as errors
    from . import http as http
    from . import net as net
    from . import testing as testing
    from . import websocket as websocket
    from . import wire as wire

    __version__: str

__all__ = ["asgi", "bench", "core", "errors", "http", "net", "testing", "websocket", "wire"]


if not TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        """Import an area, or look the version up, the first time that it is asked for."""
        if name in __all__:
            from importlib import import_module

            return import_module(f"{__name__}.{name}")
        if name == "__version__":
            from importlib.metadata import version

            return version(__name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
