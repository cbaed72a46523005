# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sets: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ALL_KEYS, ONE_KEY, TWO_KEYS, KeySpec
from .._replies import all_booleans, as_set, boolean, scan

SADD: Final = Command("SADD", keys=ONE_KEY)
SCARD: Final = Command("SCARD", CommandFlag.READONLY, keys=ONE_KEY)
SDIFF: Final = Command("SDIFF", CommandFlag.READONLY, decode=as_set, keys=ALL_KEYS)
SDIFFSTORE: Final = Command("SDIFFSTORE", keys=(KeySpec(1), KeySpec(2, last=-1)))
SINTER: Final = Command("SINTER", CommandFlag.READONLY, decode=as_set, keys=ALL_KEYS)
SINTERCARD: Final = Command(
    "SINTERCARD", CommandFlag.READONLY, keys=(KeySpec(1, count_at=0, first_at=1),)
)
SINTERSTORE: Final = Command("SINTERSTORE", keys=(KeySpec(1), KeySpec(2, last=-1)))
SISMEMBER: Final = Command("SISMEMBER", CommandFlag.READONLY, decode=boolean, keys=ONE_KEY)
SMEMBERS: Final = Command("SMEMBERS", CommandFlag.READONLY, decode=as_set, keys=ONE_KEY)
SMISMEMBER: Final = Command("SMISMEMBER", CommandFlag.READONLY, decode=all_booleans, keys=ONE_KEY)
SMOVE: Final = Command("SMOVE", decode=boolean, keys=TWO_KEYS)
SPOP: Final = Command("SPOP", keys=ONE_KEY)
SPOP_COUNT: Final = Command("SPOP", decode=as_set, keys=ONE_KEY)
SRANDMEMBER: Final = Command("SRANDMEMBER", CommandFlag.READONLY, keys=ONE_KEY)
SREM: Final = Command("SREM", keys=ONE_KEY)
SSCAN: Final = Command("SSCAN", CommandFlag.READONLY, decode=scan, keys=ONE_KEY)
SUNION: Final = Command("SUNION", CommandFlag.READONLY, decode=as_set, keys=ALL_KEYS)
SUNIONSTORE: Final = Command("SUNIONSTORE", keys=(KeySpec(1), KeySpec(2, last=-1)))

COMMANDS: Final = (
    SADD,
    SCARD,
    SDIFF,
    SDIFFSTORE,
    SINTER,
    SINTERCARD,
    SINTERSTORE,
    SISMEMBER,
    SMEMBERS,
    SMISMEMBER,
    SMOVE,
    SPOP,
    SRANDMEMBER,
    SREM,
    SSCAN,
    SUNION,
    SUNIONSTORE,
)
"""One for each command."""
