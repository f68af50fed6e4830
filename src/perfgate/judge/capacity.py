"""What a stress load is for: the highest step that held the budgets, and how the first one that did not broke.

A step is one of four: it *held* every failing limit; it *broke* one; it was *not reached*; or it is *unknown*, since
the generator was its bottleneck, users were missing in it, the recording ends in it, or nothing in it could be judged.
The climb ends at the first step that did not hold. Where that step is unknown, or there is none, the capacity found is
only a lower bound.

Users and arrivals that never got an answer break steps too, though no figure tells of them; see `hanging`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from perfgate.judge.failures import default_reading
from perfgate.judge.hanging import unanswered
from perfgate.judge.limits import Reading, broken, check_limit, sentence
from perfgate.judge.readings import entry_of, request_reading, resource_reading
from perfgate.judge.result import Capacity, Step
from perfgate.judge.words import counted, quantity
from perfgate.plan.budget import DEFAULT_ERROR_RATE, METRICS, Scope
from perfgate.plan.profile import step_phase

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.judge.result import Check
    from perfgate.measure.summary import PhaseSummary, RunSummary
    from perfgate.plan.budget import BudgetLayer, Limit
    from perfgate.plan.plan import Load, Service

METRIC = "capacity"
_FEWEST_REQUESTS = 20  # of an endpoint in a step, for its error rate by default to say anything
Group = Literal["errors", "latency", "resource", "throughput"]
# When several break at once: failing is worse than slow, and resources are the cause rather than the symptom.
_GROUPS: tuple[Group, ...] = ("errors", "latency", "resource", "throughput")


@dataclass(frozen=True)
class Break:
    """One way in which a step broke."""

    group: Group
    words: str


@dataclass(frozen=True)
class Outcome:
    """What became of one step.

    Attributes:
        unknown: why it cannot be told whether it held, in words; empty when it can.
    """

    level: float
    reached: bool
    breaks: tuple[Break, ...] = ()
    unknown: str = ""

    @property
    def held(self) -> bool:
        """Every limit was kept, and that is known."""
        return self.reached and not self.breaks and not self.unknown


def capacity_of(summary: RunSummary, load: Load, service: Service) -> Capacity:
    """The capacity that a stress load found."""
    outcomes = [_outcome(summary, number, load, service) for number in range(1, len(load.levels) + 1)]
    held, first = _climb(outcomes)
    broke = first is not None and bool(first.breaks)
    steps = [
        Step(level=o.level, reached=o.reached, held=o.held, broken_by=[b.words for b in o.breaks]) for o in outcomes
    ]
    unit = "/s" if load.model == "open" else "users"
    return Capacity(
        level=held[-1].level if held else 0.0 if broke else None,
        unit=unit,
        lower_bound=not broke,
        broke_at=first.level if first and broke else None,
        broke_by=_group(first.breaks) if first and broke else None,
        detail=_detail(first, unit),
        steps=steps,
    )


def _climb(outcomes: Sequence[Outcome]) -> tuple[Sequence[Outcome], Outcome | None]:
    """The steps up to the first that did not hold, and that one."""
    end = next((number for number, outcome in enumerate(outcomes) if not outcome.held), len(outcomes))
    return outcomes[:end], outcomes[end] if end < len(outcomes) else None


def _group(breaks: Sequence[Break]) -> Group:
    groups = {cause.group for cause in breaks}
    return next(group for group in _GROUPS if group in groups)


def _detail(first: Outcome | None, unit: str) -> str:
    if first is None:
        return "no step broke: the load does not climb high enough to find the limit"
    at = quantity(first.level, unit)
    if first.breaks:
        return f"broke at {at}: {'; '.join(cause.words for cause in first.breaks[:3])}"
    return f"{first.unknown} from {at} on"


def highest_held(summary: RunSummary, load: Load, service: Service) -> PhaseSummary | None:
    """The phase of the highest step that held with all below it; None when none did."""
    return next(reversed(held_steps(summary, load, service)), None)


def held_steps(summary: RunSummary, load: Load, service: Service) -> list[PhaseSummary]:
    """The phases of the steps that held with all below them, the lowest first."""
    outcomes = [_outcome(summary, number, load, service) for number in range(1, len(load.levels) + 1)]
    held, _ = _climb(outcomes)
    return [phase for number in range(1, len(held) + 1) if (phase := summary.phase(step_phase(number)))]


def _outcome(summary: RunSummary, number: int, load: Load, service: Service) -> Outcome:
    level, phase = load.levels[number - 1], summary.phase(step_phase(number))
    stopped = _stopped_here(summary, number, load)
    if phase is None:
        unknown = "" if stopped else "the load was not driven"
        return Outcome(level, reached=False, breaks=stopped, unknown=unknown)
    if phase.users_missing:
        return Outcome(level, reached=True, unknown="users were missing")
    if not any(seen.total.requests for seen in summary.phases):
        return Outcome(level, reached=True, unknown="there were no requests at all")
    if phase.saturated:
        return Outcome(level, reached=True, unknown="the generator was the bottleneck")
    if phase.left_out_s and not phase.total.requests:
        return Outcome(level, reached=True, unknown="the clock stepped, so nothing could be timed")
    breaks, judged = _breaks(phase, load, service)
    breaks += [*stopped, *_unserved(summary, number), *_unanswered(summary, number, load)]
    return Outcome(
        level, True, tuple(breaks), "" if breaks else _unknown(summary, number, load, service, judged=judged)
    )


def _unmeasured(phase: PhaseSummary, load: Load, service: Service) -> str:
    """A limit on CPU or memory of which it is not known whether the step kept it."""
    limits = _layer(service, load, None).limits
    wanted = [name for name in ("cpu", "memory") if name in limits and limits[name].fail is not None]
    readings = [reading for name in wanted if (reading := resource_reading(name, [phase])).observed is None]
    return f"{readings[0].name} is unknown ({readings[0].missing})" if readings else ""


def _unknown(summary: RunSummary, number: int, load: Load, service: Service, *, judged: bool) -> str:
    phase = summary.phase(step_phase(number))
    if not judged:
        return "no budget with a failing tier could be judged"
    sampled = any(seen.resources for seen in summary.phases)
    if phase is not None and sampled and (unmeasured := _unmeasured(phase, load, service)):
        return unmeasured
    cut = not summary.complete and phase is not None and phase.end_s < _planned_end(load, number)
    return "the load was not driven to its end" if cut else ""


def _planned_end(load: Load, number: int) -> float:
    phases = load.profile.phases if load.profile else ()
    return next((phase.end_s for phase in phases if phase.name == step_phase(number)), 0.0)


def _stopped_here(summary: RunSummary, number: int, load: Load) -> tuple[Break, ...]:
    """The load's own stop condition ended it on this step, or on the way to it: that step is broken."""
    if summary.end_reason != "stop_when" or not _ends_at(summary, number, load):
        return ()
    only_slow = load.stop_when is not None and load.stop_when.error_rate is None
    slow = only_slow or summary.end_detail.startswith("p95")
    return (Break("latency" if slow else "errors", summary.end_detail or "stop_when held"),)


def _ends_at(summary: RunSummary, number: int, load: Load) -> bool:
    before = _planned_end(load, number - 1) if number > 1 else 0.0
    return before <= summary.duration_s < _planned_end(load, number)


def _unserved(summary: RunSummary, number: int) -> list[Break]:
    """Arrivals that never found a user had waited longest at the end: they belong to the last step that was driven."""
    count = summary.health.unserved
    if not count or summary.phase(step_phase(number + 1)):
        return []
    return [Break("throughput", f"{counted(count, 'arrival')} never found a user (too slow, or max_users too low)")]


def _unanswered(summary: RunSummary, number: int, load: Load) -> list[Break]:
    words = unanswered(summary, load).get(number)
    return [Break("throughput", words)] if words else []


def _breaks(phase: PhaseSummary, load: Load, service: Service) -> tuple[list[Break], bool]:
    """How a step broke, and whether anything could be judged in it."""
    total = phase.total
    if not total.requests:
        return [Break("throughput", "no requests")], True
    if total.failures == total.requests:
        return [Break("errors", f"every request failed ({counted(total.requests, 'request')})")], True
    judged = [(group, r, limit) for group, r, limit in _judged(phase, load, service) if r.observed is not None]
    limits = [*judged, *_by_default(phase, load, service)]
    causes = [cause for group, reading, limit in limits if (cause := _break(group, reading, limit))]
    return causes, bool(judged) and not _is_untimed(phase, load, service)


def _is_untimed(phase: PhaseSummary, load: Load, service: Service) -> bool:
    """Whether a latency that the step is judged by is unknown, because the scenario told no response times."""
    endpoints = [r.endpoint for group, r, _ in _judged(phase, load, service) if group == "latency" and not r.observed]
    entries = [entry_of(phase, endpoint) for endpoint in endpoints]
    return any(entry is not None and entry.untimed and entry.latency_ms.mean is None for entry in entries)


def _by_default(phase: PhaseSummary, load: Load, service: Service) -> Iterator[tuple[Group, Reading, Limit]]:
    """What breaks a step though nobody wrote it: requests that fail; a few of a rare endpoint say nothing."""
    for endpoint in (None, *(entry.name for entry in phase.endpoints)):
        fewest = 1 if endpoint is None else _FEWEST_REQUESTS
        if reading := default_reading(phase, _layer(service, load, endpoint), endpoint, fewest):
            yield "errors", reading, DEFAULT_ERROR_RATE


def _layer(service: Service, load: Load, endpoint: str | None) -> BudgetLayer:
    budget = service.budget
    return budget.for_load(load.name) if endpoint is None else budget.for_endpoint(endpoint, load.name)


def _break(group: Group, reading: Reading, limit: Limit) -> Break | None:
    if reading.observed is None or not broken(reading.observed, limit.fail, at_most=reading.at_most):
        return None
    where = f"{reading.endpoint}: " if reading.endpoint else ""
    return Break(group, where + sentence(reading, reading.observed, limit.fail, "fail"))


def _judged(phase: PhaseSummary, load: Load, service: Service) -> Iterator[tuple[Group, Reading, Limit]]:
    """Everything with a failing limit that a step is judged by: the whole service, then each endpoint."""
    for name, limit in service.budget.for_load(load.name).limits.items():
        if limit.fail is not None and name in {"cpu", "memory"}:
            yield "resource", resource_reading(name, [phase]), limit
    for endpoint in (None, *(entry.name for entry in phase.endpoints)):
        for name, limit in _layer(service, load, endpoint).limits.items():
            if limit.fail is not None and METRICS[name].scope is Scope.REQUESTS and name != "throughput":
                group: Group = "errors" if name == "error_rate" else "latency"
                yield group, request_reading(name, [phase], endpoint), limit


def check_capacity(capacity: Capacity, limit: Limit) -> Check:
    """Hold the capacity against its budget; a lower bound can prove that it is kept, but not that it is broken."""
    missing = f"unknown: {capacity.detail}"
    reading = Reading(
        METRIC, capacity.unit, capacity.level, at_most=False, missing=missing, note=f"; {capacity.detail}"
    )
    check = check_limit(limit, reading)
    if check.status != "fail" or not capacity.lower_bound:
        return check
    doubt = f"at least {quantity(capacity.level or 0.0, capacity.unit)}, which does not show whether the budget is kept"
    return check.model_copy(update={"status": "invalid", "message": f"capacity {doubt}; {capacity.detail}"})
