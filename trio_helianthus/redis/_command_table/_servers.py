# Made by scripts/generate_redis_commands.py; changes belong there.
"""Servers: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import info, named, no_value, role, text, time

BGREWRITEAOF: Final = Command("BGREWRITEAOF", CommandFlag.ADMIN, decode=text)
BGSAVE: Final = Command("BGSAVE", CommandFlag.ADMIN, decode=text)
CONFIG_GET: Final = Command("CONFIG GET", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=named)
CONFIG_HELP: Final = Command("CONFIG HELP", CommandFlag.REPEATABLE)
CONFIG_RESETSTAT: Final = Command(
    "CONFIG RESETSTAT",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
CONFIG_REWRITE: Final = Command(
    "CONFIG REWRITE",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
CONFIG_SET: Final = Command(
    "CONFIG SET",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
DBSIZE: Final = Command(
    "DBSIZE", CommandFlag.READONLY, request_policy="all_shards", response_policy="agg_sum"
)
DEBUG: Final = Command("DEBUG", CommandFlag.ADMIN)
FAILOVER: Final = Command("FAILOVER", CommandFlag.ADMIN, decode=no_value)
FLUSHALL: Final = Command(
    "FLUSHALL", decode=no_value, request_policy="all_shards", response_policy="all_succeeded"
)
FLUSHDB: Final = Command(
    "FLUSHDB", decode=no_value, request_policy="all_shards", response_policy="all_succeeded"
)
INFO: Final = Command(
    "INFO",
    CommandFlag.REPEATABLE,
    decode=info,
    request_policy="all_shards",
    response_policy="special",
)
LASTSAVE: Final = Command("LASTSAVE", CommandFlag.REPEATABLE)
MONITOR: Final = Command("MONITOR", CommandFlag.STATEFUL | CommandFlag.ADMIN)
PSYNC: Final = Command("PSYNC", CommandFlag.STATEFUL | CommandFlag.ADMIN)
REPLCONF: Final = Command("REPLCONF", CommandFlag.STATEFUL | CommandFlag.ADMIN)
REPLICAOF: Final = Command("REPLICAOF", CommandFlag.ADMIN, decode=no_value)
ROLE: Final = Command("ROLE", CommandFlag.REPEATABLE, decode=role)
SAVE: Final = Command("SAVE", CommandFlag.ADMIN, decode=no_value)
SHUTDOWN: Final = Command("SHUTDOWN", CommandFlag.BLOCKING | CommandFlag.ADMIN, decode=no_value)
SLAVEOF: Final = Command("SLAVEOF", CommandFlag.ADMIN, decode=no_value)
SWAPDB: Final = Command("SWAPDB", decode=no_value)
SYNC: Final = Command("SYNC", CommandFlag.STATEFUL | CommandFlag.ADMIN)
TIME: Final = Command("TIME", CommandFlag.REPEATABLE, decode=time)

COMMANDS: Final = (
    BGREWRITEAOF,
    BGSAVE,
    CONFIG_GET,
    CONFIG_HELP,
    CONFIG_RESETSTAT,
    CONFIG_REWRITE,
    CONFIG_SET,
    DBSIZE,
    DEBUG,
    FAILOVER,
    FLUSHALL,
    FLUSHDB,
    INFO,
    LASTSAVE,
    MONITOR,
    PSYNC,
    REPLCONF,
    REPLICAOF,
    ROLE,
    SAVE,
    SHUTDOWN,
    SLAVEOF,
    SWAPDB,
    SYNC,
    TIME,
)
"""One for each command."""
