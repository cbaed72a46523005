"""Reports: a Markdown table whose columns also line up as plain text, and CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import attrs

from ._statistics import Figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._echo import EchoResult

_COLUMNS: Final = {
    "protocol": -8,
    "bytes": 6,
    "conns": 5,
    "peer": -17,
    "echoes/s": 9,
    "P50 us": 7,
    "P95 us": 7,
    "P99 us": 8,
    "CPU us": 7,
    "k instr": 7,
    "ratio": 5,
}
"""Headings, and how wide their columns are at least; text is on the left, numbers on the right."""

BUSY: Final = 0.95
"""The share of the time from which on the load generator counts as the limit."""
LOAD_LIMITED: Final = "*"
RESENT: Final = "+"


def markdown_head() -> list[str]:
    """Return the table's first two lines."""
    rule = ["-" * -width if width < 0 else "-" * (width - 1) + ":" for width in _COLUMNS.values()]
    return [_line(list(_COLUMNS)), _line(rule)]


def markdown_row(result: EchoResult) -> str:
    """Return the line of one result; a failure stands in place of its numbers."""
    scenario, figures = result.scenario, result.figures
    cells = [
        scenario.protocol.upper(),
        str(scenario.payload),
        str(scenario.connections),
        result.peer.titles[scenario.protocol],
    ]
    if figures is None:
        return _line([*cells, "failed", *["-"] * (len(_COLUMNS) - len(cells) - 1)])
    mark = (LOAD_LIMITED if figures.load_busy >= BUSY else "") + (RESENT if figures.resent else "")
    cells += [
        f"{figures.rate:,.0f}{mark}",
        f"{figures.p50:,.0f}",
        f"{figures.p95:,.0f}",
        f"{figures.p99:,.0f}",
        f"{figures.cpu:.1f}",
        "-" if figures.instructions is None else f"{figures.instructions:.1f}",
        "-" if result.ratio is None else f"{result.ratio:.2f}",
    ]
    return _line(cells)


def markdown_notes(results: Sequence[EchoResult], baseline: str) -> list[str]:
    """Say what the columns and marks mean, as far as they occur, and why peers failed.

    :param results: what the table shows.
    :param baseline: the name of the peer that the others were compared with.
    """
    all_figures = [result.figures for result in results if result.figures is not None]
    counted = any(figures.instructions is not None for figures in all_figures)
    notes = ["CPU us: what the server spent on one echo."]
    if counted:
        notes.append("k instr: the same in thousands of instructions, user and kernel together.")
    if any(result.ratio is not None for result in results):
        cost = "k instr" if counted else "CPU us"
        notes.append(f"ratio: {cost} relative to the peer '{baseline}'; below 1 is cheaper.")
    if any(figures.load_busy >= BUSY for figures in all_figures):
        notes.append(
            f"`{LOAD_LIMITED}`: the load generator was busy all the time. The server could do "
            "more, and the times are also the load generator's."
        )
    if resent := max((figures.resent for figures in all_figures), default=0):
        notes.append(
            f"`{RESENT}`: datagrams were lost and sent again, at most {resent:.2%} of the echoes; "
            "their times count from the first attempt."
        )
    notes += [
        f"failed: {result.scenario}, {result.peer.titles[result.scenario.protocol]}: "
        + " ".join(result.failure.split())
        for result in results
        if result.failure is not None
    ]
    return notes


def csv_report(results: Iterable[EchoResult]) -> str:
    """Return everything that is known, a line for each result."""
    names = [field.name for field in attrs.fields(Figures)]
    units = {"p50": "p50_us", "p95": "p95_us", "p99": "p99_us", "cpu": "cpu_us"}
    units["instructions"] = "k_instructions"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["protocol", "payload", "connections", "peer", "server"]
    writer.writerow([*head, *(units.get(name, name) for name in names), "ratio", "failure"])
    for result in results:
        scenario, figures = result.scenario, result.figures
        values = ["" if figures is None else _plain(getattr(figures, name)) for name in names]
        writer.writerow(
            [
                *(scenario.protocol, scenario.payload, scenario.connections),
                *(result.peer.name, result.peer.titles[scenario.protocol]),
                *values,
                _plain(result.ratio),
                result.failure or "",
            ]
        )
    return text.getvalue()


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _line(cells: Sequence[str]) -> str:
    padded = [
        cell.ljust(-width) if width < 0 else cell.rjust(width)
        for cell, width in zip(cells, _COLUMNS.values(), strict=True)
    ]
    return f"| {' | '.join(padded)} |"
