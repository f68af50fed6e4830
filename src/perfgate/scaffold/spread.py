"""How far response times spread in a short measurement, and the limits that leave room for it.

A limit on response times is broken by the machine before it is broken by a change: the same service is twice as slow
beside another job. So the first limits of a service are there for what nobody can overlook; a change of 10 % is found
by `perfgate compare`, which drives both revisions side by side.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perfgate.measure.histogram import Histogram
from perfgate.measure.journals import read_recording
from perfgate.measure.percentile import QUANTILES, needed_for
from perfgate.measure.window import STEADY
from perfgate.plan.budget import Limit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perfgate.judge.result import Result

_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_WARN, _FAIL = 2.0, 4.0  # times the upper end of what was seen
# Below these the machine's own scheduling decides more than the service: warn and fail, in ms.
_LEAST = {"p95": (50.0, 100.0), "p99": (100.0, 250.0)}
_RESAMPLES = 200
_UPPER = 0.975

Seconds = dict[str | None, tuple[Histogram, ...]]


@dataclass(frozen=True)
class Measurement:
    """A short load, driven to propose budgets.

    Attributes:
        seconds: of each endpoint (None: the whole service), the response times in ms of successful requests in each
            second of the steady phase that had any.
    """

    result: Result
    seconds: Seconds


def seconds_of(folder: Path) -> Seconds:
    """What a run's recording holds, second by second.

    Raises:
        RecordingError: it cannot be read.
    """
    found: defaultdict[str | None, defaultdict[int, list[Histogram]]] = defaultdict(lambda: defaultdict(list))
    for entry in read_recording(folder).seconds:
        for cell in entry.cells:
            if cell.outcome == "ok" and cell.phase == STEADY and cell.response_ms.count:
                for name in (cell.endpoint, None):
                    found[name][cell.second].append(cell.response_ms)
    return {
        name: tuple(Histogram.merged(parts) for _, parts in sorted(by_second.items()))
        for name, by_second in found.items()
    }


def upper_end(seconds: Sequence[Histogram], metric: str) -> float:
    """How large a percentile may be without anything having changed, in ms.

    The upper end of its 95 % interval by the bootstrap over whole seconds (Efron and Tibshirani, An Introduction to the
    Bootstrap, chapter 13: percentile intervals): requests of one second share the machine's troubles, so seconds are
    drawn, not requests. The draws are the same each time, so that equal measurements have equal limits.

    Args:
        seconds: response times of each second; at least one, and none of them empty.
        metric: `p95` or `p99`.

    Returns:
        Never less than the percentile itself; the largest time where too few requests carry the percentile.
    """
    share = QUANTILES[metric]
    whole = Histogram.merged(seconds)
    if whole.count < needed_for(share):
        return whole.maximum
    draws = np.random.default_rng(0).integers(len(seconds), size=(_RESAMPLES, len(seconds)))
    drawn = [Histogram.merged(seconds[index] for index in draw).quantile(share) for draw in draws]
    return max(whole.quantile(share), float(np.quantile(drawn, _UPPER)))


def roomy(upper_ms: float, metric: str) -> Limit:
    """A limit on a percentile that leaves room for what was seen: twice and four times as much, and a floor.

    Args:
        upper_ms: see `upper_end`; the largest of those that the limit has to hold for.
        metric: `p95` or `p99`.
    """
    least_warn, least_fail = _LEAST[metric]
    warn, fail = readable_up(upper_ms * _WARN), readable_up(upper_ms * _FAIL)
    return Limit(metric, max(warn, least_warn), max(fail, least_fail))


def readable_up(value: float) -> float:
    """The next number of the series 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 times a power of ten; never below `value`.

    Example:
        >>> readable_up(46.8)
        50.0
    """
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    steps = (round(step * power, 12) for step in _STEPS)
    return next((step for step in steps if step >= value), 10 * power)
