# Made by scripts/generate_redis_commands.py; changes belong there.
"""Clusters: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, word_of

if TYPE_CHECKING:
    from .._values import Key, Value


def cluster_failover(option: Literal["FORCE", "TAKEOVER"] | None = None) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER FAILOVER``."""
    request: list[Value] = [b"CLUSTER", b"FAILOVER"]
    if option is not None:
        request.append(word_of("option", option, ("FORCE", "TAKEOVER")))
    return tuple(request)


def cluster_meet(host: str, port: int, bus_port: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER MEET``."""
    request: list[Value] = [b"CLUSTER", b"MEET", host, port]
    if bus_port is not None:
        request.append(bus_port)
    return tuple(request)


def cluster_replicate(node_id: str | None) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER REPLICATE``."""
    request: list[Value] = [b"CLUSTER", b"REPLICATE"]
    if node_id is None:
        request += (b"NO", b"ONE")
    else:
        request.append(node_id)
    return tuple(request)


def cluster_set_config_epoch(epoch: int) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER SET-CONFIG-EPOCH``."""
    at_least("epoch", epoch, 0)
    return (b"CLUSTER", b"SET-CONFIG-EPOCH", epoch)


def clusterscan(
    cursor: Key = "0",
    match: Key | None = None,
    count: int | None = None,
    _type: str | None = None,
    slot: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``CLUSTERSCAN``."""
    request: list[Value] = [b"CLUSTERSCAN", cursor]
    if match is not None:
        request += (b"MATCH", match)
    if count is not None:
        at_least("count", count, 1)
        request += (b"COUNT", count)
    if _type is not None:
        request += (b"TYPE", _type)
    if slot is not None:
        at_least("slot", slot, 0)
        request += (b"SLOT", slot)
    return tuple(request)
