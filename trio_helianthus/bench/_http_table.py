"""The table of the HTTP benchmark."""

from __future__ import annotations

from typing import Final

from ._contest_table import ContestTable, cost_meaning
from ._http_loads import HTTPLoad
from ._http_measure import HTTPFigures


def _meanings(loads: set[HTTPLoad]) -> list[str]:
    meanings = []
    if loads - {HTTPLoad.MEMORY}:
        meanings.append(cost_meaning("of whoever is measured, for one request"))
    if HTTPLoad.MEMORY in loads:
        meanings.append("KiB: memory for one connection that is idle after a first request.")
    return meanings


HTTP_TABLE: Final = ContestTable(
    {"load": -9, "peer": -17, "cost": 8, "unit": -7, "requests/s": 10, "ours/it": 7},
    HTTPFigures,
    _meanings,
)
"""How the HTTP benchmark is reported."""
