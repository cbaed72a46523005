# Made by scripts/generate_redis_commands.py; changes belong there.
"""Modules: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import Value


def module_loadex(
    path: str, options: Mapping[str, Value] | None = None, args: Iterable[Value] = ()
) -> tuple[Value, ...]:
    """Return the request of ``MODULE LOADEX``."""
    request: list[Value] = [b"MODULE", b"LOADEX", path]
    for pair in (options or {}).items():
        request += (b"CONFIG", *pair)
    arguments = list(args)
    if arguments:
        request += (b"ARGS", *arguments)
    return tuple(request)
