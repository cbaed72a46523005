# Made by scripts/generate_redis_commands.py; changes belong there.
"""When keys expire: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY
from .._replies import boolean

EXPIRE: Final = Command("EXPIRE", decode=boolean, keys=ONE_KEY)
EXPIREAT: Final = Command("EXPIREAT", decode=boolean, keys=ONE_KEY)
EXPIRETIME: Final = Command("EXPIRETIME", CommandFlag.READONLY, keys=ONE_KEY)
PERSIST: Final = Command("PERSIST", decode=boolean, keys=ONE_KEY)
PEXPIRE: Final = Command("PEXPIRE", decode=boolean, keys=ONE_KEY)
PEXPIREAT: Final = Command("PEXPIREAT", decode=boolean, keys=ONE_KEY)
PEXPIRETIME: Final = Command("PEXPIRETIME", CommandFlag.READONLY, keys=ONE_KEY)
PTTL: Final = Command("PTTL", CommandFlag.READONLY, keys=ONE_KEY)
TTL: Final = Command("TTL", CommandFlag.READONLY, keys=ONE_KEY)

COMMANDS: Final = (
    EXPIRE,
    EXPIREAT,
    EXPIRETIME,
    PERSIST,
    PEXPIRE,
    PEXPIREAT,
    PEXPIRETIME,
    PTTL,
    TTL,
)
"""One for each command."""
