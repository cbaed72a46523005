# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sentinels: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import (
    address,
    cached_infos,
    is_down,
    list_of_named,
    listed_by_name,
    named_texts,
    named_texts_or_none,
    no_value,
    text,
)

SENTINEL_CKQUORUM: Final = Command(
    "SENTINEL CKQUORUM", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=text
)
SENTINEL_CONFIG: Final = Command("SENTINEL CONFIG", CommandFlag.ADMIN, decode=no_value)
SENTINEL_CONFIG_GET: Final = Command("SENTINEL CONFIG", CommandFlag.ADMIN, decode=named_texts)
SENTINEL_DEBUG: Final = Command("SENTINEL DEBUG", CommandFlag.ADMIN, decode=named_texts_or_none)
SENTINEL_FAILOVER: Final = Command("SENTINEL FAILOVER", CommandFlag.ADMIN, decode=no_value)
SENTINEL_FLUSHCONFIG: Final = Command("SENTINEL FLUSHCONFIG", CommandFlag.ADMIN, decode=no_value)
SENTINEL_GET_MASTER_ADDR_BY_NAME: Final = Command(
    "SENTINEL GET-MASTER-ADDR-BY-NAME", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=address
)
SENTINEL_GET_PRIMARY_ADDR_BY_NAME: Final = Command(
    "SENTINEL GET-PRIMARY-ADDR-BY-NAME", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=address
)
SENTINEL_HELP: Final = Command("SENTINEL HELP", CommandFlag.REPEATABLE)
SENTINEL_INFO_CACHE: Final = Command(
    "SENTINEL INFO-CACHE", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=cached_infos
)
SENTINEL_IS_MASTER_DOWN_BY_ADDR: Final = Command(
    "SENTINEL IS-MASTER-DOWN-BY-ADDR", CommandFlag.ADMIN, decode=is_down
)
SENTINEL_IS_PRIMARY_DOWN_BY_ADDR: Final = Command(
    "SENTINEL IS-PRIMARY-DOWN-BY-ADDR", CommandFlag.ADMIN, decode=is_down
)
SENTINEL_MASTER: Final = Command(
    "SENTINEL MASTER", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=named_texts
)
SENTINEL_MASTERS: Final = Command(
    "SENTINEL MASTERS", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=listed_by_name
)
SENTINEL_MONITOR: Final = Command("SENTINEL MONITOR", CommandFlag.ADMIN, decode=no_value)
SENTINEL_MYID: Final = Command(
    "SENTINEL MYID", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=text
)
SENTINEL_PENDING_SCRIPTS: Final = Command(
    "SENTINEL PENDING-SCRIPTS", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=list_of_named
)
SENTINEL_PRIMARIES: Final = Command(
    "SENTINEL PRIMARIES", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=listed_by_name
)
SENTINEL_PRIMARY: Final = Command(
    "SENTINEL PRIMARY", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=named_texts
)
SENTINEL_REMOVE: Final = Command("SENTINEL REMOVE", CommandFlag.ADMIN, decode=no_value)
SENTINEL_REPLICAS: Final = Command(
    "SENTINEL REPLICAS", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=listed_by_name
)
SENTINEL_RESET: Final = Command("SENTINEL RESET", CommandFlag.ADMIN)
SENTINEL_SENTINELS: Final = Command(
    "SENTINEL SENTINELS", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=listed_by_name
)
SENTINEL_SET: Final = Command("SENTINEL SET", CommandFlag.ADMIN, decode=no_value)
SENTINEL_SIMULATE_FAILURE: Final = Command("SENTINEL SIMULATE-FAILURE", CommandFlag.ADMIN)
SENTINEL_SLAVES: Final = Command(
    "SENTINEL SLAVES", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=listed_by_name
)

COMMANDS: Final = (
    SENTINEL_CKQUORUM,
    SENTINEL_CONFIG,
    SENTINEL_DEBUG,
    SENTINEL_FAILOVER,
    SENTINEL_FLUSHCONFIG,
    SENTINEL_GET_MASTER_ADDR_BY_NAME,
    SENTINEL_GET_PRIMARY_ADDR_BY_NAME,
    SENTINEL_HELP,
    SENTINEL_INFO_CACHE,
    SENTINEL_IS_MASTER_DOWN_BY_ADDR,
    SENTINEL_IS_PRIMARY_DOWN_BY_ADDR,
    SENTINEL_MASTER,
    SENTINEL_MASTERS,
    SENTINEL_MONITOR,
    SENTINEL_MYID,
    SENTINEL_PENDING_SCRIPTS,
    SENTINEL_PRIMARIES,
    SENTINEL_PRIMARY,
    SENTINEL_REMOVE,
    SENTINEL_REPLICAS,
    SENTINEL_RESET,
    SENTINEL_SENTINELS,
    SENTINEL_SET,
    SENTINEL_SIMULATE_FAILURE,
    SENTINEL_SLAVES,
)
"""One for each command."""
