"""``helianthus bench http``: its options, and its report."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus import bench

from ._bench import must_be_writable

if TYPE_CHECKING:
    import argparse

QUICK: Final = {"seconds": 0.4, "repetitions": 1}
"""What is measured for ``--quick``, unless the command line says otherwise."""

PACKAGES: Final = ("h11", "httptools", "uvicorn", "starlette", "aiohttp", "hypercorn", "httpx")
"""Whose versions the report tells."""


def run_http(plan: bench.HTTPPlan, options: argparse.Namespace) -> int:
    """Run the HTTP benchmark and print its report.

    :returns: 0 if every peer was measured or is not installed, 1 if one failed or Ctrl-C ended it.
    """
    progress = bench.Progress(plan.measurements, sys.stderr)
    results: list[bench.HTTPResult] = []
    lines: list[str] = []

    def report(*more: str) -> None:
        lines.extend(more)
        progress.hide()
        print(*more, sep="\n", flush=True)

    effort = plan.effort
    report(
        f"- `helianthus {shlex.join(options.words)}`",
        *(f"- {fact}" for fact in bench.machine_facts(*PACKAGES)),
        f"- medians of {effort.repetitions} x {effort.seconds:g} s, {effort.connections} "
        "connections; the peers take turns",
        "",
        *bench.http_head(),
    )
    interrupted = False
    try:
        for measured in bench.bench_http(plan, progress.show):
            results += measured
            report(*bench.http_rows(measured))
    except KeyboardInterrupt:
        interrupted = True
    if goals := bench.goals_table(bench.judge(results, bench.GOALS)):
        report("", *goals)
    report("", *(f"- {note}" for note in bench.http_notes(results)))
    if interrupted:
        report("- interrupted: the tables have what was measured until then")
    if options.markdown is not None:
        options.markdown.write_text("\n".join([*lines, ""]), "utf-8")
    if options.csv is not None:
        options.csv.write_text(bench.http_csv(results), "utf-8")
    has_failed = any(result.failure and not result.peer.missing for result in results)
    return int(interrupted or has_failed)


def plan_http(options: argparse.Namespace) -> bench.HTTPPlan:
    """Make a plan of what the command line says.

    :raises ValueError: it makes no sense; the message says why.
    """
    for file in (options.markdown, options.csv):
        if file is not None:
            must_be_writable(file)
    said = {
        name: getattr(options, name)
        for name in ("seconds", "repetitions", "connections")
        if getattr(options, name) is not None
    }
    chosen: dict[str, Any] = {**(QUICK if options.quick else {}), **said}
    plan = bench.HTTPPlan(
        loads=tuple(map(bench.HTTPLoad, options.load or bench.HTTPLoad)),
        peers=bench.HTTP_PEERS if options.peers is None else bench.find_http_peers(options.peers),
        effort=bench.HTTPEffort(**chosen),
    )
    if not plan.measurements:
        raise ValueError("none of these peers is installed and knows one of these loads")
    return plan
