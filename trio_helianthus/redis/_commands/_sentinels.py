# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Sentinels: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._command_runner import CommandRunner, T
from .._command_table._sentinels import (
    SENTINEL_CKQUORUM,
    SENTINEL_CONFIG,
    SENTINEL_CONFIG_GET,
    SENTINEL_DEBUG,
    SENTINEL_FAILOVER,
    SENTINEL_FLUSHCONFIG,
    SENTINEL_GET_MASTER_ADDR_BY_NAME,
    SENTINEL_GET_PRIMARY_ADDR_BY_NAME,
    SENTINEL_HELP,
    SENTINEL_INFO_CACHE,
    SENTINEL_IS_MASTER_DOWN_BY_ADDR,
    SENTINEL_IS_PRIMARY_DOWN_BY_ADDR,
    SENTINEL_MASTER,
    SENTINEL_MASTERS,
    SENTINEL_MONITOR,
    SENTINEL_MYID,
    SENTINEL_PENDING_SCRIPTS,
    SENTINEL_PRIMARIES,
    SENTINEL_PRIMARY,
    SENTINEL_REMOVE,
    SENTINEL_REPLICAS,
    SENTINEL_RESET,
    SENTINEL_SENTINELS,
    SENTINEL_SET,
    SENTINEL_SIMULATE_FAILURE,
    SENTINEL_SLAVES,
)
from .._requests import _sentinels as request

if TYPE_CHECKING:
    from trio_helianthus.core import CancelToken

    from .._values import Value


class SentinelsCommands(CommandRunner[T]):
    """Sentinels."""

    async def sentinel_ckquorum(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return whether enough sentinels are there to replace a primary.

        :param service_name: of the primary, as it was configured.
        :returns: what it says when all is well.
        :raises RedisError: there are not.
        """
        return await self._run(
            SENTINEL_CKQUORUM, (b"SENTINEL", b"CKQUORUM", service_name), timeout, token
        )

    async def sentinel_config_get(
        self, pattern: str = "*", *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, str]:
        """Return settings of the sentinel."""
        return await self._run(
            SENTINEL_CONFIG_GET, (b"SENTINEL", b"CONFIG", b"GET", pattern), timeout, token
        )

    async def sentinel_config_set(
        self,
        name: str,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Change a setting of the sentinel."""
        return await self._run(
            SENTINEL_CONFIG, (b"SENTINEL", b"CONFIG", b"SET", name, value), timeout, token
        )

    async def sentinel_debug(
        self, *args: Value, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, str] | None:
        """Return or change the sentinel's times, in milliseconds.

        :param args: names and values by turns; none: return all.
        """
        return await self._run(SENTINEL_DEBUG, (b"SENTINEL", b"DEBUG", *args), timeout, token)

    async def sentinel_failover(
        self,
        service_name: str,
        *,
        coordinated: bool = False,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Have a replica take over, without asking other sentinels.

        :param coordinated: with the primary's help.
        """
        return await self._run(
            SENTINEL_FAILOVER,
            request.sentinel_failover(service_name, coordinated=coordinated),
            timeout,
            token,
        )

    async def sentinel_flushconfig(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Write the sentinel's configuration file."""
        return await self._run(SENTINEL_FLUSHCONFIG, (b"SENTINEL", b"FLUSHCONFIG"), timeout, token)

    async def sentinel_get_master_addr_by_name(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> tuple[str, int] | None:
        """Return where a primary is.

        It is deprecated: use :meth:`sentinel_get_primary_addr_by_name`.

        :param service_name: of the primary, as it was configured.
        :returns: ``None`` if it is not watched.
        """
        return await self._run(
            SENTINEL_GET_MASTER_ADDR_BY_NAME,
            (b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", service_name),
            timeout,
            token,
        )

    async def sentinel_get_primary_addr_by_name(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> tuple[str, int] | None:
        """Return where a primary is.

        :param service_name: of the primary, as it was configured.
        :returns: ``None`` if it is not watched.
        """
        return await self._run(
            SENTINEL_GET_PRIMARY_ADDR_BY_NAME,
            (b"SENTINEL", b"GET-PRIMARY-ADDR-BY-NAME", service_name),
            timeout,
            token,
        )

    async def sentinel_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``SENTINEL``."""
        return await self._run(SENTINEL_HELP, (b"SENTINEL", b"HELP"), timeout, token)

    async def sentinel_info_cache(
        self, *names: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, list[tuple[int, dict[str, Any] | None]]]:
        """Return what servers have last said of themselves.

        :returns: of each server: milliseconds since, and what it said.
        :raises ValueError: there are no ``names``.
        """
        return await self._run(
            SENTINEL_INFO_CACHE, request.sentinel_info_cache(*names), timeout, token
        )

    async def sentinel_is_master_down_by_addr(
        self,
        ip: str,
        port: int,
        current_epoch: int,
        runid: str = "*",
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[bool, str, int]:
        """Return whether this sentinel thinks that a primary is down.

        It is deprecated: use :meth:`sentinel_is_primary_down_by_addr`.

        :param runid: ``"*"``: do not ask for its vote.
        :returns: whether it is, whom this sentinel votes for, and in which epoch.
        """
        return await self._run(
            SENTINEL_IS_MASTER_DOWN_BY_ADDR,
            (b"SENTINEL", b"IS-MASTER-DOWN-BY-ADDR", ip, port, current_epoch, runid),
            timeout,
            token,
        )

    async def sentinel_is_primary_down_by_addr(
        self,
        ip: str,
        port: int,
        current_epoch: int,
        runid: str = "*",
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[bool, str, int]:
        """Return whether this sentinel thinks that a primary is down.

        :param runid: ``"*"``: do not ask for its vote.
        :returns: whether it is, whom this sentinel votes for, and in which epoch.
        """
        return await self._run(
            SENTINEL_IS_PRIMARY_DOWN_BY_ADDR,
            (b"SENTINEL", b"IS-PRIMARY-DOWN-BY-ADDR", ip, port, current_epoch, runid),
            timeout,
            token,
        )

    async def sentinel_master(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, str]:
        """Return what is known of a primary.

        It is deprecated: use :meth:`sentinel_primary`.

        :param service_name: of the primary, as it was configured.
        """
        return await self._run(
            SENTINEL_MASTER, (b"SENTINEL", b"MASTER", service_name), timeout, token
        )

    async def sentinel_masters(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, str]]:
        """Return what is known of all primaries.

        It is deprecated: use :meth:`sentinel_primaries`.
        """
        return await self._run(SENTINEL_MASTERS, (b"SENTINEL", b"MASTERS"), timeout, token)

    async def sentinel_monitor(
        self,
        name: str,
        ip: str,
        port: int,
        quorum: int,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Watch a primary.

        :param quorum: how many sentinels have to agree that it is down.
        :raises ValueError: ``quorum`` is less than 1.
        """
        return await self._run(
            SENTINEL_MONITOR, request.sentinel_monitor(name, ip, port, quorum), timeout, token
        )

    async def sentinel_myid(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return the sentinel's ID."""
        return await self._run(SENTINEL_MYID, (b"SENTINEL", b"MYID"), timeout, token)

    async def sentinel_pending_scripts(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, Any]]:
        """Return the scripts that wait or run."""
        return await self._run(
            SENTINEL_PENDING_SCRIPTS, (b"SENTINEL", b"PENDING-SCRIPTS"), timeout, token
        )

    async def sentinel_primaries(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, str]]:
        """Return what is known of all primaries."""
        return await self._run(SENTINEL_PRIMARIES, (b"SENTINEL", b"PRIMARIES"), timeout, token)

    async def sentinel_primary(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, str]:
        """Return what is known of a primary.

        :param service_name: of the primary, as it was configured.
        """
        return await self._run(
            SENTINEL_PRIMARY, (b"SENTINEL", b"PRIMARY", service_name), timeout, token
        )

    async def sentinel_remove(
        self, name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Watch a primary no more."""
        return await self._run(SENTINEL_REMOVE, (b"SENTINEL", b"REMOVE", name), timeout, token)

    async def sentinel_replicas(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, str]]:
        """Return what is known of a primary's replicas.

        :param service_name: of the primary, as it was configured.
        """
        return await self._run(
            SENTINEL_REPLICAS, (b"SENTINEL", b"REPLICAS", service_name), timeout, token
        )

    async def sentinel_reset(
        self, pattern: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Forget what is known of primaries, and look again.

        :returns: how many.
        """
        return await self._run(SENTINEL_RESET, (b"SENTINEL", b"RESET", pattern), timeout, token)

    async def sentinel_sentinels(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, str]]:
        """Return what is known of the other sentinels.

        :param service_name: of the primary, as it was configured.
        """
        return await self._run(
            SENTINEL_SENTINELS, (b"SENTINEL", b"SENTINELS", service_name), timeout, token
        )

    async def sentinel_set(
        self,
        name: str,
        option: str,
        value: Value,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Change how a primary is watched."""
        return await self._run(
            SENTINEL_SET, (b"SENTINEL", b"SET", name, option, value), timeout, token
        )

    async def sentinel_simulate_failure(
        self, *modes: str, timeout: float | None = None, token: CancelToken | None = None
    ) -> Any:
        """Have the sentinel crash on purpose, for tests."""
        return await self._run(
            SENTINEL_SIMULATE_FAILURE, (b"SENTINEL", b"SIMULATE-FAILURE", *modes), timeout, token
        )

    async def sentinel_slaves(
        self, service_name: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, str]]:
        """Return what is known of a primary's replicas.

        It is deprecated: use :meth:`sentinel_replicas`.

        :param service_name: of the primary, as it was configured.
        """
        return await self._run(
            SENTINEL_SLAVES, (b"SENTINEL", b"SLAVES", service_name), timeout, token
        )
