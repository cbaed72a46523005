# Made by scripts/generate_redis_commands.py; changes belong there.
"""HyperLogLogs: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._hyperloglogs import PFADD, PFCOUNT, PFDEBUG, PFMERGE, PFSELFTEST
from .._requests import _hyperloglogs as request

if TYPE_CHECKING:
    from .._values import Key, Value


class QueuedHyperloglogsCommands(CommandQueue[T]):
    """HyperLogLogs."""

    def pfadd(self, name: Key, *values: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pfadd`."""
        self._queue(PFADD, (b"PFADD", name, *values))
        return self

    def pfcount(self, *sources: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pfcount`."""
        self._queue(PFCOUNT, request.pfcount(*sources))
        return self

    def pfdebug(self, subcommand: Value, name: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pfdebug`."""
        self._queue(PFDEBUG, (b"PFDEBUG", subcommand, name))
        return self

    def pfmerge(self, dest: Key, *sources: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pfmerge`."""
        self._queue(PFMERGE, (b"PFMERGE", dest, *sources))
        return self

    def pfselftest(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.pfselftest`."""
        self._queue(PFSELFTEST, (b"PFSELFTEST",))
        return self
