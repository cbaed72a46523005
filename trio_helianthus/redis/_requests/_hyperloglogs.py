# Made by scripts/generate_redis_commands.py; changes belong there.
"""HyperLogLogs: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._values import Key, Value


def pfcount(*sources: Key) -> tuple[Value, ...]:
    """Return the request of ``PFCOUNT``."""
    if not sources:
        raise ValueError("no sources: give one at least")
    return (b"PFCOUNT", *sources)
