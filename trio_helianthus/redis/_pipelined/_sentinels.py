# Made by scripts/generate_redis_commands.py; changes belong there.
"""Sentinels: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from .._command_runner import CommandQueue, T
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
    from .._values import Value


class QueuedSentinelsCommands(CommandQueue[T]):
    """Sentinels."""

    def sentinel_ckquorum(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_ckquorum`."""
        self._queue(SENTINEL_CKQUORUM, (b"SENTINEL", b"CKQUORUM", service_name))
        return self

    def sentinel_config_get(self, pattern: str = "*") -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_config_get`."""
        self._queue(SENTINEL_CONFIG_GET, (b"SENTINEL", b"CONFIG", b"GET", pattern))
        return self

    def sentinel_config_set(self, name: str, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_config_set`."""
        self._queue(SENTINEL_CONFIG, (b"SENTINEL", b"CONFIG", b"SET", name, value))
        return self

    def sentinel_debug(self, *args: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_debug`."""
        self._queue(SENTINEL_DEBUG, (b"SENTINEL", b"DEBUG", *args))
        return self

    def sentinel_failover(self, service_name: str, *, coordinated: bool = False) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_failover`."""
        self._queue(
            SENTINEL_FAILOVER, request.sentinel_failover(service_name, coordinated=coordinated)
        )
        return self

    def sentinel_flushconfig(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_flushconfig`."""
        self._queue(SENTINEL_FLUSHCONFIG, (b"SENTINEL", b"FLUSHCONFIG"))
        return self

    def sentinel_get_master_addr_by_name(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_get_master_addr_by_name`."""
        self._queue(
            SENTINEL_GET_MASTER_ADDR_BY_NAME,
            (b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", service_name),
        )
        return self

    def sentinel_get_primary_addr_by_name(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_get_primary_addr_by_name`."""
        self._queue(
            SENTINEL_GET_PRIMARY_ADDR_BY_NAME,
            (b"SENTINEL", b"GET-PRIMARY-ADDR-BY-NAME", service_name),
        )
        return self

    def sentinel_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_help`."""
        self._queue(SENTINEL_HELP, (b"SENTINEL", b"HELP"))
        return self

    def sentinel_info_cache(self, *names: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_info_cache`."""
        self._queue(SENTINEL_INFO_CACHE, request.sentinel_info_cache(*names))
        return self

    def sentinel_is_master_down_by_addr(
        self, ip: str, port: int, current_epoch: int, runid: str = "*"
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_is_master_down_by_addr`."""
        self._queue(
            SENTINEL_IS_MASTER_DOWN_BY_ADDR,
            (b"SENTINEL", b"IS-MASTER-DOWN-BY-ADDR", ip, port, current_epoch, runid),
        )
        return self

    def sentinel_is_primary_down_by_addr(
        self, ip: str, port: int, current_epoch: int, runid: str = "*"
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_is_primary_down_by_addr`."""
        self._queue(
            SENTINEL_IS_PRIMARY_DOWN_BY_ADDR,
            (b"SENTINEL", b"IS-PRIMARY-DOWN-BY-ADDR", ip, port, current_epoch, runid),
        )
        return self

    def sentinel_master(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_master`."""
        self._queue(SENTINEL_MASTER, (b"SENTINEL", b"MASTER", service_name))
        return self

    def sentinel_masters(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_masters`."""
        self._queue(SENTINEL_MASTERS, (b"SENTINEL", b"MASTERS"))
        return self

    def sentinel_monitor(self, name: str, ip: str, port: int, quorum: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_monitor`."""
        self._queue(SENTINEL_MONITOR, request.sentinel_monitor(name, ip, port, quorum))
        return self

    def sentinel_myid(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_myid`."""
        self._queue(SENTINEL_MYID, (b"SENTINEL", b"MYID"))
        return self

    def sentinel_pending_scripts(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_pending_scripts`."""
        self._queue(SENTINEL_PENDING_SCRIPTS, (b"SENTINEL", b"PENDING-SCRIPTS"))
        return self

    def sentinel_primaries(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_primaries`."""
        self._queue(SENTINEL_PRIMARIES, (b"SENTINEL", b"PRIMARIES"))
        return self

    def sentinel_primary(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_primary`."""
        self._queue(SENTINEL_PRIMARY, (b"SENTINEL", b"PRIMARY", service_name))
        return self

    def sentinel_remove(self, name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_remove`."""
        self._queue(SENTINEL_REMOVE, (b"SENTINEL", b"REMOVE", name))
        return self

    def sentinel_replicas(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_replicas`."""
        self._queue(SENTINEL_REPLICAS, (b"SENTINEL", b"REPLICAS", service_name))
        return self

    def sentinel_reset(self, pattern: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_reset`."""
        self._queue(SENTINEL_RESET, (b"SENTINEL", b"RESET", pattern))
        return self

    def sentinel_sentinels(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_sentinels`."""
        self._queue(SENTINEL_SENTINELS, (b"SENTINEL", b"SENTINELS", service_name))
        return self

    def sentinel_set(self, name: str, option: str, value: Value) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_set`."""
        self._queue(SENTINEL_SET, (b"SENTINEL", b"SET", name, option, value))
        return self

    def sentinel_simulate_failure(self, *modes: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_simulate_failure`."""
        self._queue(SENTINEL_SIMULATE_FAILURE, (b"SENTINEL", b"SIMULATE-FAILURE", *modes))
        return self

    def sentinel_slaves(self, service_name: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.sentinel_slaves`."""
        self._queue(SENTINEL_SLAVES, (b"SENTINEL", b"SLAVES", service_name))
        return self
