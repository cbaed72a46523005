# Made by scripts/generate_redis_commands.py; changes belong there.
"""Messages: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ALL_KEYS, ONE_KEY
from .._replies import pairs_to_dict

PSUBSCRIBE: Final = Command("PSUBSCRIBE", CommandFlag.STATEFUL)
PUBLISH: Final = Command("PUBLISH")
PUBSUB_CHANNELS: Final = Command("PUBSUB CHANNELS", CommandFlag.REPEATABLE)
PUBSUB_HELP: Final = Command("PUBSUB HELP", CommandFlag.REPEATABLE)
PUBSUB_NUMPAT: Final = Command("PUBSUB NUMPAT", CommandFlag.REPEATABLE)
PUBSUB_NUMSUB: Final = Command("PUBSUB NUMSUB", CommandFlag.REPEATABLE, decode=pairs_to_dict)
PUBSUB_SHARDCHANNELS: Final = Command("PUBSUB SHARDCHANNELS", CommandFlag.REPEATABLE)
PUBSUB_SHARDNUMSUB: Final = Command(
    "PUBSUB SHARDNUMSUB", CommandFlag.REPEATABLE, decode=pairs_to_dict
)
PUNSUBSCRIBE: Final = Command("PUNSUBSCRIBE", CommandFlag.STATEFUL)
SPUBLISH: Final = Command("SPUBLISH", keys=ONE_KEY)
SSUBSCRIBE: Final = Command("SSUBSCRIBE", CommandFlag.STATEFUL, keys=ALL_KEYS)
SUBSCRIBE: Final = Command("SUBSCRIBE", CommandFlag.STATEFUL)
SUNSUBSCRIBE: Final = Command("SUNSUBSCRIBE", CommandFlag.STATEFUL, keys=ALL_KEYS)
UNSUBSCRIBE: Final = Command("UNSUBSCRIBE", CommandFlag.STATEFUL)

COMMANDS: Final = (
    PSUBSCRIBE,
    PUBLISH,
    PUBSUB_CHANNELS,
    PUBSUB_HELP,
    PUBSUB_NUMPAT,
    PUBSUB_NUMSUB,
    PUBSUB_SHARDCHANNELS,
    PUBSUB_SHARDNUMSUB,
    PUNSUBSCRIBE,
    SPUBLISH,
    SSUBSCRIBE,
    SUBSCRIBE,
    SUNSUBSCRIBE,
    UNSUBSCRIBE,
)
"""One for each command."""
