"""Cancellation, time, lifecycle and reports: what every area above does in the same way.

:class:`CancelToken` and :func:`limit` end work early, :func:`open_service_nursery` ends it in
order, :class:`Lifecycle` and :func:`run` end the whole program, :func:`open_portal` lets other
threads in, and :func:`subscribe` listens to all of it.
"""

from __future__ import annotations

from ._checkpoint import CHECKPOINT_BUDGET as CHECKPOINT_BUDGET
from ._checkpoint import CheckpointBudget as CheckpointBudget
from ._checkpoint import checkpoint_budget as checkpoint_budget
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
from ._parking import WOKEN as WOKEN
from ._parking import Parking as Parking
from ._portal import DelayedPost as DelayedPost
from ._portal import Portal as Portal
from ._portal import PortalStatistics as PortalStatistics
from ._portal import open_portal as open_portal
from ._run import print_report as print_report
from ._run import run as run
from ._run import stop_signals as stop_signals
from ._service import DRAIN_SECONDS as DRAIN_SECONDS
from ._service import STOP_SECONDS as STOP_SECONDS
from ._service import DrainReport as DrainReport
from ._service import Service as Service
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
    "STOP_SECONDS",
    "WOKEN",
    "BackgroundNursery",
    "CancelToken",
    "CheckpointBudget",
    "DelayedPost",
    "DrainReport",
    "Instrument",
    "Lifecycle",
    "LifecycleReport",
    "LifecycleState",
    "Operation",
    "Outcome",
    "Parking",
    "Portal",
    "PortalStatistics",
    "Service",
    "ServiceNursery",
    "TraceContext",
    "checkpoint_budget",
    "current_lifecycle",
    "current_trace",
    "limit",
    "next_connection_id",
    "open_background_nursery",
    "open_lifecycle",
    "open_portal",
    "open_service",
    "open_service_nursery",
    "operation",
    "print_report",
    "remaining_time",
    "report_error",
    "run",
    "stop_signals",
    "subscribe",
    "use_trace",
]
