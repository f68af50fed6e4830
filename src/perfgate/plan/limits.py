"""Limits: the `budget` tables of a service made into a `Budget`, and whether each limit can be judged at all.

A limit that nothing could ever check (a recovery time without a spike, the CPU of a process that perfgate did not
start) is an error here and not a silent pass later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.plan.budget import DEFAULT, METRICS, Budget, BudgetLayer, CustomMetric, Limit, MetricKind, Scope
from perfgate.plan.limit_tables import NOT_IN_BUDGET
from perfgate.spelling import nearest

if TYPE_CHECKING:
    from perfgate.plan.findings import Place
    from perfgate.plan.limit_tables import EndpointLimits, RequestLimits, ServiceLimits, StatLimits
    from perfgate.plan.plan import Load, LoadKind
    from perfgate.plan.tables import ServiceTable
    from perfgate.plan.tiers import Tiers

DRIFT_WARN_PERCENT = 10.0
DRIFT_FAIL_PERCENT = 25.0
_FROM_PROCESS = frozenset({"cpu", "memory", "memory_drift", "startup_time"})


@dataclass(frozen=True)
class Scene:
    """What the limits of one service are held against.

    Attributes:
        known: the names of all loads of the file, also of those that could not be read.
        loads: the loads that are driven at this service, as far as they could be read.
        complete: whether `loads` holds all of them.
        custom: the custom metrics that the service declares.
        starts: whether perfgate starts the service, and so sees its processes.
    """

    known: tuple[str, ...]
    loads: dict[str, Load]
    complete: bool
    custom: dict[str, CustomMetric]
    starts: bool


def applies(metric: MetricKind, kind: LoadKind) -> bool:
    """Whether a load of that kind can check the metric or, for a stress load, judge its steps by it.

    Throughput says nothing under a stress load, whose level climbs: what it reports is the capacity.
    """
    if metric.loads:
        return kind in metric.loads
    return metric.scope in (Scope.REQUESTS, Scope.RUN) and (kind != "stress" or metric.name != "throughput")


def build_budget(table: ServiceTable, place: Place, scene: Scene) -> Budget:
    """All limits of a service, with the defaults that its loads bring; problems are reported to `place`."""
    budget = _Builder(scene).build(table, place)
    if not place.findings.problems:  # a p95 limit that could not be read would be missed here
        _check_recovery(budget, place.at("budget"), scene)
    return _with_defaults(budget, scene)


def _check_recovery(budget: Budget, place: Place, scene: Scene) -> None:
    for name, load in scene.loads.items():
        limits = budget.for_load(name).limits
        if load.kind == "spike" and "recovery_time" in limits and "p95" not in limits:
            own = name in budget.loads and "recovery_time" in budget.loads[name].limits
            here = place.at(name, "recovery_time") if own else place.at("recovery_time")
            here.wrong(
                f'there is no p95 limit for load "{name}" that the service could recover to',
                "write a p95 limit for the service or for the load",
            )


def _with_defaults(budget: Budget, scene: Scene) -> Budget:
    loads = dict(budget.loads)
    for name, load in scene.loads.items():
        written = budget.for_load(name).limits
        missing = {limit.metric: limit for limit in _defaults(load, scene) if limit.metric not in written}
        if missing:
            loads[name] = loads.get(name, BudgetLayer()).over(BudgetLayer(missing))
    return replace(budget, loads=loads)


def _defaults(load: Load, scene: Scene) -> list[Limit]:
    if load.kind == "stress":
        return [Limit("capacity", fail=load.levels[0], source=DEFAULT)]
    if load.kind != "soak":
        return []
    metrics = [name for name in ("p95_drift", "memory_drift") if scene.starts or name not in _FROM_PROCESS]
    return [Limit(name, DRIFT_WARN_PERCENT, DRIFT_FAIL_PERCENT, DEFAULT) for name in metrics]


class _Builder:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def build(self, table: ServiceTable, place: Place) -> Budget:
        endpoints = {name: endpoint.budget for name, endpoint in (table.endpoints or {}).items()}
        places = {name: place.at("endpoints", name) for name in endpoints}
        layers = {name: self._layer(limits, places[name].at("budget")) for name, limits in endpoints.items()}
        by_load = {
            (name, load): layer
            for name, limits in endpoints.items()
            for load, layer in self._by_load(limits, places[name].at("budget")).items()
        }
        return Budget(
            every=self._layer(table.budget, place.at("budget")),
            loads=self._by_load(table.budget, place.at("budget")),
            endpoints=layers,
            endpoint_loads=by_load,
            endpoint_sources={name: places[name].source for name in endpoints},
        )

    def _by_load(self, limits: ServiceLimits | EndpointLimits | None, place: Place) -> dict[str, BudgetLayer]:
        layers: dict[str, BudgetLayer] = {}
        for name, own in ((limits.model_extra if limits else None) or {}).items():
            if name not in self._scene.known:
                known = [*type(own).model_fields, *self._scene.known]
                place.at(name).wrong(NOT_IN_BUDGET, nearest(name, known))
            elif self._scene.complete and name not in self._scene.loads:
                place.at(name).wrong(f'load "{name}" is not driven at this service', "add it to the service's loads")
            else:
                layers[name] = self._layer(own, place.at(name), self._scene.loads.get(name), every=False)
        return layers

    def _layer(
        self, limits: RequestLimits | None, place: Place, load: Load | None = None, *, every: bool = True
    ) -> BudgetLayer:
        """The limits of one table; `load` is whose table it is, unless it is for every load."""
        if limits is None:
            return BudgetLayer()
        found: dict[str, Limit] = {}
        for kind in METRICS.values():
            own = kind.name in type(limits).model_fields  # any other key is a load's table, whatever its name
            tiers: Tiers | None = getattr(limits, kind.name) if own else None
            if tiers is not None:
                found[kind.name] = limit_of(kind.name, tiers, place.at(kind.name), at_most=kind.at_most)
                self._check_process(kind, place.at(kind.name))
                loads = self._scene.loads if every else {load.name: load} if load else {}
                self._check_loads(kind, tiers, loads, place.at(kind.name))
        return BudgetLayer(found, self._custom(limits.metrics or {}, place.at("metrics")))

    def _custom(self, tables: dict[str, StatLimits], place: Place) -> dict[tuple[str, str], Limit]:
        found: dict[tuple[str, str], Limit] = {}
        for name, table in tables.items():
            metric = self._scene.custom.get(name)
            if metric is None:
                hint = nearest(name, self._scene.custom) or f"declare it: [services.NAME.metrics.{name}]"
                place.at(name).wrong(f'the service has no metric "{name}"', hint)
                continue
            for stat in type(table).model_fields:
                tiers: Tiers | None = getattr(table, stat)
                if tiers is not None:
                    here, at_most = place.at(name, stat), metric.better == "lower"
                    found[name, stat] = limit_of(f"{name}.{stat}", tiers, here, at_most=at_most)
        return found

    def _check_process(self, kind: MetricKind, place: Place) -> None:
        if kind.name in _FROM_PROCESS and not self._scene.starts:
            place.wrong(
                "it can only be measured on a service that perfgate starts",
                "add `command` to the service, or remove this limit",
            )

    def _check_loads(self, kind: MetricKind, tiers: Tiers, loads: dict[str, Load], place: Place) -> None:
        """Hold a limit that only some kinds of load can check against the loads that it stands for."""
        fitting = [load for load in loads.values() if applies(kind, load.kind)]
        if loads and not fitting and kind.scope is not Scope.SERVICE and self._is_whole(loads):
            place.wrong(*_unfit(kind, loads))
        for load in fitting:
            if kind.name == "capacity":
                _check_capacity(tiers, load, place)

    def _is_whole(self, loads: dict[str, Load]) -> bool:
        """Whether no load is missing because it could not be read."""
        return self._scene.complete or loads is not self._scene.loads


def _unfit(kind: MetricKind, loads: dict[str, Load]) -> tuple[str, str]:
    """Message and hint for a limit that none of its loads can check."""
    if not kind.loads:
        return "a stress load, whose level climbs, cannot check it", "write a capacity in its place"
    wanted = " or ".join(sorted(kind.loads))
    return f"only a {wanted} load can check it, and {_kinds(loads)}", f"move it to a {wanted} load's budget"


def _kinds(loads: dict[str, Load]) -> str:
    return "; ".join(f'"{load.name}" is a {load.kind} load' for load in loads.values())


def _check_capacity(tiers: Tiers, load: Load, place: Place) -> None:
    unit = "/s" if load.model == "open" else "users"
    if tiers.unit != unit:
        example = f'"{load.levels[0]:g}{unit}"' if unit == "/s" else f'"{load.levels[0]:g} users"'
        place.wrong(f'load "{load.name}" is measured in {unit}, not in {tiers.unit}', f"write e.g. {example}")
        return
    highest = max(tier for tier in (tiers.warn, tiers.fail) if tier is not None)
    if highest > load.levels[-1]:
        place.wrong(
            f'it can never be held: the highest step of load "{load.name}" is {load.levels[-1]:g}',
            "lower it, or add a step to the load",
        )


def limit_of(metric: str, tiers: Tiers, place: Place, *, at_most: bool) -> Limit:
    """A limit as a plan value; a warning tier that could not be reached first is reported to `place`."""
    if tiers.warn is not None and tiers.fail is not None:
        in_order = tiers.warn < tiers.fail if at_most else tiers.warn > tiers.fail
        if not in_order:
            side = "below" if at_most else "above"
            place.wrong(f"warn must be reached before fail, so it must lie {side} it", "swap the two")
    return Limit(metric, tiers.warn, tiers.fail, place.source)
