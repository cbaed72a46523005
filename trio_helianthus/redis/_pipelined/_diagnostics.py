# Made by scripts/generate_redis_commands.py; changes belong there.
"""Diagnostics: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
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
    from .._values import Key


class QueuedDiagnosticsCommands(CommandQueue[T]):
    """Diagnostics."""

    def commandlog_get(
        self, count: int, kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"]
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.commandlog_get`."""
        self._queue(COMMANDLOG_GET, request.commandlog_get(count, kind))
        return self

    def commandlog_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.commandlog_help`."""
        self._queue(COMMANDLOG_HELP, (b"COMMANDLOG", b"HELP"))
        return self

    def commandlog_len(self, kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.commandlog_len`."""
        self._queue(COMMANDLOG_LEN, request.commandlog_len(kind))
        return self

    def commandlog_reset(self, kind: Literal["SLOW", "LARGE-REQUEST", "LARGE-REPLY"]) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.commandlog_reset`."""
        self._queue(COMMANDLOG_RESET, request.commandlog_reset(kind))
        return self

    def latency_doctor(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_doctor`."""
        self._queue(LATENCY_DOCTOR, (b"LATENCY", b"DOCTOR"))
        return self

    def latency_graph(self, event: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_graph`."""
        self._queue(LATENCY_GRAPH, (b"LATENCY", b"GRAPH", event))
        return self

    def latency_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_help`."""
        self._queue(LATENCY_HELP, (b"LATENCY", b"HELP"))
        return self

    def latency_histogram(self, *commands: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_histogram`."""
        self._queue(LATENCY_HISTOGRAM, (b"LATENCY", b"HISTOGRAM", *commands))
        return self

    def latency_history(self, event: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_history`."""
        self._queue(LATENCY_HISTORY, (b"LATENCY", b"HISTORY", event))
        return self

    def latency_latest(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_latest`."""
        self._queue(LATENCY_LATEST, (b"LATENCY", b"LATEST"))
        return self

    def latency_reset(self, *events: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.latency_reset`."""
        self._queue(LATENCY_RESET, (b"LATENCY", b"RESET", *events))
        return self

    def lolwut(self, *version_numbers: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lolwut`."""
        self._queue(LOLWUT, request.lolwut(*version_numbers))
        return self

    def memory_doctor(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.memory_doctor`."""
        self._queue(MEMORY_DOCTOR, (b"MEMORY", b"DOCTOR"))
        return self

    def memory_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.memory_help`."""
        self._queue(MEMORY_HELP, (b"MEMORY", b"HELP"))
        return self

    def memory_malloc_stats(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.memory_malloc_stats`."""
        self._queue(MEMORY_MALLOC_STATS, (b"MEMORY", b"MALLOC-STATS"))
        return self

    def memory_purge(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.memory_purge`."""
        self._queue(MEMORY_PURGE, (b"MEMORY", b"PURGE"))
        return self

    def memory_stats(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.memory_stats`."""
        self._queue(MEMORY_STATS, (b"MEMORY", b"STATS"))
        return self

    def memory_usage(self, key: Key, samples: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.memory_usage`."""
        self._queue(MEMORY_USAGE, request.memory_usage(key, samples))
        return self

    def slowlog_get(self, num: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.slowlog_get`."""
        self._queue(SLOWLOG_GET, request.slowlog_get(num))
        return self

    def slowlog_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.slowlog_help`."""
        self._queue(SLOWLOG_HELP, (b"SLOWLOG", b"HELP"))
        return self

    def slowlog_len(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.slowlog_len`."""
        self._queue(SLOWLOG_LEN, (b"SLOWLOG", b"LEN"))
        return self

    def slowlog_reset(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.slowlog_reset`."""
        self._queue(SLOWLOG_RESET, (b"SLOWLOG", b"RESET"))
        return self
