# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sorted sets: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY
from .._replies import number, numbers, rank_and_score, scan, scan_scores, scored

ZADD: Final = Command("ZADD", keys=ONE_KEY)
ZADD_INCR: Final = Command("ZADD", decode=number, keys=ONE_KEY)
ZCARD: Final = Command("ZCARD", CommandFlag.READONLY, keys=ONE_KEY)
ZCOUNT: Final = Command("ZCOUNT", CommandFlag.READONLY, keys=ONE_KEY)
ZINCRBY: Final = Command("ZINCRBY", decode=number, keys=ONE_KEY)
ZLEXCOUNT: Final = Command("ZLEXCOUNT", CommandFlag.READONLY, keys=ONE_KEY)
ZMSCORE: Final = Command("ZMSCORE", CommandFlag.READONLY, decode=numbers, keys=ONE_KEY)
ZRANDMEMBER: Final = Command("ZRANDMEMBER", CommandFlag.READONLY, keys=ONE_KEY)
ZRANDMEMBER_WITHSCORES: Final = Command(
    "ZRANDMEMBER", CommandFlag.READONLY, decode=scored, keys=ONE_KEY
)
ZRANK: Final = Command("ZRANK", CommandFlag.READONLY, keys=ONE_KEY)
ZRANK_WITHSCORE: Final = Command("ZRANK", CommandFlag.READONLY, decode=rank_and_score, keys=ONE_KEY)
ZREM: Final = Command("ZREM", keys=ONE_KEY)
ZREVRANK: Final = Command("ZREVRANK", CommandFlag.READONLY, keys=ONE_KEY)
ZREVRANK_WITHSCORE: Final = Command(
    "ZREVRANK", CommandFlag.READONLY, decode=rank_and_score, keys=ONE_KEY
)
ZSCAN: Final = Command("ZSCAN", CommandFlag.READONLY, decode=scan_scores, keys=ONE_KEY)
ZSCAN_NOSCORES: Final = Command("ZSCAN", CommandFlag.READONLY, decode=scan, keys=ONE_KEY)
ZSCORE: Final = Command("ZSCORE", CommandFlag.READONLY, decode=number, keys=ONE_KEY)

COMMANDS: Final = (
    ZADD,
    ZCARD,
    ZCOUNT,
    ZINCRBY,
    ZLEXCOUNT,
    ZMSCORE,
    ZRANDMEMBER,
    ZRANK,
    ZREM,
    ZREVRANK,
    ZSCAN,
    ZSCORE,
)
"""One for each command."""
