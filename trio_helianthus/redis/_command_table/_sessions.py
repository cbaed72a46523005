# Made by scripts/generate_redis_commands.py; changes belong there.
"""Lent connections: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ALL_KEYS
from .._replies import no_value, pair

ASKING: Final = Command("ASKING", CommandFlag.STATEFUL, decode=no_value)
AUTH: Final = Command("AUTH", CommandFlag.STATEFUL, decode=no_value)
CLIENT_CACHING: Final = Command("CLIENT CACHING", CommandFlag.STATEFUL, decode=no_value)
CLIENT_CAPA: Final = Command("CLIENT CAPA", CommandFlag.STATEFUL, decode=no_value)
CLIENT_IMPORT_SOURCE: Final = Command("CLIENT IMPORT-SOURCE", CommandFlag.STATEFUL, decode=no_value)
CLIENT_NO_EVICT: Final = Command(
    "CLIENT NO-EVICT", CommandFlag.STATEFUL | CommandFlag.ADMIN, decode=no_value
)
CLIENT_NO_TOUCH: Final = Command("CLIENT NO-TOUCH", CommandFlag.STATEFUL, decode=no_value)
CLIENT_SETINFO: Final = Command(
    "CLIENT SETINFO",
    CommandFlag.STATEFUL,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
CLIENT_SETNAME: Final = Command(
    "CLIENT SETNAME",
    CommandFlag.STATEFUL,
    decode=no_value,
    request_policy="all_nodes",
    response_policy="all_succeeded",
)
CLIENT_TRACKING: Final = Command("CLIENT TRACKING", CommandFlag.STATEFUL, decode=no_value)
DISCARD: Final = Command("DISCARD", CommandFlag.STATEFUL)
EXEC: Final = Command("EXEC", CommandFlag.STATEFUL)
MULTI: Final = Command("MULTI", CommandFlag.STATEFUL)
READONLY: Final = Command("READONLY", CommandFlag.STATEFUL, decode=no_value)
READWRITE: Final = Command("READWRITE", CommandFlag.STATEFUL, decode=no_value)
SELECT: Final = Command("SELECT", CommandFlag.STATEFUL, decode=no_value)
UNWATCH: Final = Command("UNWATCH", CommandFlag.STATEFUL)
WAIT: Final = Command(
    "WAIT",
    CommandFlag.BLOCKING | CommandFlag.STATEFUL,
    request_policy="all_shards",
    response_policy="agg_min",
)
WAITAOF: Final = Command(
    "WAITAOF",
    CommandFlag.BLOCKING | CommandFlag.STATEFUL,
    decode=pair,
    request_policy="all_shards",
    response_policy="agg_min",
)
WATCH: Final = Command("WATCH", CommandFlag.STATEFUL, keys=ALL_KEYS)

COMMANDS: Final = (
    ASKING,
    AUTH,
    CLIENT_CACHING,
    CLIENT_CAPA,
    CLIENT_IMPORT_SOURCE,
    CLIENT_NO_EVICT,
    CLIENT_NO_TOUCH,
    CLIENT_SETINFO,
    CLIENT_SETNAME,
    CLIENT_TRACKING,
    DISCARD,
    EXEC,
    MULTI,
    READONLY,
    READWRITE,
    SELECT,
    UNWATCH,
    WAIT,
    WAITAOF,
    WATCH,
)
"""One for each command."""
