"""The figures of a run, as the history keeps and compares them: one number by endpoint and metric."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from perfgate.plan.budget import METRICS

if TYPE_CHECKING:
    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.summary import EndpointSummary

Key = tuple[str | None, str]  # endpoint (None: the whole service) and metric

CAPACITY = "capacity"
# Compared relative to the control: what a faster machine makes shorter. Memory does not shrink on one, and how many
# requests come is decided by the schedule or by waiting users more than by the machine.
TIMES = ("p50", "p95", "mean", "cpu_per_request")
AMOUNTS = ("throughput", "memory")
SHOWN = ("p99",)  # compared, and never red
TIMED = ("mean", "p50", "p95", *SHOWN)  # of benchmarks
COMPARED = (*TIMES, *AMOUNTS, *SHOWN)
BODY_SIZE, EMPTY, REDIRECTED = "body_size", "empty_answers", "redirected_answers"
ANSWERS = (BODY_SIZE, EMPTY, REDIRECTED)  # of an endpoint: they tell whether it is the same that was measured
_LATENCIES = ("mean", "p50", "p95", "p99")


def sound_runs(result: Result) -> list[RunResult]:
    """The runs that have figures to compare."""
    return [run for run in result.runs if run.sound and run.total is not None]


def figures_of(run: RunResult) -> dict[Key, float]:
    """All figures of a run's judged phase that are known, finite numbers only."""
    if run.total is None:
        return {}
    found: dict[Key, float | None] = {**_requests(run.total), **_resources(run, run.total)}
    for endpoint in run.endpoints:
        found.update(_requests(endpoint))
        found.update(_answers(endpoint))
    found[None, CAPACITY] = run.capacity.level if run.capacity else None
    found[None, "recovery_time"] = run.recovery.recovery_time_s if run.recovery else None
    return {key: value for key, value in found.items() if value is not None and isfinite(value)}


def _requests(entry: EndpointSummary) -> dict[Key, float | None]:
    if not entry.requests:
        return {}
    latencies: dict[Key, float | None] = {(entry.name, name): getattr(entry.latency_ms, name) for name in _LATENCIES}
    return {
        **latencies,
        (entry.name, "throughput"): entry.throughput_per_s,
        (entry.name, "error_rate"): entry.error_rate,
    }


def _answers(entry: EndpointSummary) -> dict[Key, float | None]:
    good = entry.requests - entry.failures
    if not good:
        return {}
    return {
        (entry.name, BODY_SIZE): entry.mean_body_bytes,
        (entry.name, EMPTY): entry.empty / good,
        (entry.name, REDIRECTED): entry.redirected / good,
    }


def _resources(run: RunResult, total: EndpointSummary) -> dict[Key, float | None]:
    cpu_ms = None
    if run.cpu_mean is not None and total.throughput_per_s > 0:
        requests_per_s = total.throughput_per_s / (1 - total.error_rate)  # those that fail cost CPU, too
        cpu_ms = run.cpu_mean / requests_per_s * 1000
    return {(None, "cpu_per_request"): cpu_ms, (None, "memory"): run.memory_max_bytes}


def unit_of(metric: str, own: str = "ms") -> str:
    """The unit of a metric of the history; `own` is that of what was measured, of which the metric is a statistic."""
    if metric in ANSWERS:
        return "bytes" if metric == BODY_SIZE else "share"
    if metric in METRICS and METRICS[metric].unit != "ms":
        return METRICS[metric].unit
    return own


def more_is_better(metric: str) -> bool:
    """Whether less of a metric is a worsening."""
    return metric == BODY_SIZE or (metric in METRICS and not METRICS[metric].at_most)
