"""Benchmarks with peers side by side: servers and load in processes of their own.

:func:`bench_echo` measures what an :class:`EchoPlan` says, and is what ``helianthus bench echo``
runs. :func:`cost_of` and :class:`Count` count what any process spends.
"""

from __future__ import annotations

from ._counting import Count as Count
from ._counting import cost_of as cost_of
from ._counting import cost_unit as cost_unit
from ._counting import perf_works as perf_works
from ._echo import EchoPlan as EchoPlan
from ._echo import EchoResult as EchoResult
from ._echo import bench_echo as bench_echo
from ._machine import machine_facts as machine_facts
from ._peers import PEERS as PEERS
from ._peers import Peer as Peer
from ._peers import find_peers as find_peers
from ._progress import Progress as Progress
from ._scenario import MAX_BENCH_CONNECTIONS as MAX_BENCH_CONNECTIONS
from ._scenario import MAX_BENCH_ECHOES as MAX_BENCH_ECHOES
from ._scenario import MAX_BENCH_SECONDS as MAX_BENCH_SECONDS
from ._scenario import MAX_DATAGRAM as MAX_DATAGRAM
from ._scenario import MAX_PAYLOAD as MAX_PAYLOAD
from ._scenario import Effort as Effort
from ._scenario import Protocol as Protocol
from ._scenario import Scenario as Scenario
from ._scenario import make_scenarios as make_scenarios
from ._statistics import Figures as Figures
from ._table import csv_report as csv_report
from ._table import markdown_head as markdown_head
from ._table import markdown_notes as markdown_notes
from ._table import markdown_row as markdown_row

__all__ = [
    "MAX_BENCH_CONNECTIONS",
    "MAX_BENCH_ECHOES",
    "MAX_BENCH_SECONDS",
    "MAX_DATAGRAM",
    "MAX_PAYLOAD",
    "PEERS",
    "Count",
    "EchoPlan",
    "EchoResult",
    "Effort",
    "Figures",
    "Peer",
    "Progress",
    "Protocol",
    "Scenario",
    "bench_echo",
    "cost_of",
    "cost_unit",
    "csv_report",
    "find_peers",
    "machine_facts",
    "make_scenarios",
    "markdown_head",
    "markdown_notes",
    "markdown_row",
    "perf_works",
]
