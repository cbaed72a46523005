# Made by scripts/generate_redis_commands.py; changes belong there.
"""Functions: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._functions import (
    FCALL,
    FCALL_RO,
    FUNCTION_DELETE,
    FUNCTION_DUMP,
    FUNCTION_FLUSH,
    FUNCTION_HELP,
    FUNCTION_KILL,
    FUNCTION_LIST,
    FUNCTION_LOAD,
    FUNCTION_RESTORE,
    FUNCTION_STATS,
)
from .._requests import _functions as request

if TYPE_CHECKING:
    from .._values import Key, Value


class QueuedFunctionsCommands(CommandQueue[T]):
    """Functions."""

    def fcall(self, function: Key, numkeys: int, *keys_and_args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.fcall`."""
        self._queue(FCALL, request.fcall(function, numkeys, *keys_and_args))
        return self

    def fcall_ro(self, function: Key, numkeys: int, *keys_and_args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.fcall_ro`."""
        self._queue(FCALL_RO, request.fcall_ro(function, numkeys, *keys_and_args))
        return self

    def function_delete(self, library: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_delete`."""
        self._queue(FUNCTION_DELETE, (b"FUNCTION", b"DELETE", library))
        return self

    def function_dump(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_dump`."""
        self._queue(FUNCTION_DUMP, (b"FUNCTION", b"DUMP"))
        return self

    def function_flush(self, mode: Literal["ASYNC", "SYNC"] | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_flush`."""
        self._queue(FUNCTION_FLUSH, request.function_flush(mode))
        return self

    def function_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_help`."""
        self._queue(FUNCTION_HELP, (b"FUNCTION", b"HELP"))
        return self

    def function_kill(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_kill`."""
        self._queue(FUNCTION_KILL, (b"FUNCTION", b"KILL"))
        return self

    def function_list(self, library: Key | None = None, *, withcode: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_list`."""
        self._queue(FUNCTION_LIST, request.function_list(library, withcode=withcode))
        return self

    def function_load(self, code: str | bytes, *, replace: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_load`."""
        self._queue(FUNCTION_LOAD, request.function_load(code, replace=replace))
        return self

    def function_restore(
        self, payload: bytes, policy: Literal["FLUSH", "APPEND", "REPLACE"] | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_restore`."""
        self._queue(FUNCTION_RESTORE, request.function_restore(payload, policy))
        return self

    def function_stats(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.function_stats`."""
        self._queue(FUNCTION_STATS, (b"FUNCTION", b"STATS"))
        return self
