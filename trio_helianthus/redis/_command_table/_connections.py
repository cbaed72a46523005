# Made by scripts/generate_redis_commands.py; changes belong there.
"""Connections: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._replies import boolean, client_info, client_list, is_something, no_value, tracking_info

CLIENT_GETNAME: Final = Command("CLIENT GETNAME", CommandFlag.REPEATABLE)
CLIENT_GETREDIR: Final = Command("CLIENT GETREDIR", CommandFlag.REPEATABLE)
CLIENT_HELP: Final = Command("CLIENT HELP", CommandFlag.REPEATABLE)
CLIENT_ID: Final = Command("CLIENT ID", CommandFlag.REPEATABLE)
CLIENT_INFO: Final = Command("CLIENT INFO", CommandFlag.REPEATABLE, decode=client_info)
CLIENT_KILL: Final = Command("CLIENT KILL", CommandFlag.ADMIN, decode=no_value)
CLIENT_KILL_FILTER: Final = Command("CLIENT KILL", CommandFlag.ADMIN)
CLIENT_LIST: Final = Command(
    "CLIENT LIST", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=client_list
)
CLIENT_PAUSE: Final = Command("CLIENT PAUSE", CommandFlag.ADMIN, decode=no_value)
CLIENT_REPLY: Final = Command("CLIENT REPLY", CommandFlag.STATEFUL)
CLIENT_TRACKINGINFO: Final = Command(
    "CLIENT TRACKINGINFO", CommandFlag.REPEATABLE, decode=tracking_info
)
CLIENT_UNBLOCK: Final = Command("CLIENT UNBLOCK", CommandFlag.ADMIN, decode=boolean)
CLIENT_UNPAUSE: Final = Command("CLIENT UNPAUSE", CommandFlag.ADMIN, decode=no_value)
ECHO: Final = Command("ECHO", CommandFlag.REPEATABLE)
HELLO: Final = Command("HELLO", CommandFlag.STATEFUL)
PING: Final = Command(
    "PING",
    CommandFlag.REPEATABLE,
    decode=is_something,
    request_policy="all_shards",
    response_policy="all_succeeded",
)
PING_MESSAGE: Final = Command(
    "PING", CommandFlag.REPEATABLE, request_policy="all_shards", response_policy="all_succeeded"
)
QUIT: Final = Command("QUIT", CommandFlag.STATEFUL)
RESET: Final = Command("RESET", CommandFlag.STATEFUL)

COMMANDS: Final = (
    CLIENT_GETNAME,
    CLIENT_GETREDIR,
    CLIENT_HELP,
    CLIENT_ID,
    CLIENT_INFO,
    CLIENT_KILL,
    CLIENT_LIST,
    CLIENT_PAUSE,
    CLIENT_REPLY,
    CLIENT_TRACKINGINFO,
    CLIENT_UNBLOCK,
    CLIENT_UNPAUSE,
    ECHO,
    HELLO,
    PING,
    QUIT,
    RESET,
)
"""One for each command."""
