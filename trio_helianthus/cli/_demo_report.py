"""The demonstration's report: what ran, how often, how long, what was cancelled and drained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..core import LifecycleReport
    from ._demo import Findings
    from ._recorder import Tally


def print_demo_report(
    findings: Findings, operations: Mapping[str, str], drained: LifecycleReport
) -> None:
    """Print the report to stdout."""
    print(f"trio_helianthus demo, {findings.seconds:.1f} s\n")
    print(f"{'what ran':<30}{'times':>7}{'cancelled':>11}{'median':>11}{'99 % under':>12}")
    for name, title in operations.items():
        print(_row(title, findings.recorder.tallies[name]))
    print(f"\ncurl       {findings.curl}")
    print(
        f"cancelled  a call was given up after {_milliseconds(findings.gave_up_after)}; its "
        f"handler on the other\n           side stopped "
        f"{_milliseconds(findings.handler_stopped_after)} later, instead of after 30 s"
    )
    print(
        f"drained    {findings.drained_calls} calls were running and finished; "
        f"exit code {drained.exit_code}"
    )
    for service in drained.services:
        print(
            f"           {service.name}: {service.finished} connections finished, "
            f"{len(service.cut)} cut, in {_milliseconds(service.seconds)}"
        )


def _row(title: str, tally: Tally) -> str:
    if not tally.count:
        return f"{title:<30}{0:>7}"
    return (
        f"{title:<30}{tally.count:>7}{tally.cancelled:>11}"
        f"{_milliseconds(tally.median):>11}{_milliseconds(tally.p99):>12}"
    )


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
