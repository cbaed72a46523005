"""Cancellation, time, lifecycle and reports: what every area above does in the same way.

:class:`CancelToken` and :func:`limit` end work early, :func:`open_service_nursery` ends it in
order, :class:`Lifecycle` and :func:`run` end the whole program, :func:`open_portal` lets other
threads in, and :func:`subscribe` listens to all of it. :func:`open_pool` lends what is slow to
open, :func:`retry` and :class:`CircuitBreaker` deal with calls that fail, :class:`RateLimiter`
with too many of them, :class:`Alarm` with deadlines that nearly never come, and
:class:`Broadcast` with many who want the same.
"""

from __future__ import annotations

from ._acquiring import Acquiring as Acquiring
from ._alarm import Alarm as Alarm
from ._broadcast import SINKS_PER_TURN as SINKS_PER_TURN
from ._broadcast import SUBSCRIPTION_ITEMS as SUBSCRIPTION_ITEMS
from ._broadcast import Broadcast as Broadcast
from ._broadcast import BroadcastStatistics as BroadcastStatistics
from ._checkpoint import CHECKPOINT_BUDGET as CHECKPOINT_BUDGET
from ._checkpoint import CheckpointBudget as CheckpointBudget
from ._checkpoint import checkpoint_budget as checkpoint_budget
from ._circuit_breaker import CircuitBreaker as CircuitBreaker
from ._circuit_breaker import CircuitCall as CircuitCall
from ._circuit_breaker import CircuitState as CircuitState
from ._circuit_breaker import CircuitStatistics as CircuitStatistics
from ._instrument import SEAM as SEAM
from ._instrument import Instrument as Instrument
from ._instrument import Operation as Operation
from ._instrument import Outcome as Outcome
from ._instrument import next_connection_id as next_connection_id
from ._instrument import operation as operation
from ._instrument import report_error as report_error
from ._instrument import subscribe as subscribe
from ._lifecycle import EXIT_CUT as EXIT_CUT
from ._lifecycle import EXIT_DRAINED as EXIT_DRAINED
from ._lifecycle import Lifecycle as Lifecycle
from ._lifecycle import LifecycleReport as LifecycleReport
from ._lifecycle import LifecycleState as LifecycleState
from ._lifecycle import current_lifecycle as current_lifecycle
from ._lifecycle import open_lifecycle as open_lifecycle
from ._lifecycle import open_service as open_service
from ._limits import limit as limit
from ._limits import remaining_time as remaining_time
from ._nursery import BackgroundNursery as BackgroundNursery
from ._nursery import ServiceNursery as ServiceNursery
from ._nursery import open_background_nursery as open_background_nursery
from ._nursery import open_service_nursery as open_service_nursery
from ._open_pool import open_pool as open_pool
from ._overflow import Overflow as Overflow
from ._overflow import OverflowQueue as OverflowQueue
from ._parking import WOKEN as WOKEN
from ._parking import Parking as Parking
from ._pool import Pool as Pool
from ._pool_limits import CloseReason as CloseReason
from ._pool_limits import PoolLimits as PoolLimits
from ._pool_limits import PoolStatistics as PoolStatistics
from ._portal import DelayedPost as DelayedPost
from ._portal import Portal as Portal
from ._portal import PortalStatistics as PortalStatistics
from ._portal import open_portal as open_portal
from ._rate_limiter import RateLimiter as RateLimiter
from ._retry import retry as retry
from ._retry_budget import RetryBudget as RetryBudget
from ._retry_policy import RetryPolicy as RetryPolicy
from ._run import print_report as print_report
from ._run import run as run
from ._run import stop_signals as stop_signals
from ._service import DRAIN_SECONDS as DRAIN_SECONDS
from ._service import STOP_SECONDS as STOP_SECONDS
from ._service import DrainReport as DrainReport
from ._service import Service as Service
from ._signals import ignore_signals as ignore_signals
from ._signals import open_signals as open_signals
from ._subscription import Inbox as Inbox
from ._subscription import Subscription as Subscription
from ._subscription import SubscriptionStatistics as SubscriptionStatistics
from ._token import CancelToken as CancelToken
from ._trace import TraceContext as TraceContext
from ._trace import current_trace as current_trace
from ._trace import use_trace as use_trace

__all__ = [
    "CHECKPOINT_BUDGET",
    "DRAIN_SECONDS",
    "EXIT_CUT",
    "EXIT_DRAINED",
    "SEAM",
    "SINKS_PER_TURN",
    "STOP_SECONDS",
    "SUBSCRIPTION_ITEMS",
    "WOKEN",
    "Acquiring",
    "Alarm",
    "BackgroundNursery",
    "Broadcast",
    "BroadcastStatistics",
    "CancelToken",
    "CheckpointBudget",
    "CircuitBreaker",
    "CircuitCall",
    "CircuitState",
    "CircuitStatistics",
    "CloseReason",
    "DelayedPost",
    "DrainReport",
    "Inbox",
    "Instrument",
    "Lifecycle",
    "LifecycleReport",
    "LifecycleState",
    "Operation",
    "Outcome",
    "Overflow",
    "OverflowQueue",
    "Parking",
    "Pool",
    "PoolLimits",
    "PoolStatistics",
    "Portal",
    "PortalStatistics",
    "RateLimiter",
    "RetryBudget",
    "RetryPolicy",
    "Service",
    "ServiceNursery",
    "Subscription",
    "SubscriptionStatistics",
    "TraceContext",
    "checkpoint_budget",
    "current_lifecycle",
    "current_trace",
    "ignore_signals",
    "limit",
    "next_connection_id",
    "open_background_nursery",
    "open_lifecycle",
    "open_pool",
    "open_portal",
    "open_service",
    "open_service_nursery",
    "open_signals",
    "operation",
    "print_report",
    "remaining_time",
    "report_error",
    "retry",
    "run",
    "stop_signals",
    "subscribe",
    "use_trace",
]
