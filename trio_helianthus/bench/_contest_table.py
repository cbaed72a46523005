"""The report of a contest: a table of costs in Markdown, notes to it, and CSV."""

from __future__ import annotations

import csv
import enum
import io
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

import attrs

from ._columns import head, line
from ._counting import perf_works
from ._table import BUSY, LOAD_LIMITED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ._contest import ContestResult


class ContestFigures(attrs.AttrsInstance, Protocol):
    """What is known of everybody who was measured."""

    @property
    def cost(self) -> float:
        """What peers are compared by."""
        ...

    @property
    def rate(self) -> float:
        """How often a second it was done; 0 where that says nothing."""
        ...

    @property
    def load_busy(self) -> float:
        """The share of the time that the load generator was busy."""
        ...


MEMORY: Final = "memory"
"""The load, of every benchmark that has it, whose costs are KiB for a connection."""

L = TypeVar("L", bound=enum.StrEnum)
F = TypeVar("F", bound=ContestFigures)


@attrs.frozen
class ContestTable(Generic[L, F]):
    """The report of one benchmark.

    :param columns: headings, and how wide their columns are at least; a negative width puts the
        text on the left. They are load, peer, cost, unit, rate, those of ``times``, and the cost
        in the first line relative to this one's.
    :param figures: the class of what is measured; the CSV has all of it.
    :param meanings: explain the columns, as far as these loads occur.
    :param times: returns the cells that only this benchmark has.
    :param csv_titles: those of figures that need another one than their name.
    """

    columns: Mapping[str, int]
    figures: type[F]
    meanings: Callable[[set[L]], list[str]]
    times: Callable[[F], list[str]] = lambda _: []
    csv_titles: Mapping[str, str] = attrs.field(factory=dict)

    def head(self) -> list[str]:
        """Return the first two lines of the table."""
        return head(self.columns)

    def rows(self, results: Sequence[ContestResult[L, Any, F]]) -> list[str]:
        """Return the lines of the results of one load; the first that has figures is *ours*."""
        costs = [result.figures.cost for result in results if result.figures is not None]
        return [self._row(result, costs[0] if costs else 0.0) for result in results]

    def notes(self, results: Sequence[ContestResult[L, Any, F]]) -> list[str]:
        """Say what columns and marks mean, as far as they occur, and why peers have no figures."""
        notes = self.meanings({result.load for result in results})
        notes.append("ours/it: the cost in the first line of the load relative to this one's.")
        if any(result.figures and result.figures.load_busy >= BUSY for result in results):
            notes.append(f"`{LOAD_LIMITED}`: the load generator was busy all the time.")
        notes += [
            f"no figures: {result.load}, {result.peer.name}: {' '.join(result.failure.split())}"
            for result in results
            if result.failure is not None
        ]
        return notes

    def csv(self, results: Iterable[ContestResult[L, Any, F]]) -> str:
        """Return everything that is known, a line for each result."""
        names = [field.name for field in attrs.fields(self.figures)]
        titles = [self.csv_titles.get(name, name) for name in names]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["load", "peer", "unit", *titles, "failure"])
        for result in results:
            figures = result.figures
            values = ["" if figures is None else f"{getattr(figures, name):.6g}" for name in names]
            who = [result.load, result.peer.name, _unit(result.load)]
            writer.writerow([*who, *values, result.failure or ""])
        return text.getvalue()

    def _row(self, result: ContestResult[L, Any, F], ours: float) -> str:
        figures = result.figures
        cells = [str(result.load), result.peer.name]
        if figures is None:
            cells += [result.ending, ""]
            return line([*cells, *["-"] * (len(self.columns) - len(cells))], self.columns)
        mark = LOAD_LIMITED if figures.load_busy >= BUSY else ""
        cells += [
            f"{figures.cost:,.1f}",
            _unit(result.load),
            f"{figures.rate:,.0f}{mark}" if figures.rate else "-",
            *self.times(figures),
            f"{ours / figures.cost:.2f}" if figures.cost else "-",
        ]
        return line(cells, self.columns)


def _unit(load: enum.StrEnum) -> str:
    if load == MEMORY:
        return "KiB"
    return "k instr" if perf_works() else "CPU us"


def cost_meaning(of_what: str) -> str:
    """Return what the unit of costs means.

    :param of_what: whose they are, and for what.
    """
    if perf_works():
        return f"k instr: thousands of instructions, user and kernel, {of_what}."
    return f"CPU us: CPU time, {of_what}."
