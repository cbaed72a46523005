"""Clients of Redis and Valkey: every command typed, one connection shared by all tasks."""

from __future__ import annotations

from ._bitfield import BitField as BitField
from ._cache import Cache as Cache
from ._cache import CacheStatistics as CacheStatistics
from ._client import Redis as Redis
from ._command import Command as Command
from ._command import CommandFlag as CommandFlag
from ._connection_face import RedisConnection as RedisConnection
from ._consumer import ConsumerStatistics as ConsumerStatistics
from ._consumer import StreamConsumer as StreamConsumer
from ._keyspace import KeyspaceSubscription as KeyspaceSubscription
from ._lease import Lease as Lease
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
from ._rate_limit import RateDecision as RateDecision
from ._rate_limit import RateLimiter as RateLimiter
from ._read_from import ReadFrom as ReadFrom
from ._replies import ClusterNode as ClusterNode
from ._replies import CommonPart as CommonPart
from ._replies import CommonParts as CommonParts
from ._replies import GeoMember as GeoMember
from ._replies import LoggedCommand as LoggedCommand
from ._replies import PendingEntry as PendingEntry
from ._replies import PendingSummary as PendingSummary
from ._replies import Role as Role
from ._replies import SlotRange as SlotRange
from ._scan import Scan as Scan
from ._scripts import Library as Library
from ._scripts import Script as Script
from ._statistics import RedisStatistics as RedisStatistics
from ._stream_entry import StreamEntry as StreamEntry
from ._subscription import MAX_MESSAGES as MAX_MESSAGES
from ._subscription import ShardSubscription as ShardSubscription
from ._subscription import Subscription as Subscription
from ._tracked_redis import TrackedRedis as TrackedRedis
from ._tracked_redis import TrackingStatistics as TrackingStatistics
from ._transaction import Transaction as Transaction
from ._transaction import TransactionResult as TransactionResult
from ._url import Place as Place
from ._values import Key as Key
from ._values import Value as Value

__all__ = [
    "MAX_MESSAGES",
    "BitField",
    "Cache",
    "CacheStatistics",
    "ClientLimits",
    "ClusterNode",
    "Command",
    "CommandFlag",
    "CommandList",
    "CommonPart",
    "CommonParts",
    "ConnectionOptions",
    "ConsumerStatistics",
    "Credentials",
    "GeoMember",
    "Key",
    "KeyEvent",
    "KeyspaceSubscription",
    "Lease",
    "Library",
    "LoggedCommand",
    "Message",
    "Monitor",
    "MonitoredCommand",
    "PendingEntry",
    "PendingSummary",
    "Pipeline",
    "Place",
    "RateDecision",
    "RateLimiter",
    "ReadFrom",
    "Redis",
    "RedisConnection",
    "RedisStatistics",
    "Role",
    "Scan",
    "Script",
    "ShardSubscription",
    "SlotRange",
    "StreamConsumer",
    "StreamEntry",
    "Subscription",
    "Timeouts",
    "TrackedRedis",
    "TrackingStatistics",
    "Transaction",
    "TransactionResult",
    "Value",
    "open_client",
    "open_cluster",
    "open_sentinel",
]
