# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""HyperLogLogs: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._command_runner import CommandRunner, T
from .._command_table._hyperloglogs import PFADD, PFCOUNT, PFDEBUG, PFMERGE, PFSELFTEST
from .._requests import _hyperloglogs as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._values import Key, Value


class HyperloglogsCommands(CommandRunner[T]):
    """HyperLogLogs."""

    async def pfadd(
        self,
        name: Key,
        *values: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> bool:
        """Count elements in a HyperLogLog; without one, make it.

        :returns: whether the number of elements seems to have changed.
        """
        return await self._run(PFADD, (b"PFADD", name, *values), timeout, token)

    async def pfcount(
        self, *sources: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Estimate how many different elements were counted, in all of them together.

        :raises ValueError: there are no ``sources``.
        """
        return await self._run(PFCOUNT, request.pfcount(*sources), timeout, token)

    async def pfdebug(
        self,
        subcommand: Value,
        name: Key,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> Any:
        """Look into a HyperLogLog; it is for the server's own tests.

        :param subcommand: ``"GETREG"``, ``"DECODE"``, ...
        """
        return await self._run(PFDEBUG, (b"PFDEBUG", subcommand, name), timeout, token)

    async def pfmerge(
        self,
        dest: Key,
        *sources: Key,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Add what several HyperLogLogs have counted to another one."""
        return await self._run(PFMERGE, (b"PFMERGE", dest, *sources), timeout, token)

    async def pfselftest(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Test HyperLogLogs; it is for the server's own tests."""
        return await self._run(PFSELFTEST, (b"PFSELFTEST",), timeout, token)
