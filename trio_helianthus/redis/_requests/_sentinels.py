# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sentinels: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._arguments import at_least

if TYPE_CHECKING:
    from .._values import Value


def sentinel_failover(service_name: str, *, coordinated: bool = False) -> tuple[Value, ...]:
    """Return the request of ``SENTINEL FAILOVER``."""
    request: list[Value] = [b"SENTINEL", b"FAILOVER", service_name]
    if coordinated:
        request.append(b"COORDINATED")
    return tuple(request)


def sentinel_info_cache(*names: str) -> tuple[Value, ...]:
    """Return the request of ``SENTINEL INFO-CACHE``."""
    if not names:
        raise ValueError("no names: give one at least")
    return (b"SENTINEL", b"INFO-CACHE", *names)


def sentinel_monitor(name: str, ip: str, port: int, quorum: int) -> tuple[Value, ...]:
    """Return the request of ``SENTINEL MONITOR``."""
    at_least("quorum", quorum, 1)
    return (b"SENTINEL", b"MONITOR", name, ip, port, quorum)
