# Made by scripts/generate_redis_commands.py; changes belong there.
# What an answer is, no type says: tests compare each with what the method says that it returns.
# mypy: disable-error-code="no-any-return"
"""Clusters: methods of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .._command_runner import CommandRunner, T
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
    from trio_helianthus.core import CancelToken

    from .._replies import ClusterNode
    from .._values import Key


class ClustersCommands(CommandRunner[T]):
    """Clusters."""

    async def cluster_bumpepoch(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Give what the server says of its slots a higher version.

        :returns: what was done, and the epoch.
        """
        return await self._run(CLUSTER_BUMPEPOCH, (b"CLUSTER", b"BUMPEPOCH"), timeout, token)

    async def cluster_count_failure_reports(
        self, node_id: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> int:
        """Count who says that a server has failed."""
        return await self._run(
            CLUSTER_COUNT_FAILURE_REPORTS,
            (b"CLUSTER", b"COUNT-FAILURE-REPORTS", node_id),
            timeout,
            token,
        )

    async def cluster_failover(
        self,
        option: Literal["FORCE", "TAKEOVER"] | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Have a replica take over from its primary.

        :param option: without the primary's, or without anybody's consent.
        :raises ValueError: ``option`` is none of these.
        """
        return await self._run(CLUSTER_FAILOVER, request.cluster_failover(option), timeout, token)

    async def cluster_forget(
        self, node_id: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server forget another one for a minute."""
        return await self._run(CLUSTER_FORGET, (b"CLUSTER", b"FORGET", node_id), timeout, token)

    async def cluster_help(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[T]:
        """Return what there is to say of ``CLUSTER``."""
        return await self._run(CLUSTER_HELP, (b"CLUSTER", b"HELP"), timeout, token)

    async def cluster_info(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> dict[str, Any]:
        """Return the state of the cluster."""
        return await self._run(CLUSTER_INFO, (b"CLUSTER", b"INFO"), timeout, token)

    async def cluster_links(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, Any]]:
        """Return the connections to other servers."""
        return await self._run(CLUSTER_LINKS, (b"CLUSTER", b"LINKS"), timeout, token)

    async def cluster_meet(
        self,
        host: str,
        port: int,
        bus_port: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> None:
        """Have the server get to know another one.

        :param bus_port: 10000 more than ``port`` if not said.
        """
        return await self._run(
            CLUSTER_MEET, request.cluster_meet(host, port, bus_port), timeout, token
        )

    async def cluster_myid(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return the server's ID."""
        return await self._run(CLUSTER_MYID, (b"CLUSTER", b"MYID"), timeout, token)

    async def cluster_myshardid(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> str:
        """Return the ID of the server's shard."""
        return await self._run(CLUSTER_MYSHARDID, (b"CLUSTER", b"MYSHARDID"), timeout, token)

    async def cluster_nodes(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[ClusterNode]:
        """Return all servers."""
        return await self._run(CLUSTER_NODES, (b"CLUSTER", b"NODES"), timeout, token)

    async def cluster_replicas(
        self, node_id: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[ClusterNode]:
        """Return the replicas of a primary."""
        return await self._run(CLUSTER_REPLICAS, (b"CLUSTER", b"REPLICAS", node_id), timeout, token)

    async def cluster_replicate(
        self, node_id: str | None, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Make the server a replica of another one.

        :param node_id: ``None``: make it a primary.
        """
        return await self._run(
            CLUSTER_REPLICATE, request.cluster_replicate(node_id), timeout, token
        )

    async def cluster_reset(
        self, *, soft: bool = True, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Have the server leave the cluster and forget all others.

        :param soft: else it also gets a new ID, and forgets its epochs.
        """
        return await self._run(
            CLUSTER_RESET, (b"CLUSTER", b"RESET", b"SOFT" if soft else b"HARD"), timeout, token
        )

    async def cluster_saveconfig(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Write what the server knows of the cluster to disk."""
        return await self._run(CLUSTER_SAVECONFIG, (b"CLUSTER", b"SAVECONFIG"), timeout, token)

    async def cluster_set_config_epoch(
        self, epoch: int, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> None:
        """Set the version of what a new server says of its slots.

        :raises ValueError: ``epoch`` is negative.
        """
        return await self._run(
            CLUSTER_SET_CONFIG_EPOCH, request.cluster_set_config_epoch(epoch), timeout, token
        )

    async def cluster_shards(
        self, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[dict[str, Any]]:
        """Return all shards: ``slots`` as pairs of first and last, ``nodes``."""
        return await self._run(CLUSTER_SHARDS, (b"CLUSTER", b"SHARDS"), timeout, token)

    async def cluster_slaves(
        self, node_id: str, *, timeout: float | None = None, token: CancelToken | None = None
    ) -> list[ClusterNode]:
        """Return the replicas of a primary.

        It is deprecated: use :meth:`cluster_replicas`.
        """
        return await self._run(CLUSTER_SLAVES, (b"CLUSTER", b"SLAVES", node_id), timeout, token)

    async def clusterscan(
        self,
        cursor: Key = "0",
        match: Key | None = None,
        count: int | None = None,
        _type: str | None = None,
        slot: int | None = None,
        *,
        timeout: float | None = None,
        token: CancelToken | None = None,
    ) -> tuple[T, list[T]]:
        """Return some of the keys of a cluster, and where to go on.

        :param cursor: 0, or what the last call has returned.
        :param match: a pattern, such as ``"user:*"``.
        :param count: how much to look at; about so many are found.
        :param _type: only keys of that type, such as ``"hash"``.
        :param slot: only keys of that slot.
        :returns: the next cursor, which is ``0`` at the end; keys, of which there may be none.
        :raises ValueError: ``count`` is less than 1; ``slot`` is negative.
        """
        return await self._run(
            CLUSTERSCAN, request.clusterscan(cursor, match, count, _type, slot), timeout, token
        )
