"""Summaries, loads and services for tests: plain values with as few words as each case needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perfgate.judge.result import Check, Status
from perfgate.measure.summary import (
    EndpointSummary,
    Failure,
    Health,
    Latency,
    MetricSummary,
    PhaseSummary,
    Resources,
    RunSummary,
    Series,
)
from perfgate.plan import profile
from perfgate.plan.budget import Budget, BudgetLayer, CustomMetric, Limit
from perfgate.plan.plan import Load, LoadKind, Model, Service, StopWhen

HOME = "GET /home"
ITEM = "GET /items/{id}"


def entry(name: str | None = None, requests: int = 1000, failures: int = 0, **fields: Any) -> EndpointSummary:
    """Requests of one endpoint; percentiles (`p95=312.4`) and other fields by name."""
    times = {key: fields.pop(key) for key in list(fields) if key in Latency.model_fields}
    kinds = [Failure(kind="HTTP 503", count=failures, example="503")] if failures else []
    return EndpointSummary(
        name=name,
        requests=requests,
        failures=failures,
        error_rate=failures / requests if requests else 0.0,
        throughput_per_s=fields.pop("throughput", requests / 10),
        latency_ms=Latency(**times),
        service_ms=Latency(),
        failed_ms=Latency(),
        failures_by_kind=kinds,
        **fields,
    )


def phase(
    name: str = "steady",
    start_s: float = 0,
    end_s: float = 10,
    *,
    total: EndpointSummary | None = None,
    endpoints: list[EndpointSummary] | None = None,
    resources: Resources | None = None,
    metrics: list[MetricSummary] | None = None,
    saturated: bool = False,
) -> PhaseSummary:
    """One phase."""
    return PhaseSummary(
        name=name,
        start_s=start_s,
        end_s=end_s,
        total=total or entry(),
        endpoints=endpoints or [],
        metrics=metrics or [],
        resources=resources,
        saturated=saturated,
    )


def resources(cpu: float = 0.5, memory: float = 100e6) -> Resources:
    """CPU and memory, the same all the time."""
    return Resources(cpu_mean=cpu, cpu_max=cpu, memory_mean_bytes=memory, memory_max_bytes=memory)


def summary(*phases: PhaseSummary, reasons: list[str] | None = None, unserved: int = 0, **fields: Any) -> RunSummary:
    """A run that was driven to its end, unless `fields` say otherwise."""
    health = Health(valid=not reasons, clock="user", reasons=reasons or [], unserved=unserved)
    values: dict[str, Any] = {
        "model": "closed",
        "started_at": 1_700_000_000.0,
        "duration_s": phases[-1].end_s if phases else 0.0,
        "complete": True,
        "end_reason": "completed",
        "phases": list(phases),
        "series": Series(),
        "health": health,
    }
    return RunSummary(**(values | fields))


def load(kind: LoadKind = "steady", *, model: Model = "closed", stop_when: StopWhen | None = None) -> Load:
    """A load of a kind, of the name of that kind: 10 s; spike 4 to 6 s; steps of 10 s at 10, 20 and 40."""
    curves = {
        "stress": profile.steps([10, 20, 40], 10),
        "spike": profile.spike(5, 50, spike_at_s=4, spike_duration_s=2, duration_s=10, ramp_up_s=0),
        "scenario": None,
    }
    levels = (10.0, 20.0, 40.0) if kind == "stress" else ()
    return Load(kind, kind, model, curves.get(kind, profile.hold(10, 10)), stop_when=stop_when, levels=levels)


def layer(**limits: float | tuple[float | None, float | None]) -> BudgetLayer:
    """Limits by metric: a failing tier, or a pair of (warn, fail)."""
    return BudgetLayer({name: limit(name, tiers) for name, tiers in limits.items()})


def limit(metric: str, tiers: float | tuple[float | None, float | None]) -> Limit:
    """A limit, from `budgets.toml:42`."""
    warn, fail = tiers if isinstance(tiers, tuple) else (None, tiers)
    return Limit(metric, warn, fail, "budgets.toml:42")


def service(budget: Budget | BudgetLayer | None = None, metrics: dict[str, CustomMetric] | None = None) -> Service:
    """The service `catalog`."""
    whole = Budget(every=budget) if isinstance(budget, BudgetLayer) else budget
    return Service(
        "catalog",
        "http://127.0.0.1:80",
        Path("shop.py"),
        "shop.py",
        ("steady",),
        budget=whole or Budget(),
        metrics=metrics or {},
    )


def check(status: Status = "pass", metric: str = "p95", **fields: Any) -> Check:
    """A check by hand."""
    return Check(metric=metric, unit="ms", status=status, message="", **fields)


def statuses(checks: list[Check]) -> dict[tuple[str | None, str], Status]:
    """The status of each check by endpoint and metric."""
    return {(found.endpoint, found.metric): found.status for found in checks}
