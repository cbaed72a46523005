# Made by scripts/generate_redis_commands.py; changes belong there.
"""Ranges of sorted sets: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, TWO_KEYS
from .._replies import scored

ZRANGE: Final = Command("ZRANGE", CommandFlag.READONLY, keys=ONE_KEY)
ZRANGEBYLEX: Final = Command("ZRANGEBYLEX", CommandFlag.READONLY, keys=ONE_KEY)
ZRANGEBYSCORE: Final = Command("ZRANGEBYSCORE", CommandFlag.READONLY, keys=ONE_KEY)
ZRANGEBYSCORE_WITHSCORES: Final = Command(
    "ZRANGEBYSCORE", CommandFlag.READONLY, decode=scored, keys=ONE_KEY
)
ZRANGESTORE: Final = Command("ZRANGESTORE", keys=TWO_KEYS)
ZRANGE_WITHSCORES: Final = Command("ZRANGE", CommandFlag.READONLY, decode=scored, keys=ONE_KEY)
ZREMRANGEBYLEX: Final = Command("ZREMRANGEBYLEX", keys=ONE_KEY)
ZREMRANGEBYRANK: Final = Command("ZREMRANGEBYRANK", keys=ONE_KEY)
ZREMRANGEBYSCORE: Final = Command("ZREMRANGEBYSCORE", keys=ONE_KEY)
ZREVRANGE: Final = Command("ZREVRANGE", CommandFlag.READONLY, keys=ONE_KEY)
ZREVRANGEBYLEX: Final = Command("ZREVRANGEBYLEX", CommandFlag.READONLY, keys=ONE_KEY)
ZREVRANGEBYSCORE: Final = Command("ZREVRANGEBYSCORE", CommandFlag.READONLY, keys=ONE_KEY)
ZREVRANGEBYSCORE_WITHSCORES: Final = Command(
    "ZREVRANGEBYSCORE", CommandFlag.READONLY, decode=scored, keys=ONE_KEY
)
ZREVRANGE_WITHSCORES: Final = Command(
    "ZREVRANGE", CommandFlag.READONLY, decode=scored, keys=ONE_KEY
)

COMMANDS: Final = (
    ZRANGE,
    ZRANGEBYLEX,
    ZRANGEBYSCORE,
    ZRANGESTORE,
    ZREMRANGEBYLEX,
    ZREMRANGEBYRANK,
    ZREMRANGEBYSCORE,
    ZREVRANGE,
    ZREVRANGEBYLEX,
    ZREVRANGEBYSCORE,
)
"""One for each command."""
