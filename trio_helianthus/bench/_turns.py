"""Peers take turns, so that a machine that slows down slows all of them down."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from ._measure import PeerFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class TakesTurns(Protocol):
    """A peer."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not installed."""
        ...


P = TypeVar("P", bound=TakesTurns)
F = TypeVar("F", bound=attrs.AttrsInstance)


def take_turns(
    peers: Sequence[P],
    repetitions: int,
    measure: Callable[[P], F],
    on_turn: Callable[[P], object],
) -> dict[str, F | str]:
    """Measure peers in turns; another one begins each time.

    :param peers: those of which packages are missing are left out.
    :param repetitions: how often each is measured.
    :param measure: does that once. A peer that fails is not measured again.
    :param on_turn: is called before each turn, also of those that have failed.
    :returns: by name, the medians of its figures, or why it has none.
    """
    measured: dict[str, list[F]] = {peer.name: [] for peer in peers}
    failed = {
        peer.name: f"not installed: {', '.join(peer.missing)}" for peer in peers if peer.missing
    }
    for repetition in range(repetitions):
        first = repetition % len(peers) if peers else 0
        for peer in [*peers[first:], *peers[:first]]:
            if peer.missing:
                continue
            on_turn(peer)
            if peer.name not in failed:
                try:
                    measured[peer.name].append(measure(peer))
                except PeerFailed as exc:
                    failed[peer.name] = str(exc)
    return {
        peer.name: failed[peer.name] if peer.name in failed else _medians(measured[peer.name])
        for peer in peers
    }


def _medians(measurements: Sequence[F]) -> F:
    """Return the median of each figure by itself."""
    kind = type(measurements[0])
    names = [field.name for field in attrs.fields(kind)]
    middle: dict[str, Any] = {
        name: float(median(getattr(figures, name) for figures in measurements)) for name in names
    }
    return kind(**middle)
