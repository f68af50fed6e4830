"""Percentiles of a histogram, and how sure they are."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from math import ceil, exp, log, sqrt
from typing import TYPE_CHECKING

from perfgate.measure.summary import Latency

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.measure.histogram import Histogram
    from perfgate.measure.summary import Interval

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
BATCHES = 10
_TAIL = 0.025  # at either end of a 95 % interval
_STUDENT_T = 2.2621571627409915  # 97.5 % point of Student's t with BATCHES - 1 degrees of freedom


def needed_for(quantile: float) -> int:
    """How many values a percentile needs at least, 1 / (1 - q): below that it is the maximum under another name.

    >>> needed_for(0.95)
    20
    """
    return 1 if quantile in {0.0, 1.0} else ceil(round(1 / (1 - quantile), 6))


def statistics(values: Histogram) -> dict[str, float | None]:
    """Mean, percentiles, minimum and maximum by name, in the values' unit; None where too few values carry it."""
    count = values.count
    if not count:
        return dict.fromkeys(("mean", *QUANTILES, "min", "max"))
    quantiles = dict(zip(QUANTILES, values.quantiles(list(QUANTILES.values())), strict=True))
    carried = {name: value if count >= needed_for(QUANTILES[name]) else None for name, value in quantiles.items()}
    return {"mean": values.mean, **carried, "min": values.minimum, "max": values.maximum}


def latency(values: Histogram) -> Latency:
    """The statistics of response times in ms."""
    return Latency(**statistics(values))


def percentiles(values: Histogram, names: Sequence[str]) -> list[float | None]:
    """Percentiles by name; None where too few values carry one."""
    count, shares = values.count, [QUANTILES[name] for name in names]
    found = zip(values.quantiles(shares), shares, strict=True)
    return [value if count >= needed_for(share) else None for value, share in found]


def percentile(values: Histogram, name: str) -> float | None:
    """One percentile; see `percentiles`."""
    return percentiles(values, [name])[0]


def interval(whole: Histogram, batches: Sequence[Histogram], name: str) -> Interval | None:
    """The 95 % interval of a percentile of all values together.

    Order statistics give one of any number of values, but take each for independent of all others. Batch means allow
    for requests near each other in time being alike, and need ten batches that each carry the percentile. Where both
    are known the wider one counts at either end, so that the percentile itself always lies within.

    Args:
        whole: all values.
        batches: the same in successive stretches of the phase, equally long; ten of them.
        name: `p50`, `p95`, ...

    Returns:
        (lower, upper) in the values' unit; an end is None where so few values bound nothing. None without any value.
    """
    found = order_statistics(whole, name)
    means = batch_means(batches, name)
    if found is None or means is None:
        return found
    low, high = found
    return None if low is None else min(low, means[0]), None if high is None else max(high, means[1])


def order_statistics(values: Histogram, name: str) -> Interval | None:
    """The 95 % interval of a percentile from the values themselves, whatever their distribution.

    How many of n independent values lie below the q-quantile is binomial (n, q). So the value of rank l lies above it
    in as many cases as fewer than l values are below, and that is at most 2.5 %; the upper end is found likewise. Where
    even the least or the largest value is not sure enough, that end is not bounded: the largest of 50 values says
    nothing of how large a p99 can be. It is conservative, since ranks are whole numbers and equal values only help.
    Source: David and Nagaraja, Order Statistics, 3rd edition, section 7.1; Hahn and Meeker, Statistical Intervals,
    section 5.2.

    Args:
        values: independent ones.
        name: `p50`, `p95`, ...

    Returns:
        (lower, upper) in the values' unit, None for an end that is not bounded; None without any value.
    """
    if not values.count:
        return None
    low, high = ranks(values.count, QUANTILES[name])
    return None if low is None else values.at_rank(low), None if high is None else values.at_rank(high)


@lru_cache(10_000)
def ranks(count: int, quantile: float) -> tuple[int | None, int | None]:
    """The ranks, from 1, of the values between which a quantile lies in 95 % of all samples of `count` values.

    >>> ranks(100, 0.99)
    (97, None)
    """
    low = _first(count, lambda rank: _at_most(rank, count, quantile) > _TAIL)  # one too many
    high = _first(count, lambda rank: _at_most(rank - 1, count, quantile) >= 1 - _TAIL)
    return low or None, high if high <= count else None


def _first(count: int, holds: Callable[[int], bool]) -> int:
    """The least of 0 to `count` for which it holds, as it does for all above; else `count` + 1."""
    return bisect_left(range(count + 1), True, key=holds)


def _at_most(successes: int, count: int, share: float) -> float:
    """The probability of at most so many successes of a binomial (count, share)."""
    from scipy.special import betainc

    if successes < 0:
        return 0.0
    return 1.0 if successes >= count else float(betainc(count - successes, successes + 1, 1 - share))


def bounded_from(quantile: float, *, above: bool) -> int:
    """How many values it takes for an interval to have an upper end (`above`), or a lower one.

    >>> bounded_from(0.99, above=True)
    368
    """
    return ceil(log(_TAIL) / log(quantile if above else 1 - quantile))


def batch_means(batches: Sequence[Histogram], name: str) -> tuple[float, float] | None:
    """The 95 % interval of a percentile by batch means.

    Requests near each other in time are correlated, so they cannot be counted as so many independent values; means
    over long stretches of time are nearly independent. The method and its source: Law, Simulation Modeling and
    Analysis, 5th edition, section 9.5.3; that ten to thirty batches are enough: Schmeiser, Batch Size Effects in
    the Analysis of Simulation Output, Operations Research 30 (1982). Here the percentile of each batch takes the
    place of its mean, on a logarithmic scale, since response times are skewed and positive.

    Args:
        batches: successive stretches of the phase, equally long; ten of them.
        name: `p50`, `p95`, ...

    Returns:
        (lower, upper) in the values' unit; None unless there are ten batches that each carry the percentile.
    """
    values = [percentile(batch, name) for batch in batches]
    logs = [log(value) for value in values if value is not None and value > 0]
    if len(batches) != BATCHES or len(logs) < BATCHES:
        return None
    mean = sum(logs) / BATCHES
    spread = sqrt(sum((value - mean) ** 2 for value in logs) / (BATCHES - 1))
    half = _STUDENT_T * spread / sqrt(BATCHES)
    return exp(mean - half), exp(mean + half)
