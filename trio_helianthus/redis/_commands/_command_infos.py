# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""What the server says of its commands: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._values import Value


class CommandInfosCommands(CommandRunner[T]):
    """What the server says of its commands."""

    async def command(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return what there is to know of all commands.

        :returns: by name; subcommands inside.
        """
        return await self._run(COMMAND, (b"COMMAND",), timeout, token)

    async def command_count(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the commands."""
        return await self._run(COMMAND_COUNT, (b"COMMAND", b"COUNT"), timeout, token)

    async def command_docs(
        self, *names: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return what commands are for.

        :param names: such as ``"get"`` or ``"config|get"``; all if not said.
        """
        return await self._run(COMMAND_DOCS, (b"COMMAND", b"DOCS", *names), timeout, token)

    async def command_getkeys(
        self, *args: Value, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return the keys of a command.

        :param args: a command, with its arguments.
        :raises ValueError: there are no ``args``.
        """
        return await self._run(COMMAND_GETKEYS, request.command_getkeys(*args), timeout, token)

    async def command_getkeysandflags(
        self, *args: Value, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[tuple[T, list[str]]]:
        """Return the keys of a command, and how it uses each.

        :param args: a command, with its arguments.
        :raises ValueError: there are no ``args``.
        """
        return await self._run(
            COMMAND_GETKEYSANDFLAGS, request.command_getkeysandflags(*args), timeout, token
        )

    async def command_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``COMMAND``."""
        return await self._run(COMMAND_HELP, (b"COMMAND", b"HELP"), timeout, token)

    async def command_info(
        self, *names: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return what there is to know of commands; what is none is left out.

        :param names: such as ``"get"`` or ``"config|get"``; all if not said.
        :returns: by name; subcommands inside.
        """
        return await self._run(COMMAND_INFO, (b"COMMAND", b"INFO", *names), timeout, token)

    async def command_list(
        self,
        module: str | None = None,
        category: str | None = None,
        pattern: str | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[str]:
        """Return the names of all commands.

        :param module: only those of that module.
        :param category: only those of that category.
        :param pattern: only those that match it.
        :raises ValueError: there are several of ``module``, ``category``, ``pattern``.
        """
        return await self._run(
            COMMAND_LIST, request.command_list(module, category, pattern), timeout, token
        )
