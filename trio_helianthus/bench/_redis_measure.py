"""One measurement of the Redis benchmark: a fresh server, a fresh client, and its counters."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import attrs

from ._child import ChildFailed, start_child
from ._counting import Count, family_of
from ._measure import PeerFailed, read_port

if TYPE_CHECKING:
    from ._cores import Cores
    from ._redis_loads import RedisLoad
    from ._redis_peers import RedisPeer

SERVER: Final = (sys.executable, "-m", f"{__package__}._redis_server")
PATIENCE_SECONDS: Final = 60.0
"""How much longer than it should a measurement may take."""
WARM_UP: Final = 0.3
"""The share of the time that is spent before anything counts."""


@attrs.frozen
class RedisEffort:
    """How much is measured of each load and peer.

    :param seconds: how long one measurement lasts.
    :param repetitions: how many measurements there are; their median counts.
    :raises ValueError: one of them is out of bounds.
    """

    seconds: float = attrs.field(
        default=1.0,
        validator=attrs.validators.and_(attrs.validators.gt(0), attrs.validators.le(120)),
    )
    repetitions: int = attrs.field(default=3, validator=attrs.validators.ge(1))


@attrs.frozen
class RedisFigures:
    """What one measurement found, or the medians of several.

    :param cost: what peers are compared by, of the client, for one command or delivery: thousands
        of instructions, user and kernel, or microseconds of CPU time where instructions cannot be
        counted.
    :param rate: commands or deliveries a second.
    :param p50: milliseconds that half of the commands took at most, where one task asks.
    :param p99: the same for 99 % of them.
    :param load_busy: 0: the client, which is measured, is also the load.
    """

    cost: float
    rate: float
    p50: float = 0.0
    p99: float = 0.0
    load_busy: float = 0.0


def measure_redis(
    peer: RedisPeer, load: RedisLoad, effort: RedisEffort, cores: Cores
) -> RedisFigures:
    """Measure a client once, in a fresh process, with a fresh server.

    A single task and its server wait for each other all the time, so they share a core: waking
    another one costs more than all that is to be measured, on virtual machines most of all.

    :raises PeerFailed: the client did not start, ended, or did not do what it should.
    """
    core = cores.server if load.takes_turns else cores.load
    try:
        with start_child(SERVER, cores.server) as server:
            command = [*peer.command, load, str(read_port(server.hear()))]
            with start_child(command, core) as client:
                client.hear()
                _read(client.ask(str(effort.seconds * WARM_UP), effort.seconds + PATIENCE_SECONDS))
                with Count(*family_of(client.pid)) as count:
                    line = client.ask(str(effort.seconds), effort.seconds + PATIENCE_SECONDS)
                found = _read(line)
    except (ChildFailed, OSError) as exc:
        raise PeerFailed(str(exc)) from exc
    done = max(1, found["count"])
    return RedisFigures(
        cost=count.cost / done,
        rate=found["count"] / found["seconds"],
        p50=found["p50"],
        p99=found["p99"],
    )


def _read(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise PeerFailed(f"the client said {line!r} instead of what it has found") from None
    return found
