# Made by scripts/generate_redis_commands.py; changes belong there.
"""Slots of clusters: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._slots import (
    CLUSTER_ADDSLOTS,
    CLUSTER_ADDSLOTSRANGE,
    CLUSTER_CANCELSLOTMIGRATIONS,
    CLUSTER_COUNTKEYSINSLOT,
    CLUSTER_DELSLOTS,
    CLUSTER_DELSLOTSRANGE,
    CLUSTER_FLUSHSLOT,
    CLUSTER_FLUSHSLOTS,
    CLUSTER_GETKEYSINSLOT,
    CLUSTER_GETSLOTMIGRATIONS,
    CLUSTER_KEYSLOT,
    CLUSTER_MIGRATESLOTS,
    CLUSTER_SETSLOT,
    CLUSTER_SLOT_STATS,
    CLUSTER_SLOTS,
)
from .._requests import _slots as request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._values import Key


class QueuedSlotsCommands(CommandQueue[T]):
    """Slots of clusters."""

    def cluster_addslots(self, *slots: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_addslots`."""
        self._queue(CLUSTER_ADDSLOTS, request.cluster_addslots(*slots))
        return self

    def cluster_addslotsrange(self, *slots: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_addslotsrange`."""
        self._queue(CLUSTER_ADDSLOTSRANGE, request.cluster_addslotsrange(*slots))
        return self

    def cluster_cancelslotmigrations(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_cancelslotmigrations`."""
        self._queue(CLUSTER_CANCELSLOTMIGRATIONS, (b"CLUSTER", b"CANCELSLOTMIGRATIONS"))
        return self

    def cluster_countkeysinslot(self, slot_id: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_countkeysinslot`."""
        self._queue(CLUSTER_COUNTKEYSINSLOT, (b"CLUSTER", b"COUNTKEYSINSLOT", slot_id))
        return self

    def cluster_delslots(self, *slots: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_delslots`."""
        self._queue(CLUSTER_DELSLOTS, request.cluster_delslots(*slots))
        return self

    def cluster_delslotsrange(self, *slots: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_delslotsrange`."""
        self._queue(CLUSTER_DELSLOTSRANGE, request.cluster_delslotsrange(*slots))
        return self

    def cluster_flushslot(self, slot: int, mode: Literal["ASYNC", "SYNC"] | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_flushslot`."""
        self._queue(CLUSTER_FLUSHSLOT, request.cluster_flushslot(slot, mode))
        return self

    def cluster_flushslots(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_flushslots`."""
        self._queue(CLUSTER_FLUSHSLOTS, (b"CLUSTER", b"FLUSHSLOTS"))
        return self

    def cluster_get_keys_in_slot(self, slot: int, num_keys: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_get_keys_in_slot`."""
        self._queue(CLUSTER_GETKEYSINSLOT, request.cluster_get_keys_in_slot(slot, num_keys))
        return self

    def cluster_getslotmigrations(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_getslotmigrations`."""
        self._queue(CLUSTER_GETSLOTMIGRATIONS, (b"CLUSTER", b"GETSLOTMIGRATIONS"))
        return self

    def cluster_keyslot(self, key: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_keyslot`."""
        self._queue(CLUSTER_KEYSLOT, (b"CLUSTER", b"KEYSLOT", key))
        return self

    def cluster_migrateslots(self, slots: Iterable[tuple[int, int]], node_id: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_migrateslots`."""
        self._queue(CLUSTER_MIGRATESLOTS, request.cluster_migrateslots(slots, node_id))
        return self

    def cluster_setslot(
        self,
        node_id: str,
        slot_id: int,
        state: Literal["IMPORTING", "MIGRATING", "NODE"],
        timeout: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_setslot`."""
        self._queue(CLUSTER_SETSLOT, request.cluster_setslot(node_id, slot_id, state, timeout))
        return self

    def cluster_setslot_stable(self, slot_id: int, timeout: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_setslot_stable`."""
        self._queue(CLUSTER_SETSLOT, request.cluster_setslot_stable(slot_id, timeout))
        return self

    def cluster_slot_stats(
        self,
        slots: tuple[int, int] | None = None,
        orderby: str | None = None,
        limit: int | None = None,
        *,
        desc: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_slot_stats`."""
        self._queue(
            CLUSTER_SLOT_STATS, request.cluster_slot_stats(slots, orderby, limit, desc=desc)
        )
        return self

    def cluster_slots(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_slots`."""
        self._queue(CLUSTER_SLOTS, (b"CLUSTER", b"SLOTS"))
        return self
