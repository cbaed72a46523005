"""Medians and percentiles of what was measured."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_helianthus.bench import Figures
from trio_helianthus.bench._statistics import median_figures, percentile

FIGURES = Figures(
    rate=1000, p50=10, p95=20, p99=30, cpu=4, load_busy=0.5, resent=0, instructions=70
)
VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=200).map(sorted)
SHARES = st.floats(0, 1, exclude_min=True)


def test_the_median_of_each_figure_is_its_own() -> None:
    quick = attrs.evolve(FIGURES, rate=3000, p50=1)
    slow = attrs.evolve(FIGURES, rate=500, p50=90)
    noisy = attrs.evolve(FIGURES, rate=2000, p50=95)

    median = median_figures([quick, slow, noisy])

    assert median == attrs.evolve(FIGURES, rate=2000, p50=90)


def test_instructions_that_were_not_always_counted_have_no_median() -> None:
    uncounted = attrs.evolve(FIGURES, instructions=None)

    assert median_figures([FIGURES, uncounted]).instructions is None
    assert median_figures([FIGURES, FIGURES]).instructions == 70


def test_there_is_no_median_of_nothing() -> None:
    with pytest.raises(ValueError, match="no measurement"):
        median_figures([])


def test_the_cost_is_instructions_where_they_were_counted() -> None:
    assert FIGURES.cost == 70
    assert attrs.evolve(FIGURES, instructions=None).cost == 4


@pytest.mark.parametrize(("share", "value"), [(0.5, 10), (0.95, 19), (0.951, 20), (1, 20)])
def test_percentiles_are_nearest_ranks(share: float, value: float) -> None:
    assert percentile(range(1, 21), share) == value


@given(VALUES, SHARES)
def test_a_percentile_was_measured_and_leaves_its_share_at_or_below_it(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) / len(values) >= share - 1e-9


@given(VALUES, SHARES, SHARES)
def test_percentiles_rise_with_their_share(values: list[float], one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert percentile(values, low) <= percentile(values, high)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0), ([1.0], 1.1)])
def test_a_percentile_needs_values_and_a_share(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"value|share"):
        percentile(values, share)
