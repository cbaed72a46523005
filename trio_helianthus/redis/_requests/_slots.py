# Made by scripts/generate_redis_commands.py; changes belong there.
"""Slots of clusters: what commands are on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .._arguments import at_least, several, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Value


def cluster_addslots(*slots: int) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER ADDSLOTS``."""
    if not slots:
        raise ValueError("no slots: give one at least")
    return (b"CLUSTER", b"ADDSLOTS", *slots)


def cluster_addslotsrange(*slots: int) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER ADDSLOTSRANGE``."""
    if not slots or len(slots) % 2:
        raise ValueError("slots are pairs: first and last of each range")
    return (b"CLUSTER", b"ADDSLOTSRANGE", *slots)


def cluster_delslots(*slots: int) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER DELSLOTS``."""
    if not slots:
        raise ValueError("no slots: give one at least")
    return (b"CLUSTER", b"DELSLOTS", *slots)


def cluster_delslotsrange(*slots: int) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER DELSLOTSRANGE``."""
    if not slots or len(slots) % 2:
        raise ValueError("slots are pairs: first and last of each range")
    return (b"CLUSTER", b"DELSLOTSRANGE", *slots)


def cluster_flushslot(slot: int, mode: Literal["ASYNC", "SYNC"] | None = None) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER FLUSHSLOT``."""
    request: list[Value] = [b"CLUSTER", b"FLUSHSLOT", slot]
    if mode is not None:
        request.append(word_of("mode", mode, ("ASYNC", "SYNC")))
    return tuple(request)


def cluster_get_keys_in_slot(slot: int, num_keys: int) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER GETKEYSINSLOT``."""
    at_least("num_keys", num_keys, 0)
    return (b"CLUSTER", b"GETKEYSINSLOT", slot, num_keys)


def cluster_migrateslots(slots: Iterable[tuple[int, int]], node_id: str) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER MIGRATESLOTS``."""
    ranges = several("slots", slots)
    return (
        b"CLUSTER",
        b"MIGRATESLOTS",
        b"SLOTSRANGE",
        *[slot for ends in ranges for slot in ends],
        b"NODE",
        node_id,
    )


def cluster_setslot(
    node_id: str,
    slot_id: int,
    state: Literal["IMPORTING", "MIGRATING", "NODE"],
    timeout: int | None = None,
) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER SETSLOT``."""
    chosen_state = word_of("state", state, ("IMPORTING", "MIGRATING", "NODE"))
    request: list[Value] = [b"CLUSTER", b"SETSLOT", slot_id, chosen_state, node_id]
    if timeout is not None:
        at_least("timeout", timeout, 0)
        request += (b"TIMEOUT", timeout)
    return tuple(request)


def cluster_setslot_stable(slot_id: int, timeout: int | None = None) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER SETSLOT``."""
    request: list[Value] = [b"CLUSTER", b"SETSLOT", slot_id, b"STABLE"]
    if timeout is not None:
        at_least("timeout", timeout, 0)
        request += (b"TIMEOUT", timeout)
    return tuple(request)


def cluster_slot_stats(
    slots: tuple[int, int] | None = None,
    orderby: str | None = None,
    limit: int | None = None,
    *,
    desc: bool = False,
) -> tuple[Value, ...]:
    """Return the request of ``CLUSTER SLOT-STATS``."""
    if (slots is None) == (orderby is None):
        raise ValueError("give slots or orderby")
    if orderby is None and (limit is not None or desc):
        raise ValueError("limit and desc need orderby")
    request: list[Value] = [b"CLUSTER", b"SLOT-STATS"]
    if slots is not None:
        request += (b"SLOTSRANGE", *slots)
    if orderby is not None:
        request += (b"ORDERBY", orderby)
    if limit is not None:
        at_least("limit", limit, 1)
        request += (b"LIMIT", limit)
    if desc:
        request.append(b"DESC")
    return tuple(request)
