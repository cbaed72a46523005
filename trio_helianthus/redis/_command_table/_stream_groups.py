# Made by scripts/generate_redis_commands.py; changes belong there.
"""Consumer groups of streams: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY, SECOND_KEY, KeySpec
from .._replies import (
    boolean,
    claimed,
    claimed_ids,
    entries,
    entries_by_stream,
    no_value,
    pending_entries,
    pending_summary,
)

XACK: Final = Command("XACK", keys=ONE_KEY)
XAUTOCLAIM: Final = Command("XAUTOCLAIM", decode=claimed, keys=ONE_KEY)
XAUTOCLAIM_JUSTID: Final = Command("XAUTOCLAIM", decode=claimed_ids, keys=ONE_KEY)
XCLAIM: Final = Command("XCLAIM", decode=entries, keys=ONE_KEY)
XCLAIM_JUSTID: Final = Command("XCLAIM", keys=ONE_KEY)
XGROUP_CREATE: Final = Command("XGROUP CREATE", decode=no_value, keys=SECOND_KEY)
XGROUP_CREATECONSUMER: Final = Command("XGROUP CREATECONSUMER", decode=boolean, keys=SECOND_KEY)
XGROUP_DELCONSUMER: Final = Command("XGROUP DELCONSUMER", keys=SECOND_KEY)
XGROUP_DESTROY: Final = Command("XGROUP DESTROY", decode=boolean, keys=SECOND_KEY)
XGROUP_HELP: Final = Command("XGROUP HELP", CommandFlag.REPEATABLE)
XGROUP_SETID: Final = Command("XGROUP SETID", decode=no_value, keys=SECOND_KEY)
XPENDING: Final = Command("XPENDING", CommandFlag.READONLY, decode=pending_summary, keys=ONE_KEY)
XPENDING_RANGE: Final = Command(
    "XPENDING", CommandFlag.READONLY, decode=pending_entries, keys=ONE_KEY
)
XREADGROUP: Final = Command(
    "XREADGROUP",
    decode=entries_by_stream,
    keys=(KeySpec(keyword=b"STREAMS", start=4, last=-1, limit=2),),
)
XREADGROUP_BLOCK: Final = Command(
    "XREADGROUP",
    CommandFlag.BLOCKING,
    decode=entries_by_stream,
    keys=(KeySpec(keyword=b"STREAMS", start=4, last=-1, limit=2),),
)

COMMANDS: Final = (
    XACK,
    XAUTOCLAIM,
    XCLAIM,
    XGROUP_CREATE,
    XGROUP_CREATECONSUMER,
    XGROUP_DELCONSUMER,
    XGROUP_DESTROY,
    XGROUP_HELP,
    XGROUP_SETID,
    XPENDING,
    XREADGROUP,
)
"""One for each command."""
