"""Counts and times operations, through the instrument seam, for the demonstration's report."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

import attrs

from trio_helianthus.core import Instrument, Operation, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DURATIONS: Final = 10_000
"""How many durations are kept of each kind of operation; later ones are only counted."""


@attrs.define
class Tally:
    """What is known about one kind of operation."""

    count: int = 0
    cancelled: int = 0
    failed: int = 0
    durations: list[float] = attrs.field(factory=list)

    @property
    def median(self) -> float:
        """Seconds that half of the operations were quicker than."""
        return median(self.durations)

    @property
    def p99(self) -> float:
        """Seconds that 99 % of the operations were quicker than."""
        if len(self.durations) == 1:
            return self.durations[0]
        return quantiles(self.durations, n=100, method="inclusive")[-1]


class Recorder(Instrument):
    """Keeps a :class:`Tally` for each operation name.

    :param names: the operations that are of interest.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.tallies: Final = {name: Tally() for name in names}

    def operation_ended(self, operation: Operation) -> None:
        """Add an operation to its tally."""
        tally = self.tallies.get(operation.name)
        if tally is None:
            return
        tally.count += 1
        if operation.outcome in (Outcome.CANCELLED, Outcome.TIMEOUT):
            tally.cancelled += 1
        elif operation.outcome is Outcome.ERROR:
            tally.failed += 1
        if len(tally.durations) < MAX_DURATIONS:
            tally.durations.append(operation.seconds)
