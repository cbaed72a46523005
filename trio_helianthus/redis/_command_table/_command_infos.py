# Made by scripts/generate_redis_commands.py; changes belong there.
"""What the server says of its commands: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import command_docs, command_infos, keys_and_flags, texts

COMMAND: Final = Command("COMMAND", CommandFlag.REPEATABLE, decode=command_infos)
COMMAND_COUNT: Final = Command("COMMAND COUNT", CommandFlag.REPEATABLE)
COMMAND_DOCS: Final = Command("COMMAND DOCS", CommandFlag.REPEATABLE, decode=command_docs)
COMMAND_GETKEYS: Final = Command("COMMAND GETKEYS", CommandFlag.REPEATABLE)
COMMAND_GETKEYSANDFLAGS: Final = Command(
    "COMMAND GETKEYSANDFLAGS", CommandFlag.REPEATABLE, decode=keys_and_flags
)
COMMAND_HELP: Final = Command("COMMAND HELP", CommandFlag.REPEATABLE)
COMMAND_INFO: Final = Command("COMMAND INFO", CommandFlag.REPEATABLE, decode=command_infos)
COMMAND_LIST: Final = Command("COMMAND LIST", CommandFlag.REPEATABLE, decode=texts)

COMMANDS: Final = (
    COMMAND,
    COMMAND_COUNT,
    COMMAND_DOCS,
    COMMAND_GETKEYS,
    COMMAND_GETKEYSANDFLAGS,
    COMMAND_HELP,
    COMMAND_INFO,
    COMMAND_LIST,
)
"""One for each command."""
