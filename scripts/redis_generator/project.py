"""Which files are generated, of what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .tables import GROUPS
from .writing_methods import commands_file, commands_room, pipelined_file, pipelined_room
from .writing_page import page
from .writing_requests import request_file
from .writing_table import table_file, table_room

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["REPOSITORY", "generate", "obsolete", "pinned_commands"]

REPOSITORY: Final = Path(__file__).parent.parent.parent
ROOM: Final = "trio_helianthus/redis"
_FOLDERS: Final = ("_command_table", "_commands", "_pipelined", "_requests")


def pinned_commands() -> dict[str, Any]:
    """Return what the server has said of its commands."""
    text = REPOSITORY.joinpath("scripts/redis_commands.json").read_text("utf-8")
    pinned: dict[str, Any] = json.loads(text)
    return pinned


def generate() -> dict[str, str]:
    """Return all files: their places in the repository, and their texts.

    :raises ValueError: a command has no method and no reason for it, or a table names one that the
        server does not have.
    """
    pinned = pinned_commands()
    check_complete(pinned)
    files = {}
    for group in GROUPS:
        file = f"_{group.name}.py"
        files[f"{ROOM}/_command_table/{file}"] = table_file(group, pinned)
        files[f"{ROOM}/_commands/{file}"] = commands_file(group)
        if (requests := request_file(group)) is not None:
            files[f"{ROOM}/_requests/{file}"] = requests
        if not group.is_stateful:
            files[f"{ROOM}/_pipelined/{file}"] = pipelined_file(group)
    files[f"{ROOM}/_command_table/__init__.py"] = table_room(GROUPS)
    files[f"{ROOM}/_commands/__init__.py"] = commands_room(GROUPS)
    files[f"{ROOM}/_pipelined/__init__.py"] = pipelined_room(
        [group for group in GROUPS if not group.is_stateful]
    )
    files[f"{ROOM}/_requests/__init__.py"] = _REQUESTS
    files["docs/reference/redis-commands.rst"] = page(GROUPS, pinned)
    return files


def check_complete(pinned: Mapping[str, Any]) -> None:
    """Check that each command has its place."""
    commands = pinned["commands"]
    placed = {method.command for group in GROUPS for method in group.methods}
    placed |= {each.command for group in GROUPS for each in group.left_out}
    wanted = {name for name, said in commands.items() if not said["subcommands"]} | {"COMMAND"}
    if wanted != placed:
        raise ValueError(
            f"without a method: {sorted(wanted - placed)}; unknown: {sorted(placed - wanted)}"
        )


def obsolete(into: Path, files: Iterable[str]) -> list[Path]:
    """Return the generated files that are not among ``files``."""
    wanted = {into / path for path in files}
    return [
        path
        for folder in _FOLDERS
        for path in sorted((into / ROOM / folder).glob("*.py"))
        if path not in wanted
    ]


_REQUESTS: Final = '''\
# Made by scripts/generate_redis_commands.py; changes belong there.
"""From Python arguments to what commands are on the wire; mistakes are raised."""

from __future__ import annotations
'''
