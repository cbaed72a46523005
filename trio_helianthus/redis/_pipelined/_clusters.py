# Made by scripts/generate_redis_commands.py; changes belong there.
"""Clusters: methods of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from .._command_runner import CommandQueue, T
from .._command_table._clusters import (
    CLUSTER_BUMPEPOCH,
    CLUSTER_COUNT_FAILURE_REPORTS,
    CLUSTER_FAILOVER,
    CLUSTER_FORGET,
    CLUSTER_HELP,
    CLUSTER_INFO,
    CLUSTER_LINKS,
    CLUSTER_MEET,
    CLUSTER_MYID,
    CLUSTER_MYSHARDID,
    CLUSTER_NODES,
    CLUSTER_REPLICAS,
    CLUSTER_REPLICATE,
    CLUSTER_RESET,
    CLUSTER_SAVECONFIG,
    CLUSTER_SET_CONFIG_EPOCH,
    CLUSTER_SHARDS,
    CLUSTER_SLAVES,
    CLUSTERSCAN,
)
from .._requests import _clusters as request

if TYPE_CHECKING:
    from .._values import Key


class QueuedClustersCommands(CommandQueue[T]):
    """Clusters."""

    def cluster_bumpepoch(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_bumpepoch`."""
        self._queue(CLUSTER_BUMPEPOCH, (b"CLUSTER", b"BUMPEPOCH"))
        return self

    def cluster_count_failure_reports(self, node_id: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_count_failure_reports`."""
        self._queue(CLUSTER_COUNT_FAILURE_REPORTS, (b"CLUSTER", b"COUNT-FAILURE-REPORTS", node_id))
        return self

    def cluster_failover(self, option: Literal["FORCE", "TAKEOVER"] | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_failover`."""
        self._queue(CLUSTER_FAILOVER, request.cluster_failover(option))
        return self

    def cluster_forget(self, node_id: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_forget`."""
        self._queue(CLUSTER_FORGET, (b"CLUSTER", b"FORGET", node_id))
        return self

    def cluster_help(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_help`."""
        self._queue(CLUSTER_HELP, (b"CLUSTER", b"HELP"))
        return self

    def cluster_info(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_info`."""
        self._queue(CLUSTER_INFO, (b"CLUSTER", b"INFO"))
        return self

    def cluster_links(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_links`."""
        self._queue(CLUSTER_LINKS, (b"CLUSTER", b"LINKS"))
        return self

    def cluster_meet(self, host: str, port: int, bus_port: int | None = None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_meet`."""
        self._queue(CLUSTER_MEET, request.cluster_meet(host, port, bus_port))
        return self

    def cluster_myid(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_myid`."""
        self._queue(CLUSTER_MYID, (b"CLUSTER", b"MYID"))
        return self

    def cluster_myshardid(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_myshardid`."""
        self._queue(CLUSTER_MYSHARDID, (b"CLUSTER", b"MYSHARDID"))
        return self

    def cluster_nodes(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_nodes`."""
        self._queue(CLUSTER_NODES, (b"CLUSTER", b"NODES"))
        return self

    def cluster_replicas(self, node_id: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_replicas`."""
        self._queue(CLUSTER_REPLICAS, (b"CLUSTER", b"REPLICAS", node_id))
        return self

    def cluster_replicate(self, node_id: str | None) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_replicate`."""
        self._queue(CLUSTER_REPLICATE, request.cluster_replicate(node_id))
        return self

    def cluster_reset(self, *, soft: bool = True) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_reset`."""
        self._queue(CLUSTER_RESET, (b"CLUSTER", b"RESET", b"SOFT" if soft else b"HARD"))
        return self

    def cluster_saveconfig(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_saveconfig`."""
        self._queue(CLUSTER_SAVECONFIG, (b"CLUSTER", b"SAVECONFIG"))
        return self

    def cluster_set_config_epoch(self, epoch: int) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_set_config_epoch`."""
        self._queue(CLUSTER_SET_CONFIG_EPOCH, request.cluster_set_config_epoch(epoch))
        return self

    def cluster_shards(self) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_shards`."""
        self._queue(CLUSTER_SHARDS, (b"CLUSTER", b"SHARDS"))
        return self

    def cluster_slaves(self, node_id: str) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.cluster_slaves`."""
        self._queue(CLUSTER_SLAVES, (b"CLUSTER", b"SLAVES", node_id))
        return self

    def clusterscan(
        self,
        cursor: Key = "0",
        match: Key | None = None,
        count: int | None = None,
        _type: str | None = None,
        slot: int | None = None,
    ) -> Self:
        """See :meth:`~trio_helianthus.redis.Redis.clusterscan`."""
        self._queue(CLUSTERSCAN, request.clusterscan(cursor, match, count, _type, slot))
        return self
