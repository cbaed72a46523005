"""One measurement of the HTTP benchmark: fresh processes, and the counters around a load."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from ._child import ChildFailed, start_child
from ._counting import Count, family_of, perf_works
from ._http_loads import HTTPLoad
from ._measure import PeerFailed, read_port
from ._nginx import start_nginx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._child import Child
    from ._cores import Cores
    from ._http_peers import HTTPPeer

LOAD: Final = (sys.executable, "-m", f"{__package__}._http_load")
PATIENCE_SECONDS: Final = 120.0
"""How much longer than it should a measurement may take; the load has stricter limits itself."""
IDLE_CONNECTIONS: Final = 1000
SETTLE_SECONDS: Final = 0.3
FIRST_REQUESTS: Final = 500
"""How many requests show how quick a client is."""


@attrs.frozen
class HTTPEffort:
    """How much is measured of each load and peer.

    :param seconds: how long one measurement lasts.
    :param repetitions: how many measurements there are; their median counts.
    :param connections: how many there are at a time, or tasks of a client.
    :raises ValueError: one of them is out of bounds.
    """

    seconds: float = attrs.field(
        default=1.0,
        validator=attrs.validators.and_(attrs.validators.gt(0), attrs.validators.le(120)),
    )
    repetitions: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    connections: int = attrs.field(
        default=64,
        validator=attrs.validators.and_(attrs.validators.ge(1), attrs.validators.le(10_000)),
    )


@attrs.frozen
class HTTPFigures:
    """What one measurement found, or the medians of several.

    :param cost: what peers are compared by, for one request: thousands of instructions, user and
        kernel, or microseconds of CPU time where instructions cannot be counted; for ``memory``
        KiB for one idle connection.
    :param rate: requests a second; 0 for ``memory``.
    :param load_busy: the share of the time that the load generator was busy.
    """

    cost: float
    rate: float = 0.0
    load_busy: float = 0.0


def measure_http(peer: HTTPPeer, load: HTTPLoad, effort: HTTPEffort, cores: Cores) -> HTTPFigures:
    """Measure a peer once, in fresh processes.

    :raises PeerFailed: it did not start, ended, or did not answer as it should.
    """
    try:
        if load is HTTPLoad.CLIENT:
            return _measure_client(peer, effort, cores)
        return _measure_server(peer, load, effort, cores)
    except (ChildFailed, OSError) as exc:
        raise PeerFailed(str(exc)) from exc


def _measure_server(
    peer: HTTPPeer, load: HTTPLoad, effort: HTTPEffort, cores: Cores
) -> HTTPFigures:
    order = {"load": load, "connections": effort.connections, "seconds": effort.seconds}
    with start_child([*peer.command, load], cores.server) as server:
        order["port"] = read_port(server.hear())
        with start_child(LOAD, cores.load) as generator:
            if load is HTTPLoad.MEMORY:
                return _measure_memory(server, generator, order)
            _ask(server, generator, json.dumps(order))
            with Count(*family_of(server.pid)) as count:
                found = _ask(server, generator, "go")
            requests, seconds = found["requests"], found["seconds"]
            return HTTPFigures(count.cost / requests, requests / seconds, found["busy"])


def _measure_memory(server: Child, generator: Child, order: dict[str, Any]) -> HTTPFigures:
    order["connections"] = IDLE_CONNECTIONS
    few = _ask(server, generator, json.dumps(order))["open"]
    time.sleep(SETTLE_SECONDS)
    before = _memory_of(server.pid)
    many = _ask(server, generator, "open the others")["open"]
    time.sleep(SETTLE_SECONDS)
    return HTTPFigures((_memory_of(server.pid) - before) / (many - few))


def _measure_client(peer: HTTPPeer, effort: HTTPEffort, cores: Cores) -> HTTPFigures:
    with (
        start_nginx(cores.load) as port,
        start_child([*peer.command, str(effort.connections), str(port)], cores.server) as client,
    ):
        client.hear()
        began = time.perf_counter()
        client.ask(str(FIRST_REQUESTS), PATIENCE_SECONDS)
        rate = FIRST_REQUESTS / (time.perf_counter() - began)
        requests = max(FIRST_REQUESTS, int(rate * effort.seconds))
        with Count(client.pid) as count:
            began = time.perf_counter()
            client.ask(str(requests), effort.seconds + PATIENCE_SECONDS)
            seconds = time.perf_counter() - began
    return HTTPFigures(count.cost / requests, requests / seconds)


def _memory_of(pid: int) -> float:
    """Return the KiB that a process has in memory for itself (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("Private_"))


def _ask(server: Child, generator: Child, line: str) -> Mapping[str, Any]:
    """Let the load generator do something; if that fails, blame the server if it has ended."""
    answer: Mapping[str, Any] = json.loads(generator.ask(line, PATIENCE_SECONDS))
    if "failure" in answer:
        if server.ended(within=0.5):
            raise PeerFailed(f"the server {server.ending()}")
        raise PeerFailed(str(answer["failure"]))
    return answer


def cost_title(load: HTTPLoad) -> str:
    """Return the unit of a load's cost."""
    if load is HTTPLoad.MEMORY:
        return "KiB"
    return "k instr" if perf_works() else "CPU us"
