"""How the gate behaves on this machine: unchanged against unchanged, as often as asked.

From the pairs of all rounds: how often the verdict was falsely red, how the changes of each metric scattered although
nothing had changed, and how small a slowdown is found after how long.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import median, stdev
from typing import TYPE_CHECKING

from perfgate.judge.paired import compare_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.paired import Change, Rules
    from perfgate.judge.result import Verdict
    from perfgate.measure.blocks import Pair

METRICS = ("mean", "p50", "p95")
FEWEST_PAIRS = 8
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Round:
    """One comparison of a service with itself.

    Attributes:
        verdict: of the gate as it is configured, decided while it was driven.
        pairs: all that were driven.
    """

    verdict: Verdict
    pairs: Sequence[Pair]


@dataclass(frozen=True)
class Detectable:
    """How small a slowdown is found.

    Attributes:
        duration_s: of both sides together.
        pairs: of blocks in that time.
        by_metric: the smallest slowdown in percent that is found in 9 of 10 cases: the median over endpoints and
            rounds; a metric of which nothing can be said is missing.
        worst: the same of the endpoint for which it is largest.
    """

    duration_s: float
    pairs: int
    by_metric: dict[str, float]
    worst: dict[str, float]


@dataclass(frozen=True)
class Calibration:
    """What was found.

    Attributes:
        rounds, reds: how many comparisons there were, and how many of them were falsely red.
        undecided: how many were not decided.
        false_alarm_interval: 95 % interval of the false-alarm rate (Clopper and Pearson, Biometrika 26, 1934).
        spread_percent: by metric, the standard deviation of the change over rounds and endpoints.
        detectable: by duration, shortest first.
        tolerated_percent: what the slowdowns are counted above.
    """

    rounds: int
    reds: int
    undecided: int
    false_alarm_interval: tuple[float, float]
    spread_percent: dict[str, float]
    detectable: list[Detectable]
    tolerated_percent: float

    def needed_s(self, metric: str, slowdown_percent: float) -> float | None:
        """How long it takes until a slowdown of so much is found, both sides together; None when it never is.

        What is found above what is tolerated shrinks with the square root of the time.
        """
        known = [own for own in self.detectable if metric in own.by_metric]
        above = slowdown_percent - self.tolerated_percent
        if not known or above <= 0:
            return None
        longest = known[-1]
        return longest.duration_s * ((longest.by_metric[metric] - self.tolerated_percent) / above) ** 2


def calibrate(rounds: Sequence[Round], rules: Rules, pair_s: float) -> Calibration:
    """What the rounds say.

    Args:
        rounds: at least one.
        rules: what is tolerated, and how often the verdict may err.
        pair_s: how long a pair takes.
    """
    counting = [[pair for pair in one.pairs if not pair.disturbed] for one in rounds]
    reds = sum(one.verdict == "fail" for one in rounds)
    shortest = min(len(pairs) for pairs in counting)
    whole = [compare_pairs(pairs, rules) for pairs in counting]
    return Calibration(
        rounds=len(rounds),
        reds=reds,
        undecided=sum(one.verdict in {"invalid", "warn"} for one in rounds),
        false_alarm_interval=share_interval(reds, len(rounds)),
        spread_percent={metric: spread for metric in METRICS if (spread := _spread(whole, metric)) is not None},
        detectable=[_detectable(counting, count, rules, pair_s) for count in _counts(shortest)],
        tolerated_percent=rules.max_slowdown_percent,
    )


def share_interval(hits: int, tries: int) -> tuple[float, float]:
    """The exact 95 % interval of a share.

    Raises:
        ValueError: there were no tries.
    """
    from scipy.special import betaincinv

    if tries < 1:
        raise ValueError("a share of nothing has no interval")
    tail = (1 - _CONFIDENCE) / 2
    low = float(betaincinv(hits, tries - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, tries - hits, 1 - tail)) if hits < tries else 1.0
    return low, high


def _counts(most: int) -> list[int]:
    """Numbers of pairs, each half as many again as the one before, up to the most that all rounds have."""
    counts = [most]
    while (less := int(counts[0] / sqrt(2))) >= FEWEST_PAIRS:
        counts.insert(0, less)
    return counts if most >= FEWEST_PAIRS else []


def _detectable(rounds: Iterable[Sequence[Pair]], count: int, rules: Rules, pair_s: float) -> Detectable:
    found: dict[str, dict[str | None, list[float]]] = {}
    for pairs in rounds:
        for change in compare_pairs(pairs[:count], rules):
            if change.smallest_detectable is not None and change.key.metric in METRICS and change.gating:
                of_metric = found.setdefault(change.key.metric, {})
                of_metric.setdefault(change.key.endpoint, []).append(change.smallest_detectable)
    typical = {metric: [median(values) for values in by.values()] for metric, by in found.items()}
    return Detectable(
        count * pair_s,
        count,
        {metric: median(typical[metric]) for metric in METRICS if metric in typical},
        {metric: max(typical[metric]) for metric in METRICS if metric in typical},
    )


def _spread(rounds: Iterable[Sequence[Change]], metric: str) -> float | None:
    changes = [
        change.change
        for found in rounds
        for change in found
        if change.key.metric == metric and change.key.endpoint is not None and change.change is not None
    ]
    return stdev(changes) if len(changes) > 1 else None
