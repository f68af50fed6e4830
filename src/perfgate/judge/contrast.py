"""Scores: one number per pair of blocks that tells, for a supposed change, whether the head's side lies above it.

A contrast answers: were the head `change` worse than the base, by how much would each pair then lie above (positive)
or below zero? At the true change the scores are centred at zero, and as likely positive as negative; so a test of the
scores tests the change, and the changes that are not rejected are its interval. The pair is the unit: requests of one
block, which share a queue and a second of the machine, count together as one.

Changes are logarithms of ratios, worse being positive (`Share`: differences).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from perfgate.judge.error_rates import Counts
from perfgate.judge.signflip import clipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHORTEST_MS = 1e-6  # what is shorter counts as this: no clock is finer, and zero has no logarithm


class Contrast(Protocol):
    """What can be tested.

    Attributes:
        clips: whether scores are clipped before they are tested. Those of means and ratios are: one wild pair must not
            hide every change. Those of counts must not be: where most pairs have nothing to count, the few that have
            are the finding, and clipping would leave nothing of them.
    """

    @property
    def clips(self) -> bool:
        """See the class."""

    def scores(self, change: float) -> Floats:
        """One score per pair, positive where the head lies above the supposed change."""
        ...

    def estimate(self) -> float:
        """The plain change: of the pooled values of both sides."""
        ...


@dataclass(frozen=True)
class Values:
    """All requests of one side, in the order of their times.

    Attributes:
        logs: logarithms of times, ascending; shape (values,).
        pair: the number of the pair that each belongs to.
        counts: how often each occurred.
        totals: requests per pair, shape (pairs,).
        below: how many requests lie at or before each value, with a 0 in front; shape (values + 1,).
    """

    logs: Floats
    pair: NDArray[np.int64]
    counts: Floats
    totals: Floats
    below: Floats

    @classmethod
    def of(cls, times_ms: Floats, counts: NDArray[np.int64], pair: NDArray[np.int64], pairs: int) -> Values:
        """From times in ms with their counts and the numbers of their pairs, in any order."""
        order = np.argsort(times_ms, kind="stable")
        weights = counts[order].astype(np.float64)
        numbers = pair[order]
        return cls(
            np.log(np.maximum(times_ms[order], SHORTEST_MS)),
            numbers,
            weights,
            np.bincount(numbers, weights, pairs).astype(np.float64),
            np.concatenate([[0.0], np.cumsum(weights)]),
        )

    def slowed_by(self, speeds: Floats) -> Values:
        """The same requests, had each pair been slower by so much.

        Args:
            speeds: logarithms, shape (pairs,).
        """
        logs = self.logs + speeds[self.pair]
        order = np.argsort(logs, kind="stable")
        counts = self.counts[order]
        return Values(logs[order], self.pair[order], counts, self.totals, np.concatenate([[0.0], np.cumsum(counts)]))

    def with_endless(self, counts: Floats) -> Values:
        """The same requests, and others that take longer than any.

        Args:
            counts: how many of these each pair has, shape (pairs,).
        """
        places = np.flatnonzero(counts)
        every = np.concatenate([self.counts, counts[places]])
        return Values(
            np.concatenate([self.logs, np.full(places.size, np.inf)]),
            np.concatenate([self.pair, places]),
            every,
            self.totals + counts,
            np.concatenate([[0.0], np.cumsum(every)]),
        )

    @property
    def total(self) -> float:
        """How many requests."""
        return float(self.below[-1])

    def up_to(self, bound: float) -> float:
        """How many lie at or below `bound` (a logarithm)."""
        return float(self.below[self.logs.searchsorted(bound, side="right")])

    def above(self, bound: float) -> tuple[Floats, Floats]:
        """Per pair, how many lie above `bound`, and how many at it."""
        first = int(self.logs.searchsorted(bound, side="left"))
        after = int(self.logs.searchsorted(bound, side="right"))
        at = self._per_pair(first, after)
        # Count whichever part is the smaller.
        if after > self.logs.size // 2:
            return self._per_pair(after, self.logs.size), at
        return self.totals - at - self._per_pair(0, first), at

    def _per_pair(self, first: int, after: int) -> Floats:
        """Requests of each pair among values by their places."""
        found = np.bincount(self.pair[first:after], self.counts[first:after], self.totals.size)
        return found.astype(np.float64)

    def quantile(self, share: float) -> float:
        """The logarithm of a quantile of all requests: the smallest value with at least that share at or below it."""
        place = int(np.searchsorted(self.below[1:], share * self.total * (1 - 1e-12), side="left"))
        return float(self.logs[min(place, self.logs.size - 1)])


@dataclass(frozen=True)
class Quantile:
    """A percentile, of any number of requests per block, even one.

    A quantile of ten requests means nothing; but how many of a block's requests lie above the quantile of *all*
    requests is a fair count however few they are. (Woodruff, Confidence intervals for medians and other position
    measures, JASA 47, 1952, for clustered samples.) The head is first divided by the supposed change; where that is
    right, both sides lie above the common quantile equally often.
    """

    base: Values
    head: Values
    share: float
    clips: ClassVar[bool] = False

    def scores(self, change: float) -> Floats:
        """Head's excess of requests above the common quantile over base's, per pair."""
        bound = self._common(change)
        base_above, base_at = self.base.above(bound)
        head_above, head_at = self.head.above(bound + change)
        total = self.base.total + self.head.total
        ties = base_at.sum() + head_at.sum()
        wanted = (1 - self.share) * total - base_above.sum() - head_above.sum()
        part = min(max(wanted / ties, 0.0), 1.0) if ties else 0.0
        # A side with fewer requests in all (a closed model's slower one) counts as much as the other.
        base_rest = base_above + part * base_at - (1 - self.share) * self.base.totals
        head_rest = head_above + part * head_at - (1 - self.share) * self.head.totals
        return np.asarray(head_rest / self.head.total - base_rest / self.base.total)

    def _common(self, change: float) -> float:
        """The quantile of both sides together, the head divided by the change."""
        wanted = self.share * (self.base.total + self.head.total) * (1 - 1e-12)
        base = self._first(self.base, self.head, change, wanted)
        head = self._first(self.head, self.base, -change, wanted) - change
        return min(base, head)

    @staticmethod
    def _first(own: Values, other: Values, shift: float, wanted: float) -> float:
        """The smallest of one side's values that has `wanted` requests of both at or below it; infinite if none."""
        low, high = 0, own.logs.size
        while low < high:
            middle = (low + high) // 2
            value = float(own.logs[middle])
            if own.up_to(value) + other.up_to(value + shift) >= wanted:
                high = middle
            else:
                low = middle + 1
        return float(own.logs[low]) if low < own.logs.size else float("inf")

    def estimate(self) -> float:
        """Of the two sides' own quantiles."""
        return self.head.quantile(self.share) - self.base.quantile(self.share)


@dataclass(frozen=True)
class Mean:
    """The mean of log latency, by endpoint, so that a different mix of endpoints is no change.

    Attributes:
        differences: head's mean of logs less base's, per endpoint and pair; 0 where a side has none.
        weights: how much each tells: m k / (m + k) requests; 0 where a side has none.
    """

    differences: Floats
    weights: Floats
    clips: ClassVar[bool] = True

    def scores(self, change: float) -> Floats:
        """Weighted differences beyond the change, summed over endpoints."""
        return np.asarray((self.weights * (self.differences - change)).sum(axis=0))

    def estimate(self) -> float:
        """The weighted mean difference."""
        return float((self.weights * self.differences).sum() / self.weights.sum())


@dataclass(frozen=True)
class Charged:
    """Means with failed requests of the head counted as slow ones.

    Attributes:
        own: of the successful requests.
        extra: what the failed ones add to the scores, per pair: few, and far away, so that they are not clipped.
    """

    own: Mean
    extra: Floats
    clips: ClassVar[bool] = False

    def scores(self, change: float) -> Floats:
        """The clipped scores of the successful ones, and the failed ones."""
        return np.asarray(clipped(self.own.scores(change)[None, :])[0] + self.extra)

    def estimate(self) -> float:
        """As if each failed one had taken as long as it is charged with."""
        return self.own.estimate() + float(self.extra.sum() / self.own.weights.sum())


@dataclass(frozen=True)
class Ratio:
    """One number per block and side, of which the means are compared: CPU per request, memory, throughput.

    Attributes:
        base, head: shape (pairs,), not negative, not all zero; exchange them where more is better.
    """

    base: Floats
    head: Floats
    clips: ClassVar[bool] = True

    def scores(self, change: float) -> Floats:
        """The head divided by the change, less the base."""
        return np.asarray(self.head * np.exp(-change) - self.base)

    def estimate(self) -> float:
        """Of the two means."""
        return log(float(self.head.mean()) / float(self.base.mean()))


@dataclass(frozen=True)
class Share:
    """Error rates; the change is a difference of shares.

    Attributes:
        base_failed, base_all, head_failed, head_all: requests per pair.
    """

    base_failed: Floats
    base_all: Floats
    head_failed: Floats
    head_all: Floats
    clips: ClassVar[bool] = False

    @property
    def counts(self) -> Counts:
        """Of all pairs together."""
        sides = (self.base_failed, self.base_all, self.head_failed, self.head_all)
        return Counts(*(float(side.sum()) for side in sides))

    def scores(self, change: float) -> Floats:
        """Failures beyond the common rate, head less base."""
        failed = self.base_failed.sum() + self.head_failed.sum() - change * self.head_all.sum()
        common = failed / (self.base_all.sum() + self.head_all.sum())
        base = self.base_failed - common * self.base_all
        head = self.head_failed - (common + change) * self.head_all
        return np.asarray(head / self.head_all.sum() - base / self.base_all.sum())

    def estimate(self) -> float:
        """The difference of the two rates."""
        return float(self.head_failed.sum() / self.head_all.sum() - self.base_failed.sum() / self.base_all.sum())
