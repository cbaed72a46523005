"""One measurement of the WebSocket benchmark: fresh processes, and the counters around a load."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import attrs

from ._child import ChildFailed, start_child
from ._load_on_server import count_load, idle_memory
from ._measure import PeerFailed, read_port
from ._websocket_loads import WebSocketLoad

if TYPE_CHECKING:
    from ._cores import Cores
    from ._websocket_peers import WebSocketPeer

LOAD: Final = (sys.executable, "-m", f"{__package__}._websocket_load")
_CONNECTIONS: Final = attrs.validators.and_(attrs.validators.ge(1), attrs.validators.le(10_000))


@attrs.frozen
class WebSocketEffort:
    """How much is measured of each load and peer.

    :param seconds: how long one measurement lasts.
    :param repetitions: how many measurements there are; their median counts.
    :param connections: how many want echoes at a time.
    :param audience: how many are published to.
    :raises ValueError: one of them is out of bounds.
    """

    seconds: float = attrs.field(
        default=1.0,
        validator=attrs.validators.and_(attrs.validators.gt(0), attrs.validators.le(120)),
    )
    repetitions: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    connections: int = attrs.field(default=100, validator=_CONNECTIONS)
    audience: int = attrs.field(default=1000, validator=_CONNECTIONS)


@attrs.frozen
class WebSocketFigures:
    """What one measurement found, or the medians of several.

    :param cost: what peers are compared by, for one echo or one delivery: thousands of
        instructions, user and kernel, or microseconds of CPU time where instructions cannot be
        counted; for ``memory`` KiB for one idle connection.
    :param rate: echoes or deliveries a second; 0 for ``memory``.
    :param load_busy: the share of the time that the load generator was busy.
    :param p50: milliseconds from the making of a published message that half of its deliveries
        took at most; 0 where nothing is published.
    :param p99: the same for 99 % of them.
    :param p99_before: the same of the same server right before, where one connection that never
        reads has joined since; 0 elsewhere.
    """

    cost: float
    rate: float = 0.0
    load_busy: float = 0.0
    p50: float = 0.0
    p99: float = 0.0
    p99_before: float = 0.0


def measure_websocket(
    peer: WebSocketPeer, load: WebSocketLoad, effort: WebSocketEffort, cores: Cores
) -> WebSocketFigures:
    """Measure a peer once, in fresh processes.

    :raises PeerFailed: it did not start, ended, or did not do what it should.
    """
    order = {"load": load, **attrs.asdict(effort)}
    try:
        with start_child([*peer.command, load], cores.server) as server:
            order["port"] = read_port(server.hear())
            with start_child(LOAD, cores.load) as generator:
                if load is WebSocketLoad.MEMORY:
                    return WebSocketFigures(idle_memory(server, generator, order))
                found, cost = count_load(server, generator, order)
    except (ChildFailed, OSError) as exc:
        raise PeerFailed(str(exc)) from exc
    messages, seconds = found["messages"], found["seconds"]
    return WebSocketFigures(
        cost=cost / messages,
        rate=messages / seconds,
        load_busy=found["busy"],
        p50=found.get("p50", 0.0),
        p99=found.get("p99", 0.0),
        p99_before=found.get("p99_before", 0.0),
    )
