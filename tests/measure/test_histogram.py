"""Histograms: as true as numpy's percentiles to within 0.1 %, mergeable in any order, and small on the wire."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    import random

FLOATS = st.floats(min_value=-1e290, max_value=1e290, allow_nan=False)
MANY = st.lists(FLOATS, min_size=1, max_size=60)
SHARES = st.floats(min_value=0, max_value=1)
SMALLEST = 1e-305  # below this, floats lose digits (subnormal), and so does everything that is made of them


def parts_of(histogram: Histogram) -> tuple[list[int], list[int], float, float]:
    return histogram.bins.tolist(), histogram.counts.tolist(), histogram.minimum, histogram.maximum


@given(MANY, SHARES)
def test_a_quantile_is_within_a_thousandth_of_numpys(values: list[float], share: float) -> None:
    """Of the larger of the two values that it lies between, whatever their signs and sizes."""
    rank = share * (len(values) - 1)
    ordered = sorted(values)
    neighbours = abs(ordered[math.floor(rank)]), abs(ordered[math.ceil(rank)])
    expected = float(np.quantile(np.array(values), share))
    assert Histogram.of(values).quantile(share) == pytest.approx(
        expected, abs=0.001 * max(neighbours) + SMALLEST, rel=0
    )


@given(st.lists(st.floats(min_value=1e-300, max_value=1e290), min_size=1, max_size=60), SHARES)
def test_a_quantile_of_positive_values_is_within_a_thousandth_of_numpys(values: list[float], share: float) -> None:
    """Response times are positive: there the error is relative to the quantile itself."""
    expected = float(np.quantile(np.array(values), share))
    assert Histogram.of(values).quantile(share) == pytest.approx(expected, rel=0.001)


@given(MANY)
def test_count_mean_minimum_and_maximum_are_exact(values: list[float]) -> None:
    """They are kept beside the bins."""
    histogram = Histogram.of(values)
    assert (histogram.count, histogram.minimum, histogram.maximum) == (len(values), min(values), max(values))
    assert histogram.total == float(np.array(values).sum())
    assert (histogram.quantile(0), histogram.quantile(1)) == (min(values), max(values))


@given(st.lists(MANY, max_size=5))
def test_merging_is_the_same_as_recording_everything_in_one(lists: list[list[float]]) -> None:
    """Counts per bin are exact, so nothing is lost by merging."""
    merged = Histogram.merged(Histogram.of(values) for values in lists)
    assert parts_of(merged) == parts_of(Histogram.of([value for values in lists for value in values]))


@given(st.lists(MANY, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_merging_does_not_matter(lists: list[list[float]], order: random.Random) -> None:
    """Not even to the last bit of the sum."""
    histograms = [Histogram.of(values) for values in lists]
    merged = Histogram.merged(histograms)
    order.shuffle(histograms)
    other = Histogram.merged(histograms)
    assert parts_of(other) == parts_of(merged)
    assert other.total == merged.total


def test_merging_near_and_far_values_gives_the_same_bins() -> None:
    """Zeros among milliseconds are merged in another way than milliseconds alone, to the same end."""
    times = [float(value) for value in range(1, 500)]
    zeros = [0.0] * 3
    merged = Histogram.merged([Histogram.of(times), Histogram.of(zeros), Histogram.of(times)])
    assert parts_of(merged) == parts_of(Histogram.of([*times, *zeros, *times]))


@given(st.lists(FLOATS, max_size=60))
def test_the_wire_carries_everything(values: list[float]) -> None:
    """An empty histogram too."""
    histogram = Histogram.of(values)
    back = Histogram.from_wire(histogram.to_wire())
    assert parts_of(back) == parts_of(histogram)
    assert back.total == histogram.total


def test_an_empty_histogram_has_no_quantiles() -> None:
    """They are NaN, as is the mean; neither raises."""
    empty = Histogram.merged([Histogram(), Histogram()])
    assert empty.count == 0
    assert math.isnan(empty.mean)
    assert all(math.isnan(value) for value in empty.quantiles([0.5, 0.95]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    """They would poison every sum."""
    with pytest.raises(ValueError, match="finite"):
        Histogram.of([1.0, value])
