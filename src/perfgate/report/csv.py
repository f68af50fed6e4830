"""CSV: one row per run, phase and endpoint, one per compared check, and one per check of a limit.

The unit of every number stands beside it.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from perfgate.report.changes import is_compared
from perfgate.report.tables import check_rows, printable, run_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.summary import EndpointSummary, MetricSummary, PhaseSummary
    from perfgate.report.tables import CheckRow

Row = dict[str, object]

STATISTICS = ("mean", "p50", "p90", "p95", "p99", "p99_9", "min", "max")
_TIMES = (("latency", "latency_ms"), ("service", "service_ms"), ("failed", "failed_ms"))
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # the wide ones, too: some spreadsheets take them for the same
_INTERVALS = ("p50", "p90", "p95", "p99", "p99_9")
_RESOURCES = {
    "cpu_mean_cores": "cpu_mean",
    "cpu_max_cores": "cpu_max",
    "memory_mean_bytes": "memory_mean_bytes",
    "memory_max_bytes": "memory_max_bytes",
}

# Of rows whose scope is `comparison`: one compared check each.
CHANGE_COLUMNS = (
    "metric",
    "kind",
    "status",
    "decision",
    "unit",
    "base",
    "head",
    "change_percent",
    "change_low_percent",
    "change_high_percent",
    "smallest_detectable_percent",
    "accepted",
    "base_commit",
)

COLUMNS = (
    "result",
    "commit",
    "service",
    "load",
    "load_kind",
    "model",
    "run_verdict",
    "run_sound",
    "phase",
    "judged",
    "phase_start_s",
    "phase_end_s",
    "level",
    "scope",
    "endpoint",
    "requests",
    "failures",
    "error_rate",
    "throughput_per_s",
    *(f"{prefix}_{statistic}_ms" for prefix, _ in _TIMES for statistic in STATISTICS),
    *(f"latency_{quantile}_{end}_ms" for quantile in _INTERVALS for end in ("low", "high")),
    "bytes_received",
    *_RESOURCES,
    "saturated",
    *CHANGE_COLUMNS,
    "observed",
    "limit",
    "caveat",
    "uncertain",
    "observed_low",
    "observed_high",
    "samples",
    "samples_needed",
)


def render(result: Result) -> str:
    """The table with a heading line; unknown numbers are empty cells.

    `scope` is `service` (the whole, with an empty `endpoint`), `endpoint`, `comparison`: a compared check, whose
    `base` and `head` are in its `unit`, or `check`: one that is held against a limit, whose `observed`, `limit` and
    interval (`observed_low` and `observed_high`, empty where it is not bounded) are in its `unit`. Custom metrics add a
    column for each statistic after `COLUMNS`, `metric NAME p95 (UNIT)`. Text from outside that a spreadsheet would take
    for a formula has a `'` in front.
    """
    rows = [*(row for run in result.runs for row in _run_rows(result, run)), *_of_no_load(result)]
    custom = sorted({name for row in rows for name in row} - set(COLUMNS))
    buffer = StringIO()
    writer = csv.DictWriter(buffer, [*COLUMNS, *custom], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def safe(text: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    clean = printable(text, longest=1000)
    return f"'{clean}" if clean.lstrip().startswith(_FORMULA) else clean


def _of_no_load(result: Result) -> Iterator[Row]:
    """Checks of imported results, of artifacts, and of services as a whole."""
    for row in check_rows(result):
        if row.load:
            continue
        about: Row = {
            "result": safe(result.id),
            "commit": safe(result.revision.commit or ""),
            "service": safe(row.service),
        }
        told = _compared(result, row) if is_compared(row) else _held(row)
        yield {**about, **told, "endpoint": safe(row.name or "")}


def _held(row: CheckRow) -> Row:
    check = row.check
    low, high = check.observed_interval or (None, None)
    return {
        "scope": "check",
        "metric": "size" if row.is_artifact else safe(check.metric),
        "kind": check.kind,
        "status": check.status,
        "unit": safe(check.unit),
        "observed": check.observed,
        "limit": check.limit,
        "caveat": safe(check.caveat),
        "uncertain": _yes(check.uncertain),
        "observed_low": low,
        "observed_high": high,
        "samples": check.samples,
        "samples_needed": check.samples_needed,
    }


def _run_rows(result: Result, run: RunResult) -> Iterator[Row]:
    about: Row = {
        "result": safe(result.id),
        "commit": safe(result.revision.commit or ""),
        "service": safe(run.service),
        "load": safe(run.load),
        "load_kind": safe(run.load_kind),
        "model": run.model,
        "run_verdict": run.verdict,
        "run_sound": _yes(run.sound),
    }
    for row in filter(is_compared, run_rows(run)):
        yield {**about, **_compared(result, row)}
    for phase in run.phases:
        placed = {**about, **_phase(phase), "judged": _yes(phase.name == run.judged_phase)}
        yield {**placed, "scope": "service", **_requests(phase.total), **_resources(phase), **_metrics(phase, None)}
        for endpoint in phase.endpoints:
            name = endpoint.name or ""
            yield {
                **placed,
                "scope": "endpoint",
                "endpoint": safe(name),
                **_requests(endpoint),
                **_metrics(phase, name),
            }
        named = {endpoint.name or "" for endpoint in phase.endpoints}
        for name in dict.fromkeys(metric.endpoint for metric in phase.metrics if metric.endpoint is not None):
            if name not in named:  # reported for something that is not a request
                yield {**placed, "scope": "endpoint", "endpoint": safe(name), **_metrics(phase, name)}
    for row in run_rows(run):
        if not is_compared(row):
            yield {**about, **_held(row), "endpoint": safe(row.name or "")}


def _compared(result: Result, row: CheckRow) -> Row:
    check = row.check
    low, high = check.interval_percent or (None, None)
    commit = (result.base.commit if result.base else None) or (result.baseline.commit if result.baseline else None)
    return {
        "scope": "comparison",
        "endpoint": safe(check.endpoint or ""),
        "metric": safe(check.metric),
        "kind": check.kind,
        "status": check.status,
        "decision": check.decision or "",
        "unit": safe(check.unit),
        "base": check.baseline,
        "head": check.observed,
        "change_percent": check.change_percent,
        "change_low_percent": low,
        "change_high_percent": high,
        "smallest_detectable_percent": check.smallest_detectable_percent,
        "accepted": _yes(check.accepted is not None),
        "base_commit": safe(commit or ""),
    }


def _phase(phase: PhaseSummary) -> Row:
    return {
        "phase": safe(phase.name),
        "phase_start_s": phase.start_s,
        "phase_end_s": phase.end_s,
        "level": phase.level,
        "saturated": _yes(phase.saturated),
    }


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _requests(summary: EndpointSummary) -> Row:
    row: Row = {
        "requests": summary.requests,
        "failures": summary.failures,
        "error_rate": summary.error_rate,
        "throughput_per_s": summary.throughput_per_s,
        "bytes_received": summary.bytes_received,
    }
    for prefix, name in _TIMES:
        times = getattr(summary, name)
        row |= {f"{prefix}_{statistic}_ms": getattr(times, statistic) for statistic in STATISTICS}
    for quantile in _INTERVALS:
        interval = getattr(summary, f"{quantile}_interval_ms")
        if interval:
            row |= {f"latency_{quantile}_low_ms": interval[0], f"latency_{quantile}_high_ms": interval[1]}
    return row


def _resources(phase: PhaseSummary) -> Row:
    if phase.resources is None:
        return {}
    return {column: getattr(phase.resources, name) for column, name in _RESOURCES.items()}


def _metrics(phase: PhaseSummary, endpoint: str | None) -> Row:
    row: Row = {}
    for metric in phase.metrics:
        if metric.endpoint == endpoint:
            row |= {_metric_column(metric, name): getattr(metric, name) for name in ("count", *STATISTICS)}
    return row


def _metric_column(metric: MetricSummary, statistic: str) -> str:
    unit = f" ({metric.unit})" if metric.unit and statistic != "count" else ""
    return printable(f"metric {metric.name} {statistic}{unit}", longest=1000)
