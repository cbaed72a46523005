# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Modules: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._command_runner import CommandRunner, T
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

    from trio_helianthus.core import CancelToken

    from .._values import Value


class ModulesCommands(CommandRunner[T]):
    """Modules."""

    async def module_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``MODULE``."""
        return await self._run(MODULE_HELP, (b"MODULE", b"HELP"), timeout, token)

    async def module_list(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, Any]]:
        """Return the modules that are loaded."""
        return await self._run(MODULE_LIST, (b"MODULE", b"LIST"), timeout, token)

    async def module_load(
        self,
        path: str,
        *args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Load a module, if it is allowed.

        :param args: arguments of the module.
        """
        return await self._run(MODULE_LOAD, (b"MODULE", b"LOAD", path, *args), timeout, token)

    async def module_loadex(
        self,
        path: str,
        options: Mapping[str, Value] | None = None,
        args: Iterable[Value] = (),
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Load a module with settings, if it is allowed.

        :param options: settings of the module.
        :param args: arguments of the module.
        """
        return await self._run(
            MODULE_LOADEX, request.module_loadex(path, options, args), timeout, token
        )

    async def module_unload(
        self, name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Unload a module."""
        return await self._run(MODULE_UNLOAD, (b"MODULE", b"UNLOAD", name), timeout, token)
