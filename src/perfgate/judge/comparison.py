"""From the findings of a paired comparison to a run's result: checks, figures of the head, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.accepting import accepted
from perfgate.judge.assemble import reasons_of
from perfgate.judge.result import Check, Comparison, RunResult
from perfgate.judge.soundness import not_judged
from perfgate.judge.verdict import verdict_of
from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import latency
from perfgate.measure.summary import EndpointSummary, Health, Latency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.paired import Change
    from perfgate.judge.result import Acceptance, Status
    from perfgate.measure.blocks import Block, Pair
    from perfgate.plan.plan import Load, Service

NO_PAIRS = "no pair of blocks counts: nothing was compared"
NOTHING_COMPARED = "nothing could be compared"
BLOCKS = "blocks"  # the judged phase of a comparison
_LATENCY = frozenset({"mean", "p50", "p95"})
_DECIDED = frozenset({"worse", "not_worse", "better"})


@dataclass(frozen=True)
class Terms:
    """On what terms a comparison is judged.

    Attributes:
        undecided: what an undecided check is: `invalid` or `warn`.
        acceptances: what the team lives with.
        doubts: why nothing that was measured can be trusted, in words.
    """

    undecided: Status
    acceptances: Sequence[Acceptance] = ()
    doubts: Sequence[str] = ()


def compared_run(  # noqa: PLR0913  (what a comparison left)
    service: Service,
    load: Load,
    pairs: Sequence[Pair],
    changes: Sequence[Change],
    comparison: Comparison,
    terms: Terms,
) -> RunResult:
    """The result of one load that was compared.

    Args:
        service, load: as planned.
        pairs: all, disturbed ones included.
        changes: what was found.
        comparison: how it was made.
        terms: on which it is judged.
    """
    counting = [pair for pair in pairs if not pair.disturbed]
    known = {change.key.endpoint for change in changes if change.key.metric in _LATENCY and change.decision in _DECIDED}
    found = [
        accepted(
            check_of(change, terms.undecided, known=change.key.endpoint in known),
            service.name,
            load.name,
            terms.acceptances,
        )
        for change in changes
    ]
    doubts = [*terms.doubts, *_nothing(counting, found)]
    checks = [not_judged(check) for check in found] if doubts else found
    place = f"{service.name}/{load.name}"
    told = [check for check in found if check.status not in {"pass", "skipped"}]
    heads = [pair.head for pair in counting]
    cpu = [block.cpu_s for block in heads if block.cpu_s is not None]
    return RunResult(
        service=service.name,
        load=load.name,
        load_kind=load.kind,
        verdict=verdict_of((check.status for check in checks), sound=not doubts),
        reasons=[f"{place}: {doubt}" for doubt in doubts] + reasons_of(told, place),
        sound=not doubts,
        doubts=doubts,
        duration_s=comparison.duration_s,
        model=load.model,
        judged_phase=BLOCKS if heads else None,
        health=Health(valid=not terms.doubts, clock=None, reasons=list(terms.doubts)),
        total=summary_of(None, heads) if heads else None,
        endpoints=[summary_of(name, heads) for name in sorted({name for block in heads for name in block.endpoints})],
        checks=checks,
        comparison=comparison,
        cpu_mean=sum(cpu) / measured if cpu and (measured := sum(block.measured_s for block in heads)) else None,
        memory_max_bytes=max((block.memory_bytes for block in heads if block.memory_bytes is not None), default=None),
    )


def _nothing(counting: Sequence[Pair], checks: Sequence[Check]) -> list[str]:
    """Unknown is never pass."""
    if not counting:
        return [NO_PAIRS]
    return [NOTHING_COMPARED] if all(check.status == "skipped" for check in checks) else []


def check_of(change: Change, undecided: Status, *, known: bool = False) -> Check:
    """A finding as a check of the result.

    Args:
        change: the finding.
        undecided: what an undecided one is.
        known: something was decided about the endpoint's latency. Then a percentile of which there was simply too
            little data is a warning: a rare endpoint's p95 must not make every comparison invalid, nor be a pass.
    """
    in_percent = change.unit == "percent"
    return Check(
        kind="paired",
        endpoint=change.key.endpoint,
        metric=change.key.metric,
        unit=change.value_unit,
        direction="at_least" if change.key.metric in {"throughput", "capacity", "highest_throughput"} else "at_most",
        observed=change.head,
        baseline=change.base,
        status=_status(change, "warn" if known and change.too_wide else undecided),
        decision=None if change.decision == "too_few" else change.decision,
        change_percent=change.change if in_percent else None,
        interval_percent=change.interval if in_percent else None,
        smallest_detectable_percent=change.smallest_detectable if in_percent else None,
        message=change.words,
    )


def _status(change: Change, undecided: Status) -> Status:
    if change.decision in {"not_worse", "better"}:
        return "pass"
    if change.decision == "worse":
        return "fail" if change.gating else "warn"
    return undecided if change.decision == "undecided" and change.gating else "skipped"


def located(run: RunResult, source: str) -> RunResult:
    """The run, whose comparisons say where the file has what is tolerated."""
    return run.model_copy(update={"checks": [check.model_copy(update={"source": source}) for check in run.checks]})


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
        throughput_per_s=requests / measured_s if measured_s else 0.0,
        latency_ms=latency(times),
        service_ms=Latency(),
        failed_ms=Latency(),
    )
