"""Percentiles of a histogram, and how sure they are."""

from __future__ import annotations

from math import ceil, exp, log, sqrt
from typing import TYPE_CHECKING

from perfgate.measure.summary import Latency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.histogram import Histogram

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
BATCHES = 10
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


def interval(batches: Sequence[Histogram], name: str) -> tuple[float, float] | None:
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
