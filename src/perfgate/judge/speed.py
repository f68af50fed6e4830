"""How fast the machine was in each pair of blocks: what both of its sides have in common.

A shared machine is faster in one second and slower in the next, for both sides alike. A difference of two blocks of a
pair does not see it, but a count of the requests beyond one bound for all pairs does: in slow pairs many requests of
both sides lie beyond it, in fast ones few, and neither tells anything of the difference. So each pair's times are first
divided by how slow it was. (Means need none of it: what is common to both sides is no part of their difference.)

The median of few requests says little of the machine. It is drawn towards no change by as much as the spread of all
pairs' medians can be explained by chance (James and Stein, Estimation with quadratic loss, Fourth Berkeley Symposium 1,
1961; with unequal numbers of requests: Efron and Morris, JASA 70, 1975). On a quiet machine nothing is left of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from perfgate.judge.contrast import Values

    Floats = NDArray[np.float64]

_MAD_TO_SD = 1.4826
_MEDIAN_VARIANCE = 1.57  # of the median of normal values, in variances of their mean


def speeds(endpoints: Sequence[tuple[Values, Values]], pairs: int) -> Floats:
    """By how much the times of each pair are longer than usual, as logarithms.

    Args:
        endpoints: the requests of both sides, endpoint by endpoint.
        pairs: how many there are.

    Returns:
        Shape (pairs,); 0 where nothing is known.
    """
    residuals, numbers, counts = _residuals(endpoints)
    if not residuals.size:
        return np.zeros(pairs)
    medians, requests = _medians(residuals, numbers, counts, pairs)
    seen = requests > 0
    spread = _MAD_TO_SD * _weighted_median(np.abs(residuals), counts)
    by_chance = np.divide(_MEDIAN_VARIANCE * spread**2, requests, out=np.zeros(pairs), where=seen)
    beyond = _MAD_TO_SD**2 * float(np.median(np.abs(medians[seen]))) ** 2 - float(np.median(by_chance[seen]))
    true = max(beyond, 0.0)
    kept = np.divide(true, true + by_chance, out=np.zeros(pairs), where=(true + by_chance) > 0)
    return np.asarray(kept * medians)


def _residuals(endpoints: Sequence[tuple[Values, Values]]) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Logarithms of all times with their pairs and counts, of each endpoint and side about its own median.

    So what one side of an endpoint takes longer than the other in all pairs is no part of the machine's speed.
    """
    logs, numbers, counts = [], [], []
    for side in (side for sides in endpoints for side in sides if side.logs.size):
        logs.append(side.logs - _weighted_median(side.logs, side.counts))
        numbers.append(side.pair)
        counts.append(side.counts)
    if not logs:
        return np.empty(0), np.empty(0, np.int64), np.empty(0)
    return np.concatenate(logs), np.concatenate(numbers), np.concatenate(counts)


def _weighted_median(values: Floats, counts: Floats) -> float:
    order = np.argsort(values, kind="stable")
    below = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def _medians(residuals: Floats, numbers: NDArray[np.int64], counts: Floats, pairs: int) -> tuple[Floats, Floats]:
    """Each pair's median, 0 where it has no requests, and how many it has."""
    order = np.lexsort((residuals, numbers))
    below = np.cumsum(counts[order])
    requests = np.bincount(numbers, counts, pairs).astype(np.float64)
    before = np.concatenate([[0.0], np.cumsum(requests)[:-1]])
    places = np.minimum(np.searchsorted(below, before + requests / 2), residuals.size - 1)
    return np.where(requests > 0, residuals[order][places], 0.0), requests
