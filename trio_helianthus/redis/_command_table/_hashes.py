# Made by scripts/generate_redis_commands.py; changes belong there.
"""Hashes: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY
from .._replies import boolean, list_of_pairs, no_value, number, pairs_to_dict, scan, scan_fields

HDEL: Final = Command("HDEL", keys=ONE_KEY)
HEXISTS: Final = Command("HEXISTS", CommandFlag.READONLY, decode=boolean, keys=ONE_KEY)
HGET: Final = Command("HGET", CommandFlag.READONLY, keys=ONE_KEY)
HGETALL: Final = Command("HGETALL", CommandFlag.READONLY, decode=pairs_to_dict, keys=ONE_KEY)
HGETDEL: Final = Command("HGETDEL", keys=ONE_KEY)
HGETEX: Final = Command("HGETEX", keys=ONE_KEY)
HINCRBY: Final = Command("HINCRBY", keys=ONE_KEY)
HINCRBYFLOAT: Final = Command("HINCRBYFLOAT", decode=number, keys=ONE_KEY)
HKEYS: Final = Command("HKEYS", CommandFlag.READONLY, keys=ONE_KEY)
HLEN: Final = Command("HLEN", CommandFlag.READONLY, keys=ONE_KEY)
HMGET: Final = Command("HMGET", CommandFlag.READONLY, keys=ONE_KEY)
HMSET: Final = Command("HMSET", decode=no_value, keys=ONE_KEY)
HRANDFIELD: Final = Command("HRANDFIELD", CommandFlag.READONLY, keys=ONE_KEY)
HRANDFIELD_WITHVALUES: Final = Command(
    "HRANDFIELD", CommandFlag.READONLY, decode=list_of_pairs, keys=ONE_KEY
)
HSCAN: Final = Command("HSCAN", CommandFlag.READONLY, decode=scan_fields, keys=ONE_KEY)
HSCAN_NOVALUES: Final = Command("HSCAN", CommandFlag.READONLY, decode=scan, keys=ONE_KEY)
HSET: Final = Command("HSET", keys=ONE_KEY)
HSETEX: Final = Command("HSETEX", decode=boolean, keys=ONE_KEY)
HSETNX: Final = Command("HSETNX", decode=boolean, keys=ONE_KEY)
HSTRLEN: Final = Command("HSTRLEN", CommandFlag.READONLY, keys=ONE_KEY)
HVALS: Final = Command("HVALS", CommandFlag.READONLY, keys=ONE_KEY)

COMMANDS: Final = (
    HDEL,
    HEXISTS,
    HGET,
    HGETALL,
    HGETDEL,
    HGETEX,
    HINCRBY,
    HINCRBYFLOAT,
    HKEYS,
    HLEN,
    HMGET,
    HMSET,
    HRANDFIELD,
    HSCAN,
    HSET,
    HSETEX,
    HSETNX,
    HSTRLEN,
    HVALS,
)
"""One for each command."""
