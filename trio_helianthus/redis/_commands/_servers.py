# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Servers: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trio_helianthus.errors import OutcomeUnknown

from .._command_runner import CommandRunner, T
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
    SHUTDOWN,
    SLAVEOF,
    SWAPDB,
    TIME,
)
from .._requests import _servers as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._replies import Role
    from .._values import Key, Value


class ServersCommands(CommandRunner[T]):
    """Servers."""

    async def bgrewriteaof(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Write the append-only file anew, in the background.

        :returns: what is being done about it.
        """
        return await self._run(BGREWRITEAOF, (b"BGREWRITEAOF",), timeout, token)

    async def bgsave(
        self,
        *,
        schedule: bool = False,
        cancel: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> str:
        """Save the data, in the background.

        :param schedule: if that is not possible now, then later.
        :param cancel: end one that runs or is scheduled.
        :returns: what is being done about it.
        :raises ValueError: there are both ``schedule`` and ``cancel``.
        """
        return await self._run(
            BGSAVE, request.bgsave(schedule=schedule, cancel=cancel), timeout, token
        )

    async def config_get(
        self, *pattern: Key, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, T]:
        """Return settings.

        :param pattern: such as ``"maxmemory*"``.
        :raises ValueError: there are no ``pattern``.
        """
        return await self._run(CONFIG_GET, request.config_get(*pattern), timeout, token)

    async def config_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``CONFIG``."""
        return await self._run(CONFIG_HELP, (b"CONFIG", b"HELP"), timeout, token)

    async def config_resetstat(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Set the statistics of ``INFO`` back to 0."""
        return await self._run(CONFIG_RESETSTAT, (b"CONFIG", b"RESETSTAT"), timeout, token)

    async def config_rewrite(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Write the settings to the configuration file.

        :raises RedisError: there is none, or it cannot be written.
        """
        return await self._run(CONFIG_REWRITE, (b"CONFIG", b"REWRITE"), timeout, token)

    async def config_set(
        self,
        name: Key,
        value: Value,
        *args: Value,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Change settings, all of them or none.

        :param args: more of them: names and values by turns.
        :raises ValueError: there is a setting without a value.
        """
        return await self._run(CONFIG_SET, request.config_set(name, value, *args), timeout, token)

    async def dbsize(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count the keys of this database."""
        return await self._run(DBSIZE, (b"DBSIZE",), timeout, token)

    async def debug(
        self, *args: Value, timeout: float | None = None, token: CancelToken | None = None
    ) -> Any:
        """Do something for the server's own tests, if it is allowed.

        :returns: as the protocol has it.
        :raises ValueError: there are no ``args``.
        """
        return await self._run(DEBUG, request.debug(*args), timeout, token)

    async def failover(
        self,
        host: str | None = None,
        port: int | None = None,
        timeout: int | None = None,
        *,
        force: bool = False,
        abort: bool = False,
        token: CancelToken | None = None,
    ) -> None:
        """Have a replica take over from this server.

        :param host: the replica that takes over; any, if not said.
        :param timeout: how long to wait for it, in milliseconds.
        :param force: when the time is over, do it anyway; some writes are lost.
        :param abort: end one that is going on.
        :raises ValueError: there is ``host`` without ``port``, or the other way round; there is
            ``force`` without what it needs; there is ``abort`` with anything else; ``timeout`` is
            less than 1.
        """
        return await self._run(
            FAILOVER, request.failover(host, port, timeout, force=force, abort=abort), None, token
        )

    async def flushall(
        self,
        *,
        asynchronous: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Delete all keys of all databases.

        :param asynchronous: give their memory back later, in the background.
        """
        return await self._run(
            FLUSHALL, request.flushall(asynchronous=asynchronous), timeout, token
        )

    async def flushdb(
        self,
        *,
        asynchronous: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Delete all keys of this database.

        :param asynchronous: give their memory back later, in the background.
        """
        return await self._run(FLUSHDB, request.flushdb(asynchronous=asynchronous), timeout, token)

    async def info(
        self,
        section: str | None = None,
        *args: str,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> dict[str, Any]:
        """Return what there is to know of the server.

        :param section: such as ``"memory"``; the most important ones if not said.
        :param args: more sections.
        :returns: numbers as such, lists of them as dicts.
        """
        return await self._run(INFO, request.info(section, *args), timeout, token)

    async def lastsave(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Return when the data was last saved.

        :returns: Unix time in seconds.
        """
        return await self._run(LASTSAVE, (b"LASTSAVE",), timeout, token)

    async def replicaof(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Make the server a replica of another one, or a primary.

        :param host: without it, and ``port``, the server becomes a primary.
        :raises ValueError: there is ``host`` without ``port``, or the other way round.
        """
        return await self._run(REPLICAOF, request.replicaof(host, port), timeout, token)

    async def role(self, *, timeout: float | None = None, token: CancelToken | None = None) -> Role:
        """Return what the server is in a replication."""
        return await self._run(ROLE, (b"ROLE",), timeout, token)

    async def save(self, *, timeout: float | None = None, token: CancelToken | None = None) -> None:
        """Save the data; the server does nothing else meanwhile."""
        return await self._run(SAVE, (b"SAVE",), timeout, token)

    async def shutdown(
        self,
        *,
        save: bool = False,
        nosave: bool = False,
        now: bool = False,
        force: bool = False,
        safe: bool = False,
        failover: bool = False,
        abort: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """End the server.

        It is over when the server has closed the connection.

        :param save: save the data, even if no saving is configured.
        :param nosave: do not save the data.
        :param now: do not wait for replicas.
        :param force: even if the data cannot be saved.
        :param safe: not while it would lose slots of a cluster.
        :param failover: hand over to a replica before, in a cluster.
        :param abort: stay: end a shutdown that is going on.
        :raises ValueError: there are both ``save`` and ``nosave``; there is ``abort`` with anything
            else.
        :raises RedisError: the server stays, and says why.
        """
        try:
            await self._run(
                SHUTDOWN,
                request.shutdown(
                    save=save,
                    nosave=nosave,
                    now=now,
                    force=force,
                    safe=safe,
                    failover=failover,
                    abort=abort,
                ),
                timeout,
                token,
            )
        except OutcomeUnknown:
            if abort:
                raise

    async def slaveof(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Make the server a replica of another one, or a primary.

        It is deprecated: use :meth:`replicaof`.

        :param host: without it, and ``port``, the server becomes a primary.
        :raises ValueError: there is ``host`` without ``port``, or the other way round.
        """
        return await self._run(SLAVEOF, request.slaveof(host, port), timeout, token)

    async def swapdb(
        self,
        first: int,
        second: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Have two databases change places.

        :raises ValueError: ``first`` is negative; ``second`` is negative.
        """
        return await self._run(SWAPDB, request.swapdb(first, second), timeout, token)

    async def time(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> tuple[int, int]:
        """Return the server's time.

        :returns: Unix time in seconds, and microseconds.
        """
        return await self._run(TIME, (b"TIME",), timeout, token)
