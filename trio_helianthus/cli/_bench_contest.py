"""What ``helianthus bench http`` and ``bench websocket`` have in common: options and report."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from trio_helianthus import bench

from ._bench import must_be_writable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence

QUICK: Final = {"seconds": 0.4, "repetitions": 1}
"""What is measured for ``--quick``, unless the command line says otherwise."""

Plan = TypeVar("Plan", bound=bench.ContestPlan[Any, Any, Any])
R = TypeVar("R", bound=bench.ContestResult[Any, Any, Any])


def run_contest(
    plan: Plan,
    options: argparse.Namespace,
    measure: Callable[[Plan, Callable[[str, int], object]], Iterator[list[R]]],
    table: bench.ContestTable[Any, Any],
    goals: Iterable[bench.Goal[Any]],
    *,
    packages: Sequence[str],
    connections: str,
) -> int:
    """Run a benchmark and print its report.

    :param measure: hands out the results of one load after the other.
    :param table: how they are reported.
    :param goals: what is to be reached.
    :param packages: whose versions the report tells.
    :param connections: how many there are, for the report.
    :returns: 0 if no peer failed, 1 if one did or Ctrl-C ended it.
    """
    progress = bench.Progress(plan.measurements, sys.stderr)
    results: list[R] = []
    lines: list[str] = []

    def report(*more: str) -> None:
        lines.extend(more)
        progress.hide()
        print(*more, sep="\n", flush=True)

    effort = plan.effort
    report(
        f"- `helianthus {shlex.join(options.words)}`",
        *(f"- {fact}" for fact in bench.machine_facts(*packages)),
        f"- medians of {effort.repetitions} x {effort.seconds:g} s, {connections}; "
        "the peers take turns",
        "",
        *table.head(),
    )
    interrupted = False
    try:
        for measured in measure(plan, progress.show):
            results += measured
            report(*table.rows(measured))
    except KeyboardInterrupt:
        interrupted = True
    if judged := bench.goals_table(bench.judge(results, goals)):
        report("", *judged)
    report("", *(f"- {note}" for note in table.notes(results)))
    if interrupted:
        report("- interrupted: the tables have what was measured until then")
    if options.markdown is not None:
        options.markdown.write_text("\n".join([*lines, ""]), "utf-8")
    if options.csv is not None:
        options.csv.write_text(table.csv(results), "utf-8")
    return int(interrupted or any(result.ending == "failed" for result in results))


def chosen_effort(options: argparse.Namespace, effort: type[attrs.AttrsInstance]) -> dict[str, Any]:
    """Return what the command line says of how much is measured.

    :param effort: the class of which that are arguments.
    """
    said = {field.name: getattr(options, field.name) for field in attrs.fields(effort)}
    quick = QUICK if options.quick else {}
    return {**quick, **{name: value for name, value in said.items() if value is not None}}


def check(plan: bench.ContestPlan[Any, Any, Any], options: argparse.Namespace) -> None:
    """Complain now, not when everything has been measured.

    :raises ValueError: there is nothing to measure, or a file cannot be written.
    """
    for file in (options.markdown, options.csv):
        if file is not None:
            must_be_writable(file)
    if not plan.measurements:
        raise ValueError("none of these peers is installed and knows one of these loads")
