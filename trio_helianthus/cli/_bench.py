"""``helianthus bench``: the options of the benchmarks, and their reports."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from trio_helianthus import bench

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

USUAL: Final = {
    "payload": (64, 4096),
    "connections": (1, 50, 500),
    "seconds": 1.0,
    "repetitions": 5,
}
"""What is measured unless the command line says otherwise."""
QUICK: Final = {"payload": (64,), "connections": (1, 50), "seconds": 0.3, "repetitions": 1}
"""The same for ``--quick``."""


def run_echo(plan: bench.EchoPlan, options: argparse.Namespace) -> int:
    """Run the echo benchmark and print its report.

    :returns: 0 if every peer was measured, 1 if one failed or Ctrl-C ended it.
    :raises MissingExtraError: TLS was asked for, and the extra ``demo`` is not installed.
    """
    report = _Report(options, plan)
    try:
        report.begin()
        for results in bench.bench_echo(plan, report.step):
            report.add(results)
    except KeyboardInterrupt:
        report.end("interrupted: the table has what was measured until then")
        return 1
    report.end()
    return int(any(result.failure for result in report.results))


def plan_echo(options: argparse.Namespace) -> bench.EchoPlan:
    """Make a plan of what the command line says.

    :raises ValueError: it makes no sense; the message says why.
    """
    for file in (options.markdown, options.csv):
        if file is not None:
            must_be_writable(file)
    bench.find_peers([options.baseline])
    peers = [peer for peer in _chosen_peers(options) if peer.installed]
    if not peers:
        raise ValueError("none of these peers is installed")
    said = {name: value for name, value in vars(options).items() if value is not None}
    chosen: dict[str, Any] = {**(QUICK if options.quick else USUAL), **said}
    plan = bench.EchoPlan(
        scenarios=bench.make_scenarios(
            _chosen_protocols(options), chosen["payload"], chosen["connections"]
        ),
        peers=peers,
        baseline=options.baseline,
        effort=bench.Effort(chosen["seconds"], options.echoes, chosen["repetitions"]),
    )
    for scenario in plan.scenarios:
        if not plan.peers_of(scenario):
            raise ValueError(f"none of these peers serves {scenario.protocol}")
    return plan


def must_be_writable(file: Path) -> None:
    """Complain now, not when everything has been measured."""
    if not file.parent.is_dir():
        raise ValueError(f"{file.parent} is no folder, so {file.name} cannot be written there")
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise ValueError(f"{file} cannot be written")


def _chosen_protocols(options: argparse.Namespace) -> list[bench.Protocol]:
    if options.protocol is not None:
        return [bench.Protocol(name) for name in options.protocol]
    has_certificates = find_spec("trustme") is not None
    return [each for each in bench.Protocol if has_certificates or each is not bench.Protocol.TLS]


def _chosen_peers(options: argparse.Namespace) -> Sequence[bench.Peer]:
    return bench.PEERS if options.peers is None else bench.find_peers(options.peers)


class _Report:
    """Prints what is known as soon as it is, and writes the files at the end."""

    def __init__(self, options: argparse.Namespace, plan: bench.EchoPlan) -> None:
        self._options = options
        self._plan = plan
        self._lines: list[str] = []
        self._progress = bench.Progress(plan.measurements, sys.stderr)
        self.results: list[bench.EchoResult] = []

    def begin(self) -> None:
        """Print what one has to know to read the table, and its head."""
        self._print(*(f"- {fact}" for fact in self._facts()), "", *bench.markdown_head())

    def step(self, doing: str, steps: int) -> None:
        """Show how far it is."""
        self._progress.show(doing, steps)

    def add(self, results: Sequence[bench.EchoResult]) -> None:
        """Print the rows of a scenario."""
        self.results += results
        self._print(*map(bench.markdown_row, results))

    def end(self, *notes: str) -> None:
        """Print the notes, and write the files."""
        notes = (*notes, *bench.markdown_notes(self.results, self._plan.baseline))
        self._print("", *(f"- {note}" for note in notes))
        if self._options.markdown is not None:
            self._options.markdown.write_text("\n".join([*self._lines, ""]), "utf-8")
        if self._options.csv is not None:
            self._options.csv.write_text(bench.csv_report(self.results), "utf-8")

    def _facts(self) -> list[str]:
        effort = self._plan.effort
        one = f"{effort.seconds:g} s" if effort.echoes is None else f"{effort.echoes:,} echoes"
        missing = [peer.name for peer in _chosen_peers(self._options) if not peer.installed]
        has_tls = self._options.protocol is not None or self._plan.needs_certificates
        return [
            f"`helianthus {shlex.join(self._options.words)}`",
            *bench.machine_facts(),
            f"medians of {effort.repetitions} x {one}; the peers take turns",
            *([f"left out, not installed: {', '.join(missing)}"] if missing else []),
            *([] if has_tls else ["left out: TLS, which needs the extra 'demo'"]),
        ]

    def _print(self, *lines: str) -> None:
        self._lines += lines
        self._progress.hide()
        print(*lines, sep="\n", flush=True)
