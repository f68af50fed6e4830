"""Which limit applies where: the table that `perfgate explain` prints, as values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from perfgate.plan.budget import DEFAULT, METRICS, BudgetLayer, Limit
from perfgate.plan.limits import applies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.plan.benchmarks import BenchmarkBudget
    from perfgate.plan.budget import Budget, Uncertain
    from perfgate.plan.plan import Load, Plan, Service

Origin = Literal["service", "load", "endpoint", "endpoint and load", "default", "artifacts", "benchmarks"]
Use = Literal["check", "step"]


@dataclass(frozen=True)
class AppliedLimit:
    """One limit at one place where it holds.

    Attributes:
        service: None for an artifact or a benchmark.
        load: None for what is measured once, whatever the loads.
        endpoint: None for the whole service; of `[benchmarks]` the name or glob.
        metric: its name; `tokens.p95` for a custom metric, the file's path for an artifact.
        unit: of `warn` and `fail`.
        source: where it is written (`budgets.toml:42`), or `default`.
        inherited_from: which kind of table it comes from.
        uncertain: what a broken one is that lies within the interval of the percentile that is held against it.
        use: `step` when it is no check of its own but decides whether a step of a stress load held.
    """

    service: str | None
    load: str | None
    endpoint: str | None
    metric: str
    unit: str
    warn: float | None
    fail: float | None
    source: str
    inherited_from: Origin
    use: Use = "check"
    uncertain: Uncertain = "warn"


def applicable_limits(plan: Plan) -> list[AppliedLimit]:
    """Every limit at every place where it holds, in the order of the file.

    Only endpoints that the file names are known here, beside the whole service (`endpoint=None`). An endpoint that
    only a run can tell inherits what stands for the whole service, apart from throughput.
    """
    rows = [row for service in plan.services.values() for row in _of_service(service, plan)]
    artifacts = [
        AppliedLimit(None, None, None, artifact.path, "bytes", *_amounts(artifact.limit), "artifacts")
        for artifact in plan.artifacts
    ]
    return rows + artifacts + [row for budget in plan.benchmarks for row in _of_benchmarks(budget)]


def _of_benchmarks(budget: BenchmarkBudget) -> Iterator[AppliedLimit]:
    for name, found in budget.limits.items():
        amounts = _amounts(found.limit)
        yield _applied(found.limit, AppliedLimit(None, None, budget.pattern, name, found.unit, *amounts, "benchmarks"))


def _applied(limit: Limit, row: AppliedLimit) -> AppliedLimit:
    return replace(row, uncertain=limit.uncertain)


def _amounts(limit: Limit) -> tuple[float | None, float | None, str]:
    return limit.warn, limit.fail, limit.source


def _of_service(service: Service, plan: Plan) -> Iterator[AppliedLimit]:
    startup = service.budget.every.limits.get("startup_time")
    if startup:
        yield AppliedLimit(service.name, None, None, startup.metric, "s", *_amounts(startup), "service")
    endpoints: list[str | None] = [None, *service.budget.endpoints]
    for name in service.loads:
        for endpoint in endpoints:
            yield from _of_place(service, plan.loads[name], endpoint)


def _of_place(service: Service, load: Load, endpoint: str | None) -> Iterator[AppliedLimit]:
    budget = service.budget
    layer = budget.for_load(load.name) if endpoint is None else budget.for_endpoint(endpoint, load.name)
    tables = _tables(budget, load.name, endpoint)
    for kind in METRICS.values():
        limit = layer.error_rate if kind.name == "error_rate" else layer.limits.get(kind.name)
        if limit is not None and applies(kind, load.kind):
            use: Use = "step" if load.kind == "stress" and not kind.loads else "check"
            origin = _origin(limit, [(origin, table.limits.get(kind.name)) for origin, table in tables])
            unit: str = kind.unit or ("/s" if load.model == "open" else "users")
            amounts = _amounts(limit)
            row = AppliedLimit(service.name, load.name, endpoint, kind.name, unit, *amounts, origin, use)
            yield _applied(limit, row)
    for (name, stat), limit in layer.custom.items():
        origin = _origin(limit, [(origin, table.custom.get((name, stat))) for origin, table in tables])
        unit, amounts = service.metrics[name].unit, _amounts(limit)
        row = AppliedLimit(service.name, load.name, endpoint, f"{name}.{stat}", unit, *amounts, origin)
        yield _applied(limit, row)


def _tables(budget: Budget, load: str, endpoint: str | None) -> list[tuple[Origin, BudgetLayer]]:
    """The tables that may hold a limit, the nearest first."""
    whole: list[tuple[Origin, BudgetLayer]] = [
        ("load", budget.loads.get(load, BudgetLayer())),
        ("service", budget.every),
    ]
    if endpoint is None:
        return whole
    own = budget.endpoint_loads.get((endpoint, load), BudgetLayer())
    return [("endpoint and load", own), ("endpoint", budget.endpoints[endpoint]), *whole]


def _origin(limit: Limit, candidates: list[tuple[Origin, Limit | None]]) -> Origin:
    if limit.source == DEFAULT:
        return "default"
    return next(origin for origin, found in candidates if found is limit)
