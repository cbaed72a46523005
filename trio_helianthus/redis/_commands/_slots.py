# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Slots of clusters: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._command_runner import CommandRunner, T
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

    from trio_helianthus.core import CancelToken

    from .._replies import SlotRange
    from .._values import Key


class SlotsCommands(CommandRunner[T]):
    """Slots of clusters."""

    async def cluster_addslots(
        self, *slots: int, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server serve slots.

        :raises ValueError: there are no ``slots``.
        """
        return await self._run(CLUSTER_ADDSLOTS, request.cluster_addslots(*slots), timeout, token)

    async def cluster_addslotsrange(
        self, *slots: int, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server serve ranges of slots.

        :param slots: first and last of each range by turns.
        :raises ValueError: they are no pairs, or there are none.
        """
        return await self._run(
            CLUSTER_ADDSLOTSRANGE, request.cluster_addslotsrange(*slots), timeout, token
        )

    async def cluster_cancelslotmigrations(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """End all moves of slots."""
        return await self._run(
            CLUSTER_CANCELSLOTMIGRATIONS, (b"CLUSTER", b"CANCELSLOTMIGRATIONS"), timeout, token
        )

    async def cluster_countkeysinslot(
        self, slot_id: int, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the keys of a slot."""
        return await self._run(
            CLUSTER_COUNTKEYSINSLOT, (b"CLUSTER", b"COUNTKEYSINSLOT", slot_id), timeout, token
        )

    async def cluster_delslots(
        self, *slots: int, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server not know who serves slots.

        :raises ValueError: there are no ``slots``.
        """
        return await self._run(CLUSTER_DELSLOTS, request.cluster_delslots(*slots), timeout, token)

    async def cluster_delslotsrange(
        self, *slots: int, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server not know who serves ranges of slots.

        :param slots: first and last of each range by turns.
        :raises ValueError: they are no pairs, or there are none.
        """
        return await self._run(
            CLUSTER_DELSLOTSRANGE, request.cluster_delslotsrange(*slots), timeout, token
        )

    async def cluster_flushslot(
        self,
        slot: int,
        mode: Literal["ASYNC", "SYNC"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Delete all keys of a slot.

        :param mode: whether to wait for it.
        :raises ValueError: ``mode`` is none of these.
        """
        return await self._run(
            CLUSTER_FLUSHSLOT, request.cluster_flushslot(slot, mode), timeout, token
        )

    async def cluster_flushslots(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server not know who serves any slot."""
        return await self._run(CLUSTER_FLUSHSLOTS, (b"CLUSTER", b"FLUSHSLOTS"), timeout, token)

    async def cluster_get_keys_in_slot(
        self,
        slot: int,
        num_keys: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[T]:
        """Return keys of a slot.

        :param num_keys: how many at most.
        :raises ValueError: ``num_keys`` is negative.
        """
        return await self._run(
            CLUSTER_GETKEYSINSLOT, request.cluster_get_keys_in_slot(slot, num_keys), timeout, token
        )

    async def cluster_getslotmigrations(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, Any]]:
        """Return the moves of slots, those that go on and those that are over."""
        return await self._run(
            CLUSTER_GETSLOTMIGRATIONS, (b"CLUSTER", b"GETSLOTMIGRATIONS"), timeout, token
        )

    async def cluster_keyslot(
        self, key: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return the slot of a key."""
        return await self._run(CLUSTER_KEYSLOT, (b"CLUSTER", b"KEYSLOT", key), timeout, token)

    async def cluster_migrateslots(
        self,
        slots: Iterable[tuple[int, int]],
        node_id: str,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Move slots, with all their keys, to another server.

        :param slots: ranges: the first and the last slot of each.
        :param node_id: who is to have them.
        :raises ValueError: there are no ``slots``.
        """
        return await self._run(
            CLUSTER_MIGRATESLOTS, request.cluster_migrateslots(slots, node_id), timeout, token
        )

    async def cluster_setslot(
        self,
        node_id: str,
        slot_id: int,
        state: Literal["IMPORTING", "MIGRATING", "NODE"],
        timeout: int | None = None,
        *,
        token: CancelToken | None = None,
    ) -> None:
        """Say where a slot comes from, goes to, or is.

        :param node_id: the other server.
        :param state: it comes from there, it goes there, or it is there.
        :param timeout: how long to wait for replicas, in milliseconds.
        :raises ValueError: ``state`` is none of these; ``timeout`` is negative.
        """
        return await self._run(
            CLUSTER_SETSLOT, request.cluster_setslot(node_id, slot_id, state, timeout), None, token
        )

    async def cluster_setslot_stable(
        self, slot_id: int, timeout: int | None = None, *, token: CancelToken | None = None
    ) -> None:
        """Say that a slot moves no more.

        :param timeout: how long to wait for replicas, in milliseconds.
        :raises ValueError: ``timeout`` is negative.
        """
        return await self._run(
            CLUSTER_SETSLOT, request.cluster_setslot_stable(slot_id, timeout), None, token
        )

    async def cluster_slot_stats(
        self,
        slots: tuple[int, int] | None = None,
        orderby: str | None = None,
        limit: int | None = None,
        *,
        desc: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> dict[int, dict[str, int]]:
        """Return numbers for slots that the server serves.

        :param slots: the first and the last.
        :param orderby: a number, such as ``"key-count"``.
        :param limit: so many at most.
        :param desc: the largest first.
        :raises ValueError: there is neither ``slots`` nor ``orderby``, or both; there is ``limit``
            without ``orderby``; ``limit`` is less than 1.
        """
        return await self._run(
            CLUSTER_SLOT_STATS,
            request.cluster_slot_stats(slots, orderby, limit, desc=desc),
            timeout,
            token,
        )

    async def cluster_slots(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[SlotRange]:
        """Return which servers have which slots.

        It is deprecated: use :meth:`cluster_shards`.
        """
        return await self._run(CLUSTER_SLOTS, (b"CLUSTER", b"SLOTS"), timeout, token)
