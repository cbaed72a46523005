# Made by scripts/generate_redis_commands.py; changes belong there.
"""Keys of any type: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ALL_KEYS, ONE_KEY, SECOND_KEY, TWO_KEYS, KeySpec
from .._replies import boolean, no_value, say_ok, scan

COPY: Final = Command("COPY", decode=boolean, keys=TWO_KEYS)
DEL: Final = Command("DEL", keys=ALL_KEYS, request_policy="multi_shard", response_policy="agg_sum")
DUMP: Final = Command("DUMP", CommandFlag.READONLY | CommandFlag.RAW, keys=ONE_KEY)
EXISTS: Final = Command(
    "EXISTS",
    CommandFlag.READONLY,
    keys=ALL_KEYS,
    request_policy="multi_shard",
    response_policy="agg_sum",
)
KEYS: Final = Command("KEYS", CommandFlag.READONLY, request_policy="all_shards")
MIGRATE: Final = Command(
    "MIGRATE", decode=say_ok, keys=(KeySpec(3), KeySpec(keyword=b"KEYS", start=-2, last=-1))
)
MOVE: Final = Command("MOVE", decode=boolean, keys=ONE_KEY)
OBJECT_ENCODING: Final = Command("OBJECT ENCODING", CommandFlag.READONLY, keys=SECOND_KEY)
OBJECT_FREQ: Final = Command("OBJECT FREQ", CommandFlag.READONLY, keys=SECOND_KEY)
OBJECT_HELP: Final = Command("OBJECT HELP", CommandFlag.REPEATABLE)
OBJECT_IDLETIME: Final = Command("OBJECT IDLETIME", CommandFlag.READONLY, keys=SECOND_KEY)
OBJECT_REFCOUNT: Final = Command("OBJECT REFCOUNT", CommandFlag.READONLY, keys=SECOND_KEY)
RANDOMKEY: Final = Command(
    "RANDOMKEY", CommandFlag.READONLY, request_policy="all_shards", response_policy="special"
)
RENAME: Final = Command("RENAME", decode=no_value, keys=TWO_KEYS)
RENAMENX: Final = Command("RENAMENX", decode=boolean, keys=TWO_KEYS)
RESTORE: Final = Command("RESTORE", decode=no_value, keys=ONE_KEY)
RESTORE_ASKING: Final = Command("RESTORE-ASKING", decode=no_value, keys=ONE_KEY)
SCAN: Final = Command(
    "SCAN", CommandFlag.READONLY, decode=scan, request_policy="special", response_policy="special"
)
SORT: Final = Command("SORT", keys=(KeySpec(1), KeySpec(keyword=b"STORE", start=2)))
SORT_RO: Final = Command("SORT_RO", CommandFlag.READONLY, keys=ONE_KEY)
TOUCH: Final = Command(
    "TOUCH",
    CommandFlag.READONLY,
    keys=ALL_KEYS,
    request_policy="multi_shard",
    response_policy="agg_sum",
)
TYPE: Final = Command("TYPE", CommandFlag.READONLY, keys=ONE_KEY)
UNLINK: Final = Command(
    "UNLINK", keys=ALL_KEYS, request_policy="multi_shard", response_policy="agg_sum"
)

COMMANDS: Final = (
    COPY,
    DEL,
    DUMP,
    EXISTS,
    KEYS,
    MIGRATE,
    MOVE,
    OBJECT_ENCODING,
    OBJECT_FREQ,
    OBJECT_HELP,
    OBJECT_IDLETIME,
    OBJECT_REFCOUNT,
    RANDOMKEY,
    RENAME,
    RENAMENX,
    RESTORE,
    RESTORE_ASKING,
    SCAN,
    SORT,
    SORT_RO,
    TOUCH,
    TYPE,
    UNLINK,
)
"""One for each command."""
