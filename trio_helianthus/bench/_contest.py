"""A contest: peers take turns at every load, and medians stand for them."""

from __future__ import annotations

import enum
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import attrs

from ._cores import choose_cores
from ._turns import TakesTurns, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ._cores import Cores


class Contender(TakesTurns, Protocol):
    """A peer that knows some of the loads."""

    @property
    def loads(self) -> Collection[Any]:
        """In which it takes part."""
        ...


class ContestEffort(Protocol):
    """How much is measured."""

    @property
    def repetitions(self) -> int:
        """How many measurements there are of each peer under each load."""
        ...


L = TypeVar("L", bound=enum.StrEnum)
P = TypeVar("P", bound=Contender)
E = TypeVar("E", bound=ContestEffort)
F = TypeVar("F", bound=attrs.AttrsInstance)


@attrs.frozen
class ContestResult(Generic[L, P, F]):
    """What was found about one peer under one load.

    :param load: the load.
    :param peer: who was measured.
    :param figures: medians, or ``None`` if it failed or was left out.
    :param failure: why it has no figures, if it has none.
    """

    load: L
    peer: P
    figures: F | None = None
    failure: str | None = None

    @property
    def ending(self) -> str:
        """In a word, what has become of it: ``measured``, ``skipped`` or ``failed``."""
        if self.failure is None:
            return "measured"
        return "skipped" if self.failure.startswith("not installed") else "failed"


R = TypeVar("R", bound=ContestResult[Any, Any, Any])


@attrs.frozen
class ContestPlan(Generic[L, P, E]):
    """What to measure.

    :param loads: one after the other.
    :param peers: who takes part; each only under loads that it knows.
    :param effort: how much is measured of each.
    """

    loads: Sequence[L]
    peers: Sequence[P]
    effort: E

    def peers_of(self, load: L) -> list[P]:
        """Return who takes part under a load, installed or not."""
        return [peer for peer in self.peers if load in peer.loads]

    @property
    def measurements(self) -> int:
        """How many measurements there are altogether, if nothing fails."""
        installed = sum(not peer.missing for load in self.loads for peer in self.peers_of(load))
        return installed * self.effort.repetitions


def hold_contest(
    plan: ContestPlan[L, P, E],
    measure: Callable[[P, L, E, Cores], F],
    result: Callable[[L, P, F | None, str | None], R],
    on_step: Callable[[str, int], object] | None,
) -> Iterator[list[R]]:
    """Measure, and hand out the results of one load after the other.

    :param measure: does that once, in fresh processes. A peer for which it raises
        :exc:`PeerFailed` is not measured again under this load.
    :param result: makes a result.
    :param on_step: is called before each measurement with what it is, and how many measurements
        are done with.
    """
    cores = choose_cores()
    steps = count()
    for load in plan.loads:

        def measure_here(peer: P, load: L = load) -> F:
            return measure(peer, load, plan.effort, cores)

        def tell(peer: P, load: L = load) -> None:
            if on_step is not None:
                on_step(f"{load}: {peer.name}", next(steps))

        peers = plan.peers_of(load)
        found = take_turns(peers, plan.effort.repetitions, measure_here, tell)
        yield [
            result(load, peer, None, outcome)
            if isinstance(outcome := found[peer.name], str)
            else result(load, peer, outcome, None)
            for peer in peers
        ]
