# Made by scripts/generate_redis_commands.py; changes belong there.
"""Diagnostics: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import SECOND_KEY
from .._replies import (
    event_times,
    latencies,
    latency_histograms,
    logged_commands,
    memory_stats,
    no_value,
    text,
)

COMMANDLOG_GET: Final = Command(
    "COMMANDLOG GET",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=logged_commands,
    request_policy="all_nodes",
)
COMMANDLOG_HELP: Final = Command("COMMANDLOG HELP", CommandFlag.REPEATABLE)
COMMANDLOG_LEN: Final = Command(
    "COMMANDLOG LEN",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    request_policy="all_nodes",
    response_policy="agg_sum",
)
COMMANDLOG_RESET: Final = Command(
    "COMMANDLOG RESET",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
LATENCY_DOCTOR: Final = Command(
    "LATENCY DOCTOR",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=text,
    request_policy="all_nodes",
    response_policy="special",
)
LATENCY_GRAPH: Final = Command(
    "LATENCY GRAPH",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=text,
    request_policy="all_nodes",
    response_policy="special",
)
LATENCY_HELP: Final = Command("LATENCY HELP", CommandFlag.REPEATABLE)
LATENCY_HISTOGRAM: Final = Command(
    "LATENCY HISTOGRAM",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=latency_histograms,
    request_policy="all_nodes",
    response_policy="special",
)
LATENCY_HISTORY: Final = Command(
    "LATENCY HISTORY",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=event_times,
    request_policy="all_nodes",
    response_policy="special",
)
LATENCY_LATEST: Final = Command(
    "LATENCY LATEST",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=latencies,
    request_policy="all_nodes",
    response_policy="special",
)
LATENCY_RESET: Final = Command(
    "LATENCY RESET", CommandFlag.ADMIN, request_policy="all_nodes", response_policy="agg_sum"
)
LOLWUT: Final = Command("LOLWUT", CommandFlag.READONLY, decode=text)
MEMORY_DOCTOR: Final = Command(
    "MEMORY DOCTOR",
    CommandFlag.REPEATABLE,
    decode=text,
    request_policy="all_shards",
    response_policy="special",
)
MEMORY_HELP: Final = Command("MEMORY HELP", CommandFlag.REPEATABLE)
MEMORY_MALLOC_STATS: Final = Command(
    "MEMORY MALLOC-STATS",
    CommandFlag.REPEATABLE,
    decode=text,
    request_policy="all_shards",
    response_policy="special",
)
MEMORY_PURGE: Final = Command(
    "MEMORY PURGE", decode=no_value, request_policy="all_shards", response_policy="all_succeeded"
)
MEMORY_STATS: Final = Command(
    "MEMORY STATS",
    CommandFlag.REPEATABLE,
    decode=memory_stats,
    request_policy="all_shards",
    response_policy="special",
)
MEMORY_USAGE: Final = Command("MEMORY USAGE", CommandFlag.READONLY, keys=SECOND_KEY)
SLOWLOG_GET: Final = Command(
    "SLOWLOG GET",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    decode=logged_commands,
    request_policy="all_nodes",
)
SLOWLOG_HELP: Final = Command("SLOWLOG HELP", CommandFlag.REPEATABLE)
SLOWLOG_LEN: Final = Command(
    "SLOWLOG LEN",
    CommandFlag.ADMIN | CommandFlag.REPEATABLE,
    request_policy="all_nodes",
    response_policy="agg_sum",
)
SLOWLOG_RESET: Final = Command(
    "SLOWLOG RESET",
    CommandFlag.ADMIN,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)

COMMANDS: Final = (
    COMMANDLOG_GET,
    COMMANDLOG_HELP,
    COMMANDLOG_LEN,
    COMMANDLOG_RESET,
    LATENCY_DOCTOR,
    LATENCY_GRAPH,
    LATENCY_HELP,
    LATENCY_HISTOGRAM,
    LATENCY_HISTORY,
    LATENCY_LATEST,
    LATENCY_RESET,
    LOLWUT,
    MEMORY_DOCTOR,
    MEMORY_HELP,
    MEMORY_MALLOC_STATS,
    MEMORY_PURGE,
    MEMORY_STATS,
    MEMORY_USAGE,
    SLOWLOG_GET,
    SLOWLOG_HELP,
    SLOWLOG_LEN,
    SLOWLOG_RESET,
)
"""One for each command."""
