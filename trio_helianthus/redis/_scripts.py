"""Lua on the server: scripts that are sent once, and libraries of functions."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from trio_helianthus.core import limit
from trio_helianthus.errors import RedisError, RedisNoScript

from ._command_table import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trio_helianthus.core import CancelToken
    from trio_helianthus.wire import resp

    from ._command_runner import CommandRunner
    from ._pipeline import CommandList

__all__ = ["Library", "Script"]

T = TypeVar("T", bytes, str)
_NO_FUNCTION: Final = "ERR Function not found"


class Script(Generic[T]):
    """A Lua script; made by :meth:`Redis.register_script`, called like a function.

    The server is asked by the script's hash, and gets its source only where it does not know it.
    """

    def __init__(
        self, runner: CommandRunner[T], source: str | bytes, *, is_readonly: bool = False
    ) -> None:
        self._runner: CommandRunner[T] = runner
        self.source: Final = source.encode() if isinstance(source, str) else bytes(source)
        """The script's text, as UTF-8."""
        self.sha: Final = hashlib.sha1(self.source, usedforsecurity=False).hexdigest()
        """Its name on the server."""
        suffix = "_RO" if is_readonly else ""
        self._by_hash = COMMANDS["EVALSHA" + suffix]
        self._by_source = COMMANDS["EVAL" + suffix]

    async def __call__(
        self,
        keys: Sequence[resp.Argument] = (),
        args: Sequence[resp.Argument] = (),
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Run the script, and return what it returns.

        :param keys: the keys that it touches, ``KEYS`` in Lua.
        :param args: everything else, ``ARGV`` in Lua.
        :param timeout: seconds.
        :param token: cancels it. A script that has begun runs to its end on the server.
        :raises RedisError: the script failed.
        :raises OutcomeUnknown: the connection was lost while it ran.
        """
        rest: tuple[resp.Argument, ...] = _with_keys(keys, args)
        run = self._runner._run
        with limit(timeout, token):
            try:
                return await run(self._by_hash, (self._by_hash.name, self.sha, *rest), None, None)
            except RedisNoScript:
                source = (self._by_source.name, self.source, *rest)
                return await run(self._by_source, source, None, None)

    def queue(
        self,
        commands: CommandList[T],
        keys: Sequence[resp.Argument] = (),
        args: Sequence[resp.Argument] = (),
    ) -> None:
        """Write a call of it down in a pipeline or transaction, by its source."""
        request = (self._by_source.name, self.source, *_with_keys(keys, args))
        commands._queue(self._by_source, request)


class Library(Generic[T]):
    """A library of functions on the server; made by :meth:`Redis.register_library`.

    It is loaded where the server does not know a function that is called.
    """

    def __init__(self, runner: CommandRunner[T], source: str | bytes) -> None:
        self._runner: CommandRunner[T] = runner
        self.source: Final = source.encode() if isinstance(source, str) else bytes(source)
        """The library's text, as UTF-8, with its ``#!lua name=...`` line."""

    async def load(self, *, timeout: float | None = None, token: CancelToken | None = None) -> str:
        """Load it, also instead of an earlier version, and return its name."""
        args = ("FUNCTION", "LOAD", "REPLACE", self.source)
        name = await self._runner._run(_LOAD, args, timeout, token)
        return name.decode() if isinstance(name, bytes) else str(name)

    async def call(
        self,
        function: str,
        keys: Sequence[resp.Argument] = (),
        args: Sequence[resp.Argument] = (),
        *,
        is_readonly: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Call one of its functions, and return what it returns.

        :param function: its registered name.
        :param keys: the keys that it touches.
        :param args: everything else.
        :param is_readonly: call it by ``FCALL_RO``, which replicas take, too.
        :param timeout: seconds.
        :param token: cancels it. A function that has begun runs to its end on the server.
        :raises RedisError: it failed, or the library has no such function.
        """
        command = _CALL_READONLY if is_readonly else _CALL
        request = (command.name, function, *_with_keys(keys, args))
        with limit(timeout, token):
            try:
                return await self._runner._run(command, request, None, None)
            except RedisError as exc:
                if not exc.message.startswith(_NO_FUNCTION):
                    raise
            await self.load()
            return await self._runner._run(command, request, None, None)


_LOAD: Final = COMMANDS["FUNCTION LOAD"]
_CALL: Final = COMMANDS["FCALL"]
_CALL_READONLY: Final = COMMANDS["FCALL_RO"]


def _with_keys(
    keys: Iterable[resp.Argument], args: Iterable[resp.Argument]
) -> tuple[resp.Argument, ...]:
    if isinstance(keys, (str, bytes)) or isinstance(args, (str, bytes)):
        raise TypeError("keys and args are lists, not one string")
    keys = tuple(keys)
    return (len(keys), *keys, *args)
