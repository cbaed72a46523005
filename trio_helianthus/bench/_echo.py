"""The echo benchmark: peers take turns in every scenario, and medians stand for them."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import attrs

from ._certificates import make_certificates
from ._cores import choose_cores
from ._measure import PeerFailed, measure
from ._scenario import Effort, Protocol, Scenario
from ._statistics import Figures, median_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ._certificates import Certificates
    from ._cores import Cores
    from ._peers import Peer


@attrs.frozen
class EchoResult:
    """What was found about one peer in one scenario.

    :param scenario: the load.
    :param peer: who echoed.
    :param figures: medians, or ``None`` if it failed.
    :param failure: why it has no figures, if it has none.
    :param ratio: its cost, divided by the baseline's, if both have one.
    """

    scenario: Scenario
    peer: Peer
    figures: Figures | None = None
    failure: str | None = None
    ratio: float | None = None


@attrs.frozen
class EchoPlan:
    """What to measure.

    :param scenarios: the loads.
    :param peers: who echoes; those that do not know a scenario's protocol are left out there.
    :param baseline: the name of the peer that the others are compared with.
    :param effort: how much is measured of each.
    """

    scenarios: Sequence[Scenario]
    peers: Sequence[Peer]
    baseline: str = "trio"
    effort: Effort = attrs.field(factory=Effort)

    def peers_of(self, scenario: Scenario) -> list[Peer]:
        """Return who takes part in a scenario."""
        return [peer for peer in self.peers if scenario.protocol in peer.titles]

    @property
    def measurements(self) -> int:
        """How many measurements there are altogether, if nothing fails."""
        peers = sum(len(self.peers_of(scenario)) for scenario in self.scenarios)
        return peers * self.effort.repetitions

    @property
    def needs_certificates(self) -> bool:
        """Whether there is TLS in it."""
        return any(scenario.protocol is Protocol.TLS for scenario in self.scenarios)


def bench_echo(
    plan: EchoPlan, on_step: Callable[[str, int], object] | None = None
) -> Iterator[list[EchoResult]]:
    """Measure, and hand out the results of one scenario after the other.

    Each measurement has a server and a load generator in processes of their own, on cores of their
    own where the system lets them. It blocks; do not call it from an async function. An exception,
    such as :exc:`KeyboardInterrupt`, and closing the iterator end the processes.

    :param plan: what to measure.
    :param on_step: is called before each measurement with what it is, and how many measurements
        are done with.
    :raises MissingExtraError: TLS needs trustme, and it is not installed.
    """
    cores = choose_cores()
    made = make_certificates() if plan.needs_certificates else nullcontext(None)
    with made as certificates:
        done = 0
        for scenario in plan.scenarios:
            turns = _Turns(plan, scenario, cores, certificates)
            for repetition in range(plan.effort.repetitions):
                for peer in turns.order(repetition):
                    if on_step is not None:
                        on_step(f"{scenario}: {peer.titles[scenario.protocol]}", done)
                    turns.measure(peer)
                    done += 1
            yield compare(turns.results(), plan.baseline)


class _Turns:
    """One scenario: who has been measured so far, and who has failed."""

    def __init__(
        self,
        plan: EchoPlan,
        scenario: Scenario,
        cores: Cores,
        certificates: Certificates | None,
    ) -> None:
        self._plan = plan
        self._scenario = scenario
        self._cores = cores
        self._certificates = certificates
        self._measured: dict[str, list[Figures]] = {}
        self._failed: dict[str, str] = {}

    def order(self, repetition: int) -> list[Peer]:
        """Return who is measured in a repetition: another one begins each time."""
        peers = self._plan.peers_of(self._scenario)
        first = repetition % len(peers) if peers else 0
        return peers[first:] + peers[:first]

    def measure(self, peer: Peer) -> None:
        """Measure it once more, unless it has failed here before."""
        if peer.name in self._failed:
            return
        try:
            figures = measure(
                peer, self._scenario, self._plan.effort, self._cores, self._certificates
            )
        except PeerFailed as exc:
            self._failed[peer.name] = str(exc)
        else:
            self._measured.setdefault(peer.name, []).append(figures)

    def results(self) -> list[EchoResult]:
        """Return what is known now; who has failed once has no figures."""
        return [
            EchoResult(self._scenario, peer, failure=self._failed[peer.name])
            if peer.name in self._failed
            else EchoResult(self._scenario, peer, median_figures(self._measured[peer.name]))
            for peer in self._plan.peers_of(self._scenario)
        ]


def compare(results: Sequence[EchoResult], baseline: str) -> list[EchoResult]:
    """Set the ratios of results of one scenario.

    :param baseline: the name of the peer whose ratio is 1.
    """
    base = next((r.figures for r in results if r.peer.name == baseline), None)
    if base is None or not base.cost:
        return list(results)
    return [
        attrs.evolve(result, ratio=result.figures.cost / base.cost) if result.figures else result
        for result in results
    ]
