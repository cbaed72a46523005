# Made by scripts/generate_redis_commands.py; changes belong there.
"""HyperLogLogs: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ALL_KEYS, ONE_KEY, SECOND_KEY, KeySpec
from .._replies import boolean, no_value

PFADD: Final = Command("PFADD", decode=boolean, keys=ONE_KEY)
PFCOUNT: Final = Command("PFCOUNT", CommandFlag.READONLY, keys=ALL_KEYS)
PFDEBUG: Final = Command("PFDEBUG", CommandFlag.ADMIN, keys=SECOND_KEY)
PFMERGE: Final = Command("PFMERGE", decode=no_value, keys=(KeySpec(1), KeySpec(2, last=-1)))
PFSELFTEST: Final = Command("PFSELFTEST", CommandFlag.ADMIN, decode=no_value)

COMMANDS: Final = (PFADD, PFCOUNT, PFDEBUG, PFMERGE, PFSELFTEST)
"""One for each command."""
