# Made by scripts/generate_redis_commands.py; changes belong there.
"""Places, the older commands: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, KeySpec
from .._replies import geo_members

GEORADIUS: Final = Command(
    "GEORADIUS",
    keys=(KeySpec(1), KeySpec(keyword=b"STORE", start=6), KeySpec(keyword=b"STOREDIST", start=6)),
)
GEORADIUSBYMEMBER: Final = Command(
    "GEORADIUSBYMEMBER",
    keys=(KeySpec(1), KeySpec(keyword=b"STORE", start=5), KeySpec(keyword=b"STOREDIST", start=5)),
)
GEORADIUSBYMEMBER_RO: Final = Command("GEORADIUSBYMEMBER_RO", CommandFlag.READONLY, keys=ONE_KEY)
GEORADIUSBYMEMBER_RO_WITH: Final = Command(
    "GEORADIUSBYMEMBER_RO", CommandFlag.READONLY, decode=geo_members, keys=ONE_KEY
)
GEORADIUSBYMEMBER_WITH: Final = Command(
    "GEORADIUSBYMEMBER",
    decode=geo_members,
    keys=(KeySpec(1), KeySpec(keyword=b"STORE", start=5), KeySpec(keyword=b"STOREDIST", start=5)),
)
GEORADIUS_RO: Final = Command("GEORADIUS_RO", CommandFlag.READONLY, keys=ONE_KEY)
GEORADIUS_RO_WITH: Final = Command(
    "GEORADIUS_RO", CommandFlag.READONLY, decode=geo_members, keys=ONE_KEY
)
GEORADIUS_WITH: Final = Command(
    "GEORADIUS",
    decode=geo_members,
    keys=(KeySpec(1), KeySpec(keyword=b"STORE", start=6), KeySpec(keyword=b"STOREDIST", start=6)),
)

COMMANDS: Final = (GEORADIUS, GEORADIUSBYMEMBER, GEORADIUSBYMEMBER_RO, GEORADIUS_RO)
"""One for each command."""
