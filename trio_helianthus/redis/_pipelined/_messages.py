# Made by scripts/generate_redis_commands.py; changes belong there.
"""Messages: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._messages import (
    PUBLISH,
    PUBSUB_CHANNELS,
    PUBSUB_HELP,
    PUBSUB_NUMPAT,
    PUBSUB_NUMSUB,
    PUBSUB_SHARDCHANNELS,
    PUBSUB_SHARDNUMSUB,
    SPUBLISH,
)

if TYPE_CHECKING:
    from .._values import Key, Value


class QueuedMessagesCommands(CommandQueue[T]):
    """Messages."""

    def publish(self, channel: Key, message: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.publish`."""
        self._queue(PUBLISH, (b"PUBLISH", channel, message))
        return self

    def pubsub_channels(self, pattern: Key = "*") -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pubsub_channels`."""
        self._queue(PUBSUB_CHANNELS, (b"PUBSUB", b"CHANNELS", pattern))
        return self

    def pubsub_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pubsub_help`."""
        self._queue(PUBSUB_HELP, (b"PUBSUB", b"HELP"))
        return self

    def pubsub_numpat(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pubsub_numpat`."""
        self._queue(PUBSUB_NUMPAT, (b"PUBSUB", b"NUMPAT"))
        return self

    def pubsub_numsub(self, *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pubsub_numsub`."""
        self._queue(PUBSUB_NUMSUB, (b"PUBSUB", b"NUMSUB", *args))
        return self

    def pubsub_shardchannels(self, pattern: Key = "*") -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pubsub_shardchannels`."""
        self._queue(PUBSUB_SHARDCHANNELS, (b"PUBSUB", b"SHARDCHANNELS", pattern))
        return self

    def pubsub_shardnumsub(self, *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pubsub_shardnumsub`."""
        self._queue(PUBSUB_SHARDNUMSUB, (b"PUBSUB", b"SHARDNUMSUB", *args))
        return self

    def spublish(self, shard_channel: Key, message: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.spublish`."""
        self._queue(SPUBLISH, (b"SPUBLISH", shard_channel, message))
        return self
