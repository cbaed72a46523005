"""The HTTP benchmark: peers take turns at every load, and medians stand for them."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import attrs

from ._cores import choose_cores
from ._http_loads import HTTPLoad
from ._http_measure import HTTPEffort, HTTPFigures, measure_http
from ._http_peers import HTTP_PEERS, HTTPPeer
from ._turns import take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@attrs.frozen
class HTTPResult:
    """What was found about one peer under one load.

    :param load: the load.
    :param peer: who served, or asked.
    :param figures: medians, or ``None`` if it failed or was left out.
    :param failure: why it has no figures, if it has none.
    """

    load: HTTPLoad
    peer: HTTPPeer
    figures: HTTPFigures | None = None
    failure: str | None = None


@attrs.frozen
class HTTPPlan:
    """What to measure.

    :param loads: one after the other.
    :param peers: who takes part; each only under loads that it knows.
    :param effort: how much is measured of each.
    """

    loads: Sequence[HTTPLoad] = tuple(HTTPLoad)
    peers: Sequence[HTTPPeer] = HTTP_PEERS
    effort: HTTPEffort = attrs.field(factory=HTTPEffort)

    def peers_of(self, load: HTTPLoad) -> list[HTTPPeer]:
        """Return who takes part under a load, installed or not."""
        return [peer for peer in self.peers if load in peer.loads]

    @property
    def measurements(self) -> int:
        """How many measurements there are altogether, if nothing fails."""
        installed = sum(not peer.missing for load in self.loads for peer in self.peers_of(load))
        return installed * self.effort.repetitions


def bench_http(
    plan: HTTPPlan, on_step: Callable[[str, int], object] | None = None
) -> Iterator[list[HTTPResult]]:
    """Measure, and hand out the results of one load after the other.

    Whoever is measured, and whoever makes the load, is a process of its own, on a core of its own
    where the system lets them. It blocks; do not call it from an async function. An exception,
    such as :exc:`KeyboardInterrupt`, and closing the iterator end the processes.

    :param plan: what to measure.
    :param on_step: is called before each measurement with what it is, and how many measurements
        are done with.
    """
    cores = choose_cores()
    steps = count()

    for load in plan.loads:

        def tell(peer: HTTPPeer, load: HTTPLoad = load) -> None:
            if on_step is not None:
                on_step(f"{load}: {peer.name}", next(steps))

        peers = plan.peers_of(load)
        measure = partial(measure_http, load=load, effort=plan.effort, cores=cores)
        found = take_turns(peers, plan.effort.repetitions, measure, tell)
        yield [
            HTTPResult(load, peer, failure=outcome)
            if isinstance(outcome := found[peer.name], str)
            else HTTPResult(load, peer, outcome)
            for peer in peers
        ]
