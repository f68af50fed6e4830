"""Which of two known commits is a third one nearer to? Decided by a sequential likelihood ratio.

A bisection knows by how much BAD is worse than GOOD, and in which check. Of a commit between them it need not know
whether it is "not more than 10 % worse": only whether the check is where GOOD has it (change 0) or where BAD has it
(change d). So pairs are driven until one of the two has become so much the likelier that the error left is below what
the step may spend (Wald, Sequential tests of statistical hypotheses, Annals of Mathematical Statistics 16, 1945): the
log of the likelihood ratio beyond log((1 - e) / e), either way. A fivefold change is decided by the first few pairs.

How far pairs scatter is not known beforehand; the likelihoods are those of Student's t with the scatter that was seen
(Rushton, On a sequential t-test, Biometrika 37, 1950, in the form of the ratio of profile likelihoods): with estimate x
and standard error s of n pairs, n/2 log((1 + (x/s)^2 / n) / (1 + ((x - d)/s)^2 / n)). Three things make s larger than
the pairs alone say: neighbouring pairs that are alike (the machine was busy for a second), counts that cannot scatter
less than chance makes them, and two starts of one program, which differ for as long as they live.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, inf, log, log1p, sqrt
from typing import TYPE_CHECKING, Literal

from perfgate.judge.changed import Rules, allowance_of, tolerated_of
from perfgate.judge.contrast import Quantile, Share
from perfgate.judge.figures import figure_cases
from perfgate.judge.inversion import estimate_of, p_not_worse, p_worse, scores_of
from perfgate.judge.sides import CheckKey, cases

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from perfgate.judge.contrast import Contrast
    from perfgate.judge.sides import Case
    from perfgate.measure.blocks import Pair

Nearer = Literal["good", "bad", "between", "undecided"]

FEWEST = 20  # pairs, before anything is said: fewer say too little of how far they scatter
FEWEST_WHOLE = 3  # of whole loads
STARTS = 0.009  # standard deviation of the mean latency between starts of one program, as a logarithm
# What is smaller than this would be lost among the starts of one program: two starts differ by 1.3 % (1 sd).
LEAST_PERCENT = 3.0
_BATCH = 4  # neighbouring pairs that are taken together, to see whether they are alike: two ABBA rounds
_STEP = 0.01  # as a logarithm: the width over which the slope of scores is taken
_WIDE = 1.96  # of the interval that is shown, 95 %
_SURE = 2.6  # standard errors, before a commit is said to lie between the two
_CERTAIN = 3.0  # standard errors, before one that is nearer to GOOD is said to be slower than GOOD all the same
_BETWEEN = 0.3  # of the way, at most so far from the middle
_KNOWN = 4.0  # standard errors, so that the change from GOOD to BAD has a middle
_PRECISE = 10.0  # standard errors of the pairs, from which on stopping early has not made a change look larger
_RESOURCES = frozenset({"cpu_per_request", "throughput"})


@dataclass(frozen=True)
class Measured:
    """How much worse the head is in one check.

    Attributes:
        change: a logarithm of a ratio, or a difference of shares; positive is worse.
        error: its standard error, all causes together.
        pairs: on which it rests, as many as would say the same were each on its own.
        base, head: what was observed, in `unit`.
    """

    key: CheckKey
    change: float
    error: float
    pairs: float
    base: float | None
    head: float | None
    unit: str

    @property
    def interval(self) -> tuple[float, float]:
        """95 %."""
        return self.change - _WIDE * self.error, self.change + _WIDE * self.error

    @property
    def surety(self) -> float:
        """The change in standard errors."""
        return self.change / self.error


def measured(case: Case) -> Measured | None:
    """The change of a case with its standard error; None when the pairs do not tell."""
    contrast = case.contrast
    if contrast is None:
        return None
    change = estimate_of(contrast)
    scores = scores_of(contrast, change)
    step = _STEP if not isinstance(contrast, Quantile) else 2 * _STEP
    above, below = scores_of(contrast, change - step), scores_of(contrast, change + step)
    fall = float(above.sum() - below.sum())
    # At the estimate a pair that agrees with it has no score either; beside it only one that has nothing to say.
    tells = (above != 0) | (below != 0)
    said = int(tells.sum())
    if fall <= 0 or said < 2:
        return None
    slope = fall / (2 * step)
    alike = _alikeness(scores[tells])
    variance = max(float((scores**2).sum()) * alike / slope**2, _by_chance(contrast, slope))
    error = sqrt(variance + _of_starts(case.key.metric))
    return Measured(
        case.key,
        change,
        max(error, 1e-9),
        said / alike,
        case.base.value,
        case.head.value,
        case.unit,
    )


def _alikeness(scores: NDArray[np.float64]) -> float:
    """By how much the variance of sums of neighbours is larger than of pairs that know nothing of each other."""
    batches = scores.size // _BATCH
    if batches < FEWEST // _BATCH:
        return 1.0
    kept = scores[: batches * _BATCH]
    squares = float((kept**2).sum())
    return max(1.0, float((kept.reshape(batches, _BATCH).sum(axis=1) ** 2).sum()) / squares) if squares else 1.0


def _by_chance(contrast: Contrast, slope: float) -> float:
    """The least variance of an estimate that rests on counts."""
    if isinstance(contrast, Share):
        counts = contrast.counts
        sent = counts.base_all + counts.head_all
        rate = (counts.base_failed + counts.head_failed + 1) / (sent + 2)
        return rate * (1 - rate) * (1 / counts.base_all + 1 / counts.head_all)
    if isinstance(contrast, Quantile):
        share = contrast.share * (1 - contrast.share)
        return share * (1 / contrast.base.total + 1 / contrast.head.total) / slope**2
    return 0.0


def log_ratio(found: Measured, bad: float, good: float = 0.0) -> float:
    """The log of how much likelier what was seen is at `bad`, or beyond it, than at `good`, or on this side of it.

    What is better than GOOD is no less like it than GOOD itself: were both taken for points, what lies far beyond one
    of them would be about as unlikely at either.
    """
    n = max(found.pairs, 2.0)
    away = [(max(short, 0.0) / found.error) ** 2 / n for short in (found.change - good, bad - found.change)]
    return n / 2 * (log1p(away[0]) - log1p(away[1]))


def boundary(error: float) -> float:
    """How far the log ratio has to go, so that at most this share of decisions is wrong."""
    return log((1 - error) / error)


def nearer(found: Measured, bad: Measured, error: float) -> Nearer:
    """What can be said of a commit now.

    Nearer to GOOD is not yet good: what is certainly slower than GOOD has a part of the slowdown, and lies between. So
    it is, too, where one slowdown has another size each time, as of a service that a busy machine brings to its limit.

    Args:
        found: of the commit against GOOD.
        bad: of BAD against GOOD, the same check.
        error: how often it may be wrong.
    """
    seen, found = found, _scattering(found, bad)
    way = found.change / bad.change
    doubt = _SURE * sqrt(found.error**2 + (way * bad.error) ** 2) / bad.change
    if abs(way - 0.5) + doubt < _BETWEEN:
        return "between"
    ratio, wanted = log_ratio(found, bad.change), boundary(error)
    if ratio <= -wanted:
        # By its own scatter: BAD may scatter more since it is at its limit, which says nothing of this one.
        return "between" if seen.change - _CERTAIN * seen.error > _material(seen.key.metric) else "good"
    return "bad" if ratio >= wanted else "undecided"


def is_doubted(case: Case, errors: Case | None, bad: float, error: float) -> bool:
    """Whether a commit is nearer to GOOD only because the requests that would have been slow failed.

    Args:
        case: the check that is searched by.
        errors: the error rate of the same endpoint.
        bad: how much worse BAD is.
        error: how often the step may be wrong.
    """
    if case.strict is None or errors is None or not isinstance(errors.contrast, Share):
        return False
    return errors.contrast.counts.risen_beyond_chance() and p_not_worse(case.strict, bad) > error


def _scattering(found: Measured, bad: Measured) -> Measured:
    """The commit with no less scatter a pair than BAD had.

    The first few pairs may happen to agree with each other; the comparison of BAD has mostly seen more, and bursts.
    """
    of_starts = _of_starts(found.key.metric)
    each = max(bad.error**2 - of_starts, 0.0) * bad.pairs
    return replace(found, error=max(found.error, sqrt(each / found.pairs + of_starts)))


def _of_starts(metric: str) -> float:
    """The variance of a change that comes from two starts; a difference of shares has no such thing."""
    return 0.0 if metric == "error_rate" else 2 * STARTS**2


def _material(metric: str) -> float:
    """What is worse by more than this is not like GOOD."""
    return tolerated_of(metric, Rules(LEAST_PERCENT)) + allowance_of(metric)


def is_worse_again(found: Measured) -> bool:
    """Whether a check that was chosen for being worse is certainly worse in pairs that had no part in that choice."""
    return found.change - _CERTAIN * found.error > 0 and found.change > _material(found.key.metric)


def pairs_again(found: Measured) -> int:
    """How many pairs it takes until the change is known `_KNOWN` standard errors well, if it is half as large."""
    wanted = found.pairs * (_KNOWN * found.error / (found.change / 2)) ** 2
    return max(ceil(wanted), 2 * FEWEST)


def pairs_needed(bad: Measured, error: float) -> float:
    """About how many pairs it takes to decide where a commit that is like GOOD or like BAD belongs.

    Each pair moves the log ratio by d^2/2 per variance of one pair.
    """
    of_starts = _of_starts(bad.key.metric)
    each = max(bad.error**2 - of_starts, 1e-12) * bad.pairs
    room = bad.change**2 / (2 * boundary(error)) - of_starts
    return inf if room <= 0 else max(ceil(each / room), FEWEST)


def cases_of(counting: Sequence[Pair]) -> list[Case]:
    """What can be compared: of whole loads the figures that they give, of blocks everything."""
    return figure_cases(counting) or cases(counting)


def moved(counting: Sequence[Pair], rules: Rules, level: float) -> list[Measured]:
    """The checks that are proven worse by more than what is too little to be searched for, the surest first.

    Args:
        counting: pairs that count.
        rules: of the gate. Latencies may be searched for from `LEAST_PERCENT` on, however much the gate tolerates.
        level: of all checks together (Bonferroni).
    """
    gating = [case for case in cases_of(counting) if case.gating and case.contrast is not None]
    whole = bool(counting and counting[0].head.figures)
    proven = [case for case in gating if _is_worse(case, rules, level / len(gating), whole=whole)]
    return sorted(filter(None, map(measured, proven)), key=_order)


def _is_worse(case: Case, rules: Rules, level: float, *, whole: bool) -> bool:
    metric = case.key.metric
    contrast = case.contrast
    assert contrast is not None  # the caller has looked
    least = _least(metric, rules, whole=whole)
    if whole:
        return _is_worse_whole(measured(case), least, level)
    if isinstance(contrast, Share) and contrast.counts.p_above(least) > level:
        return False
    return p_worse(contrast, least) <= level


def _is_worse_whole(found: Measured | None, least: float, level: float) -> bool:
    """A few whole loads are too few for flipped signs: Student's interval, as the comparison itself takes."""
    from scipy.special import stdtrit

    if found is None or found.pairs < FEWEST_WHOLE:
        return False
    return found.change - float(stdtrit(found.pairs - 1, 1 - level)) * found.error > least


def _least(metric: str, rules: Rules, *, whole: bool) -> float:
    """The smallest change that is searched for: of resources and whole loads what the gate tolerates."""
    if metric in _RESOURCES or metric == "memory" or whole:
        return tolerated_of(metric, rules) + allowance_of(metric)
    percent = min(rules.max_slowdown_percent, LEAST_PERCENT)
    return tolerated_of(metric, Rules(percent, error_points=rules.error_points)) + allowance_of(metric)


def _order(found: Measured) -> tuple[int, float]:
    """What people wait for before what machines need; memory last: its pairs repeat one observation."""
    metric = found.key.metric
    rank = 2 if metric == "memory" else 1 if metric in _RESOURCES else 0
    # An endpoint's own before the whole service's, which holds endpoints that did not move.
    return rank, -found.surety * (1.25 if found.key.endpoint is not None else 1.0)


def is_precise(found: Measured) -> bool:
    """Whether the change from GOOD to BAD is known well enough to have a middle.

    What is measured until it is proven is measured too large: the pairs stop where chance has made it so.
    """
    of_pairs = max(found.error**2 - _of_starts(found.key.metric), 0.0)
    return found.change >= _PRECISE * sqrt(of_pairs)


def is_waited_for(found: Measured) -> bool:
    """Whether it is people who wait for it: latency, errors, and the figures of whole loads."""
    return _order(found)[0] == 0
