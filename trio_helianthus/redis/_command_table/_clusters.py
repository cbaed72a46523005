# Made by scripts/generate_redis_commands.py; changes belong there.
"""Clusters: what the client knows of each command."""

from __future__ import annotations

from typing import Final

from .._command import Command, CommandFlag
from .._keys import ONE_KEY
from .._replies import (
    cluster_nodes,
    cluster_replicas,
    info,
    list_of_named,
    no_value,
    scan_cluster,
    shards,
    text,
)

CLUSTERSCAN: Final = Command(
    "CLUSTERSCAN",
    CommandFlag.READONLY,
    decode=scan_cluster,
    keys=ONE_KEY,
    request_policy="special",
    response_policy="special",
)
CLUSTER_BUMPEPOCH: Final = Command("CLUSTER BUMPEPOCH", CommandFlag.ADMIN, decode=text)
CLUSTER_COUNT_FAILURE_REPORTS: Final = Command(
    "CLUSTER COUNT-FAILURE-REPORTS", CommandFlag.ADMIN | CommandFlag.REPEATABLE
)
CLUSTER_FAILOVER: Final = Command("CLUSTER FAILOVER", CommandFlag.ADMIN, decode=no_value)
CLUSTER_FORGET: Final = Command("CLUSTER FORGET", CommandFlag.ADMIN, decode=no_value)
CLUSTER_HELP: Final = Command("CLUSTER HELP", CommandFlag.REPEATABLE)
CLUSTER_INFO: Final = Command("CLUSTER INFO", CommandFlag.REPEATABLE, decode=info)
CLUSTER_LINKS: Final = Command("CLUSTER LINKS", CommandFlag.REPEATABLE, decode=list_of_named)
CLUSTER_MEET: Final = Command("CLUSTER MEET", CommandFlag.ADMIN, decode=no_value)
CLUSTER_MYID: Final = Command("CLUSTER MYID", CommandFlag.REPEATABLE, decode=text)
CLUSTER_MYSHARDID: Final = Command("CLUSTER MYSHARDID", CommandFlag.REPEATABLE, decode=text)
CLUSTER_NODES: Final = Command("CLUSTER NODES", CommandFlag.REPEATABLE, decode=cluster_nodes)
CLUSTER_REPLICAS: Final = Command(
    "CLUSTER REPLICAS", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=cluster_replicas
)
CLUSTER_REPLICATE: Final = Command("CLUSTER REPLICATE", CommandFlag.ADMIN, decode=no_value)
CLUSTER_RESET: Final = Command("CLUSTER RESET", CommandFlag.ADMIN, decode=no_value)
CLUSTER_SAVECONFIG: Final = Command("CLUSTER SAVECONFIG", CommandFlag.ADMIN, decode=no_value)
CLUSTER_SET_CONFIG_EPOCH: Final = Command(
    "CLUSTER SET-CONFIG-EPOCH", CommandFlag.ADMIN, decode=no_value
)
CLUSTER_SHARDS: Final = Command("CLUSTER SHARDS", CommandFlag.REPEATABLE, decode=shards)
CLUSTER_SLAVES: Final = Command(
    "CLUSTER SLAVES", CommandFlag.ADMIN | CommandFlag.REPEATABLE, decode=cluster_replicas
)
CLUSTER_SYNCSLOTS: Final = Command("CLUSTER SYNCSLOTS", CommandFlag.STATEFUL | CommandFlag.ADMIN)

COMMANDS: Final = (
    CLUSTERSCAN,
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
    CLUSTER_SYNCSLOTS,
)
"""One for each command."""
