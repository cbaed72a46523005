"""One measurement of the HTTP benchmark: fresh processes, and the counters around a load."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import attrs

from ._child import ChildFailed, start_child
from ._counting import Count
from ._http_loads import HTTPLoad
from ._load_on_server import PATIENCE_SECONDS, count_load, idle_memory
from ._measure import PeerFailed, read_port
from ._nginx import start_nginx

if TYPE_CHECKING:
    from ._cores import Cores
    from ._http_peers import HTTPPeer

LOAD: Final = (sys.executable, "-m", f"{__package__}._http_load")
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
                return HTTPFigures(idle_memory(server, generator, order))
            found, cost = count_load(server, generator, order)
            requests, seconds = found["requests"], found["seconds"]
            return HTTPFigures(cost / requests, requests / seconds, found["busy"])


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
