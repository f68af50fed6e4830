"""Prometheus text exposition format 0.0.4, in base units (seconds, bytes, ratios).

For a textfile collector or a push gateway.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Literal

from perfgate.report import prometheus_changes
from perfgate.report.family import Family, based, scaled
from perfgate.report.tables import check_rows

if TYPE_CHECKING:
    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.summary import EndpointSummary, MetricSummary

Labels = dict[str, str]

VERDICTS = ("pass", "warn", "fail", "invalid")
QUANTILES = {"p50": "0.5", "p90": "0.9", "p95": "0.95", "p99": "0.99", "p99_9": "0.999"}


def render(result: Result) -> str:
    """The result's families, each in one block, each line ended by a newline.

    An empty `endpoint` label is the whole service. Requests and failures are counted per endpoint only, so that a
    sum over the label is right.
    """
    families = [*_overall(result), *_checks(result), *prometheus_changes.families(result), *_runs(result)]
    return "".join(f"{line}\n" for family in families for line in family.lines())


def _overall(result: Result) -> list[Family]:
    verdict = Family("perfgate_verdict", "gauge", "1 for the verdict of the whole result, 0 for the others")
    for name in VERDICTS:
        verdict.add(float(name == result.verdict), verdict=name)
    code = Family("perfgate_exit_code", "gauge", "the exit code: 0 pass, 1 fail, 2 usage, 3 invalid")
    code.add(result.exit_code)
    started = Family(
        "perfgate_started_timestamp_seconds", "gauge", "when the measurement started, seconds since the epoch"
    )
    started.add(result.started_at)
    duration = Family("perfgate_duration_seconds", "gauge", "how long the whole measurement took")
    duration.add(result.duration_s)
    return [verdict, code, started, duration, *_services(result)]


def _services(result: Result) -> list[Family]:
    score = Family("perfgate_score", "gauge", "health score of a service, 0 to 100; it never decides the verdict")
    startup = Family("perfgate_startup_seconds", "gauge", "from the service's start until it was ready")
    for service in result.services:
        score.add(service.score.score, service=service.name)
        startup.add(service.startup_time_s, service=service.name)
    return [score, startup]


def _checks(result: Result) -> list[Family]:
    observed = Family("perfgate_check_observed", "gauge", "what a check measured, in the base unit its label names")
    limit = Family("perfgate_check_limit", "gauge", "the limit that decided a check, in the base unit its label names")
    status = Family("perfgate_check_status", "gauge", "1 for the status that a check has")
    uncertain = Family(
        "perfgate_check_uncertain", "gauge", "1 when the limit lies within the 95 % interval of the percentile, else 0"
    )
    low = Family("perfgate_check_observed_low", "gauge", "lower end of the 95 % interval of a percentile, else -Inf")
    high = Family("perfgate_check_observed_high", "gauge", "upper end of the 95 % interval of a percentile, else +Inf")
    for row in check_rows(result):
        check = row.check
        unit, factor = based(check.unit)
        labels = {
            "service": row.service,
            "load": row.load,
            "endpoint": check.endpoint or "",
            "metric": check.metric,
            "kind": check.kind,
        }
        observed.add(scaled(check.observed, factor), **labels, unit=unit)
        limit.add(scaled(check.limit, factor), **labels, unit=unit)
        status.add(1.0, **labels, status=row.status)
        if check.observed_interval is not None:
            least, most = check.observed_interval
            uncertain.add(float(check.uncertain), **labels)
            low.add(-inf if least is None else least * factor, **labels, unit=unit)
            high.add(inf if most is None else most * factor, **labels, unit=unit)
    return [observed, limit, status, uncertain, low, high]


def _run_families() -> dict[str, Family]:
    kinds: list[tuple[str, Literal["gauge", "counter"], str]] = [
        ("run_verdict", "gauge", "1 for the verdict of a load at a service, 0 for the others"),
        ("run_duration_seconds", "gauge", "how long a load was driven"),
        ("requests_total", "counter", "requests of the judged phase"),
        ("failures_total", "counter", "failed requests of the judged phase"),
        ("throughput_per_second", "gauge", "successful requests per second of the judged phase"),
        ("error_ratio", "gauge", "failed requests / all requests of the judged phase"),
        ("latency_seconds", "gauge", "response time of successful requests of the judged phase, by quantile"),
        ("latency_mean_seconds", "gauge", "mean response time of successful requests of the judged phase"),
        ("service_cpu_cores", "gauge", "mean CPU of the service's process tree; 1 is one core"),
        ("service_memory_max_bytes", "gauge", "largest resident memory of the service's process tree"),
        ("capacity", "gauge", "stress: the highest level that held, in the unit its label names"),
        ("recovery_seconds", "gauge", "spike: time until p95 was back within budget"),
        ("recovered", "gauge", "spike: 1 if p95 came back within budget, else 0"),
        ("p95_drift_ratio", "gauge", "soak: p95 of the last fifth against the first, minus 1"),
        ("memory_drift_ratio", "gauge", "soak: memory of the last fifth against the first, minus 1"),
        ("metric", "gauge", "a custom metric of the judged phase, by statistic"),
        ("sound", "gauge", "1 when a run as a whole can be trusted, so that its checks are verdicts, else 0"),
        ("health_valid", "gauge", "1 when the load generator itself can be trusted, else 0"),
        ("generator_cpu_max_cores", "gauge", "most CPU that the load generator used in a second; 1 is one core"),
        ("left_out_requests_total", "counter", "requests that are in no figure because the clock stepped"),
        ("retried_requests_total", "counter", "requests sent again because the server had closed an idle connection"),
        ("unsolicited_total", "counter", "kept connections given up since the service sent what nobody had asked for"),
        ("arrivals_total", "counter", "open model: arrivals that fell due"),
        ("late_arrivals_total", "counter", "open model: arrivals that waited for a user past their own second"),
        ("unserved_arrivals_total", "counter", "open model: arrivals that never found a user"),
    ]
    return {name: Family(f"perfgate_{name}", kind, about) for name, kind, about in kinds}


def _runs(result: Result) -> list[Family]:
    families = _run_families()
    for run in result.runs:
        labels = {"service": run.service, "load": run.load}
        for name in VERDICTS:
            families["run_verdict"].add(float(name == run.verdict), **labels, verdict=name)
        families["run_duration_seconds"].add(run.duration_s, **labels)
        families["sound"].add(float(run.sound), **labels)
        _add_health(families, run, labels)
        families["service_cpu_cores"].add(run.cpu_mean, **labels)
        families["service_memory_max_bytes"].add(run.memory_max_bytes, **labels)
        _add_endpoints(families, run, labels)
        _add_findings(families, run, labels)
        for metric in run.metrics:
            _add_metric(families["metric"], metric, labels)
    return list(families.values())


def _add_health(families: dict[str, Family], run: RunResult, labels: Labels) -> None:
    health = run.health
    families["health_valid"].add(float(health.valid), **labels)
    families["generator_cpu_max_cores"].add(health.cpu_max, **labels)
    if health.clock is None:  # there were no requests to count anything of
        return
    families["left_out_requests_total"].add(health.left_out, **labels)
    families["retried_requests_total"].add(health.retried, **labels)
    families["unsolicited_total"].add(health.unsolicited, **labels)
    if run.model == "open":
        families["arrivals_total"].add(health.arrivals, **labels)
        families["late_arrivals_total"].add(health.late, **labels)
        families["unserved_arrivals_total"].add(health.unserved, **labels)


def _add_endpoints(families: dict[str, Family], run: RunResult, labels: Labels) -> None:
    if run.total:
        _add_times(families, run.total, {**labels, "endpoint": ""})
    for endpoint in run.endpoints:
        at = {**labels, "endpoint": endpoint.name or ""}
        families["requests_total"].add(endpoint.requests, **at)
        families["failures_total"].add(endpoint.failures, **at)
        _add_times(families, endpoint, at)


def _add_times(families: dict[str, Family], summary: EndpointSummary, labels: Labels) -> None:
    families["throughput_per_second"].add(summary.throughput_per_s, **labels)
    families["error_ratio"].add(summary.error_rate if summary.requests else None, **labels)
    families["latency_mean_seconds"].add(scaled(summary.latency_ms.mean, 1e-3), **labels)
    for name, quantile in QUANTILES.items():
        value = scaled(getattr(summary.latency_ms, name), 1e-3)
        families["latency_seconds"].add(value, **labels, quantile=quantile)


def _add_findings(families: dict[str, Family], run: RunResult, labels: Labels) -> None:
    if run.capacity:
        unit = based(run.capacity.unit)[0]
        families["capacity"].add(run.capacity.level, **labels, unit=unit)
    if run.recovery:
        families["recovery_seconds"].add(run.recovery.recovery_time_s, **labels)
        families["recovered"].add(float(run.recovery.recovery_time_s is not None), **labels)
    if run.drift:
        families["p95_drift_ratio"].add(scaled(run.drift.p95_percent, 1e-2), **labels)
        families["memory_drift_ratio"].add(scaled(run.drift.memory_percent, 1e-2), **labels)


def _add_metric(family: Family, metric: MetricSummary, labels: Labels) -> None:
    at = {**labels, "endpoint": metric.endpoint or "", "name": metric.name, "unit": metric.unit}
    for statistic in ("count", "mean", "p50", "p90", "p95", "p99", "p99_9", "min", "max"):
        family.add(getattr(metric, statistic), **at, statistic=statistic)
