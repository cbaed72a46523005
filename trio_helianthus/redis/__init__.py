"""Clients of Redis and Valkey: every command typed, one connection shared by all tasks."""

from __future__ import annotations

from ._client import Redis as Redis
from ._command import Command as Command
from ._command import CommandFlag as CommandFlag
from ._connection_face import RedisConnection as RedisConnection
from ._keyspace import KeyspaceSubscription as KeyspaceSubscription
from ._limits import ClientLimits as ClientLimits
from ._limits import Timeouts as Timeouts
from ._messages import KeyEvent as KeyEvent
from ._messages import Message as Message
from ._messages import MonitoredCommand as MonitoredCommand
from ._monitor import Monitor as Monitor
from ._open_client import open_client as open_client
from ._open_cluster import open_cluster as open_cluster
from ._open_sentinel import open_sentinel as open_sentinel
from ._options import ConnectionOptions as ConnectionOptions
from ._options import Credentials as Credentials
from ._pipeline import CommandList as CommandList
from ._pipeline import Pipeline as Pipeline
from ._read_from import ReadFrom as ReadFrom
from ._scripts import Library as Library
from ._scripts import Script as Script
from ._statistics import RedisStatistics as RedisStatistics
from ._subscription import MAX_MESSAGES as MAX_MESSAGES
from ._subscription import ShardSubscription as ShardSubscription
from ._subscription import Subscription as Subscription
from ._transaction import Transaction as Transaction
from ._transaction import TransactionResult as TransactionResult
from ._url import Place as Place

__all__ = [
    "MAX_MESSAGES",
    "ClientLimits",
    "Command",
    "CommandFlag",
    "CommandList",
    "ConnectionOptions",
    "Credentials",
    "KeyEvent",
    "KeyspaceSubscription",
    "Library",
    "Message",
    "Monitor",
    "MonitoredCommand",
    "Pipeline",
    "Place",
    "ReadFrom",
    "Redis",
    "RedisConnection",
    "RedisStatistics",
    "Script",
    "ShardSubscription",
    "Subscription",
    "Timeouts",
    "Transaction",
    "TransactionResult",
    "open_client",
    "open_cluster",
    "open_sentinel",
]
