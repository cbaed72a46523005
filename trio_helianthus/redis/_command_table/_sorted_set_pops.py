# Made by scripts/generate_redis_commands.py; changes belong there.
"""Taking from sorted sets: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, KeySpec
from .._replies import popped_scores, popped_with_score, scored

BZMPOP: Final = Command(
    "BZMPOP", CommandFlag.BLOCKING, decode=popped_scores, keys=(KeySpec(2, count_at=0, first_at=1),)
)
BZPOPMAX: Final = Command(
    "BZPOPMAX", CommandFlag.BLOCKING, decode=popped_with_score, keys=(KeySpec(1, last=-2),)
)
BZPOPMIN: Final = Command(
    "BZPOPMIN", CommandFlag.BLOCKING, decode=popped_with_score, keys=(KeySpec(1, last=-2),)
)
ZMPOP: Final = Command("ZMPOP", decode=popped_scores, keys=(KeySpec(1, count_at=0, first_at=1),))
ZPOPMAX: Final = Command("ZPOPMAX", decode=scored, keys=ONE_KEY)
ZPOPMIN: Final = Command("ZPOPMIN", decode=scored, keys=ONE_KEY)

COMMANDS: Final = (BZMPOP, BZPOPMAX, BZPOPMIN, ZMPOP, ZPOPMAX, ZPOPMIN)
"""One for each command."""
