"""``helianthus bench websocket``: its options, and its report."""

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

PACKAGES: Final = ("wsproto", "websockets", "trio-websocket", "aiohttp", "picows")
"""Whose versions the report tells."""


def run_websocket(plan: bench.WebSocketPlan, options: argparse.Namespace) -> int:
    """Run the WebSocket benchmark and print its report.

    :returns: 0 if every peer was measured, stalled or is not installed, 1 if one failed or Ctrl-C
        ended it.
    """
    progress = bench.Progress(plan.measurements, sys.stderr)
    results: list[bench.WebSocketResult] = []
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
        f"connections that echo, an audience of {effort.audience:,}; the peers take turns",
        "",
        *bench.websocket_head(),
    )
    interrupted = False
    try:
        for measured in bench.bench_websocket(plan, progress.show):
            results += measured
            report(*bench.websocket_rows(measured))
    except KeyboardInterrupt:
        interrupted = True
    if goals := bench.goals_table(bench.judge(results, bench.WEBSOCKET_GOALS)):
        report("", *goals)
    report("", *(f"- {note}" for note in bench.websocket_notes(results)))
    if interrupted:
        report("- interrupted: the tables have what was measured until then")
    if options.markdown is not None:
        options.markdown.write_text("\n".join([*lines, ""]), "utf-8")
    if options.csv is not None:
        options.csv.write_text(bench.websocket_csv(results), "utf-8")
    has_failed = any(
        result.failure and not result.stalled and not result.peer.missing for result in results
    )
    return int(interrupted or has_failed)


def plan_websocket(options: argparse.Namespace) -> bench.WebSocketPlan:
    """Make a plan of what the command line says.

    :raises ValueError: it makes no sense; the message says why.
    """
    for file in (options.markdown, options.csv):
        if file is not None:
            must_be_writable(file)
    said = {
        name: getattr(options, name)
        for name in ("seconds", "repetitions", "connections", "audience")
        if getattr(options, name) is not None
    }
    chosen: dict[str, Any] = {**(QUICK if options.quick else {}), **said}
    peers = options.peers
    plan = bench.WebSocketPlan(
        loads=tuple(map(bench.WebSocketLoad, options.load or bench.WebSocketLoad)),
        peers=bench.WEBSOCKET_PEERS if peers is None else bench.find_websocket_peers(peers),
        effort=bench.WebSocketEffort(**chosen),
    )
    if not plan.measurements:
        raise ValueError("none of these peers is installed and knows one of these loads")
    return plan
