# Made by scripts/generate_redis_commands.py; changes belong there.
"""Modules: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._modules import (
    MODULE_HELP,
    MODULE_LIST,
    MODULE_LOAD,
    MODULE_LOADEX,
    MODULE_UNLOAD,
)
from .._requests import _modules as request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._values import Value


class QueuedModulesCommands(CommandQueue[T]):
    """Modules."""

    def module_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.module_help`."""
        self._queue(MODULE_HELP, (b"MODULE", b"HELP"))
        return self

    def module_list(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.module_list`."""
        self._queue(MODULE_LIST, (b"MODULE", b"LIST"))
        return self

    def module_load(self, path: str, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.module_load`."""
        self._queue(MODULE_LOAD, (b"MODULE", b"LOAD", path, *args))
        return self

    def module_loadex(
        self, path: str, options: Mapping[str, Value] | None = None, args: Iterable[Value] = ()
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.module_loadex`."""
        self._queue(MODULE_LOADEX, request.module_loadex(path, options, args))
        return self

    def module_unload(self, name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.module_unload`."""
        self._queue(MODULE_UNLOAD, (b"MODULE", b"UNLOAD", name))
        return self
