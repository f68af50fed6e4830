"""What was found about one check: estimate, interval, what could have been found, and words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, exp, inf, isfinite, log
from typing import TYPE_CHECKING, Literal

from perfgate.judge.contrast import Share
from perfgate.judge.inversion import Bounds, bounds, detectable, normal_point
from perfgate.judge.sides import MOSTLY_FAILED
from perfgate.judge.words import counted, label, lasting, number, quantity, signed_percent

if TYPE_CHECKING:
    from perfgate.judge.sides import Case, CheckKey

# None of the last five is compared. too_few: requests for the percentile; new/gone: at one side only; failed: most
# requests of a side did; unmeasured: nothing was read at one side.
Decision = Literal["worse", "not_worse", "better", "undecided", "too_few", "new", "gone", "failed", "unmeasured"]
# Histograms know a time to 2^-11 at each side.
_RESOLUTION = 2.0**-10
# Memory stays what it is while a process lives, so that pairs repeat one observation of each side, and would prove any
# difference. Two starts of the same revision do differ: measured Python services by 0.2 to 1 %, and by 9 % where one of
# the two had its database still to make. This much is therefore never called a change.
_BETWEEN_STARTS = 0.10
_ALLOWANCES = {"memory": _BETWEEN_STARTS, "error_rate": 0.0, "throughput": 0.0, "cpu_per_request": 0.0}
LESS_IS_WORSE = frozenset({"throughput", "capacity", "highest_throughput"})
_ONE_IN_A_HUNDRED_Z = 2.3263
_MOST_NEEDED = 100_000  # pairs: more is never
REQUEST = "request"
_MISSING = {
    "new": "new: the base has no such endpoint",
    "gone": "gone: the head has no such endpoint",
    "too_few": "too few requests to compare",
}


@dataclass(frozen=True)
class Rules:
    """What is tolerated, and how often the comparison may err.

    Attributes:
        max_slowdown_percent: the largest worsening tolerated, for every metric but the error rate.
        false_alarm_rate: how often one or more checks of an unchanged (or just tolerable) head may be called worse.
        miss_rate: how often a head whose worsening is not tolerable may be called not worse.
        error_points: the largest rise of an error rate that is tolerated, in percentage points.
    """

    max_slowdown_percent: float
    false_alarm_rate: float = 0.01
    miss_rate: float = 0.01
    error_points: float = 1.0


@dataclass(frozen=True)
class Levels:
    """The one-sided levels at which an interval was made: of its worse-than and its not-worse-than end."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Change:
    """What was found about one check.

    Attributes:
        gating: False for what is shown only (p99, percentiles of the whole service): it is no part of the verdict and
            of its false-alarm budget.
        unit: of `change`, `interval`, `smallest_detectable` and `tolerated`: `percent` of the base, or percentage
            `points` (error rates). A positive change is "more", which is worse for all metrics but throughput.
        change: the estimate, robust against single wild pairs; None when it was not compared.
        interval: its ends as decided upon, ordered: the better end at the level for "worse", the worse end at the
            level for "not worse"; None when the pairs do not bound it.
        smallest_detectable: the smallest true worsening, as a positive number, that this many pairs would have called
            worse in 9 of 10 cases; None when none can be named.
        tolerated: the largest worsening tolerated, as a positive number.
        pairs: that count.
        pairs_needed: how many it would take, by forecast, until it is decided; None when it is, or cannot be told.
        too_wide: it is undecided, and had nothing changed at all it would be in one of a hundred cases or more: the
            interval is wide against what is tolerated. That is too little data, and says nothing about the head.
        base, head: what was observed, in `value_unit`: `ms`, `share`, `/s`, `bytes`; None at a side where nothing was.
        base_requests, head_requests: on which they rest.
        words: all of it as a sentence.
        failed: the share of failed requests at base and head, where these are why nothing was compared.
    """

    key: CheckKey
    decision: Decision
    gating: bool
    unit: Literal["percent", "points"]
    change: float | None
    interval: tuple[float, float] | None
    smallest_detectable: float | None
    tolerated: float
    pairs: int
    pairs_needed: int | None
    too_wide: bool
    base: float | None
    head: float | None
    value_unit: str
    base_requests: int
    head_requests: int
    words: str
    failed: tuple[float, float] | None = None


def allowance_of(metric: str) -> float:
    """By how much a metric may be more without being worse, however many pairs there are (a logarithm)."""
    return _ALLOWANCES.get(metric, _RESOLUTION)


def resolution_of(metric: str) -> float:
    """By how much an estimate may be too low, however many pairs there are (a logarithm)."""
    return min(allowance_of(metric), _RESOLUTION)


def tolerated_of(metric: str, rules: Rules) -> float:
    """The largest worsening tolerated: a logarithm of a ratio, or a difference of shares."""
    return rules.error_points / 100 if metric == "error_rate" else log(1 + rules.max_slowdown_percent / 100)


def change_of(case: Case, decision: Decision, rules: Rules, levels: Levels, pairs: int) -> Change:
    """The whole finding.

    Args:
        case: what was compared.
        decision: as made at the looks; the interval is held to it.
        rules: what is tolerated.
        levels: of the last look.
        pairs: how many count.
    """
    metric = case.key.metric
    scale = Scale(metric)
    tolerated = tolerated_of(metric, rules)
    found = None if case.contrast is None else bounds(case.contrast, levels.lower, levels.upper, case.strict)
    wide = None if found is None else _held(found, case, tolerated, decision)
    least = None if found is None else detectable(found, levels.lower, tolerated + allowance_of(metric))
    change = Change(
        key=case.key,
        decision=decision,
        gating=case.gating,
        unit=scale.unit,
        change=None if found is None else scale.shown(found.change),
        interval=None if wide is None else scale.interval(wide),
        smallest_detectable=None if least is None else scale.size(least),
        tolerated=scale.size(tolerated),
        pairs=pairs,
        pairs_needed=_needed(wide, tolerated, pairs) if wide and decision == "undecided" else None,
        too_wide=decision == "undecided" and _says_little(wide, tolerated, levels) and not _has_risen(case, tolerated),
        base=case.base.value,
        head=case.head.value,
        value_unit=case.unit,
        base_requests=case.base.requests,
        head_requests=case.head.requests,
        words="",
        failed=case.failed,
    )
    return worded(change)


def _says_little(wide: Bounds | None, tolerated: float, levels: Levels) -> bool:
    """Whether being undecided is nothing unusual for data like these.

    The upper end lies some standard errors above the estimate. With no change, the estimate is above what is tolerated
    less that distance in one of a hundred cases where that is 2.33 standard errors.
    """
    if wide is None or not isfinite(wide.upper):
        return True
    away = wide.upper - wide.change
    return away * (1 + _ONE_IN_A_HUNDRED_Z / normal_point(levels.upper)) >= tolerated


def _has_risen(case: Case, tolerated: float) -> bool:
    """Whether more requests fail than tolerated, and more than chance explains: no mere want of data."""
    if not isinstance(case.contrast, Share):
        return False
    counts = case.contrast.counts
    return counts.rise > tolerated and counts.risen_beyond_chance()


def never_failed(case: Case) -> bool:
    """Where nothing failed at the head nothing got worse; the interval of what never happened needs 1,000 requests."""
    return case.key.metric == "error_rate" and case.head.value == 0


def contradicts(change: Change) -> bool:
    """Whether "not worse" is said beside an interval that is all worse than tolerated: that is no finding."""
    if change.decision not in {"not_worse", "better"} or change.interval is None:
        return False
    best = -change.interval[1] if change.key.metric in LESS_IS_WORSE else change.interval[0]
    return best > change.tolerated


@dataclass(frozen=True)
class Scale:
    """How a metric's worsening is shown: in percent (of less, for throughput), or in points."""

    metric: str

    @property
    def unit(self) -> Literal["percent", "points"]:
        """Of what is shown."""
        return "points" if self.metric == "error_rate" else "percent"

    def shown(self, worsening: float) -> float:
        """A worsening in `unit`, less being negative."""
        if self.unit == "points":
            return min(max(worsening, -1.0), 1.0) * 100
        exponent = -worsening if self.metric in LESS_IS_WORSE else worsening
        return (exp(min(exponent, 700.0)) - 1) * 100

    def size(self, worsening: float) -> float:
        """The same without its sign."""
        return abs(self.shown(worsening))

    def interval(self, wide: Bounds) -> tuple[float, float] | None:
        """None where one end is unknown; a change is never below -100 %, so a lower end always is known."""
        unbounded = wide.lower if self.metric in LESS_IS_WORSE else wide.upper
        if self.unit == "percent" and not isfinite(unbounded):
            return None
        first, second = self.shown(wide.lower), self.shown(wide.upper)
        return min(first, second), max(first, second)


def _held(found: Bounds, case: Case, tolerated: float, decision: Decision) -> Bounds:
    """The interval with the allowance, and on the side of what is tolerated on which it was decided (at any look)."""
    metric = case.key.metric
    lower, upper = found.lower - allowance_of(metric), found.upper + resolution_of(metric)
    if decision == "worse":
        lower = max(lower, tolerated)
    elif decision == "undecided":
        lower, upper = min(lower, tolerated), max(upper, tolerated)
    elif decision in {"not_worse", "better"} and not never_failed(case):
        upper = min(upper, 0.0 if decision == "better" else tolerated)
    return Bounds(found.change, min(lower, found.change), max(upper, found.change))


def _needed(wide: Bounds, tolerated: float, pairs: int) -> int | None:
    """Pairs until the nearer end has come in to what is tolerated: widths shrink with the square root of pairs."""
    away = wide.change - tolerated
    half = wide.change - wide.lower if away > 0 else wide.upper - wide.change
    needed = pairs * (half / abs(away)) ** 2 if away and isfinite(half) else inf
    return max(ceil(needed), pairs + 1) if needed < _MOST_NEEDED else None


def worded(change: Change, pair_s: float | None = None) -> Change:
    """The finding with its words.

    Args:
        change: the finding.
        pair_s: how long it took until one more pair counted; None tells in pairs what would decide.
    """
    return replace(change, words=f"{label(change.key.metric, 'paired')} {_sentence(change, pair_s)}")


def needed_requests(change: Change) -> int | None:
    """How many requests, to both sides, it takes until it is decided; None where that cannot be told."""
    sent = change.base_requests + change.head_requests
    if change.pairs_needed is None or not change.pairs or not sent:
        return None
    return ceil(sent * change.pairs_needed / change.pairs)


def _sentence(change: Change, pair_s: float | None = None) -> str:
    if change.failed is not None:
        return f"not compared: {_failed(*change.failed)}"
    if change.decision == "failed":
        return "not compared: no step held at either side" if change.head == 0 else "not compared: the head has none"
    if change.decision == "unmeasured":
        return f"not compared: nothing was measured at the {'base' if change.base is None else 'head'}"
    if change.decision in _MISSING:
        return _MISSING[change.decision]
    moved = f"{_value(change.base, change)} to {_value(change.head, change)}, {_found(change)}"
    if change.decision == "not_worse" and change.key.metric == "error_rate" and change.head == 0:
        return "; ".join([moved, "no request failed at the head", *_what_it_takes(change, pair_s)])
    verdict = {
        "worse": f"proven worse than the {_amount(change, change.tolerated)} tolerated",
        "not_worse": f"not more than the {_amount(change, change.tolerated)} tolerated",
        "better": "proven better",
        "undecided": f"undecided against the {_amount(change, change.tolerated)} tolerated",
    }[change.decision]
    return "; ".join([moved, verdict, *_what_it_takes(change, pair_s)])


def _failed(base: float, head: float) -> str:
    """Of which side most requests failed, both where both did."""
    rates = [
        f"{quantity(rate, 'share')} of the {side}'s"
        for side, rate in (("base", base), ("head", head))
        if rate >= MOSTLY_FAILED
    ] or [f"{quantity(base, 'share')} of the base's", f"{quantity(head, 'share')} of the head's"]
    return f"{' and '.join(rates)} requests failed"


def _value(value: float | None, change: Change) -> str:
    return "nothing" if value is None else quantity(value, change.value_unit)


def _found(change: Change) -> str:
    assert change.change is not None
    if change.interval is None:
        return f"{_signed(change, change.change)} (unbounded)"
    low, high = (_signed(change, end) for end in change.interval)
    return f"{_signed(change, change.change)} ({low} to {high})"


def _signed(change: Change, value: float) -> str:
    if change.unit == "percent":
        return signed_percent(value)
    return f"{'-' if value < 0 else '+'}{number(abs(value), 2)} points"


def _amount(change: Change, value: float) -> str:
    return quantity(value, "percent") if change.unit == "percent" else f"{number(value, 2)} points"


def _what_it_takes(change: Change, pair_s: float | None) -> list[str]:
    if change.decision == "undecided" and pair_s is not None:
        sent = change.base_requests + change.head_requests
        driven = f"{lasting(change.pairs * pair_s)}{f' ({counted(sent, REQUEST)})' if sent else ''}"
        if change.pairs_needed is None:
            return [f"{driven} cannot tell"]
        needed = needed_requests(change)
        requests = f" ({counted(needed, REQUEST)})" if needed is not None else ""
        return [f"about {lasting(change.pairs_needed * pair_s)}{requests} would tell, it was driven for {driven}"]
    if change.decision == "undecided":
        if change.pairs_needed is None:
            return [f"{counted(change.pairs, 'pair')} cannot tell"]
        return [f"about {counted(change.pairs_needed, 'pair')} would tell, {change.pairs:,} were driven"]
    if change.decision == "not_worse" and change.smallest_detectable is not None:
        return [f"{_amount(change, change.smallest_detectable)} would have been found"]
    return []
