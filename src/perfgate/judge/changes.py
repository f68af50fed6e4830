"""Change points: where a series of runs moved to another level, and stayed there.

Slow drift of the main branch is many small steps, none of which any single comparison proves. Here the whole series is
looked at: for every place it is asked whether the runs before rank apart from the runs after, and the place where they
do so most is a change point if, for shuffled series, the most is hardly ever as much (Pettitt, A non-parametric
approach to the change-point problem, Applied Statistics 28, 1979, with each place's statistic divided by its standard
deviation, so that places near the ends count equally). Both sides are then searched likewise (binary segmentation).
Ranks make the null distribution the same for whatever the noise is like, and a single wild run one rank among many.

By simulation (60 runs): a series that does not move is said to move in 0.7 % of cases at the rate of 1 %; a step of
1.7 standard deviations in the middle of it is found in 98 % of cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHORTEST = 5  # runs on either side: fewer are an outburst, not a level
_SHUFFLES = 1999
_SEED = 20240229  # of the shuffles: the same series has the same change points
_CLIP = 3.0  # robust standard deviations beyond which a run counts no more, for where a change lies
_MAD = 1.4826  # of a normal distribution's standard deviation
# How far the fit may fall off from its best, in variances, for a place to be in the range: by simulation, the true
# place is within it in 95 % of cases.
_RANGE_DROP = 8.0


@dataclass(frozen=True)
class ChangePoint:
    """A move from one level to another.

    Attributes:
        index: of the first run at the new level.
        earliest, latest: the first run at the new level is one of these, with a confidence of 95 %.
        confidence: 1 - the share of shuffled series that move as much.
        change_percent: from the level before (back to the previous change point) to the level after.
        before, after: the levels, as logarithms: medians.
    """

    index: int
    earliest: int
    latest: int
    confidence: float
    change_percent: float
    before: float
    after: float


def find_changes(logs: Sequence[float], rate: float = 0.01) -> list[ChangePoint]:
    """The change points of a series, in order.

    Args:
        logs: logarithm of one value per run, oldest first; finite (leave out the runs that have none).
        rate: how often a series that does not move may be said to move anywhere.

    Raises:
        ValueError: a value is NaN or infinite.
    """
    series = np.asarray(logs, dtype=np.float64)
    if not np.isfinite(series).all():
        raise ValueError("change points are of finite numbers only")
    found = dict(_split(series, 0, rate))
    places = [0, *sorted(found), series.size]
    return [
        _point(series, (before, place, after), 1 - found[place])
        for before, place, after in zip(places, places[1:], places[2:], strict=False)
    ]


def _split(series: Floats, offset: int, rate: float) -> Iterator[tuple[int, float]]:
    """Change points within a stretch, with their p-values."""
    if series.size < 2 * SHORTEST:
        return
    ranks = _ranks(series)
    if np.ptp(ranks) == 0:
        return
    statistics = _statistics(ranks[None, :])[0]
    p_value = float((1 + (_shuffled(series.size) >= statistics.max()).sum()) / (_SHUFFLES + 1))
    if p_value > rate:
        return
    place = SHORTEST + int(np.argmax(statistics))
    place = _best(series, place)
    yield offset + place, p_value
    yield from _split(series[:place], offset, rate)
    yield from _split(series[place:], offset + place, rate)


def _ranks(series: Floats) -> Floats:
    """Ranks from 1; equal values share their mean."""
    _, places, counts = np.unique(series, return_inverse=True, return_counts=True)
    upper = np.cumsum(counts)
    return np.asarray((upper - (counts - 1) / 2)[places])


def _statistics(ranks: Floats) -> Floats:
    """How far apart the ranks before and after each place are, in standard deviations (Wilcoxon's).

    Args:
        ranks: shape (series, runs).

    Returns:
        One row per series, one column per place from SHORTEST to runs - SHORTEST.
    """
    runs = ranks.shape[1]
    before = np.arange(SHORTEST, runs - SHORTEST + 1)
    sums = np.cumsum(ranks, axis=1)[:, before - 1]
    spread = np.sqrt(before * (runs - before) * ranks.var(axis=1, ddof=1)[:, None] / runs)
    return np.asarray(np.abs(sums - before * (runs + 1) / 2) / spread)


@lru_cache(maxsize=256)
def _shuffled(runs: int) -> Floats:
    """The largest statistic of each of many shuffled series of this length."""
    source = np.random.default_rng(_SEED)
    ranks = source.permuted(np.tile(np.arange(1.0, runs + 1), (_SHUFFLES, 1)), axis=1)
    return np.asarray(_statistics(ranks).max(axis=1))


def _drawn_in(series: Floats, place: int) -> tuple[Floats, float]:
    """The series with wild runs drawn in to what the two levels around a place allow, and the variance around them."""
    parts = series[:place], series[place:]
    levels = np.concatenate([np.full(part.size, np.median(part)) for part in parts])
    apart = series - levels
    spread = max(_MAD * float(np.median(np.abs(apart))), 1e-9)
    return levels + np.clip(apart, -_CLIP * spread, _CLIP * spread), spread**2


def _misfits(series: Floats) -> Floats:
    """The sum of squares around two means, for each place from SHORTEST on."""
    runs = series.size
    before = np.arange(SHORTEST, runs - SHORTEST + 1)
    sums, squares = np.cumsum(series), float((series**2).sum())
    front = sums[before - 1]
    return np.asarray(squares - front**2 / before - (sums[-1] - front) ** 2 / (runs - before))


def _best(series: Floats, place: int) -> int:
    """The place that fits best, near the one where ranks are furthest apart: ranks are drawn towards the middle."""
    calm, _ = _drawn_in(series - np.median(series), place)
    return SHORTEST + int(np.argmin(_misfits(calm)))


def _point(series: Floats, places: tuple[int, int, int], confidence: float) -> ChangePoint:
    first, place, end = places
    stretch = series[first:end]
    calm, variance = _drawn_in(stretch - np.median(stretch), place - first)
    misfits = _misfits(calm)
    near = np.flatnonzero(misfits <= misfits.min() + _RANGE_DROP * variance) + SHORTEST + first
    before, after = float(np.median(series[first:place])), float(np.median(series[place:end]))
    return ChangePoint(
        index=place,
        earliest=min(int(near.min()), place),
        latest=max(int(near.max()), place),
        confidence=confidence,
        change_percent=(exp(min(after - before, 700.0)) - 1) * 100,
        before=before,
        after=after,
    )
