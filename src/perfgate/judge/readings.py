"""Reads metrics off a summary: what was observed, or why nothing could be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.limits import Reading
from perfgate.judge.uncertainty import Sample
from perfgate.judge.words import counted
from perfgate.measure.percentile import QUANTILES, needed_for
from perfgate.plan.budget import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from perfgate.judge.result import Status
    from perfgate.measure.summary import EndpointSummary, Interval, MetricSummary, PhaseSummary, Resources
    from perfgate.plan.budget import CustomMetric

UNUSABLE_SHARE = 0.01  # of a custom metric's values: when more are no numbers, the others say too little
UNSEEN = (
    "the service's CPU and memory could not be read: either no process that its command started accepts its "
    "connections, or one belongs to another user; let the command run it in the foreground, as this user"
)
_LONGEST_BLIND_S = 5.0  # a short phase may fall between two samples


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
    first = entry_of(phases[0], endpoint) if phases else None
    if metric == "error_rate":
        observed, missing, note = _error_rate(entries), "no requests", _together(phases)
    else:
        observed, missing, note = _single(metric, first), _missing(metric, first, phases), ""
        if first and first.requests >= _needed(metric):
            missing_status = "invalid"
    return Reading(
        metric,
        kind.unit,
        observed,
        at_most=kind.at_most,
        endpoint=endpoint,
        sample=_sample(metric, first),
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
    if entry.untimed:
        return f"{entry.untimed:,} of {counted(good, 'successful request')} have no response time"
    return f"it needs {counted(_needed(metric), 'successful request')}; {good:,} of {entry.requests:,} succeeded"


def _needed(metric: str) -> int:
    return needed_for(METRICS[metric].quantile or 0.0)


def _sample(metric: str, entry: EndpointSummary | None) -> Sample | None:
    if entry is None or metric not in QUANTILES:
        return None
    interval: Interval | None = getattr(entry, f"{metric}_interval_ms")
    count = entry.requests - entry.failures - entry.untimed
    return None if interval is None else Sample(QUANTILES[metric], count, interval)


def resource_reading(metric: str, phases: Sequence[PhaseSummary]) -> Reading:
    """Mean CPU of the first of `phases`, or the largest memory in any of them."""
    judged = phases[:1] if metric == "cpu" else phases
    seen = [phase.resources for phase in judged if phase.resources]
    unknown = next((resources for resources in seen if resources.unknown), None)
    blind = any(not phase.resources and phase.end_s - phase.start_s > _LONGEST_BLIND_S for phase in judged)
    missing = "not sampled: perfgate must start the service itself (give it a command)"
    if unknown is not None:
        missing = unmeasured(unknown)
    elif seen and blind:
        missing = "the service was not sampled in one of the judged phases"
    observed = None if unknown or blind else _resource(metric, seen)
    return Reading(metric, METRICS[metric].unit, observed, missing=missing)


def memory_seen(phases: Sequence[PhaseSummary]) -> float | None:
    """The largest memory that was seen of the service, though more may have been missed; None when nothing was."""
    seen = [phase.resources for phase in phases if phase.resources and phase.resources.unknown != "elsewhere"]
    return _resource("memory", seen)


def _resource(metric: str, seen: Sequence[Resources]) -> float | None:
    if metric == "cpu":
        return seen[0].cpu_mean if seen else None
    return max((resources.memory_max_bytes for resources in seen), default=None)


def unmeasured(resources: Resources) -> str:
    """Why CPU and memory are not known though something was sampled, in words."""
    who = resources.held_by or "a process that perfgate may not look into"
    words: dict[str | None, str] = {
        "elsewhere": f"the service is no process that its command started: {who} accepts its connections; let the "
        "command run it in the foreground",
        "incomplete": "samples of the service are missing from the recording",
        "unread": "a process of the service could not be read: run perfgate as the user that the service runs as",
        "gap": "for too long a time there was no sample of the service",
        "unseen": UNSEEN,
    }
    return words[resources.unknown]


def custom_reading(
    name: str, statistic: str, phase: PhaseSummary | None, endpoint: str | None, about: CustomMetric | None
) -> Reading:
    """A statistic of a custom metric in a phase."""
    entries = phase.metrics if phase else []
    entry = next((e for e in entries if e.name == name and e.endpoint == endpoint), None)
    unit = (entry.unit if entry else "") or (about.unit if about else "")
    usable = entry is not None and entry.unusable <= UNUSABLE_SHARE * (entry.count + entry.unusable)
    observed: float | None = getattr(entry, statistic, None) if usable else None
    return Reading(
        f"{name}.{statistic}",
        unit,
        observed,
        at_most=about is None or about.better == "lower",
        endpoint=endpoint,
        sample=_sample_custom(statistic, entry) if usable else None,
        missing=_missing_custom(statistic, entry, phase),
    )


def _sample_custom(statistic: str, entry: MetricSummary | None) -> Sample | None:
    interval: Interval | None = getattr(entry, f"{statistic}_interval", None)
    if entry is None or interval is None:
        return None
    return Sample(QUANTILES[statistic], entry.count, interval, "value")


def _missing_custom(statistic: str, entry: MetricSummary | None, phase: PhaseSummary | None) -> str:
    if phase is None:
        return "its phase was not reached"
    if entry is None:
        return f"the scenario reported no value in {phase.name}"
    if entry.unusable:
        return f"{entry.unusable:,} of {counted(entry.count + entry.unusable, 'value')} are no numbers"
    needed = needed_for(QUANTILES.get(statistic, 0.0))
    return f"it needs {counted(needed, 'value')}, there were {entry.count:,}"
