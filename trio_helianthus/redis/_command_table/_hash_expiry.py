# Made by scripts/generate_redis_commands.py; changes belong there.
"""When fields of hashes expire: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY

HEXPIRE: Final = Command("HEXPIRE", keys=ONE_KEY)
HEXPIREAT: Final = Command("HEXPIREAT", keys=ONE_KEY)
HEXPIRETIME: Final = Command("HEXPIRETIME", CommandFlag.READONLY, keys=ONE_KEY)
HPERSIST: Final = Command("HPERSIST", keys=ONE_KEY)
HPEXPIRE: Final = Command("HPEXPIRE", keys=ONE_KEY)
HPEXPIREAT: Final = Command("HPEXPIREAT", keys=ONE_KEY)
HPEXPIRETIME: Final = Command("HPEXPIRETIME", CommandFlag.READONLY, keys=ONE_KEY)
HPTTL: Final = Command("HPTTL", CommandFlag.READONLY, keys=ONE_KEY)
HTTL: Final = Command("HTTL", CommandFlag.READONLY, keys=ONE_KEY)

COMMANDS: Final = (
    HEXPIRE,
    HEXPIREAT,
    HEXPIRETIME,
    HPERSIST,
    HPEXPIRE,
    HPEXPIREAT,
    HPEXPIRETIME,
    HPTTL,
    HTTL,
)
"""One for each command."""
