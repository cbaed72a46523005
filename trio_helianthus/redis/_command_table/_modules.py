# Made by scripts/generate_redis_commands.py; changes belong there.
"""Modules: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import modules, no_value

MODULE_HELP: Final = Command("MODULE HELP", CommandFlag.REPEATABLE)
MODULE_LIST: Final = Command(
    "MODULE LIST", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=modules
)
MODULE_LOAD: Final = Command("MODULE LOAD", CommandFlag.ADMIN, decode=no_value)
MODULE_LOADEX: Final = Command("MODULE LOADEX", CommandFlag.ADMIN, decode=no_value)
MODULE_UNLOAD: Final = Command("MODULE UNLOAD", CommandFlag.ADMIN, decode=no_value)

COMMANDS: Final = (MODULE_HELP, MODULE_LIST, MODULE_LOAD, MODULE_LOADEX, MODULE_UNLOAD)
"""One for each command."""
