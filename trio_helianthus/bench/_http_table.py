"""The report of the HTTP benchmark: a table of costs in Markdown, and CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import attrs

from ._columns import head, line
from ._http_loads import HTTPLoad
from ._http_measure import HTTPFigures, cost_title
from ._table import BUSY, LOAD_LIMITED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._http import HTTPResult

_COLUMNS: Final = {"load": -9, "peer": -17, "cost": 8, "unit": -7, "requests/s": 10, "ours/it": 7}


def http_head() -> list[str]:
    """Return the first two lines of the table of costs."""
    return head(_COLUMNS)


def http_rows(results: Sequence[HTTPResult]) -> list[str]:
    """Return the lines of the results of one load; the first that has figures is *ours*."""
    costs = [result.figures.cost for result in results if result.figures is not None]
    return [_row(result, costs[0] if costs else 0.0) for result in results]


def http_notes(results: Sequence[HTTPResult]) -> list[str]:
    """Say what the columns and marks mean, as far as they occur, and why peers have no figures."""
    loads = {result.load for result in results}
    notes = []
    if loads - {HTTPLoad.MEMORY}:
        unit = cost_title(HTTPLoad.GET)
        what = "thousands of instructions, user and kernel" if unit == "k instr" else "CPU time"
        notes.append(f"{unit}: {what}, of whoever is measured, for one request.")
    if HTTPLoad.MEMORY in loads:
        notes.append("KiB: memory for one connection that is idle after a first request.")
    notes.append("ours/it: the cost in the first line of the load relative to this one's.")
    if any(result.figures and result.figures.load_busy >= BUSY for result in results):
        notes.append(f"`{LOAD_LIMITED}`: the load generator was busy all the time.")
    notes += [
        f"no figures: {result.load}, {result.peer.name}: {' '.join(result.failure.split())}"
        for result in results
        if result.failure is not None
    ]
    return notes


def http_csv(results: Iterable[HTTPResult]) -> str:
    """Return everything that is known, a line for each result."""
    names = [field.name for field in attrs.fields(HTTPFigures)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["load", "peer", "unit", *names, "failure"])
    for result in results:
        figures = result.figures
        values = ["" if figures is None else f"{getattr(figures, name):.6g}" for name in names]
        who = [result.load, result.peer.name, cost_title(result.load)]
        writer.writerow([*who, *values, result.failure or ""])
    return text.getvalue()


def _row(result: HTTPResult, ours: float) -> str:
    figures = result.figures
    cells = [str(result.load), result.peer.name]
    if figures is None:
        missing = (result.failure or "").startswith("not installed")
        return line([*cells, "skipped" if missing else "failed", "", "-", "-"], _COLUMNS)
    mark = LOAD_LIMITED if figures.load_busy >= BUSY else ""
    cells += [
        f"{figures.cost:,.1f}",
        cost_title(result.load),
        f"{figures.rate:,.0f}{mark}" if figures.rate else "-",
        f"{ours / figures.cost:.2f}" if figures.cost else "-",
    ]
    return line(cells, _COLUMNS)
