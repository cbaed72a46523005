# Made by scripts/generate_redis_commands.py; changes belong there.
"""Functions: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import KeySpec
from .._replies import functions, functions_state, no_value, text

FCALL: Final = Command("FCALL", keys=(KeySpec(2, count_at=0, first_at=1),))
FCALL_RO: Final = Command(
    "FCALL_RO", CommandFlag.READONLY, keys=(KeySpec(2, count_at=0, first_at=1),)
)
FUNCTION_DELETE: Final = Command(
    "FUNCTION DELETE", decode=no_value, request_policy="all_shards", response_policy="all_succeeded"
)
FUNCTION_DUMP: Final = Command("FUNCTION DUMP", CommandFlag.RAW | CommandFlag.REPEATABLE)
FUNCTION_FLUSH: Final = Command(
    "FUNCTION FLUSH", decode=no_value, request_policy="all_shards", response_policy="all_succeeded"
)
FUNCTION_HELP: Final = Command("FUNCTION HELP", CommandFlag.REPEATABLE)
FUNCTION_KILL: Final = Command(
    "FUNCTION KILL", decode=no_value, request_policy="all_shards", response_policy="one_succeeded"
)
FUNCTION_LIST: Final = Command("FUNCTION LIST", CommandFlag.REPEATABLE, decode=functions)
FUNCTION_LOAD: Final = Command(
    "FUNCTION LOAD", decode=text, request_policy="all_shards", response_policy="all_succeeded"
)
FUNCTION_RESTORE: Final = Command(
    "FUNCTION RESTORE",
    decode=no_value,
    request_policy="all_shards",
    response_policy="all_succeeded",
)
FUNCTION_STATS: Final = Command(
    "FUNCTION STATS",
    CommandFlag.REPEATABLE,
    decode=functions_state,
    request_policy="all_shards",
    response_policy="special",
)

COMMANDS: Final = (
    FCALL,
    FCALL_RO,
    FUNCTION_DELETE,
    FUNCTION_DUMP,
    FUNCTION_FLUSH,
    FUNCTION_HELP,
    FUNCTION_KILL,
    FUNCTION_LIST,
    FUNCTION_LOAD,
    FUNCTION_RESTORE,
    FUNCTION_STATS,
)
"""One for each command."""
