# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Diagnostics: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._command_runner import CommandRunner, T
from .._command_table._diagnostics import (
    COMMANDLOG_GET,
    COMMANDLOG_HELP,
    COMMANDLOG_LEN,
    COMMANDLOG_RESET,
    LATENCY_DOCTOR,
    LATENCY_GRAPH,
    LATENCY_HELP,
    LATENCY_HISTOGRAM,
    LATENCY_HISTORY,
    LATENCY_LATEST,
    LATENCY_RESET,
    LOLWUT,
    MEMORY_DOCTOR,
    MEMORY_HELP,
    MEMORY_MALLOC_STATS,
    MEMORY_PURGE,
    MEMORY_STATS,
    MEMORY_USAGE,
    SLOWLOG_GET,
    SLOWLOG_HELP,
    SLOWLOG_LEN,
    SLOWLOG_RESET,
)
from .._requests import _diagnostics as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._replies import LoggedCommand
    from .._values import Key


class DiagnosticsCommands(CommandRunner[T]):
    """Diagnostics."""

    async def commandlog_get(
        self,
        count: int,
        kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[LoggedCommand[T]]:
        """Return the last entries of a log of commands.

        :param count: how many; -1: all.
        :param kind: which of the three logs.
        :raises ValueError: ``count`` is less than -1; ``kind`` is none of these.
        """
        return await self._run(COMMANDLOG_GET, request.commandlog_get(count, kind), timeout, token)

    async def commandlog_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``COMMANDLOG``."""
        return await self._run(COMMANDLOG_HELP, (b"COMMANDLOG", b"HELP"), timeout, token)

    async def commandlog_len(
        self,
        kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int:
        """Count the entries of a log of commands.

        :param kind: which of the three logs.
        :raises ValueError: ``kind`` is none of these.
        """
        return await self._run(COMMANDLOG_LEN, request.commandlog_len(kind), timeout, token)

    async def commandlog_reset(
        self,
        kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"],
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Delete the entries of a log of commands.

        :param kind: which of the three logs.
        :raises ValueError: ``kind`` is none of these.
        """
        return await self._run(COMMANDLOG_RESET, request.commandlog_reset(kind), timeout, token)

    async def latency_doctor(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return what may make the server slow, for people."""
        return await self._run(LATENCY_DOCTOR, (b"LATENCY", b"DOCTOR"), timeout, token)

    async def latency_graph(
        self, event: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Draw the latencies of an event."""
        return await self._run(LATENCY_GRAPH, (b"LATENCY", b"GRAPH", event), timeout, token)

    async def latency_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``LATENCY``."""
        return await self._run(LATENCY_HELP, (b"LATENCY", b"HELP"), timeout, token)

    async def latency_histogram(
        self, *commands: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return how long commands take.

        :param commands: all if not said.
        :returns: of each command ``calls`` and ``histogram_usec``.
        """
        return await self._run(
            LATENCY_HISTOGRAM, (b"LATENCY", b"HISTOGRAM", *commands), timeout, token
        )

    async def latency_history(
        self, event: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[tuple[int, int]]:
        """Return when an event was slow.

        :returns: Unix times in seconds, and milliseconds.
        """
        return await self._run(LATENCY_HISTORY, (b"LATENCY", b"HISTORY", event), timeout, token)

    async def latency_latest(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[tuple[Any, ...]]:
        """Return of each event when it was slow.

        :returns: name, Unix time in seconds of the last, its and the longest latency in
            milliseconds, and what else the server adds.
        """
        return await self._run(LATENCY_LATEST, (b"LATENCY", b"LATEST"), timeout, token)

    async def latency_reset(
        self, *events: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Forget when events were slow.

        :param events: names, such as ``"fork"``; all if not said.
        :returns: how many were forgotten.
        """
        return await self._run(LATENCY_RESET, (b"LATENCY", b"RESET", *events), timeout, token)

    async def lolwut(
        self, *version_numbers: int, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return a picture made of letters, and the server's version.

        :param version_numbers: of the server whose picture it is, and what that takes.
        """
        return await self._run(LOLWUT, request.lolwut(*version_numbers), timeout, token)

    async def memory_doctor(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return what may be wrong with memory, for people."""
        return await self._run(MEMORY_DOCTOR, (b"MEMORY", b"DOCTOR"), timeout, token)

    async def memory_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``MEMORY``."""
        return await self._run(MEMORY_HELP, (b"MEMORY", b"HELP"), timeout, token)

    async def memory_malloc_stats(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return what the allocator says."""
        return await self._run(MEMORY_MALLOC_STATS, (b"MEMORY", b"MALLOC-STATS"), timeout, token)

    async def memory_purge(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the allocator give memory back."""
        return await self._run(MEMORY_PURGE, (b"MEMORY", b"PURGE"), timeout, token)

    async def memory_stats(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, Any]:
        """Return what memory is used for."""
        return await self._run(MEMORY_STATS, (b"MEMORY", b"STATS"), timeout, token)

    async def memory_usage(
        self,
        key: Key,
        samples: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> int | None:
        """Estimate how much memory a key takes.

        :param samples: how many items to look at; 0: all.
        :returns: in bytes; ``None`` if it is not there.
        :raises ValueError: ``samples`` is negative.
        """
        return await self._run(MEMORY_USAGE, request.memory_usage(key, samples), timeout, token)

    async def slowlog_get(
        self,
        num: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> list[LoggedCommand[T]]:
        """Return the last commands that took long.

        :param num: how many; -1: all; 10 if not said.
        :raises ValueError: ``num`` is less than -1.
        """
        return await self._run(SLOWLOG_GET, request.slowlog_get(num), timeout, token)

    async def slowlog_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``SLOWLOG``."""
        return await self._run(SLOWLOG_HELP, (b"SLOWLOG", b"HELP"), timeout, token)

    async def slowlog_len(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the commands that took long."""
        return await self._run(SLOWLOG_LEN, (b"SLOWLOG", b"LEN"), timeout, token)

    async def slowlog_reset(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Forget the commands that took long."""
        return await self._run(SLOWLOG_RESET, (b"SLOWLOG", b"RESET"), timeout, token)
