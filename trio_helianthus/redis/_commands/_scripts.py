# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Scripts: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._values import Key, Value


class ScriptsCommands(CommandRunner[T]):
    """Scripts."""

    async def eval(
        self,
        script: str | bytes,
        numkeys: int,
        *keys_and_args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run a Lua script.

        See :meth:`register_script` for what is easier.

        :param script: Lua.
        :param numkeys: how many keys there are.
        :param keys_and_args: the keys, then everything else.
        :returns: what it returns, as the protocol has it.
        :raises ValueError: ``numkeys`` is negative; there are fewer keys than ``numkeys`` says.
        """
        return await self._run(EVAL, request.eval(script, numkeys, *keys_and_args), timeout, token)

    async def eval_ro(
        self,
        script: str | bytes,
        numkeys: int,
        *keys_and_args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run a Lua script that writes nothing.

        See :meth:`register_script` for what is easier.

        :param script: Lua.
        :param numkeys: how many keys there are.
        :param keys_and_args: the keys, then everything else.
        :returns: what it returns, as the protocol has it.
        :raises ValueError: ``numkeys`` is negative; there are fewer keys than ``numkeys`` says.
        """
        return await self._run(
            EVAL_RO, request.eval_ro(script, numkeys, *keys_and_args), timeout, token
        )

    async def evalsha(
        self,
        sha: Key,
        numkeys: int,
        *keys_and_args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run a script that the server has.

        See :meth:`register_script` for what is easier.

        :param sha: the script's SHA1, as :meth:`script_load` returns it.
        :param numkeys: how many keys there are.
        :param keys_and_args: the keys, then everything else.
        :returns: what it returns, as the protocol has it.
        :raises ValueError: ``numkeys`` is negative; there are fewer keys than ``numkeys`` says.
        :raises RedisNoScript: the server has no such script.
        """
        return await self._run(
            EVALSHA, request.evalsha(sha, numkeys, *keys_and_args), timeout, token
        )

    async def evalsha_ro(
        self,
        sha: Key,
        numkeys: int,
        *keys_and_args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run a script that the server has, and that writes nothing.

        See :meth:`register_script` for what is easier.

        :param sha: the script's SHA1, as :meth:`script_load` returns it.
        :param numkeys: how many keys there are.
        :param keys_and_args: the keys, then everything else.
        :returns: what it returns, as the protocol has it.
        :raises ValueError: ``numkeys`` is negative; there are fewer keys than ``numkeys`` says.
        :raises RedisNoScript: the server has no such script.
        """
        return await self._run(
            EVALSHA_RO, request.evalsha_ro(sha, numkeys, *keys_and_args), timeout, token
        )

    async def script_exists(
        self, *args: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[bool]:
        """Return of each hash whether the server has its script.

        :param args: SHA1 hashes.
        :raises ValueError: there are no ``args``.
        """
        return await self._run(SCRIPT_EXISTS, request.script_exists(*args), timeout, token)

    async def script_flush(
        self,
        sync_type: Literal["ASYNC", "SYNC"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Delete all scripts.

        :param sync_type: whether to wait for it.
        :raises ValueError: ``sync_type`` is none of these.
        """
        return await self._run(SCRIPT_FLUSH, request.script_flush(sync_type), timeout, token)

    async def script_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``SCRIPT``."""
        return await self._run(SCRIPT_HELP, (b"SCRIPT", b"HELP"), timeout, token)

    async def script_kill(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """End the script that runs, if it has written nothing.

        :raises RedisError: none runs (``NOTBUSY``), or it has written (``UNKILLABLE``).
        """
        return await self._run(SCRIPT_KILL, (b"SCRIPT", b"KILL"), timeout, token)

    async def script_load(
        self, script: str | bytes, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Have the server keep a script.

        :param script: Lua.
        :returns: its SHA1.
        """
        return await self._run(SCRIPT_LOAD, (b"SCRIPT", b"LOAD", script), timeout, token)

    async def script_show(
        self, sha: Key, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> T:
        """Return the source of a script.

        :param sha: the script's SHA1, as :meth:`script_load` returns it.
        :raises RedisNoScript: the server has no such script.
        """
        return await self._run(SCRIPT_SHOW, (b"SCRIPT", b"SHOW", sha), timeout, token)
