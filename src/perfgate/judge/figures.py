"""Whole loads compared: what each stress or spike load gave at base and head, pair by pair.

There are only a few pairs, too few for a test that flips signs, so Student's interval is used: of the logarithms of the
ratios, head to base, or for a recovery time, which may be none, of the ratio of times that are one second longer. Its
standard deviation is never taken to be less than half a percent: a capacity is a step of the load, and equal steps do
not prove that nothing varies.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from perfgate.judge.changed import Change, worded
from perfgate.judge.sides import CheckKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.changed import Decision, Rules
    from perfgate.measure.blocks import Pair

_LEAST_SPREAD = 0.005
_FEWEST = 3  # pairs
_ONE_IN_TEN = 0.9
_BEYOND_MEASURE = 50.0  # as a logarithm


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
    known = [figure for figure in FIGURES if _both(counting, figure)]
    return [_change(figure, _both(counting, figure), rules, len(known)) for figure in known]


def _both(pairs: Sequence[Pair], figure: Figure) -> list[tuple[float, float]]:
    """Base and head of each pair that has the figure at both sides."""
    name = figure.name
    return [
        (pair.base.figures[name], pair.head.figures[name])
        for pair in pairs
        if name in pair.base.figures and name in pair.head.figures
    ]


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
        Change(
            key=CheckKey(None, figure.name),
            decision=decision,
            gating=True,
            unit="percent",
            change=None if found is None else _shown(found.middle, figure),
            interval=None if wide is None else (min(wide), max(wide)),
            smallest_detectable=None if found is None else abs(_shown(tolerated + found.power, figure)),
            tolerated=abs(_shown(tolerated, figure)),
            pairs=len(both),
            pairs_needed=None,
            too_wide=found is not None and decision == "undecided" and found.upper - found.middle >= tolerated,
            base=base,
            head=head,
            value_unit=figure.unit,
            base_requests=0,
            head_requests=0,
            words="",
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
