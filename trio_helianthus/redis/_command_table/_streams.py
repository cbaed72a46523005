# Made by scripts/generate_redis_commands.py; changes belong there.
"""Streams: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, SECOND_KEY, KeySpec
from .._replies import entries, entries_by_stream, list_of_named, no_value, stream_info

XADD: Final = Command("XADD", keys=ONE_KEY)
XDEL: Final = Command("XDEL", keys=ONE_KEY)
XINFO_CONSUMERS: Final = Command(
    "XINFO CONSUMERS", CommandFlag.READONLY, decode=list_of_named, keys=SECOND_KEY
)
XINFO_GROUPS: Final = Command(
    "XINFO GROUPS", CommandFlag.READONLY, decode=list_of_named, keys=SECOND_KEY
)
XINFO_HELP: Final = Command("XINFO HELP", CommandFlag.REPEATABLE)
XINFO_STREAM: Final = Command(
    "XINFO STREAM", CommandFlag.READONLY, decode=stream_info, keys=SECOND_KEY
)
XLEN: Final = Command("XLEN", CommandFlag.READONLY, keys=ONE_KEY)
XRANGE: Final = Command("XRANGE", CommandFlag.READONLY, decode=entries, keys=ONE_KEY)
XREAD: Final = Command(
    "XREAD",
    CommandFlag.READONLY,
    decode=entries_by_stream,
    keys=(KeySpec(keyword=b"STREAMS", start=1, last=-1, limit=2),),
)
XREAD_BLOCK: Final = Command(
    "XREAD",
    CommandFlag.READONLY | CommandFlag.BLOCKING,
    decode=entries_by_stream,
    keys=(KeySpec(keyword=b"STREAMS", start=1, last=-1, limit=2),),
)
XREVRANGE: Final = Command("XREVRANGE", CommandFlag.READONLY, decode=entries, keys=ONE_KEY)
XSETID: Final = Command("XSETID", decode=no_value, keys=ONE_KEY)
XTRIM: Final = Command("XTRIM", keys=ONE_KEY)

COMMANDS: Final = (
    XADD,
    XDEL,
    XINFO_CONSUMERS,
    XINFO_GROUPS,
    XINFO_HELP,
    XINFO_STREAM,
    XLEN,
    XRANGE,
    XREAD,
    XREVRANGE,
    XSETID,
    XTRIM,
)
"""One for each command."""
