"""The table of the Redis benchmark."""

from __future__ import annotations

from typing import Final

from ._contest_table import ContestTable, cost_meaning
from ._redis_loads import RedisLoad
from ._redis_measure import RedisFigures

_COLUMNS: Final = {
    "load": -12,
    "peer": -15,
    "cost": 8,
    "unit": -7,
    "commands/s": 10,
    "P50 us": 7,
    "P99 us": 7,
    "ours/it": 7,
}


def _meanings(loads: set[RedisLoad]) -> list[str]:
    meanings = [cost_meaning("of the client, for one command or one delivery")]
    if RedisLoad.GET_1 in loads:
        meanings.append("P50, P99: of one task that gets a value again and again.")
    if any(load.takes_turns for load in loads):
        meanings.append("A single task (get-1, pipeline-100) and its server share a core.")
    return meanings


def _times(figures: RedisFigures) -> list[str]:
    return [f"{time * 1000:.0f}" if time else "-" for time in (figures.p50, figures.p99)]


REDIS_TABLE: Final = ContestTable(
    _COLUMNS,
    RedisFigures,
    _meanings,
    _times,
    {"p50": "p50_ms", "p99": "p99_ms"},
)
"""How the Redis benchmark is reported."""
