# Made by scripts/generate_redis_commands.py; changes belong there.
"""Several sorted sets: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import KeySpec
from .._replies import scored

ZDIFF: Final = Command("ZDIFF", CommandFlag.READONLY, keys=(KeySpec(1, count_at=0, first_at=1),))
ZDIFFSTORE: Final = Command("ZDIFFSTORE", keys=(KeySpec(1), KeySpec(2, count_at=0, first_at=1)))
ZDIFF_WITHSCORES: Final = Command(
    "ZDIFF", CommandFlag.READONLY, decode=scored, keys=(KeySpec(1, count_at=0, first_at=1),)
)
ZINTER: Final = Command("ZINTER", CommandFlag.READONLY, keys=(KeySpec(1, count_at=0, first_at=1),))
ZINTERCARD: Final = Command(
    "ZINTERCARD", CommandFlag.READONLY, keys=(KeySpec(1, count_at=0, first_at=1),)
)
ZINTERSTORE: Final = Command("ZINTERSTORE", keys=(KeySpec(1), KeySpec(2, count_at=0, first_at=1)))
ZINTER_WITHSCORES: Final = Command(
    "ZINTER", CommandFlag.READONLY, decode=scored, keys=(KeySpec(1, count_at=0, first_at=1),)
)
ZUNION: Final = Command("ZUNION", CommandFlag.READONLY, keys=(KeySpec(1, count_at=0, first_at=1),))
ZUNIONSTORE: Final = Command("ZUNIONSTORE", keys=(KeySpec(1), KeySpec(2, count_at=0, first_at=1)))
ZUNION_WITHSCORES: Final = Command(
    "ZUNION", CommandFlag.READONLY, decode=scored, keys=(KeySpec(1, count_at=0, first_at=1),)
)

COMMANDS: Final = (ZDIFF, ZDIFFSTORE, ZINTER, ZINTERCARD, ZINTERSTORE, ZUNION, ZUNIONSTORE)
"""One for each command."""
