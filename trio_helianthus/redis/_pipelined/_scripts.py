# Made by scripts/generate_redis_commands.py; changes belong there.
"""Scripts: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._scripts import (
    EVAL,
    EVAL_RO,
    EVALSHA,
    EVALSHA_RO,
    SCRIPT_EXISTS,
    SCRIPT_FLUSH,
    SCRIPT_HELP,
    SCRIPT_KILL,
    SCRIPT_LOAD,
    SCRIPT_SHOW,
)
from .._requests import _scripts as request

if TYPE_CHECKING:
    from .._values import Key, Value


class QueuedScriptsCommands(CommandQueue[T]):
    """Scripts."""

    def eval(self, script: str | bytes, numkeys: int, *keys_and_args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.eval`."""
        self._queue(EVAL, request.eval(script, numkeys, *keys_and_args))
        return self

    def eval_ro(self, script: str | bytes, numkeys: int, *keys_and_args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.eval_ro`."""
        self._queue(EVAL_RO, request.eval_ro(script, numkeys, *keys_and_args))
        return self

    def evalsha(self, sha: Key, numkeys: int, *keys_and_args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.evalsha`."""
        self._queue(EVALSHA, request.evalsha(sha, numkeys, *keys_and_args))
        return self

    def evalsha_ro(self, sha: Key, numkeys: int, *keys_and_args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.evalsha_ro`."""
        self._queue(EVALSHA_RO, request.evalsha_ro(sha, numkeys, *keys_and_args))
        return self

    def script_exists(self, *args: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.script_exists`."""
        self._queue(SCRIPT_EXISTS, request.script_exists(*args))
        return self

    def script_flush(self, sync_type: Literal["ASYNC", "SYNC"] | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.script_flush`."""
        self._queue(SCRIPT_FLUSH, request.script_flush(sync_type))
        return self

    def script_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.script_help`."""
        self._queue(SCRIPT_HELP, (b"SCRIPT", b"HELP"))
        return self

    def script_kill(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.script_kill`."""
        self._queue(SCRIPT_KILL, (b"SCRIPT", b"KILL"))
        return self

    def script_load(self, script: str | bytes) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.script_load`."""
        self._queue(SCRIPT_LOAD, (b"SCRIPT", b"LOAD", script))
        return self

    def script_show(self, sha: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.script_show`."""
        self._queue(SCRIPT_SHOW, (b"SCRIPT", b"SHOW", sha))
        return self
