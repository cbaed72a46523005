"""The report of the WebSocket benchmark: a table of costs in Markdown, and CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import attrs

from ._columns import head, line
from ._counting import perf_works
from ._table import BUSY, LOAD_LIMITED
from ._websocket_loads import WebSocketLoad
from ._websocket_measure import WebSocketFigures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._websocket import WebSocketResult

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


def websocket_head() -> list[str]:
    """Return the first two lines of the table of costs."""
    return head(_COLUMNS)


def websocket_rows(results: Sequence[WebSocketResult]) -> list[str]:
    """Return the lines of the results of one load; the first that has figures is *ours*."""
    costs = [result.figures.cost for result in results if result.figures is not None]
    return [_row(result, costs[0] if costs else 0.0) for result in results]


def websocket_notes(results: Sequence[WebSocketResult]) -> list[str]:
    """Say what the columns and marks mean, as far as they occur, and why peers have no figures."""
    loads = {result.load for result in results}
    notes = []
    if loads - {WebSocketLoad.MEMORY}:
        unit = _unit(WebSocketLoad.ECHO_32)
        what = "thousands of instructions, user and kernel" if unit == "k instr" else "CPU time"
        notes.append(f"{unit}: {what}, of the server, for one echo or one delivery.")
    if any(load.has_audience for load in loads):
        notes.append("P50, P99: from the making of a published message to each of its deliveries.")
    if WebSocketLoad.MEMORY in loads:
        notes.append("KiB: memory for one connection that is idle after a first echo.")
    notes.append("ours/it: the cost in the first line of the load relative to this one's.")
    if any(result.figures and result.figures.load_busy >= BUSY for result in results):
        notes.append(f"`{LOAD_LIMITED}`: the load generator was busy all the time.")
    notes += [
        f"no figures: {result.load}, {result.peer.name}: {' '.join(result.failure.split())}"
        for result in results
        if result.failure is not None
    ]
    return notes


def websocket_csv(results: Iterable[WebSocketResult]) -> str:
    """Return everything that is known, a line for each result."""
    names = [field.name for field in attrs.fields(WebSocketFigures)]
    titles = {"p50": "p50_ms", "p99": "p99_ms", "p99_before": "p99_before_ms"}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["load", "peer", "unit", *(titles.get(name, name) for name in names), "failure"]
    )
    for result in results:
        figures = result.figures
        values = ["" if figures is None else f"{getattr(figures, name):.6g}" for name in names]
        who = [result.load, result.peer.name, _unit(result.load)]
        writer.writerow([*who, *values, result.failure or ""])
    return text.getvalue()


def _row(result: WebSocketResult, ours: float) -> str:
    figures = result.figures
    cells = [str(result.load), result.peer.name]
    if figures is None:
        return line([*cells, _what_happened(result), "", "-", "-", "-", "-"], _COLUMNS)
    mark = LOAD_LIMITED if figures.load_busy >= BUSY else ""
    cells += [
        f"{figures.cost:,.1f}",
        _unit(result.load),
        f"{figures.rate:,.0f}{mark}" if figures.rate else "-",
        f"{figures.p50:.1f}" if figures.p50 else "-",
        f"{figures.p99:.1f}" if figures.p99 else "-",
        f"{ours / figures.cost:.2f}" if figures.cost else "-",
    ]
    return line(cells, _COLUMNS)


def _what_happened(result: WebSocketResult) -> str:
    if result.stalled:
        return "stalled"
    return "skipped" if (result.failure or "").startswith("not installed") else "failed"


def _unit(load: WebSocketLoad) -> str:
    if load is WebSocketLoad.MEMORY:
        return "KiB"
    return "k instr" if perf_works() else "CPU us"
