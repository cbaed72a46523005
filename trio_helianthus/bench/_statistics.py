"""Figures of one measurement, and the figures that stand for several."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence


@attrs.frozen
class Figures:
    """What one measurement found, or the medians of several.

    :param rate: echoes a second.
    :param p50: microseconds that half of the echoes took at most.
    :param p95: microseconds that 95 % of the echoes took at most.
    :param p99: microseconds that 99 % of the echoes took at most.
    :param cpu: CPU microseconds of the server, per echo.
    :param load_busy: the share of the time that the load generator was busy; near 1 it, and not
        the server, limits the rate.
    :param resent: datagrams that were lost and sent again, per echo.
    :param instructions: thousands of instructions of the server, user and kernel, per echo;
        ``None`` where they cannot be counted.
    """

    rate: float
    p50: float
    p95: float
    p99: float
    cpu: float
    load_busy: float
    resent: float
    instructions: float | None = None

    @property
    def cost(self) -> float:
        """What peers are compared by: instructions if they were counted, else CPU time."""
        return self.cpu if self.instructions is None else self.instructions


def median_figures(measurements: Sequence[Figures]) -> Figures:
    """Return the median of each figure by itself.

    :raises ValueError: there is no measurement.
    """
    if not measurements:
        raise ValueError("there is no measurement to take the median of")

    def middle(name: str) -> float:
        return float(median(getattr(figures, name) for figures in measurements))

    names = [field.name for field in attrs.fields(Figures) if field.name != "instructions"]
    counted = all(figures.instructions is not None for figures in measurements)
    return Figures(
        **{name: middle(name) for name in names},
        instructions=middle("instructions") if counted else None,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed.

    It is the nearest-rank percentile, so it is always a value that was measured.

    :param ordered: the values, smallest first.
    :param share: above 0, up to 1.
    :raises ValueError: there is no value, or the share is out of bounds.
    """
    if not ordered:
        raise ValueError("there is no value to take a percentile of")
    if not 0 < share <= 1:
        raise ValueError(f"a share is above 0 and at most 1, not {share}")
    # Rounded, because 0.07 * 100 is 7.000000000000001, and that would be the eighth.
    rank = math.ceil(round(share * len(ordered), 9))
    return ordered[max(rank, 1) - 1]
