"""All checks of one run: which metric of which endpoint is held against which limit."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from perfgate.judge.capacity import capacity_of, check_capacity, held_steps, highest_held
from perfgate.judge.drift import METRICS as DRIFTS
from perfgate.judge.drift import check_drift
from perfgate.judge.failures import METRIC, dead_endpoint, default_checks, never_succeeded
from perfgate.judge.limits import Reading, broken, check_limit
from perfgate.judge.readings import custom_reading, entry_of, memory_seen, request_reading, resource_reading
from perfgate.judge.recovery import check_recovery
from perfgate.judge.result import Check
from perfgate.judge.uncertainty import CERTAINTY
from perfgate.judge.words import clock, counted, quantity
from perfgate.measure.health import cut_off_sentence
from perfgate.plan.budget import METRICS, Scope
from perfgate.plan.profile import RECOVERY, SPIKE, STEADY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.judge.result import Status
    from perfgate.measure.summary import PhaseSummary, RunSummary
    from perfgate.plan.budget import BudgetLayer, Limit
    from perfgate.plan.plan import Load, LoadKind, Service

USER_ERRORS = "user_errors"
CUT_OFF = "cut_off"
RESTARTS = "restarts"
WARNINGS = frozenset({USER_ERRORS, CUT_OFF, RESTARTS, CERTAINTY})  # about the recording, whatever the budgets are
REQUESTS = "requests"
RESENT = "resent"
RESENT_SHARE = 0.01  # of the requests: a client that does not send again, as most do not, sees these fail
STOP_WHEN = "stop_when"


def check_run(summary: RunSummary, load: Load, service: Service) -> list[Check]:
    """Hold a run against its budgets.

    Args:
        summary: the run; what there is of a partial one is checked as well.
        load: what was to be driven.
        service: whose budgets hold.

    Returns:
        First what concerns the run as a whole, then the service's limits, then each endpoint's.
    """
    found = [*_of_service(summary, load, service), *_of_endpoints(summary, load, service)]
    return [*_of_recording(summary, load, found), *found]


def judged_phases(summary: RunSummary, kind: LoadKind) -> list[PhaseSummary]:
    """The phases that a load is judged by, the main one first.

    Latency, throughput and CPU are judged in the first, the steady phase; errors and memory of a spike load in all.
    The steps of a stress load are judged one by one (see `capacity`), so it has none here.
    """
    if kind == "stress":
        return []
    names = (STEADY, SPIKE, RECOVERY) if kind == "spike" else (STEADY,)
    steady = summary.phase(STEADY)
    return [phase for name in names if (phase := summary.phase(name))] if steady else []


def _of_recording(summary: RunSummary, load: Load, found: list[Check]) -> Iterator[Check]:
    """What holds for every run, whatever its budgets are."""
    requests = sum(phase.total.requests for phase in summary.phases)
    if not requests:
        yield _plain(REQUESTS, "", 0.0, "invalid", "there were no requests at all")
    known = any(check.metric == "error_rate" and check.endpoint is None and check.status == "fail" for check in found)
    if (failed := _all_failed(summary, load)) and not known:
        words = f"every request failed ({counted(failed, 'request')}): that is never a pass"
        yield _plain("error_rate", "share", 1.0, "fail", words)
    if summary.end_reason == "stop_when" and load.kind != "stress":
        words = f"stop_when ended the load early, at {clock(summary.duration_s)}: {summary.end_detail}"
        yield Check(metric=STOP_WHEN, unit="", status="invalid", message=words)
    if errors := sum(summary.user_errors.values()):
        most = max(summary.user_errors, key=lambda text: summary.user_errors[text])
        words = f"the scenario raised {counted(errors, 'exception')}, most often {most}"
        yield _plain(USER_ERRORS, "", float(errors), "warn", words)
    if summary.restarts:
        first = summary.restarts[0]
        ended = "a process of the service ended" if len(summary.restarts) == 1 else "processes of the service ended"
        words = f"{ended} while the load was driven, and it went on without: {first.process} at {clock(first.at_s)}"
        more = f", and {len(summary.restarts) - 1} more" if len(summary.restarts) > 1 else ""
        yield _plain(RESTARTS, "", float(len(summary.restarts)), "warn", words + more)
    yield from _resent(summary, requests)
    yield from _stragglers(summary)


def _resent(summary: RunSummary, requests: int) -> Iterator[Check]:
    """Requests that a closing connection swallowed: each was sent again, so no error rate has them."""
    count = summary.health.retried
    if requests and count > RESENT_SHARE * requests:
        share, most = quantity(count / requests, "share"), quantity(RESENT_SHARE, "share")
        words = (
            f"{counted(count, 'request')} of {requests:,} ({share}) had to be sent again, since the service closes "
            f"connections while they are in use; more than {most} are a failure"
        )
        yield _plain(RESENT, "share", count / requests, "fail", words)


def _stragglers(summary: RunSummary) -> Iterator[Check]:
    """A few users who were cut off; when they were many the run is invalid, or a step of a stress load broken."""
    health = summary.health
    if health.cut_off and summary.complete and not health.hangs:
        words = cut_off_sentence(health.cut_off, health.users)
        yield _plain(CUT_OFF, "", float(health.cut_off), "warn", words)


def _plain(metric: str, unit: str, observed: float, status: Status, words: str) -> Check:
    return Check(metric=metric, unit=unit, observed=observed, status=status, message=words)


def _all_failed(summary: RunSummary, load: Load) -> int:
    """How many requests there were, if all of them failed, in the judged phases or in the whole run; else 0."""
    for phases in (judged_phases(summary, load.kind), summary.phases):
        requests = sum(phase.total.requests for phase in phases)
        if requests and requests == sum(phase.total.failures for phase in phases):
            return requests
    return 0


def _of_service(summary: RunSummary, load: Load, service: Service) -> Iterator[Check]:
    layer = service.budget.for_load(load.name)
    for name, limit in layer.limits.items():
        kind = METRICS[name]
        if kind.scope is Scope.RUN and (not kind.loads or load.kind in kind.loads):
            yield from _of_whole_run(summary, load, service, limit)
        elif kind.scope is Scope.REQUESTS and load.kind != "stress":
            yield check_limit(limit, request_reading(name, judged_phases(summary, load.kind), None))
        elif name == "throughput":
            yield _climbing(limit, None)
    if not _all_failed(summary, load):
        yield from default_checks(_judged_for_errors(summary, load, service), layer, None)
    yield from _of_custom(summary, load, service, layer, None)


def _judged_for_errors(summary: RunSummary, load: Load, service: Service) -> list[PhaseSummary]:
    """The phases in which failures are no part of finding out what the service holds."""
    return held_steps(summary, load, service) if load.kind == "stress" else judged_phases(summary, load.kind)


def _climbing(limit: Limit, endpoint: str | None) -> Check:
    missing = "not judged under a stress load, whose users climb step by step"
    reading = Reading("throughput", "/s", None, False, endpoint, missing=missing, missing_status="skipped")
    return check_limit(limit, reading)


def _of_whole_run(summary: RunSummary, load: Load, service: Service, limit: Limit) -> Iterator[Check]:
    """A metric of the service as a whole, each load's own included."""
    if limit.metric == "capacity":
        yield check_capacity(capacity_of(summary, load, service), limit)
    elif limit.metric == "recovery_time":
        yield check_recovery(summary, service.budget.for_load(load.name), limit)
    elif limit.metric in DRIFTS:
        yield check_drift(summary, limit)
    elif load.kind != "stress":
        yield _of_resource(limit, judged_phases(summary, load.kind))


def _of_resource(limit: Limit, phases: list[PhaseSummary]) -> Check:
    """CPU or memory; where memory is not known, what was seen of it can still prove that the budget is broken."""
    reading = resource_reading(limit.metric, phases)
    least = memory_seen(phases) if reading.observed is None and limit.metric == "memory" else None
    if least is not None and broken(least, limit.fail, at_most=True):
        reading = replace(reading, observed=least, note=f"; at least: {reading.missing}")
    return check_limit(limit, reading)


def _of_custom(
    summary: RunSummary, load: Load, service: Service, layer: BudgetLayer, endpoint: str | None
) -> Iterator[Check]:
    """Custom metrics, in the judged phase; under stress in the highest step that held."""
    if not layer.custom:
        return
    phases = judged_phases(summary, load.kind)
    held = highest_held(summary, load, service) if load.kind == "stress" else None
    phase = phases[0] if phases else held
    for (name, statistic), limit in layer.custom.items():
        yield check_limit(limit, custom_reading(name, statistic, phase, endpoint, service.metrics.get(name)))


def _of_endpoints(summary: RunSummary, load: Load, service: Service) -> Iterator[Check]:
    seen = {entry.name: None for phase in summary.phases for entry in phase.endpoints if entry.name and entry.requests}
    named = {*service.budget.endpoints, *(e for e, name in service.budget.endpoint_loads if name == load.name)}
    judged = {entry.name for phase in judged_phases(summary, load.kind) for entry in phase.endpoints if entry.requests}
    for endpoint in sorted(seen.keys() | named):
        own = service.budget.own_of_endpoint(endpoint, load.name)
        if endpoint not in seen:
            yield from _never_occurred(endpoint, own, list(seen), service)
            continue
        yield from _failures(summary, load, service, endpoint)
        if endpoint in judged or load.kind == "stress":
            yield from _of_endpoint(summary, load, service, endpoint)
        else:
            yield from _elsewhere(endpoint, own, summary, service)


def _failures(summary: RunSummary, load: Load, service: Service, endpoint: str) -> Iterator[Check]:
    """What an endpoint failed, as far as no limit on its error rate says it."""
    layer = service.budget.for_endpoint(endpoint, load.name)
    phases = judged_phases(summary, load.kind)
    dead = never_succeeded(phases, endpoint) or never_succeeded(summary.phases, endpoint)
    if not dead:
        yield from default_checks(_judged_for_errors(summary, load, service), layer, endpoint)
    elif not _all_failed(summary, load) and not _told_by_its_limit(layer, phases, endpoint):
        yield from dead_endpoint(endpoint, dead, service.budget.own_of_endpoint(endpoint, load.name).limits.get(METRIC))


def _told_by_its_limit(layer: BudgetLayer, phases: list[PhaseSummary], endpoint: str) -> bool:
    limit = layer.limits.get(METRIC)
    fails = limit is not None and broken(1.0, limit.fail, at_most=True)
    return fails and any(entry_of(phase, endpoint) for phase in phases)


def _of_endpoint(summary: RunSummary, load: Load, service: Service, endpoint: str) -> Iterator[Check]:
    layer = service.budget.for_endpoint(endpoint, load.name)
    own = service.budget.own_of_endpoint(endpoint, load.name).limits
    phases = judged_phases(summary, load.kind)
    for name, limit in layer.limits.items():
        if load.kind != "stress":
            missing_status: Status = "invalid" if name in own else "skipped"
            yield check_limit(limit, request_reading(name, phases, endpoint, missing_status))
        elif name == "throughput":
            yield _climbing(limit, endpoint)
    yield from _of_custom(summary, load, service, layer, endpoint)


def _never_occurred(endpoint: str, own: BudgetLayer, seen: list[str], service: Service) -> Iterator[Check]:
    nearest = get_close_matches(endpoint, seen, n=1, cutoff=0.0)
    words = (
        f"this endpoint never occurred; the nearest that did is {nearest[0]}" if nearest else "there were no requests"
    )
    yield from _unobserved(endpoint, own, words, service)


def _elsewhere(endpoint: str, own: BudgetLayer, summary: RunSummary, service: Service) -> Iterator[Check]:
    """An endpoint with limits of its own that occurred outside the judged phases only, such as a log-in."""
    where = [phase.name for phase in summary.phases if any(e.name == endpoint and e.requests for e in phase.endpoints)]
    words = f"this endpoint occurred in {', '.join(where)} only, which is not judged"
    yield from _unobserved(endpoint, own, words, service)


def _unobserved(endpoint: str, own: BudgetLayer, words: str, service: Service) -> Iterator[Check]:
    for name, limit in own.limits.items():
        kind = METRICS[name]
        yield check_limit(limit, Reading(name, kind.unit, None, kind.at_most, endpoint, missing=words))
    for (name, statistic), limit in own.custom.items():
        reading = custom_reading(name, statistic, None, endpoint, service.metrics.get(name))
        yield check_limit(limit, replace(reading, missing=words))
