# Made by scripts/generate_redis_commands.py; changes belong there.
"""What the server says of its commands: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._command_infos import (
    COMMAND,
    COMMAND_COUNT,
    COMMAND_DOCS,
    COMMAND_GETKEYS,
    COMMAND_GETKEYSANDFLAGS,
    COMMAND_HELP,
    COMMAND_INFO,
    COMMAND_LIST,
)
from .._requests import _command_infos as request

if TYPE_CHECKING:
    from .._values import Value


class QueuedCommandInfosCommands(CommandQueue[T]):
    """What the server says of its commands."""

    def command(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command`."""
        self._queue(COMMAND, (b"COMMAND",))
        return self

    def command_count(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_count`."""
        self._queue(COMMAND_COUNT, (b"COMMAND", b"COUNT"))
        return self

    def command_docs(self, *names: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_docs`."""
        self._queue(COMMAND_DOCS, (b"COMMAND", b"DOCS", *names))
        return self

    def command_getkeys(self, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_getkeys`."""
        self._queue(COMMAND_GETKEYS, request.command_getkeys(*args))
        return self

    def command_getkeysandflags(self, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_getkeysandflags`."""
        self._queue(COMMAND_GETKEYSANDFLAGS, request.command_getkeysandflags(*args))
        return self

    def command_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_help`."""
        self._queue(COMMAND_HELP, (b"COMMAND", b"HELP"))
        return self

    def command_info(self, *names: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_info`."""
        self._queue(COMMAND_INFO, (b"COMMAND", b"INFO", *names))
        return self

    def command_list(
        self, module: str | None = None, category: str | None = None, pattern: str | None = None
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.command_list`."""
        self._queue(COMMAND_LIST, request.command_list(module, category, pattern))
        return self
