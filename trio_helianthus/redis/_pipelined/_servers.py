# Made by scripts/generate_redis_commands.py; changes belong there.
"""Servers: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
from .._command_table._servers import (
    BGREWRITEAOF,
    BGSAVE,
    CONFIG_GET,
    CONFIG_HELP,
    CONFIG_RESETSTAT,
    CONFIG_REWRITE,
    CONFIG_SET,
    DBSIZE,
    DEBUG,
    FAILOVER,
    FLUSHALL,
    FLUSHDB,
    INFO,
    LASTSAVE,
    REPLICAOF,
    ROLE,
    SAVE,
    SLAVEOF,
    SWAPDB,
    TIME,
)
from .._requests import _servers as request

if TYPE_CHECKING:
    from .._values import Key, Value


class QueuedServersCommands(CommandQueue[T]):
    """Servers."""

    def bgrewriteaof(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bgrewriteaof`."""
        self._queue(BGREWRITEAOF, (b"BGREWRITEAOF",))
        return self

    def bgsave(self, *, schedule: bool = False, cancel: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.bgsave`."""
        self._queue(BGSAVE, request.bgsave(schedule=schedule, cancel=cancel))
        return self

    def config_get(self, *pattern: Key) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.config_get`."""
        self._queue(CONFIG_GET, request.config_get(*pattern))
        return self

    def config_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.config_help`."""
        self._queue(CONFIG_HELP, (b"CONFIG", b"HELP"))
        return self

    def config_resetstat(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.config_resetstat`."""
        self._queue(CONFIG_RESETSTAT, (b"CONFIG", b"RESETSTAT"))
        return self

    def config_rewrite(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.config_rewrite`."""
        self._queue(CONFIG_REWRITE, (b"CONFIG", b"REWRITE"))
        return self

    def config_set(self, name: Key, value: Value, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.config_set`."""
        self._queue(CONFIG_SET, request.config_set(name, value, *args))
        return self

    def dbsize(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.dbsize`."""
        self._queue(DBSIZE, (b"DBSIZE",))
        return self

    def debug(self, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.debug`."""
        self._queue(DEBUG, request.debug(*args))
        return self

    def failover(
        self,
        host: str | None = None,
        port: int | None = None,
        timeout: int | None = None,
        *,
        force: bool = False,
        abort: bool = False,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.failover`."""
        self._queue(FAILOVER, request.failover(host, port, timeout, force=force, abort=abort))
        return self

    def flushall(self, *, asynchronous: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.flushall`."""
        self._queue(FLUSHALL, request.flushall(asynchronous=asynchronous))
        return self

    def flushdb(self, *, asynchronous: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.flushdb`."""
        self._queue(FLUSHDB, request.flushdb(asynchronous=asynchronous))
        return self

    def info(self, section: str | None = None, *args: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.info`."""
        self._queue(INFO, request.info(section, *args))
        return self

    def lastsave(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.lastsave`."""
        self._queue(LASTSAVE, (b"LASTSAVE",))
        return self

    def replicaof(self, host: str | None = None, port: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.replicaof`."""
        self._queue(REPLICAOF, request.replicaof(host, port))
        return self

    def role(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.role`."""
        self._queue(ROLE, (b"ROLE",))
        return self

    def save(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.save`."""
        self._queue(SAVE, (b"SAVE",))
        return self

    def slaveof(self, host: str | None = None, port: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.slaveof`."""
        self._queue(SLAVEOF, request.slaveof(host, port))
        return self

    def swapdb(self, first: int, second: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.swapdb`."""
        self._queue(SWAPDB, request.swapdb(first, second))
        return self

    def time(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.time`."""
        self._queue(TIME, (b"TIME",))
        return self
