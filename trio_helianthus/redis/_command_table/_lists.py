# Made by scripts/generate_redis_commands.py; changes belong there.
"""Lists: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, TWO_KEYS, KeySpec
from .._replies import no_value, pair, popped_list

BLMOVE: Final = Command("BLMOVE", CommandFlag.BLOCKING, keys=TWO_KEYS)
BLMPOP: Final = Command(
    "BLMPOP", CommandFlag.BLOCKING, decode=popped_list, keys=(KeySpec(2, count_at=0, first_at=1),)
)
BLPOP: Final = Command("BLPOP", CommandFlag.BLOCKING, decode=pair, keys=(KeySpec(1, last=-2),))
BRPOP: Final = Command("BRPOP", CommandFlag.BLOCKING, decode=pair, keys=(KeySpec(1, last=-2),))
BRPOPLPUSH: Final = Command("BRPOPLPUSH", CommandFlag.BLOCKING, keys=TWO_KEYS)
LINDEX: Final = Command("LINDEX", CommandFlag.READONLY, keys=ONE_KEY)
LINSERT: Final = Command("LINSERT", keys=ONE_KEY)
LLEN: Final = Command("LLEN", CommandFlag.READONLY, keys=ONE_KEY)
LMOVE: Final = Command("LMOVE", keys=TWO_KEYS)
LMPOP: Final = Command("LMPOP", decode=popped_list, keys=(KeySpec(1, count_at=0, first_at=1),))
LPOP: Final = Command("LPOP", keys=ONE_KEY)
LPOS: Final = Command("LPOS", CommandFlag.READONLY, keys=ONE_KEY)
LPUSH: Final = Command("LPUSH", keys=ONE_KEY)
LPUSHX: Final = Command("LPUSHX", keys=ONE_KEY)
LRANGE: Final = Command("LRANGE", CommandFlag.READONLY, keys=ONE_KEY)
LREM: Final = Command("LREM", keys=ONE_KEY)
LSET: Final = Command("LSET", decode=no_value, keys=ONE_KEY)
LTRIM: Final = Command("LTRIM", decode=no_value, keys=ONE_KEY)
RPOP: Final = Command("RPOP", keys=ONE_KEY)
RPOPLPUSH: Final = Command("RPOPLPUSH", keys=TWO_KEYS)
RPUSH: Final = Command("RPUSH", keys=ONE_KEY)
RPUSHX: Final = Command("RPUSHX", keys=ONE_KEY)

COMMANDS: Final = (
    BLMOVE,
    BLMPOP,
    BLPOP,
    BRPOP,
    BRPOPLPUSH,
    LINDEX,
    LINSERT,
    LLEN,
    LMOVE,
    LMPOP,
    LPOP,
    LPOS,
    LPUSH,
    LPUSHX,
    LRANGE,
    LREM,
    LSET,
    LTRIM,
    RPOP,
    RPOPLPUSH,
    RPUSH,
    RPUSHX,
)
"""One for each command."""
