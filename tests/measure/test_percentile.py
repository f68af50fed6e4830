"""Percentiles: none that too few values carry, and how sure they are."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import interval, latency, needed_for, percentile, statistics


@pytest.mark.parametrize(
    ("quantile", "needed"), [(0.5, 2), (0.9, 10), (0.95, 20), (0.99, 100), (0.999, 1000), (1.0, 1), (0.0, 1)]
)
def test_a_percentile_needs_as_many_values_as_lie_beyond_it_once(quantile: float, needed: int) -> None:
    """1 / (1 - q); minimum and maximum need one."""
    assert needed_for(quantile) == needed


@given(st.integers(1, 1200))
def test_a_percentile_that_too_few_values_carry_is_none(count: int) -> None:
    """It would only be the maximum under another name; mean, minimum and maximum are always there."""
    values = statistics(Histogram.of([5.0] * count))
    carried = {name for name, value in values.items() if value is not None}
    needs = {"p50": 2, "p90": 10, "p95": 20, "p99": 100, "p99_9": 1000}
    assert carried == {"mean", "min", "max"} | {name for name, needed in needs.items() if count >= needed}


def test_nothing_recorded_has_no_statistics() -> None:
    """All of them are None."""
    assert set(latency(Histogram()).model_dump().values()) == {None}


def test_percentiles_are_those_of_the_values() -> None:
    """Of 1 to 1000 ms."""
    times = latency(Histogram.of([float(value) for value in range(1, 1001)]))
    expected = [float(np.quantile(np.arange(1.0, 1001.0), q)) for q in (0.5, 0.9, 0.95, 0.99, 0.999)]
    assert [times.p50, times.p90, times.p95, times.p99, times.p99_9] == pytest.approx(expected, rel=0.001)
    assert (times.min, times.max, times.mean) == (1, 1000, 500.5)


def test_the_interval_is_that_of_ten_batch_means_of_logarithms() -> None:
    """Held against the formula, with Student's t at 9 degrees of freedom from a table."""
    medians = [10.0, 11, 9, 12, 10, 10, 13, 9, 11, 10]
    logs = [log(value) for value in medians]
    mean = sum(logs) / 10
    half = 2.262 * sqrt(sum((value - mean) ** 2 for value in logs) / 9) / sqrt(10)
    found = interval([Histogram.of([value, value]) for value in medians], "p50")
    assert found == pytest.approx((exp(mean - half), exp(mean + half)), rel=0.001)


def test_ten_equal_batches_leave_no_doubt() -> None:
    """The interval shrinks to the value."""
    assert interval([Histogram.of([7.0] * 20)] * 10, "p95") == pytest.approx((7.0, 7.0), rel=0.001)


@pytest.mark.parametrize(
    "batches",
    [
        [Histogram.of([7.0] * 20)] * 9,
        [*[Histogram.of([7.0] * 20)] * 9, Histogram.of([7.0] * 19)],
        [*[Histogram.of([7.0] * 20)] * 9, Histogram()],
        [*[Histogram.of([7.0] * 20)] * 9, Histogram.of([0.0] * 20)],
    ],
    ids=["nine batches", "one too small", "one empty", "one of zeros"],
)
def test_without_ten_usable_batches_there_is_no_interval(batches: list[Histogram]) -> None:
    """A narrower claim would be false."""
    assert interval(batches, "p95") is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """400 phases of independent log-normal times: the true median lies within in about 95 % of them."""
    source = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        found = interval([Histogram.of(source.lognormal(3.0, 0.6, 100)) for _ in range(10)], "p50")
        assert found is not None
        hits += found[0] <= exp(3.0) <= found[1]
    assert 0.92 <= hits / 400 <= 0.98


def test_one_percentile_by_name() -> None:
    """The same as in the statistics, None where too few carry it."""
    assert percentile(Histogram.of([5.0] * 20), "p95") == pytest.approx(5.0, rel=0.001)
    assert percentile(Histogram.of([5.0] * 19), "p95") is None
