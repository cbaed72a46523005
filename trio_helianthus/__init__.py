"""Structured concurrency for network programs on trio: a cancel scope that reaches across the wire.

Each area is a module of its own, imported when it is first used::

    import trio_helianthus as helianthus

    async with helianthus.http.open_client() as client:
        answer = await client.get("http://127.0.0.1:8080/", timeout=2)

``errors`` is the one error tree, ``core`` has tokens, timeouts, lifecycle and portals, ``net`` has
TCP and TLS, ``http`` has the client and the server, ``wire`` has the protocols without any I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from . import core as core
    from . import errors as errors
    from . import http as http
    from . import net as net
    from . import wire as wire

__all__ = ["core", "errors", "http", "net", "wire"]


def __getattr__(name: str) -> ModuleType:
    """Import an area the first time that it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
