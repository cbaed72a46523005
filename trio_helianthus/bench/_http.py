"""The HTTP benchmark: peers take turns at every load, and medians stand for them."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import attrs

from ._cores import choose_cores
from ._http_loads import HTTPLoad
from ._http_measure import HTTPEffort, HTTPFigures, measure_http
from ._http_peers import GOALS, HTTP_PEERS, Goal, HTTPPeer
from ._measure import PeerFailed

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


@attrs.frozen
class GoalResult:
    """How far a goal is reached.

    :param goal: what was to be reached.
    :param ratio: the cost of ours relative to the other's, or ``None`` if one has no figures.
    """

    goal: Goal
    ratio: float | None

    @property
    def reached(self) -> bool:
        """Whether it is known to be reached."""
        return self.ratio is not None and self.ratio <= self.goal.at_most


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
    done = 0
    for load in plan.loads:
        peers = plan.peers_of(load)
        measured: dict[str, list[HTTPFigures]] = {peer.name: [] for peer in peers}
        failed = {
            peer.name: f"not installed: {', '.join(peer.missing)}" for peer in peers if peer.missing
        }
        for repetition in range(plan.effort.repetitions):
            first = repetition % len(peers) if peers else 0
            for peer in peers[first:] + peers[:first]:
                if peer.missing:
                    continue
                if on_step is not None:
                    on_step(f"{load}: {peer.name}", done)
                done += 1
                if peer.name not in failed:
                    try:
                        figures = measure_http(peer, load, plan.effort, cores)
                    except PeerFailed as exc:
                        failed[peer.name] = str(exc)
                    else:
                        measured[peer.name].append(figures)
        yield [
            HTTPResult(load, peer, failure=failed[peer.name])
            if peer.name in failed
            else HTTPResult(load, peer, _median(measured[peer.name]))
            for peer in peers
        ]


def judge(results: Sequence[HTTPResult]) -> list[GoalResult]:
    """Compare results with the goals whose two peers are among them."""
    shown = {(result.load, result.peer.name) for result in results}
    costs = {
        (result.load, result.peer.name): result.figures.cost
        for result in results
        if result.figures is not None
    }
    judged = []
    for goal in GOALS:
        pair = (goal.load, goal.ours), (goal.load, goal.theirs)
        if shown.issuperset(pair):
            ours, theirs = map(costs.get, pair)
            judged.append(GoalResult(goal, ours / theirs if ours and theirs else None))
    return judged


def _median(measurements: Sequence[HTTPFigures]) -> HTTPFigures:
    def middle(name: str) -> float:
        return float(median(getattr(figures, name) for figures in measurements))

    return HTTPFigures(**{field.name: middle(field.name) for field in attrs.fields(HTTPFigures)})
