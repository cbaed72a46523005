# Made by scripts/generate_redis_commands.py; changes belong there.
"""Slots of clusters: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import list_of_named, no_value, slot_ranges, slot_statistics

CLUSTER_ADDSLOTS: Final = Command("CLUSTER ADDSLOTS", CommandFlag.ADMIN, decode=no_value)
CLUSTER_ADDSLOTSRANGE: Final = Command("CLUSTER ADDSLOTSRANGE", CommandFlag.ADMIN, decode=no_value)
CLUSTER_CANCELSLOTMIGRATIONS: Final = Command(
    "CLUSTER CANCELSLOTMIGRATIONS", CommandFlag.ADMIN, decode=no_value
)
CLUSTER_COUNTKEYSINSLOT: Final = Command("CLUSTER COUNTKEYSINSLOT", CommandFlag.REPEATABLE)
CLUSTER_DELSLOTS: Final = Command("CLUSTER DELSLOTS", CommandFlag.ADMIN, decode=no_value)
CLUSTER_DELSLOTSRANGE: Final = Command("CLUSTER DELSLOTSRANGE", CommandFlag.ADMIN, decode=no_value)
CLUSTER_FLUSHSLOT: Final = Command("CLUSTER FLUSHSLOT", CommandFlag.ADMIN, decode=no_value)
CLUSTER_FLUSHSLOTS: Final = Command("CLUSTER FLUSHSLOTS", CommandFlag.ADMIN, decode=no_value)
CLUSTER_GETKEYSINSLOT: Final = Command("CLUSTER GETKEYSINSLOT", CommandFlag.REPEATABLE)
CLUSTER_GETSLOTMIGRATIONS: Final = Command(
    "CLUSTER GETSLOTMIGRATIONS", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=list_of_named
)
CLUSTER_KEYSLOT: Final = Command("CLUSTER KEYSLOT", CommandFlag.REPEATABLE)
CLUSTER_MIGRATESLOTS: Final = Command("CLUSTER MIGRATESLOTS", CommandFlag.ADMIN, decode=no_value)
CLUSTER_SETSLOT: Final = Command("CLUSTER SETSLOT", CommandFlag.ADMIN, decode=no_value)
CLUSTER_SLOTS: Final = Command("CLUSTER SLOTS", CommandFlag.REPEATABLE, decode=slot_ranges)
CLUSTER_SLOT_STATS: Final = Command(
    "CLUSTER SLOT-STATS",
    CommandFlag.REPEATABLE,
    decode=slot_statistics,
    request_policy="all_shards",
)

COMMANDS: Final = (
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
    CLUSTER_SLOTS,
    CLUSTER_SLOT_STATS,
)
"""One for each command."""
