"""Percentiles: none that too few values carry, and how sure they are."""

from __future__ import annotations

from math import comb, exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import (
    QUANTILES,
    batch_means,
    bounded_from,
    interval,
    latency,
    needed_for,
    order_statistics,
    percentile,
    ranks,
    statistics,
)


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
    found = batch_means([Histogram.of([value, value]) for value in medians], "p50")
    assert found == pytest.approx((exp(mean - half), exp(mean + half)), rel=0.001)


def test_ten_equal_batches_leave_no_doubt() -> None:
    """The interval shrinks to the value."""
    assert batch_means([Histogram.of([7.0] * 20)] * 10, "p95") == pytest.approx((7.0, 7.0), rel=0.001)


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
    assert batch_means(batches, "p95") is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """400 phases of independent log-normal times: the true median lies within in about 95 % of them."""
    source = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        found = batch_means([Histogram.of(source.lognormal(3.0, 0.6, 100)) for _ in range(10)], "p50")
        assert found is not None
        hits += found[0] <= exp(3.0) <= found[1]
    assert 0.92 <= hits / 400 <= 0.98


@pytest.mark.parametrize(
    ("count", "quantile", "expected"),
    [
        (1, 0.5, (None, None)),
        (5, 0.5, (None, None)),
        (6, 0.5, (1, 6)),
        (10, 0.5, (2, 9)),
        (3, 0.99, (2, None)),
        (20, 0.95, (17, None)),
        (71, 0.95, (63, None)),
        (72, 0.95, (64, 72)),
        (367, 0.99, (359, None)),
        (368, 0.99, (360, 368)),
    ],
)
def test_the_ranks_are_those_of_the_binomial(
    count: int, quantile: float, expected: tuple[int | None, int | None]
) -> None:
    """That of ten values, the second and the ninth, stands in every table of the sign test."""
    assert ranks(count, quantile) == expected


@given(st.integers(1, 5000), st.sampled_from(sorted(QUANTILES.values())))
def test_the_ranks_hold_the_quantile_in_95_percent_of_all_samples_and_no_narrower_ones_do(
    count: int, quantile: float
) -> None:
    """Held against the sum of the binomial's own terms: at most 2.5 % at either end, and more one rank further in."""
    terms = (
        np.cumsum([comb(count, k) * quantile**k * (1 - quantile) ** (count - k) for k in range(count + 1)])
        if (count <= 60)
        else stats.binom.cdf(np.arange(count + 1), count, quantile)
    )
    low, high = ranks(count, quantile)
    below = terms[(low or 0) - 1] if low else 0.0
    assert below <= 0.025 + 1e-9
    assert terms[low or 0] > 0.025 - 1e-9
    if high is None:
        assert terms[count - 1] < 0.975 + 1e-9
    else:
        assert terms[high - 1] >= 0.975 - 1e-9
        assert terms[high - 2] < 0.975 + 1e-9
    assert (high is None) is (count < bounded_from(quantile, above=True))
    assert (low is None) is (count < bounded_from(quantile, above=False))


@given(
    st.lists(st.floats(0.001, 1e5), min_size=1, max_size=300),
    st.sampled_from(sorted(QUANTILES)),
)
def test_a_percentile_lies_within_its_interval(values: list[float], name: str) -> None:
    """Of whatever values that carry it, in ten batches or not; an end that is not bounded is None."""
    whole = Histogram.of(values)
    batches = [Histogram.of(values[start::10]) for start in range(10)]
    found = interval(whole, batches, name)
    assert found is not None
    low, high = found
    observed = percentile(whole, name)
    if observed is None:  # its place between the two largest says nothing then
        return
    assert low is None or low <= observed * 1.001
    assert high is None or high >= observed * 0.999


def test_no_value_has_no_interval() -> None:
    """And one has an open one."""
    assert order_statistics(Histogram(), "p95") is None
    assert order_statistics(Histogram.of([7.0]), "p95") == (None, None)
    assert order_statistics(Histogram.of([7.0]), "p99") == (7.0, None)


@pytest.mark.parametrize(
    ("name", "count"), [("p50", 5), ("p50", 40), ("p95", 20), ("p95", 90), ("p99", 100), ("p99", 500)]
)
def test_order_statistics_hold_the_truth_at_least_as_often_as_they_say(name: str, count: int) -> None:
    """2,000 small samples of heavily skewed times; three standard errors are allowed for the simulation."""
    source = np.random.default_rng(11)
    truth = float(np.exp(3 + 1.5 * stats.norm.ppf(QUANTILES[name])))
    hits = 0
    for _ in range(2000):
        found = order_statistics(Histogram.of(source.lognormal(3.0, 1.5, count)), name)
        assert found is not None
        hits += (found[0] is None or found[0] <= truth) and (found[1] is None or truth <= found[1])
    assert hits / 2000 >= 0.95 - 3 * sqrt(0.95 * 0.05 / 2000)


def test_the_wider_of_both_methods_counts_at_either_end() -> None:
    """Batches that differ by far more than their values do show that requests were not independent."""
    batches = [Histogram.of([value] * 100) for value in (5.0, 20, 5, 20, 5, 20, 5, 20, 5, 20)]
    whole = Histogram.merged(batches)
    means, orders, found = batch_means(batches, "p50"), order_statistics(whole, "p50"), interval(whole, batches, "p50")
    assert means is not None
    assert orders is not None
    assert found == (min(means[0], orders[0] or 0), max(means[1], orders[1] or 0))


def test_one_percentile_by_name() -> None:
    """The same as in the statistics, None where too few carry it."""
    assert percentile(Histogram.of([5.0] * 20), "p95") == pytest.approx(5.0, rel=0.001)
    assert percentile(Histogram.of([5.0] * 19), "p95") is None
