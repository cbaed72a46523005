# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Messages: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._values import Key, Value


class MessagesCommands(CommandRunner[T]):
    """Messages."""

    async def publish(
        self,
        channel: Key,
        message: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Send a message to a channel.

        :returns: how many got it; of a cluster, from this server.
        """
        return await self._run(PUBLISH, (b"PUBLISH", channel, message), timeout, token)

    async def pubsub_channels(
        self, pattern: Key = "*", *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return the channels that somebody listens to."""
        return await self._run(PUBSUB_CHANNELS, (b"PUBSUB", b"CHANNELS", pattern), timeout, token)

    async def pubsub_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``PUBSUB``."""
        return await self._run(PUBSUB_HELP, (b"PUBSUB", b"HELP"), timeout, token)

    async def pubsub_numpat(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the patterns that somebody listens to."""
        return await self._run(PUBSUB_NUMPAT, (b"PUBSUB", b"NUMPAT"), timeout, token)

    async def pubsub_numsub(
        self, *args: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[T, int]:
        """Count who listens to each channel.

        :param args: channels.
        """
        return await self._run(PUBSUB_NUMSUB, (b"PUBSUB", b"NUMSUB", *args), timeout, token)

    async def pubsub_shardchannels(
        self, pattern: Key = "*", *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return the channels of shards that somebody listens to."""
        return await self._run(
            PUBSUB_SHARDCHANNELS, (b"PUBSUB", b"SHARDCHANNELS", pattern), timeout, token
        )

    async def pubsub_shardnumsub(
        self, *args: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[T, int]:
        """Count who listens to each channel of a shard.

        :param args: channels.
        """
        return await self._run(
            PUBSUB_SHARDNUMSUB, (b"PUBSUB", b"SHARDNUMSUB", *args), timeout, token
        )

    async def spublish(
        self,
        shard_channel: Key,
        message: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Send a message to a channel of a shard.

        :returns: how many got it.
        """
        return await self._run(SPUBLISH, (b"SPUBLISH", shard_channel, message), timeout, token)
