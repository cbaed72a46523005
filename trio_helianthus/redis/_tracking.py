"""Connections whose server tells of the keys that were read by them when these change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from trio_helianthus.errors import LocalProtocolError, RedisError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from trio_helianthus.wire import resp

    from ._connection import Connection
    from ._read_cache import ReadCache

_INVALIDATE: Final = b"invalidate"


@attrs.frozen(eq=False)
class Tracking:
    """What a client's shared connections do where a :class:`ReadCache` stands in front of them."""

    cache: ReadCache
    prefixes: Sequence[bytes] = ()
    """Be told of all keys that begin so, instead of those that were read."""

    async def connect(
        self, connect: Callable[[], Awaitable[Connection]], timeout: float
    ) -> Connection:
        """Make a connection that is told.

        :raises LocalProtocolError: the server knows no RESP3, by which it would tell.
        :raises RedisError: it refuses to tell.
        """
        connection = await connect()
        try:
            if connection.protocol != 3:
                raise LocalProtocolError("the server cannot tell of changes: it knows no RESP3")
            command: list[resp.Argument] = ["CLIENT", "TRACKING", "ON"]
            if self.prefixes:
                command.append("BCAST")
                for prefix in self.prefixes:
                    command += ("PREFIX", prefix)
            (answer,) = await connection.exchange(command, timeout=timeout)
            if isinstance(answer, RedisError):
                raise answer
            connection.pushes.clear()  # nothing was read before
        except BaseException:
            connection.close()
            raise
        return connection

    def take(self, push: Sequence[Any]) -> None:
        """Take what the server tells."""
        if len(push) == 2 and push[0] == _INVALIDATE:
            if push[1] is None:  # a database was emptied
                self.cache.clear()
            else:
                self.cache.invalidate(push[1])

    def note_moved(self) -> None:
        """Note that keys have gone to another server; the old one does not tell of them."""
        self.cache.clear()

    def note_lost(self) -> None:
        """Note that a connection was lost, by which changes would have been told."""
        self.cache.losses += 1
        self.cache.clear()
