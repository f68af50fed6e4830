"""Reads metrics off a summary: what was observed, or why nothing could be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.limits import Reading
from perfgate.judge.words import counted
from perfgate.measure.percentile import QUANTILES, needed_for
from perfgate.plan.budget import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.result import Status
    from perfgate.measure.summary import EndpointSummary, MetricSummary, PhaseSummary, Resources
    from perfgate.plan.budget import CustomMetric


def entry_of(phase: PhaseSummary | None, endpoint: str | None) -> EndpointSummary | None:
    """An endpoint's requests in a phase (None: the whole service's); None when there were none."""
    if phase is None:
        return None
    entries = [phase.total] if endpoint is None else phase.endpoints
    return next((entry for entry in entries if entry.name == endpoint and entry.requests), None)


def request_reading(
    metric: str, phases: Sequence[PhaseSummary], endpoint: str | None, missing_status: Status = "invalid"
) -> Reading:
    """A metric of requests: the error rate over all `phases` together, everything else in the first of them.

    A percentile that too few successful requests carry is not observed; the reading says how many it takes. That is
    `missing_status`, but for an endpoint whose failures alone are to blame it is always invalid.
    """
    kind = METRICS[metric]
    entries = [entry for phase in phases if (entry := entry_of(phase, endpoint))]
    if metric == "error_rate":
        observed, missing, note = _error_rate(entries), "no requests", _together(phases)
    else:
        first = entry_of(phases[0], endpoint) if phases else None
        observed, missing, note = _single(metric, first), _missing(metric, first, phases), ""
        if first and first.requests >= _needed(metric):
            missing_status = "invalid"
    return Reading(
        metric,
        kind.unit,
        observed,
        at_most=kind.at_most,
        endpoint=endpoint,
        interval=_interval(metric, entries),
        missing=missing,
        missing_status=missing_status,
        note=note,
    )


def _error_rate(entries: Iterable[EndpointSummary]) -> float | None:
    counts = [(entry.failures, entry.requests) for entry in entries]
    requests = sum(count for _, count in counts)
    return sum(failed for failed, _ in counts) / requests if requests else None


def _together(phases: Sequence[PhaseSummary]) -> str:
    return f" over {', '.join(phase.name for phase in phases)} together" if len(phases) > 1 else ""


def _single(metric: str, entry: EndpointSummary | None) -> float | None:
    if entry is None:
        return None
    if metric == "throughput":
        return entry.throughput_per_s
    observed: float | None = getattr(entry.latency_ms, metric)
    return observed


def _missing(metric: str, entry: EndpointSummary | None, phases: Sequence[PhaseSummary]) -> str:
    if entry is None:
        return f"no requests in {phases[0].name}" if phases else "its phase was not reached"
    good = entry.requests - entry.failures
    return f"it needs {counted(_needed(metric), 'successful request')}; {good:,} of {entry.requests:,} succeeded"


def _needed(metric: str) -> int:
    return needed_for(METRICS[metric].quantile or 0.0)


def _interval(metric: str, entries: Sequence[EndpointSummary]) -> tuple[float, float] | None:
    intervals = {"p50": "p50_interval_ms", "p95": "p95_interval_ms", "p99": "p99_interval_ms"}
    if metric not in intervals or not entries:
        return None
    found: tuple[float, float] | None = getattr(entries[0], intervals[metric])
    return found


def resource_reading(metric: str, phases: Sequence[PhaseSummary]) -> Reading:
    """Mean CPU of the first of `phases`, or the largest memory in any of them."""
    seen = [phase.resources for phase in phases if phase.resources]
    missing = "not sampled: perfgate must start the service itself (give it a command)"
    first = phases[0].resources if phases else None
    return Reading(metric, METRICS[metric].unit, _resource(metric, first, seen), missing=missing)


def _resource(metric: str, first: Resources | None, seen: Sequence[Resources]) -> float | None:
    if metric == "cpu":
        return first.cpu_mean if first else None
    return max((resources.memory_max_bytes for resources in seen), default=None)


def custom_reading(
    name: str, statistic: str, phase: PhaseSummary | None, endpoint: str | None, about: CustomMetric | None
) -> Reading:
    """A statistic of a custom metric in a phase."""
    entries = phase.metrics if phase else []
    entry = next((e for e in entries if e.name == name and e.endpoint == endpoint), None)
    unit = (entry.unit if entry else "") or (about.unit if about else "")
    observed: float | None = getattr(entry, statistic, None) if entry else None
    return Reading(
        f"{name}.{statistic}",
        unit,
        observed,
        at_most=about is None or about.better == "lower",
        endpoint=endpoint,
        missing=_missing_custom(statistic, entry, phase),
    )


def _missing_custom(statistic: str, entry: MetricSummary | None, phase: PhaseSummary | None) -> str:
    if phase is None:
        return "its phase was not reached"
    if entry is None:
        return f"the scenario reported no value in {phase.name}"
    needed = needed_for(QUANTILES.get(statistic, 0.0))
    return f"it needs {counted(needed, 'value')}, there were {entry.count:,}"
