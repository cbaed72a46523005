"""A test kit for programs on trio: cancel everywhere, break every connection, without waiting.

Nothing in here knows a test framework: use it with the one that you have.
"""

from __future__ import annotations

from ._cancel_sweep import RUN_SECONDS as RUN_SECONDS
from ._cancel_sweep import SWEEP_POINTS as SWEEP_POINTS
from ._cancel_sweep import SWEEP_SEEDS as SWEEP_SEEDS
from ._cancel_sweep import CancelSweepError as CancelSweepError
from ._cancel_sweep import CancelSweepReport as CancelSweepReport
from ._cancel_sweep import cancel_sweep as cancel_sweep
from ._check_protocol import RANDOM_CUTTINGS as RANDOM_CUTTINGS
from ._check_protocol import ProtocolCheckError as ProtocolCheckError
from ._check_protocol import Transcript as Transcript
from ._check_protocol import check_protocol as check_protocol
from ._fault_proxy import FaultProxy as FaultProxy
from ._fault_proxy import ProxyStatistics as ProxyStatistics
from ._fault_proxy import open_fault_proxy as open_fault_proxy
from ._faults import BlackHoleAt as BlackHoleAt
from ._faults import CutAt as CutAt
from ._faults import Ending as Ending
from ._faults import Fault as Fault
from ._faults import Faults as Faults
from ._faults import FlipBit as FlipBit
from ._faults import HalfCloseAt as HalfCloseAt
from ._faults import Hold as Hold
from ._faults import Latency as Latency
from ._faults import Pause as Pause
from ._faults import RateLimit as RateLimit
from ._faults import ResetAt as ResetAt
from ._faults import Slice as Slice
from ._faults import Step as Step
from ._redis_executable import find_redis_server as find_redis_server
from ._redis_server import START_SECONDS as START_SECONDS
from ._redis_server import RedisServer as RedisServer
from ._redis_server import open_redis_server as open_redis_server
from ._script import Script as Script
from ._scripted_peer import FINISH_SECONDS as FINISH_SECONDS
from ._scripted_peer import ScriptedPeer as ScriptedPeer
from ._scripted_peer import open_scripted_peer as open_scripted_peer
from ._virtual_link import BUFFER_BYTES as BUFFER_BYTES
from ._virtual_link import RETRANSMISSION_SECONDS as RETRANSMISSION_SECONDS
from ._virtual_link import Link as Link
from ._virtual_network import FIRST_HOST as FIRST_HOST
from ._virtual_network import VirtualNetwork as VirtualNetwork
from ._virtual_network import open_virtual_network as open_virtual_network

__all__ = [
    "BUFFER_BYTES",
    "FINISH_SECONDS",
    "FIRST_HOST",
    "RANDOM_CUTTINGS",
    "RETRANSMISSION_SECONDS",
    "RUN_SECONDS",
    "START_SECONDS",
    "SWEEP_POINTS",
    "SWEEP_SEEDS",
    "BlackHoleAt",
    "CancelSweepError",
    "CancelSweepReport",
    "CutAt",
    "Ending",
    "Fault",
    "FaultProxy",
    "Faults",
    "FlipBit",
    "HalfCloseAt",
    "Hold",
    "Latency",
    "Link",
    "Pause",
    "ProtocolCheckError",
    "ProxyStatistics",
    "RateLimit",
    "RedisServer",
    "ResetAt",
    "Script",
    "ScriptedPeer",
    "Slice",
    "Step",
    "Transcript",
    "VirtualNetwork",
    "cancel_sweep",
    "check_protocol",
    "find_redis_server",
    "open_fault_proxy",
    "open_redis_server",
    "open_scripted_peer",
    "open_virtual_network",
]
