"""One measurement: a server, a load generator, and the counters around a known load."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from ._child import ChildFailed, start_child
from ._counting import Count, perf_works
from ._scenario import Protocol
from ._statistics import Figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._certificates import Certificates
    from ._child import Child
    from ._cores import Cores
    from ._peers import Peer
    from ._scenario import Effort, Scenario

LOAD: Final = (sys.executable, "-m", f"{__package__}._load")
PATIENCE_SECONDS: Final = 60.0
"""How much longer than it should a measurement may take; the load has stricter limits itself."""
ECHOES_PER_SECOND: Final = 100
"""Any server is quicker, so that a measured number of echoes has an end."""


class PeerFailed(Exception):
    """A server could not be measured, and why."""


def measure(
    peer: Peer,
    scenario: Scenario,
    effort: Effort,
    cores: Cores,
    certificates: Certificates | None,
) -> Figures:
    """Measure a peer once, in two fresh processes.

    :param certificates: needed for TLS.
    :raises PeerFailed: the server did not start, ended, or did not echo what was sent.
    """
    command = [*peer.command, scenario.protocol]
    if scenario.protocol is Protocol.TLS and certificates is not None:
        command.append(certificates.server)
    try:
        with start_child(command, cores.server) as server:
            port = read_port(server.hear())
            with start_child(LOAD, cores.load) as load:
                order = {
                    "protocol": scenario.protocol,
                    "payload": scenario.payload,
                    "connections": scenario.connections,
                    "seconds": effort.seconds,
                    "echoes": effort.echoes,
                    "authority": certificates and certificates.authority,
                    "port": port,
                }
                return _measure(server, load, json.dumps(order), _longest(effort))
    except ChildFailed as exc:
        raise PeerFailed(f"the server {exc}") from exc


def _measure(server: Child, load: Child, order: str, within: float) -> Figures:
    _answer(server, load, order, within)
    cpu_before = _cpu_seconds(server)
    try:
        with Count(server.pid) if perf_works() else nullcontext() as count:
            found = _answer(server, load, "go", within)
    except OSError as exc:
        raise PeerFailed(str(exc)) from exc
    cpu = _cpu_seconds(server) - cpu_before
    echoes, seconds = found["echoes"], found["seconds"]
    return Figures(
        rate=found["rate"],
        p50=found["p50"] * 1e6,
        p95=found["p95"] * 1e6,
        p99=found["p99"] * 1e6,
        cpu=cpu / echoes * 1e6,
        load_busy=found["cpu_seconds"] / seconds,
        resent=found["resent"] / echoes,
        instructions=None if count is None else count.cost / echoes,
    )


def _answer(server: Child, load: Child, line: str, within: float) -> Mapping[str, float]:
    """Let the load generator do something; if that fails, blame the server if it has ended."""
    try:
        answer: Mapping[str, float] = json.loads(load.ask(line, within))
    except ChildFailed as exc:
        raise PeerFailed(f"the load generator {exc}") from exc
    if "failure" in answer:
        if server.ended(within=0.5):
            raise PeerFailed(f"the server {server.ending()}")
        raise PeerFailed(str(answer["failure"]))
    return answer


def _longest(effort: Effort) -> float:
    seconds = effort.seconds if effort.echoes is None else effort.echoes / ECHOES_PER_SECOND
    return seconds + PATIENCE_SECONDS


def _cpu_seconds(server: Child) -> float:
    line = server.ask("CPU?")
    try:
        return float(line)
    except ValueError:
        raise PeerFailed(f"the server said {line!r} instead of its CPU time") from None


def read_port(line: str) -> int:
    """Read the line in which a server tells its port.

    :raises PeerFailed: it tells something else.
    """
    try:
        return int(line)
    except ValueError:
        raise PeerFailed(f"the server said {line!r} instead of its port") from None
