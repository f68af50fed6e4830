"""One observed value against one limit: the atom of every verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.result import Check
from perfgate.judge.words import change, label, quantity

if TYPE_CHECKING:
    from perfgate.judge.result import Status
    from perfgate.plan.budget import Limit


@dataclass(frozen=True)
class Reading:
    """What was observed of a metric.

    Attributes:
        metric: as checks name it: `p95`, or `tokens.p95` for a custom metric.
        unit: of `observed` and of the limit.
        observed: None when nothing could be observed; then `missing` says why, in words.
        interval: the 95 % interval of `observed`.
        missing_status: what a check is that cannot be made: `invalid`, or `skipped` where nobody asked for it by name.
        note: added to the check's message.
        shown: how messages call the metric; empty is its usual label.
    """

    metric: str
    unit: str
    observed: float | None
    at_most: bool = True
    endpoint: str | None = None
    interval: tuple[float, float] | None = None
    missing: str = "nothing was observed"
    missing_status: Status = "invalid"
    note: str = ""
    shown: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.shown or label(self.metric)


def broken(observed: float, limit: float | None, *, at_most: bool) -> bool:
    """Whether a value is on the wrong side of a limit; a value on the limit keeps it, and None is no limit."""
    if limit is None:
        return False
    return observed > limit if at_most else observed < limit


def tier(limit: Limit, observed: float, *, at_most: bool) -> tuple[Status, float | None]:
    """The status that a value has, and the limit that decided: the broken one, else the failing, else the warning."""
    if broken(observed, limit.fail, at_most=at_most):
        return "fail", limit.fail
    if broken(observed, limit.warn, at_most=at_most):
        return "warn", limit.warn
    return "pass", limit.warn if limit.fail is None else limit.fail


def check_limit(limit: Limit, reading: Reading) -> Check:
    """Hold a reading against a limit."""
    if reading.observed is None:
        status, decided, words = reading.missing_status, _strongest(limit), f"{reading.name}: {reading.missing}"
    else:
        status, decided = tier(limit, reading.observed, at_most=reading.at_most)
        words = sentence(reading, reading.observed, decided, status)
    uncertain = reading.observed is not None and _within(limit, reading.interval)
    return Check(
        endpoint=reading.endpoint,
        metric=reading.metric,
        unit=reading.unit,
        direction="at_most" if reading.at_most else "at_least",
        observed=reading.observed,
        limit=decided,
        warn_limit=limit.warn,
        fail_limit=limit.fail,
        status=status,
        uncertain=uncertain,
        observed_interval=reading.interval,
        source=limit.source,
        message=words + (_doubt(reading) if uncertain else "") + reading.note,
    )


def _strongest(limit: Limit) -> float | None:
    return limit.warn if limit.fail is None else limit.fail


def _within(limit: Limit, interval: tuple[float, float] | None) -> bool:
    tiers = [value for value in (limit.warn, limit.fail) if value is not None]
    return interval is not None and any(interval[0] <= value <= interval[1] for value in tiers)


def _doubt(reading: Reading) -> str:
    low, high = reading.interval or (0.0, 0.0)
    between = f"{quantity(low, reading.unit)} to {quantity(high, reading.unit)}"
    return f"; uncertain: the limit lies within the measurement's own 95 % interval, {between}"


def sentence(reading: Reading, observed: float, limit: float | None, status: Status) -> str:
    """`p95 312.4 ms, budget 250 ms (+25 %)`."""
    text = f"{reading.name} {quantity(observed, reading.unit, apart_from=limit)}"
    if limit is None:
        return text
    bound = "" if reading.at_most else "at least "
    name = "warning limit" if status == "warn" else "budget"
    far = change(observed, limit)
    return f"{text}, {name} {bound}{quantity(limit, reading.unit, apart_from=observed)}" + (f" ({far})" if far else "")
