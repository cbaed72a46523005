# Made by scripts/generate_redis_commands.py; changes belong there.
"""Bitmaps: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, KeySpec

BITCOUNT: Final = Command("BITCOUNT", CommandFlag.READONLY, keys=ONE_KEY)
BITFIELD: Final = Command("BITFIELD", keys=ONE_KEY)
BITFIELD_RO: Final = Command("BITFIELD_RO", CommandFlag.READONLY, keys=ONE_KEY)
BITOP: Final = Command("BITOP", keys=(KeySpec(2), KeySpec(3, last=-1)))
BITPOS: Final = Command("BITPOS", CommandFlag.READONLY, keys=ONE_KEY)
GETBIT: Final = Command("GETBIT", CommandFlag.READONLY, keys=ONE_KEY)
SETBIT: Final = Command("SETBIT", keys=ONE_KEY)

COMMANDS: Final = (BITCOUNT, BITFIELD, BITFIELD_RO, BITOP, BITPOS, GETBIT, SETBIT)
"""One for each command."""
