"""The table of the WebSocket benchmark."""

from __future__ import annotations

from typing import Final

from ._contest_table import ContestTable, cost_meaning
from ._websocket_loads import WebSocketLoad
from ._websocket_measure import WebSocketFigures

_COLUMNS: Final = {
    "load": -11,
    "peer": -18,
    "cost": 8,
    "unit": -7,
    "messages/s": 10,
    "P50 ms": 7,
    "P99 ms": 7,
    "ours/it": 7,
}


def _meanings(loads: set[WebSocketLoad]) -> list[str]:
    meanings = []
    if loads - {WebSocketLoad.MEMORY}:
        meanings.append(cost_meaning("of the server, for one echo or one delivery"))
    if any(load.has_audience for load in loads):
        meanings.append(
            "P50, P99: from the making of a published message to each of its deliveries."
        )
    if WebSocketLoad.MEMORY in loads:
        meanings.append("KiB: memory for one connection that is idle after a first echo.")
    return meanings


def _times(figures: WebSocketFigures) -> list[str]:
    return [f"{time:.1f}" if time else "-" for time in (figures.p50, figures.p99)]


WEBSOCKET_TABLE: Final = ContestTable(
    _COLUMNS,
    WebSocketFigures,
    _meanings,
    _times,
    {"p50": "p50_ms", "p99": "p99_ms", "p99_before": "p99_before_ms"},
)
"""How the WebSocket benchmark is reported."""
