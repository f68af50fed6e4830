"""The budgets of a service, held on the head's blocks: what `perfgate compare` says beside what has changed.

A comparison alone would pass a service that fails as much as before. The blocks of the head are the load's own level,
so that its error rate, latencies, CPU and memory are held against the budgets as in `perfgate run`. What short blocks,
or few of them, cannot tell is skipped, and says why.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from perfgate.judge.checks import check_run
from perfgate.judge.drift import METRICS as DRIFTS
from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.result import Check
from perfgate.judge.words import counted
from perfgate.measure.histogram import Histogram
from perfgate.measure.pairs import UNFINISHED
from perfgate.measure.percentile import QUANTILES, latency, needed_for, order_statistics
from perfgate.measure.summary import EndpointSummary, Health, Latency, PhaseSummary, Resources, RunSummary, Series
from perfgate.plan.budget import METRICS, Budget, Scope
from perfgate.plan.profile import STEADY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from perfgate.measure.blocks import Block
    from perfgate.plan.budget import BudgetLayer, Limit
    from perfgate.plan.plan import Load, Service

_WHOLE_LOADS = frozenset({"stress", "spike"})
_ELSEWHERE = "`perfgate run` holds it"


def head_checks(service: Service, load: Load, heads: Sequence[Block], *, started: bool) -> list[Check]:
    """Hold the head's blocks against the budgets.

    Args:
        service: whose budgets hold.
        load: as planned.
        heads: the blocks that count; at least one.
        started: perfgate started the service at the head, so that its CPU and memory can be read.

    Returns:
        First what was judged, then what was not.
    """
    summary = _summary(heads, load)
    reasons = {name: why for name in METRICS if (why := _why_not(name, load, started=started))}
    held = replace(service, budget=_without(service.budget, reasons))
    if load.kind == "stress":
        found = _everything_failed(summary.phases[0].total)
    else:
        found = check_run(summary, replace(load, kind="steady"), held)
    judged = [_short(check, summary.phases[0]) for check in found]
    return [*judged, *_left_out(service.budget, load, reasons)]


def _why_not(metric: str, load: Load, *, started: bool) -> str:
    """Why the blocks of a comparison cannot tell a metric; empty where they can."""
    kind = METRICS[metric]
    if kind.loads and load.kind not in kind.loads:
        return ""  # of another kind of load: it does not hold here at all
    if load.kind in _WHOLE_LOADS and not (load.kind == "spike" and metric == "error_rate"):
        return f"the load is shortened where it is compared; {_ELSEWHERE}"
    if metric == "throughput":
        return f"arrivals of short blocks are too few to hold it, and only compared; {_ELSEWHERE}"
    if metric in DRIFTS:
        return f"blocks are too short for a drift; {_ELSEWHERE}"
    if kind.scope is Scope.RUN and not started:
        return "perfgate did not start the service that is compared"
    return ""


def _without(budget: Budget, reasons: Mapping[str, str]) -> Budget:
    def layer(own: BudgetLayer) -> BudgetLayer:
        return replace(own, limits={name: at for name, at in own.limits.items() if name not in reasons}, custom={})

    return replace(
        budget,
        every=layer(budget.every),
        loads={name: layer(own) for name, own in budget.loads.items()},
        endpoints={name: layer(own) for name, own in budget.endpoints.items()},
        endpoint_loads={key: layer(own) for key, own in budget.endpoint_loads.items()},
    )


def _left_out(budget: Budget, load: Load, reasons: Mapping[str, str]) -> Iterator[Check]:
    """Each limit that was written and is not held, with the reason."""
    names = {*budget.endpoints, *(name for name, of in budget.endpoint_loads if of == load.name)}
    layers: list[tuple[str | None, BudgetLayer]] = [(None, budget.for_load(load.name))]
    layers += [(name, budget.own_of_endpoint(name, load.name)) for name in sorted(names)]
    for endpoint, layer in layers:
        for name, limit in layer.limits.items():
            kind = METRICS[name]
            if name in reasons and kind.scope in {Scope.REQUESTS, Scope.RUN}:
                yield _skipped(limit, Reading(name, kind.unit, None, kind.at_most, endpoint), reasons[name])
        for (name, statistic), limit in layer.custom.items():
            reading = Reading(f"{name}.{statistic}", "", None, endpoint=endpoint)
            yield _skipped(limit, reading, f"blocks carry no custom metrics; {_ELSEWHERE}")


def _skipped(limit: Limit, reading: Reading, why: str) -> Check:
    return check_limit(limit, replace(reading, missing=f"not held in a comparison: {why}", missing_status="skipped"))


def _everything_failed(total: EndpointSummary) -> list[Check]:
    """Of a stress load, whose last steps are there to break the service."""
    if not total.requests or total.failures < total.requests:
        return []
    words = f"every request failed ({counted(total.requests, 'request')}): that is never a pass"
    return [Check(metric="error_rate", unit="share", observed=1.0, status="fail", message=words)]


def _short(check: Check, phase: PhaseSummary) -> Check:
    """A check for which the comparison ended too early, as it may, is no fault of the service."""
    if check.status != "invalid" or check.observed is not None or check.metric not in METRICS:
        return check
    entries = [phase.total] if check.endpoint is None else phase.endpoints
    requests = next((entry.requests for entry in entries if entry.name == check.endpoint), 0)
    kind = METRICS[check.metric]
    if kind.scope is not Scope.REQUESTS or requests >= needed_for(kind.quantile or 0.0):
        return check
    words = f"{check.message}; the comparison had {counted(requests, 'request')}: {_ELSEWHERE}"
    return check.model_copy(update={"status": "skipped", "message": words})


def _summary(heads: Sequence[Block], load: Load) -> RunSummary:
    """The blocks as if they were the steady phase of a run."""
    measured_s = sum(block.measured_s for block in heads)
    names = sorted({name for block in heads for name in block.endpoints} - {UNFINISHED})
    steady = PhaseSummary(
        name=STEADY,
        start_s=0.0,
        end_s=measured_s,
        total=summary_of(None, heads),
        endpoints=[summary_of(name, heads) for name in names],
        resources=_resources(heads, measured_s),
    )
    return RunSummary(
        model=load.model,
        started_at=0.0,
        duration_s=measured_s,
        complete=True,
        end_reason="completed",
        phases=[steady],
        series=Series(),
        health=Health(valid=True, clock=None),
    )


def _resources(heads: Sequence[Block], measured_s: float) -> Resources | None:
    cpu = [(block.cpu_s, block.measured_s) for block in heads if block.cpu_s is not None]
    memory = [block.memory_bytes for block in heads if block.memory_bytes is not None]
    if not cpu or len(memory) < len(heads) or not measured_s:
        # What was not seen may be what was too much. Where perfgate started nothing there is no limit to hold.
        return Resources(cpu_mean=0, cpu_max=0, memory_mean_bytes=0, memory_max_bytes=0, unknown="unseen")
    return Resources(
        cpu_mean=sum(used for used, _ in cpu) / measured_s,
        cpu_max=max(used / lasted for used, lasted in cpu if lasted),
        memory_mean_bytes=sum(memory) / len(memory),
        memory_max_bytes=max(memory),
    )


def summary_of(name: str | None, blocks: Sequence[Block]) -> EndpointSummary:
    """The requests of an endpoint, or of the whole service, over all blocks of a side."""
    parts = [part for block in blocks for key, part in block.endpoints.items() if name in (None, key)]
    times = Histogram.merged(part.response_ms for part in parts)
    failures = sum(part.failed for part in parts)
    requests = times.count + failures
    measured_s = sum(block.measured_s for block in blocks)
    return EndpointSummary(
        name=name,
        requests=requests,
        failures=failures,
        error_rate=failures / requests if requests else 0.0,
        throughput_per_s=times.count / measured_s if measured_s else 0.0,
        latency_ms=latency(times),
        service_ms=Latency(),
        failed_ms=Latency(),
        **{f"{name}_interval_ms": order_statistics(times, name) for name in QUANTILES},
    )
