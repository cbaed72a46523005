# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Functions: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._values import Key, Value


class FunctionsCommands(CommandRunner[T]):
    """Functions."""

    async def fcall(
        self,
        function: Key,
        numkeys: int,
        *keys_and_args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Call a function.

        See :meth:`register_library` for what is easier.

        :param numkeys: how many keys there are.
        :param keys_and_args: the keys, then everything else.
        :returns: what it returns, as the protocol has it.
        :raises ValueError: ``numkeys`` is negative; there are fewer keys than ``numkeys`` says.
        """
        return await self._run(
            FCALL, request.fcall(function, numkeys, *keys_and_args), timeout, token
        )

    async def fcall_ro(
        self,
        function: Key,
        numkeys: int,
        *keys_and_args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Call a function that writes nothing.

        See :meth:`register_library` for what is easier.

        :param numkeys: how many keys there are.
        :param keys_and_args: the keys, then everything else.
        :returns: what it returns, as the protocol has it.
        :raises ValueError: ``numkeys`` is negative; there are fewer keys than ``numkeys`` says.
        """
        return await self._run(
            FCALL_RO, request.fcall_ro(function, numkeys, *keys_and_args), timeout, token
        )

    async def function_delete(
        self, library: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Delete a library.

        :raises RedisError: there is none.
        """
        return await self._run(FUNCTION_DELETE, (b"FUNCTION", b"DELETE", library), timeout, token)

    async def function_dump(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> bytes:
        """Return all libraries as the server stores them.

        :returns: what :meth:`function_restore` takes, always as bytes.
        """
        return await self._run(FUNCTION_DUMP, (b"FUNCTION", b"DUMP"), timeout, token)

    async def function_flush(
        self,
        mode: Literal["ASYNC", "SYNC"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Delete all libraries.

        :param mode: whether to wait for it.
        :raises ValueError: ``mode`` is none of these.
        """
        return await self._run(FUNCTION_FLUSH, request.function_flush(mode), timeout, token)

    async def function_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``FUNCTION``."""
        return await self._run(FUNCTION_HELP, (b"FUNCTION", b"HELP"), timeout, token)

    async def function_kill(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """End the function that runs, if it has written nothing.

        :raises RedisError: none runs (``NOTBUSY``), or it has written (``UNKILLABLE``).
        """
        return await self._run(FUNCTION_KILL, (b"FUNCTION", b"KILL"), timeout, token)

    async def function_list(
        self,
        library: Key | None = None,
        *,
        withcode: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[dict[str, Any]]:
        """Return the libraries, and their functions.

        :param library: a pattern of names.
        :param withcode: return their sources, too.
        """
        return await self._run(
            FUNCTION_LIST, request.function_list(library, withcode=withcode), timeout, token
        )

    async def function_load(
        self,
        code: str | bytes,
        *,
        replace: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> str:
        """Load a library of functions.

        :param code: Lua, beginning with ``#!lua name=<library>``.
        :param replace: even if there is one of that name.
        :returns: the library's name.
        """
        return await self._run(
            FUNCTION_LOAD, request.function_load(code, replace=replace), timeout, token
        )

    async def function_restore(
        self,
        payload: bytes,
        policy: Literal["FLUSH", "APPEND", "REPLACE"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Load what :meth:`function_dump` has returned.

        :param payload: from :meth:`function_dump`.
        :param policy: what becomes of libraries that are there: deleted, in the way, or replaced
            where they have the same name.
        :raises ValueError: ``policy`` is none of these.
        """
        return await self._run(
            FUNCTION_RESTORE, request.function_restore(payload, policy), timeout, token
        )

    async def function_stats(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, Any]:
        """Return which function runs, and how many there are."""
        return await self._run(FUNCTION_STATS, (b"FUNCTION", b"STATS"), timeout, token)
