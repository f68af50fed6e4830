"""Whole loads compared: what each stress or spike load gave at base and head, pair by pair.

There are only a few pairs, too few for a test that flips signs, so Student's interval is used: of the logarithms of the
ratios, head to base, or for a recovery time, which may be none, of the ratio of times that are one second longer. Its
standard deviation is never taken to be less than half a percent: a capacity is a step of the load, and equal steps do
not prove that nothing varies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING

import numpy as np

from perfgate.judge.changed import Change, worded
from perfgate.judge.contrast import Mean
from perfgate.judge.sides import MOSTLY_FAILED, Case, CheckKey, Side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.changed import Decision, Rules
    from perfgate.measure.blocks import Block, Pair

_LEAST_SPREAD = 0.005
_FEWEST = 3  # pairs
_ONE_IN_TEN = 0.9
_BEYOND_MEASURE = 50.0  # as a logarithm
_BROKEN_BY_FAILURES = frozenset({"capacity", "highest_throughput"})  # a step of failures does not hold


@dataclass(frozen=True)
class Figure:
    """A figure that a whole load gives.

    Attributes:
        less_is_worse: of a capacity, not of a time.
        offset: added to both sides before their ratio is taken, in the figure's unit.
    """

    name: str
    unit: str
    less_is_worse: bool
    offset: float = 0.0


FIGURES = (
    Figure("capacity", "", less_is_worse=True),
    Figure("highest_throughput", "/s", less_is_worse=True),
    Figure("recovery_time", "s", less_is_worse=False, offset=1.0),
    Figure("spike_p95", "ms", less_is_worse=False),
)


def figure_changes(pairs: Sequence[Pair], rules: Rules) -> list[Change]:
    """What the figures of the pairs say; one false-alarm budget over all of them (Bonferroni).

    Args:
        pairs: all, disturbed ones included (they are left out here).
        rules: what is tolerated.
    """
    counting = [pair for pair in pairs if not pair.disturbed]
    at_a_side = [figure for figure in FIGURES if any(figure.name in at.figures for at in _sides(counting))]
    known = [figure for figure in at_a_side if _both(counting, figure)]
    failed = _mostly_failed(counting)
    found = [_change(figure, _both(counting, figure), rules, len(known)) for figure in known]
    found += [_alone(figure, counting) for figure in at_a_side if figure not in known]
    return [_refused(change, failed) for change in found]


def _sides(pairs: Sequence[Pair]) -> list[Block]:
    return [block for pair in pairs for block in (pair.base, pair.head)]


def _mostly_failed(pairs: Sequence[Pair]) -> tuple[float, float] | None:
    """Both error rates, where one is so high that the times of what succeeded are no measure of the service."""
    rates = []
    for blocks in ([pair.base for pair in pairs], [pair.head for pair in pairs]):
        parts = [part for block in blocks for part in block.endpoints.values()]
        failed = sum(part.failed for part in parts)
        rates.append(failed / max(failed + sum(part.response_ms.count for part in parts), 1))
    return (rates[0], rates[1]) if max(rates) >= MOSTLY_FAILED else None


def _refused(change: Change, failed: tuple[float, float] | None) -> Change:
    """The finding, unless there was nothing to compare.

    A stress load ends in failures where it breaks the service; that none of it held is seen by the capacity alone.
    """
    name = change.key.metric
    if name in _BROKEN_BY_FAILURES:
        nothing = name == "capacity" and not change.base and not change.head
        return worded(replace(change, decision="failed")) if nothing else change
    return worded(replace(change, decision="failed", failed=failed)) if failed else change


def _alone(figure: Figure, pairs: Sequence[Pair]) -> Change:
    """A figure that only one side has: nothing to compare, and not nothing to say."""
    base, head = (
        [block.figures[figure.name] for block in blocks if figure.name in block.figures]
        for blocks in ([pair.base for pair in pairs], [pair.head for pair in pairs])
    )
    return worded(
        replace(
            _blank(figure),
            base=fmean(base) if base else None,
            head=fmean(head) if head else None,
            decision="unmeasured" if head else "failed",
        )
    )


def _blank(figure: Figure) -> Change:
    return Change(
        key=CheckKey(None, figure.name),
        decision="unmeasured",
        gating=True,
        unit="percent",
        change=None,
        interval=None,
        smallest_detectable=None,
        tolerated=0.0,
        pairs=0,
        pairs_needed=None,
        too_wide=False,
        base=None,
        head=None,
        value_unit=figure.unit,
        base_requests=0,
        head_requests=0,
        words="",
    )


def _both(pairs: Sequence[Pair], figure: Figure) -> list[tuple[float, float]]:
    """Base and head of each pair that has the figure at both sides."""
    name = figure.name
    return [
        (pair.base.figures[name], pair.head.figures[name])
        for pair in pairs
        if name in pair.base.figures and name in pair.head.figures
    ]


def figure_cases(pairs: Sequence[Pair]) -> list[Case]:
    """The figures that both sides have, as what can be compared pair by pair.

    Args:
        pairs: that count.
    """
    found = []
    failed = _mostly_failed(pairs)
    for figure in FIGURES:
        if both := _both(pairs, figure):
            worsenings = np.array([[_worsening(*one, figure) for one in both]])
            means = [fmean(side) for side in zip(*both, strict=True)]
            base, head = (Side(mean, len(both)) for mean in means)
            contrast = Mean(worsenings, np.ones_like(worsenings))
            key = CheckKey(None, figure.name)
            if failed and figure.name not in _BROKEN_BY_FAILURES:
                found.append(Case(key, None, "failed", base, head, figure.unit, failed=failed))
            else:
                found.append(Case(key, contrast, "", base, head, figure.unit))
    return found


def _worsening(base: float, head: float, figure: Figure) -> float:
    """The logarithm of the ratio, positive when the head is worse; bounded where one side is nothing at all."""
    first, second = base + figure.offset, head + figure.offset
    if figure.less_is_worse:
        first, second = second, first
    if first <= 0 or second <= 0:
        return 0.0 if first == second else (_BEYOND_MEASURE if first <= 0 else -_BEYOND_MEASURE)
    return log(second / first)


def _change(figure: Figure, both: Sequence[tuple[float, float]], rules: Rules, figures: int) -> Change:
    tolerated = log(1 + rules.max_slowdown_percent / 100)
    base, head = fmean(first for first, _ in both), fmean(second for _, second in both)
    found = _interval([_worsening(*one, figure) for one in both], rules, figures)
    decision: Decision = "too_few"
    if found is not None:
        decision = "worse" if found.lower > tolerated else "not_worse" if found.upper < tolerated else "undecided"
        decision = "better" if found.upper < 0 else decision
    wide = None if found is None else (_shown(found.lower, figure), _shown(found.upper, figure))
    return worded(
        replace(
            _blank(figure),
            decision=decision,
            change=None if found is None else _shown(found.middle, figure),
            interval=None if wide is None else (min(wide), max(wide)),
            smallest_detectable=None if found is None else abs(_shown(tolerated + found.power, figure)),
            tolerated=abs(_shown(tolerated, figure)),
            pairs=len(both),
            too_wide=found is not None and decision == "undecided" and found.upper - found.middle >= tolerated,
            base=base,
            head=head,
        )
    )


@dataclass(frozen=True)
class _Interval:
    """Of a worsening; `power` is what is needed beyond the tolerated to be called worse in 9 of 10 cases."""

    middle: float
    lower: float
    upper: float
    power: float


def _interval(worsenings: Sequence[float], rules: Rules, figures: int) -> _Interval | None:
    """None with fewer pairs than say anything."""
    from scipy.special import stdtrit

    count = len(worsenings)
    if count < _FEWEST:
        return None
    error = max(stdev(worsenings), _LEAST_SPREAD) / sqrt(count)
    low = float(stdtrit(count - 1, 1 - rules.false_alarm_rate / figures)) * error
    high = float(stdtrit(count - 1, 1 - rules.miss_rate)) * error
    middle = fmean(worsenings)
    return _Interval(middle, middle - low, middle + high, low + float(stdtrit(count - 1, _ONE_IN_TEN)) * error)


def _shown(worsening: float, figure: Figure) -> float:
    """In percent of the base: less for what is worse when it is less."""
    bounded = max(min(worsening, _BEYOND_MEASURE), -_BEYOND_MEASURE)
    return (exp(-bounded if figure.less_is_worse else bounded) - 1) * 100
