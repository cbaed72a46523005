"""The demonstration's report: what ran, how often, how long, what was cancelled and drained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from ._recorder import Recorder, Tally

if TYPE_CHECKING:
    from trio_helianthus.core import LifecycleReport

OPERATIONS: Final = {
    "net.tcp.connect": "TCP connections opened",
    "net.tls.handshake": "TLS handshakes, both sides",
    "net.receive_exactly": "echoes received",
    "net.udp.receive": "UDP datagrams, both sides",
    "net.dtls.handshake": "DTLS handshakes, both sides",
    "net.dtls.receive": "DTLS datagrams, both sides",
    "http.client.request": "HTTP calls by our client",
    "http.server.request": "HTTP requests served",
}
"""What the report shows, by the operation's name."""


@attrs.define
class Findings:
    """What the demonstration saw, for its report."""

    curl: str = "curl was not found, so it was left out"
    gave_up_after: float = 0.0
    handler_stopped_after: float = 0.0
    drained_calls: int = 0
    seconds: float = 0.0
    recorder: Recorder = attrs.field(factory=lambda: Recorder(OPERATIONS))


def print_demo_report(findings: Findings, drained: LifecycleReport) -> None:
    """Print the report to stdout."""
    print(f"trio_helianthus demo, {findings.seconds:.1f} s\n")
    print(f"{'what ran':<30}{'times':>7}{'cancelled':>11}{'median':>11}{'99 % under':>12}")
    for name, title in OPERATIONS.items():
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
