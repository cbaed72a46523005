# Made by scripts/generate_redis_commands.py; changes belong there.
"""Strings: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ALL_KEYS, ONE_KEY, KeySpec
from .._replies import boolean, common_parts, is_something, no_value, number

APPEND: Final = Command("APPEND", keys=ONE_KEY)
DECR: Final = Command("DECR", keys=ONE_KEY)
DECRBY: Final = Command("DECRBY", keys=ONE_KEY)
DELIFEQ: Final = Command("DELIFEQ", decode=boolean, keys=ONE_KEY)
GET: Final = Command("GET", CommandFlag.READONLY, keys=ONE_KEY)
GETDEL: Final = Command("GETDEL", keys=ONE_KEY)
GETEX: Final = Command("GETEX", keys=ONE_KEY)
GETRANGE: Final = Command("GETRANGE", CommandFlag.READONLY, keys=ONE_KEY)
GETSET: Final = Command("GETSET", keys=ONE_KEY)
INCR: Final = Command("INCR", keys=ONE_KEY)
INCRBY: Final = Command("INCRBY", keys=ONE_KEY)
INCRBYFLOAT: Final = Command("INCRBYFLOAT", decode=number, keys=ONE_KEY)
LCS: Final = Command("LCS", CommandFlag.READONLY, keys=(KeySpec(1, last=1),))
LCS_IDX: Final = Command(
    "LCS", CommandFlag.READONLY, decode=common_parts, keys=(KeySpec(1, last=1),)
)
MGET: Final = Command("MGET", CommandFlag.READONLY, keys=ALL_KEYS, request_policy="multi_shard")
MSET: Final = Command(
    "MSET",
    decode=no_value,
    keys=(KeySpec(1, last=-1, step=2),),
    request_policy="multi_shard",
    response_policy="all_succeeded",
)
MSETEX: Final = Command(
    "MSETEX",
    decode=boolean,
    keys=(KeySpec(1, count_at=0, first_at=1, step=2),),
    request_policy="multi_shard",
    response_policy="all_succeeded",
)
MSETNX: Final = Command("MSETNX", decode=boolean, keys=(KeySpec(1, last=-1, step=2),))
PSETEX: Final = Command("PSETEX", decode=no_value, keys=ONE_KEY)
SET: Final = Command("SET", decode=is_something, keys=ONE_KEY)
SETEX: Final = Command("SETEX", decode=no_value, keys=ONE_KEY)
SETNX: Final = Command("SETNX", decode=boolean, keys=ONE_KEY)
SETRANGE: Final = Command("SETRANGE", keys=ONE_KEY)
SET_GET: Final = Command("SET", keys=ONE_KEY)
STRLEN: Final = Command("STRLEN", CommandFlag.READONLY, keys=ONE_KEY)
SUBSTR: Final = Command("SUBSTR", CommandFlag.READONLY, keys=ONE_KEY)

COMMANDS: Final = (
    APPEND,
    DECR,
    DECRBY,
    DELIFEQ,
    GET,
    GETDEL,
    GETEX,
    GETRANGE,
    GETSET,
    INCR,
    INCRBY,
    INCRBYFLOAT,
    LCS,
    MGET,
    MSET,
    MSETEX,
    MSETNX,
    PSETEX,
    SET,
    SETEX,
    SETNX,
    SETRANGE,
    STRLEN,
    SUBSTR,
)
"""One for each command."""
