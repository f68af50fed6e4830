"""One observed value against one limit: the atom of every verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.result import Check
from perfgate.judge.uncertainty import doubt_about, spread
from perfgate.judge.words import change, counted, label, quantity

if TYPE_CHECKING:
    from perfgate.judge.result import Status
    from perfgate.judge.uncertainty import Sample
    from perfgate.plan.budget import Limit


@dataclass(frozen=True)
class Reading:
    """What was observed of a metric.

    Attributes:
        metric: as checks name it: `p95`, or `tokens.p95` for a custom metric.
        unit: of `observed` and of the limit.
        observed: None when nothing could be observed; then `missing` says why, in words.
        sample: what a percentile rests on; it may be there although there were too few for `observed`.
        missing_status: what a check is that cannot be made: `invalid`, or `skipped` where nobody asked for it by name.
        note: added to the check's message.
        caveat: what one must know before trusting the value; it is added as well, and told apart.
        shown: how messages call the metric; empty is its usual label.
    """

    metric: str
    unit: str
    observed: float | None
    at_most: bool = True
    endpoint: str | None = None
    sample: Sample | None = None
    missing: str = "nothing was observed"
    missing_status: Status = "invalid"
    note: str = ""
    caveat: str = ""
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
    """Hold a reading against a limit; a broken one that is uncertain is a warning, see `uncertainty`."""
    doubt, caveat = None, reading.caveat
    if reading.observed is None:
        status, decided, words = reading.missing_status, _strongest(limit), f"{reading.name}: {reading.missing}"
        if past := _past_all_the_same(limit, reading):
            status, caveat = ("warn" if status == "skipped" else status), past
    else:
        status, decided = tier(limit, reading.observed, at_most=reading.at_most)
        words = sentence(reading, reading.observed, decided, status)
        doubt = reading.sample and doubt_about(limit, reading.observed, reading.sample, reading.unit, status)
    return Check(
        endpoint=reading.endpoint,
        metric=reading.metric,
        unit=reading.unit,
        direction="at_most" if reading.at_most else "at_least",
        observed=reading.observed,
        limit=decided,
        warn_limit=limit.warn,
        fail_limit=limit.fail,
        status=doubt.status if doubt else status,
        uncertain=doubt is not None,
        observed_interval=reading.sample and reading.sample.interval,
        samples=reading.sample and reading.sample.count,
        samples_needed=doubt and doubt.needed,
        source=limit.source,
        caveat=caveat,
        message=words + (doubt.words if doubt else "") + reading.note + _also(caveat),
    )


def _also(caveat: str) -> str:
    return f"; {caveat}" if caveat else ""


def _strongest(limit: Limit) -> float | None:
    return limit.warn if limit.fail is None else limit.fail


def _past_all_the_same(limit: Limit, reading: Reading) -> str:
    """What too few values for a percentile say of it nevertheless: that it is past its limit; empty if they do not."""
    sample = reading.sample
    if sample is None:
        return ""
    past = next((at for at in (limit.fail, limit.warn) if sample.is_past(at, at_most=reading.at_most)), None)
    if past is None:
        return ""
    few = counted(sample.count, sample.noun)
    return f"yet {few} show that it is past {quantity(past, reading.unit)}: {spread(sample, reading.unit)}"


def sentence(reading: Reading, observed: float, limit: float | None, status: Status) -> str:
    """`p95 312.4 ms, budget 250 ms (+25 %)`."""
    text = f"{reading.name} {quantity(observed, reading.unit, apart_from=limit)}"
    if limit is None:
        return text
    bound = "" if reading.at_most else "at least "
    name = "warning limit" if status == "warn" else "budget"
    far = change(observed, limit)
    return f"{text}, {name} {bound}{quantity(limit, reading.unit, apart_from=observed)}" + (f" ({far})" if far else "")
