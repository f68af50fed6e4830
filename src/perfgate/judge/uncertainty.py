"""A limit within its measurement's own 95 % interval: what that makes of a check, and how many values would decide.

A percentile of a few requests is an estimate. Where the limit lies within its interval the estimate may be on either
side of it by chance, so that a broken limit is a warning and no failure, unless `[gate] uncertain = "fail"`. Short runs
have wide intervals, and must not turn a failure into a warning by that alone: a value that is more than twice as much
as its limit fails whatever its interval is, and where no percentile of a run is certain, the run is no pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from perfgate.judge.result import Check
from perfgate.judge.words import counted, quantity
from perfgate.measure.percentile import bounded_from
from perfgate.plan.budget import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Status
    from perfgate.measure.summary import Interval
    from perfgate.plan.budget import Limit

CERTAINTY = "certainty"
FAR = 2.0  # times the limit: no interval makes a warning of what is past this
_MOST = 10_000_000  # requests: nobody makes more for one verdict


@dataclass(frozen=True)
class Sample:
    """What a percentile rests on.

    Attributes:
        quantile: which one, 0 to 1.
        count: how many values there were.
        noun: what each of them is.
        interval: of the percentile, in its own unit; an end is None where so few values bound nothing.
    """

    quantile: float
    count: int
    interval: Interval
    noun: str = "request"

    def holds(self, value: float | None) -> bool:
        """Whether a limit lies within the interval; None is no limit."""
        low, high = self.interval
        return value is not None and (low is None or low <= value) and (high is None or value <= high)

    def is_past(self, value: float | None, *, at_most: bool) -> bool:
        """Whether the whole interval lies on the wrong side of a limit; None is no limit."""
        end = self.interval[0 if at_most else 1]
        return value is not None and end is not None and (end > value if at_most else end < value)


@dataclass(frozen=True)
class Doubt:
    """That a limit lies within the interval of what is held against it.

    Attributes:
        status: what the check is, with that in mind.
        needed: about how many values would decide; None where no number that anybody makes would.
        words: to follow the check's own.
    """

    status: Status
    needed: int | None
    words: str


def doubt_about(limit: Limit, observed: float, sample: Sample, unit: str, status: Status) -> Doubt | None:
    """What is uncertain about a check; None where no tier of its limit lies within the interval.

    Args:
        limit: of which a tier may lie within.
        observed: the percentile.
        sample: what it rests on.
        unit: of all of these.
        status: what the value itself makes of the check.
    """
    tier = next((tier for tier in (limit.fail, limit.warn) if sample.holds(tier)), None)
    if tier is None:
        return None
    words = f"; uncertain: the limit lies within the measurement's own 95 % interval, {spread(sample, unit)}"
    if status == "fail" and limit.uncertain == "warn" and sample.holds(limit.fail):
        far = is_far(observed, tier)
        status = "fail" if far else "warn"
        words += "; past twice the limit it is a failure all the same" if far else "; that is a warning and no failure"
    needed = needed_to_decide(sample, observed, tier)
    decide = f"about {counted(needed, sample.noun)} would decide" if needed else f"no number of {sample.noun}s decides"
    return Doubt(status, needed, f"{words}; {decide}")


def is_far(observed: float, limit: float) -> bool:
    """Whether a value is more than twice its limit, or less than half of it."""
    apart = abs(observed - limit)
    return apart > abs(limit) * (FAR - 1 if observed > limit else 1 - 1 / FAR)


def spread(sample: Sample, unit: str) -> str:
    """The interval in words, with how many values it rests on where these leave an end open."""
    low, high = (None if end is None else quantity(end, unit) for end in sample.interval)
    if low is not None and high is not None:
        return f"{low} to {high}"
    so_few = counted(sample.count, sample.noun)
    give = "gives" if sample.count == 1 else "give"
    if low is not None:
        return f"{low} and more ({so_few} {give} no upper end)"
    return f"up to {high} ({so_few} {give} no lower end)" if high is not None else f"which {so_few} {give} no end"


def needed_to_decide(sample: Sample, observed: float, limit: float) -> int | None:
    """About how many values it takes until the limit is outside, if the percentile stays as it is; two digits.

    An interval is half as wide with four times as many values.
    """
    above = limit > observed
    end = sample.interval[1 if above else 0]
    needed = float(bounded_from(sample.quantile, above=above))
    if end is not None:
        if limit == observed:
            return None
        needed = max(sample.count + 1.0, sample.count * ((end - observed) / (limit - observed)) ** 2)
    if needed > _MOST:
        return None
    step = int(10 ** max(floor(log10(needed)) - 1, 0))
    return ceil(needed / step) * step


def uncertain_run(checks: Sequence[Check]) -> Check | None:
    """The warning that no percentile of a run is certain; None where one is, or a check is not green anyway."""
    measured = [check for check in checks if check.observed is not None and check.observed_interval is not None]
    green = all(check.status in {"pass", "skipped"} for check in checks)
    if not (measured and green and all(check.uncertain for check in measured)):
        return None
    known = [check.samples_needed for check in measured if check.samples_needed]
    noun = "request" if all(check.metric in METRICS for check in measured) else "value"
    most = f"; about {counted(max(known), noun)} for each would decide" if known else ""
    words = f"no percentile is certain: every limit lies within the 95 % interval of what it holds{most}"
    return Check(metric=CERTAINTY, unit="", status="warn", message=words)
