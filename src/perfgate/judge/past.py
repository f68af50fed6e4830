"""History comparison: this run against the last comparable runs, relative to the control measured in the same job.

What is expected of this run, and how sure that is: see `prediction`. The error budgets are as in `paired`: Holm for
"worse" over all checks, the whole rate for each "not worse".
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from perfgate.judge.prediction import Prediction, predicted
from perfgate.judge.words import counted, quantity, signed_percent

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

K = TypeVar("K", bound="Hashable")
PastDecision = Literal["worse", "not_worse", "better", "undecided", "too_few"]
NEEDED = 5  # runs
_RESOLUTION = 2.0**-10  # histograms know a time to 2^-11, now and then
_ONE_IN_TEN = 0.9
_NOTHING = 1e-6  # of the smallest of earlier values, in place of zero
_MOST_PERCENT = 1e6  # more is no bound


@dataclass(frozen=True)
class PastRules:
    """What is tolerated, and how often the comparison may err.

    Attributes:
        max_slowdown_percent: the largest worsening tolerated.
        false_alarm_rate: how often one or more checks of an unchanged run may be called worse.
        miss_rate: how often a run whose worsening is not tolerable may be called not worse.
    """

    max_slowdown_percent: float
    false_alarm_rate: float = 0.01
    miss_rate: float = 0.01


@dataclass(frozen=True)
class PastChange(Generic[K]):
    """One value against what the history lets expect.

    Attributes:
        decision: `undecided` when the interval holds the tolerated change; `too_few` with fewer than five runs.
        change_percent: of this run's value from the expected one (relative to the control when there is one); negative
            is less, which is better but for throughput.
        interval_percent: in which the change of the service itself lies, the spread between runs allowed for: its
            better end at the level for "worse", its worse end at that for "not worse"; None when nothing bounds it.
        smallest_detectable_percent: the smallest worsening, as a positive number, that would have been called worse in
            9 of 10 cases.
        tolerated_percent: the largest worsening tolerated, as a positive number.
        expected: what the history lets expect of this run, on this run's machine, in the value's unit.
        runs: how many earlier runs it rests on.
        runs_needed: how many more runs it takes until it can be judged; 0 when it was.
        relative: to the control; False where a control was missing.
        too_wide: it is undecided, and would be had nothing changed: earlier runs differ by more than what is tolerated.
    """

    key: K
    decision: PastDecision
    value: float
    change_percent: float | None
    interval_percent: tuple[float, float] | None
    smallest_detectable_percent: float | None
    tolerated_percent: float
    expected: float | None
    runs: int
    runs_needed: int
    relative: bool
    too_wide: bool = False

    def words(self, unit: str = "") -> str:
        """All of it as a sentence; `unit` is the value's."""
        if self.decision == "too_few":
            return f"{counted(self.runs, 'comparable run')}, {self.runs_needed} more needed to compare"
        if self.change_percent is None or self.expected is None:
            if self.value > 0:
                return "nothing to compare: earlier runs have zero, from which it cannot be told apart"
            return "nothing to compare: the value is not positive"
        ends = self.interval_percent
        between = f" ({signed_percent(ends[0])} to {signed_percent(ends[1])})" if ends else " (unbounded)"
        expected = f"{quantity(self.expected, unit)} expected from {counted(self.runs, 'run')}"
        parts = [
            f"{quantity(self.value, unit)}, {expected}, {signed_percent(self.change_percent)}{between}",
            _VERDICTS[self.decision].format(quantity(self.tolerated_percent, "percent")),
        ]
        if self.decision == "not_worse" and self.smallest_detectable_percent is not None:
            parts.append(f"{quantity(self.smallest_detectable_percent, 'percent')} would have been found")
        if self.too_wide:
            parts.append("earlier runs differ by more than that")
        return "; ".join(parts)


_VERDICTS: dict[PastDecision, str] = {
    "worse": "proven worse than the {} tolerated",
    "not_worse": "not more than the {} tolerated",
    "better": "proven better",
    "undecided": "undecided against the {} tolerated",
}


def judge_history(  # noqa: PLR0913  (what is known of both, and how to judge it)
    values: Mapping[K, float],
    past: Mapping[K, Sequence[float]],
    rules: PastRules,
    *,
    control: float | None = None,
    past_controls: Sequence[float | None] | None = None,
    higher_is_better: frozenset[K] = frozenset(),
    least: float = 0.0,
) -> list[PastChange[K]]:
    """Judge each of this run's values against the earlier runs' values of the same key.

    Args:
        values: this run's: latencies in ms, throughputs, CPU seconds; what is negative is `undecided`.
        past: the same of earlier runs, in any order; for each key one value per run, NaN where the run did not have it.
            Values of one index belong to the same run, for all keys and the controls.
        rules: what is tolerated.
        control: what the control took in this job, in any unit; None when it was not measured.
        past_controls: the same of the earlier runs, by index; runs without one are left out when `control` is given
            and five runs or more have one; else nothing is relative to it.
        higher_is_better: keys for which less is worse (throughput); they are not divided by the control but multiplied.
        least: a value of 0 means something less than this, which the clock of whoever measured does not tell apart; 0
            where no zero is expected.

    Returns:
        One finding per key of `values`, in their order; one false-alarm budget over all of them.
    """
    keys = list(values)
    now = np.array([values[key] for key in keys], dtype=np.float64)
    before = _matrix([past.get(key, ()) for key in keys])
    controls = _controls(past_controls, before.shape[1])
    relative = control is not None and control > 0 and int(np.isfinite(controls).sum()) >= NEEDED
    sign = np.where([key in higher_is_better for key in keys], -1.0, 1.0)
    shift = log(control) if relative and control else 0.0
    zero = (before == 0).sum(axis=1) == np.isfinite(before).sum(axis=1)  # in all earlier runs
    now, before = _above_zero(now, before, sign, least)
    # Worsening is positive: a throughput is turned over, and then shrinks on a slow machine like a time grows.
    logs_now = sign * _logs(now) - shift
    logs_before = sign[:, None] * _logs(before) - (controls if relative else 0.0)
    prediction = predicted(logs_before)
    found = _Found.of(logs_now - prediction.centre, prediction, rules)
    expected = np.where(zero, 0.0, np.exp(sign * (prediction.centre + shift)))
    return _changes(values, found, sign, expected, relative=relative)


def _above_zero(now: Floats, before: Floats, sign: Floats, least: float) -> tuple[Floats, Floats]:
    """Zeros as numbers that have a logarithm, without a change where the clock tells none.

    A time of zero is as large as it can be without being told apart from zero: the smallest that was told, and `least`
    at most. Where all earlier ones are zero, what is less than `least` cannot be told from them and stays undecided.
    What is to be large, and is zero now, is as bad as can be.
    """
    told = np.where(np.column_stack([now, before]) > 0, np.column_stack([now, before]), np.inf).min(axis=1)
    floor = np.minimum(told, least)
    positive = (np.nan_to_num(before) > 0).any(axis=1)
    up, down = sign > 0, sign < 0
    untold = up & ~positive & (now > 0) & (now <= least)
    floor = np.where(positive, floor, least)
    now = np.where(untold, np.nan, np.where(up & (now == 0), floor, now))
    now = np.where(down & (now == 0) & positive, told * _NOTHING, now)
    return now, np.where(up[:, None] & (before == 0), floor[:, None], before)


def _matrix(rows: Sequence[Sequence[float]]) -> Floats:
    """One row per key; NaN behind the shorter ones."""
    longest = max((len(row) for row in rows), default=0)
    matrix = np.full((len(rows), longest), np.nan)
    for line, row in zip(matrix, rows, strict=True):
        line[: len(row)] = row
    return matrix


def _logs(values: Floats) -> Floats:
    positive = np.isfinite(values) & (values > 0)
    return np.log(np.where(positive, values, np.nan))


def _controls(past_controls: Sequence[float | None] | None, runs: int) -> Floats:
    """Logs of the runs' controls; NaN where there is none."""
    given = [np.nan if control is None else control for control in past_controls or ()][:runs]
    return _logs(np.array([*given, *[np.nan] * (runs - len(given))], dtype=np.float64))


@dataclass(frozen=True)
class _Found:
    """What was found, in logs, worsening positive; one value per key."""

    change: Floats
    lower: Floats
    upper: Floats
    detectable: Floats
    tolerated: float
    decisions: list[PastDecision]
    runs: NDArray[np.int64]
    too_wide: NDArray[np.bool_]

    @classmethod
    def of(cls, change: Floats, prediction: Prediction, rules: PastRules) -> _Found:
        """Decide all checks."""
        from scipy.special import stdtr, stdtrit

        tolerated = log(1 + rules.max_slowdown_percent / 100)
        judged = np.isfinite(change) & (prediction.runs >= NEEDED)
        error = np.maximum(prediction.error, 1e-12)
        freedom = prediction.freedom

        def p_above(bound: float) -> Floats:
            return np.where(judged, stdtr(freedom, -(change - bound) / error), 1.0)

        def p_below(bound: float) -> Floats:
            return np.where(judged, stdtr(freedom, (change - bound) / error), 1.0)

        worse, level = _holm(p_above(tolerated + _RESOLUTION), rules.false_alarm_rate, int(judged.sum()))
        not_worse = p_below(tolerated - _RESOLUTION) <= rules.miss_rate
        better = p_below(-_RESOLUTION) <= rules.false_alarm_rate / max(int(judged.sum()), 1)
        point = -stdtrit(freedom, level)
        reach = -stdtrit(freedom, rules.miss_rate) * error + _RESOLUTION
        names: list[PastDecision] = ["too_few", "undecided", "not_worse", "better", "worse"]
        few = prediction.runs < NEEDED
        place = np.where(few, 0, np.where(worse, 4, np.where(better, 3, np.where(not_worse, 2, 1))))
        return cls(
            change=change,
            lower=change - point * error - _RESOLUTION,
            upper=change + reach,
            detectable=tolerated + _RESOLUTION + (point + stdtrit(freedom, _ONE_IN_TEN)) * error,
            tolerated=tolerated,
            decisions=[names[number] for number in place],
            runs=prediction.runs,
            too_wide=(place == 1) & (reach >= tolerated),
        )


def _holm(p_values: Floats, rate: float, count: int) -> tuple[NDArray[np.bool_], float]:
    """Which are proven, and the level at which Holm's steps ended."""
    order = np.argsort(p_values, kind="stable")
    divisors = np.maximum(count - np.arange(len(order)), 1)
    kept = p_values[order] <= rate / divisors
    proven = int(np.argmin(kept)) if not kept.all() else len(kept)
    proven = min(proven, count)
    result = np.zeros(len(order), dtype=np.bool_)
    result[order[:proven]] = True
    return result, rate / max(count - proven, 1)


@dataclass(frozen=True)
class _Shown:
    """What was found as people read it: percent, and "more" positive."""

    change: Floats
    low: Floats
    high: Floats
    detectable: Floats
    tolerated: Floats

    @classmethod
    def of(cls, found: _Found, sign: Floats) -> _Shown:
        ends = _percent(sign * found.lower), _percent(sign * found.upper)
        return cls(
            _percent(sign * found.change),
            np.minimum(*ends),
            np.maximum(*ends),
            np.abs(_percent(sign * found.detectable)),
            np.abs(_percent(sign * found.tolerated)),
        )


def _percent(logs: Floats) -> Floats:
    return np.asarray(np.expm1(np.minimum(logs, 700.0)) * 100)


def _changes(
    values: Mapping[K, float], found: _Found, sign: Floats, expected: Floats, *, relative: bool
) -> list[PastChange[K]]:
    shown = _Shown.of(found, sign)
    judged = np.isfinite(found.change) & (found.runs >= NEEDED)
    columns = (shown.change, shown.low, shown.high, shown.detectable, shown.tolerated, expected, found.runs)
    lists = [column.tolist() for column in (*columns, found.too_wide & judged, judged)]
    return [
        PastChange(
            key=key,
            decision=decision,
            value=value,
            change_percent=change if is_judged else None,
            interval_percent=(low, high) if is_judged and high < _MOST_PERCENT else None,
            smallest_detectable_percent=least if is_judged and least < _MOST_PERCENT else None,
            tolerated_percent=tolerated,
            expected=wanted if is_judged else None,
            runs=runs,
            runs_needed=max(NEEDED - runs, 0),
            relative=relative,
            too_wide=too_wide,
        )
        for (key, value), decision, (change, low, high, least, tolerated, wanted, runs, too_wide, is_judged) in zip(
            values.items(), found.decisions, zip(*lists, strict=True), strict=True
        )
    ]
