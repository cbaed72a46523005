"""Benchmarks with peers side by side: servers and load in processes of their own.

:func:`bench_echo` measures what an :class:`EchoPlan` says, and is what ``helianthus bench echo``
runs; :func:`bench_http` does the same for servers and clients of HTTP and an :class:`HTTPPlan`,
:func:`bench_websocket` for WebSocket servers and a :class:`WebSocketPlan`, and :func:`bench_redis`
for clients of Redis and a :class:`RedisPlan`.
:func:`cost_of` and :class:`Count` count what any process spends.
"""

from __future__ import annotations

from ._contest import ContestPlan as ContestPlan
from ._contest import ContestResult as ContestResult
from ._contest_table import ContestTable as ContestTable
from ._counting import Count as Count
from ._counting import cost_of as cost_of
from ._counting import cost_unit as cost_unit
from ._counting import perf_works as perf_works
from ._echo import EchoPlan as EchoPlan
from ._echo import EchoResult as EchoResult
from ._echo import bench_echo as bench_echo
from ._goals import Goal as Goal
from ._goals import GoalResult as GoalResult
from ._goals import goals_table as goals_table
from ._goals import judge as judge
from ._http import HTTPPlan as HTTPPlan
from ._http import HTTPResult as HTTPResult
from ._http import bench_http as bench_http
from ._http_loads import Exchange as Exchange
from ._http_loads import HTTPLoad as HTTPLoad
from ._http_loads import exchanges as exchanges
from ._http_measure import HTTPEffort as HTTPEffort
from ._http_measure import HTTPFigures as HTTPFigures
from ._http_peers import GOALS as GOALS
from ._http_peers import HTTP_PEERS as HTTP_PEERS
from ._http_peers import HTTPPeer as HTTPPeer
from ._http_peers import find_http_peers as find_http_peers
from ._http_table import HTTP_TABLE as HTTP_TABLE
from ._machine import machine_facts as machine_facts
from ._peers import PEERS as PEERS
from ._peers import Peer as Peer
from ._peers import find_peers as find_peers
from ._progress import Progress as Progress
from ._redis import RedisPlan as RedisPlan
from ._redis import RedisResult as RedisResult
from ._redis import bench_redis as bench_redis
from ._redis_loads import RedisLoad as RedisLoad
from ._redis_measure import RedisEffort as RedisEffort
from ._redis_measure import RedisFigures as RedisFigures
from ._redis_peers import REDIS_GOALS as REDIS_GOALS
from ._redis_peers import REDIS_PEERS as REDIS_PEERS
from ._redis_peers import RedisPeer as RedisPeer
from ._redis_peers import find_redis_peers as find_redis_peers
from ._redis_table import REDIS_TABLE as REDIS_TABLE
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
from ._websocket import WebSocketPlan as WebSocketPlan
from ._websocket import WebSocketResult as WebSocketResult
from ._websocket import bench_websocket as bench_websocket
from ._websocket_loads import WebSocketLoad as WebSocketLoad
from ._websocket_loads import published_text as published_text
from ._websocket_measure import WebSocketEffort as WebSocketEffort
from ._websocket_measure import WebSocketFigures as WebSocketFigures
from ._websocket_peers import WEBSOCKET_GOALS as WEBSOCKET_GOALS
from ._websocket_peers import WEBSOCKET_PEERS as WEBSOCKET_PEERS
from ._websocket_peers import WebSocketPeer as WebSocketPeer
from ._websocket_peers import find_websocket_peers as find_websocket_peers
from ._websocket_table import WEBSOCKET_TABLE as WEBSOCKET_TABLE

__all__ = [
    "GOALS",
    "HTTP_PEERS",
    "HTTP_TABLE",
    "MAX_BENCH_CONNECTIONS",
    "MAX_BENCH_ECHOES",
    "MAX_BENCH_SECONDS",
    "MAX_DATAGRAM",
    "MAX_PAYLOAD",
    "PEERS",
    "REDIS_GOALS",
    "REDIS_PEERS",
    "REDIS_TABLE",
    "WEBSOCKET_GOALS",
    "WEBSOCKET_PEERS",
    "WEBSOCKET_TABLE",
    "ContestPlan",
    "ContestResult",
    "ContestTable",
    "Count",
    "EchoPlan",
    "EchoResult",
    "Effort",
    "Exchange",
    "Figures",
    "Goal",
    "GoalResult",
    "HTTPEffort",
    "HTTPFigures",
    "HTTPLoad",
    "HTTPPeer",
    "HTTPPlan",
    "HTTPResult",
    "Peer",
    "Progress",
    "Protocol",
    "RedisEffort",
    "RedisFigures",
    "RedisLoad",
    "RedisPeer",
    "RedisPlan",
    "RedisResult",
    "Scenario",
    "WebSocketEffort",
    "WebSocketFigures",
    "WebSocketLoad",
    "WebSocketPeer",
    "WebSocketPlan",
    "WebSocketResult",
    "bench_echo",
    "bench_http",
    "bench_redis",
    "bench_websocket",
    "cost_of",
    "cost_unit",
    "csv_report",
    "exchanges",
    "find_http_peers",
    "find_peers",
    "find_redis_peers",
    "find_websocket_peers",
    "goals_table",
    "judge",
    "machine_facts",
    "make_scenarios",
    "markdown_head",
    "markdown_notes",
    "markdown_row",
    "perf_works",
    "published_text",
]
