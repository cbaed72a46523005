# Made by scripts/generate_redis_commands.py; changes belong there.
"""Scripts: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import KeySpec
from .._replies import all_booleans, no_value, text

EVAL: Final = Command("EVAL", keys=(KeySpec(2, count_at=0, first_at=1),))
EVALSHA: Final = Command("EVALSHA", keys=(KeySpec(2, count_at=0, first_at=1),))
EVALSHA_RO: Final = Command(
    "EVALSHA_RO", CommandFlag.READONLY, keys=(KeySpec(2, count_at=0, first_at=1),)
)
EVAL_RO: Final = Command(
    "EVAL_RO", CommandFlag.READONLY, keys=(KeySpec(2, count_at=0, first_at=1),)
)
SCRIPT_DEBUG: Final = Command("SCRIPT DEBUG", CommandFlag.STATEFUL)
SCRIPT_EXISTS: Final = Command(
    "SCRIPT EXISTS",
    CommandFlag.REPEATABLE,
    decode=all_booleans,
    request_policy="all_shards",
    response_policy="agg_logical_and",
)
SCRIPT_FLUSH: Final = Command(
    "SCRIPT FLUSH", decode=no_value, request_policy="all_nodes", response_policy="all_succeeded"
)
SCRIPT_HELP: Final = Command("SCRIPT HELP", CommandFlag.REPEATABLE)
SCRIPT_KILL: Final = Command(
    "SCRIPT KILL", decode=no_value, request_policy="all_shards", response_policy="one_succeeded"
)
SCRIPT_LOAD: Final = Command(
    "SCRIPT LOAD", decode=text, request_policy="all_nodes", response_policy="all_succeeded"
)
SCRIPT_SHOW: Final = Command("SCRIPT SHOW", CommandFlag.REPEATABLE)

COMMANDS: Final = (
    EVAL,
    EVALSHA,
    EVALSHA_RO,
    EVAL_RO,
    SCRIPT_DEBUG,
    SCRIPT_EXISTS,
    SCRIPT_FLUSH,
    SCRIPT_HELP,
    SCRIPT_KILL,
    SCRIPT_LOAD,
    SCRIPT_SHOW,
)
"""One for each command."""
