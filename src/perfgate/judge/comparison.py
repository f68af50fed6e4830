"""From the findings of a paired comparison to a run's result: checks, figures of the head, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.accepting import accepted
from perfgate.judge.answers import answer_checks
from perfgate.judge.assemble import reasons_of
from perfgate.judge.changed import LESS_IS_WORSE, contradicts, needed_requests, worded
from perfgate.judge.figures import FIGURES
from perfgate.judge.head_budgets import head_checks, summary_of
from perfgate.judge.readings import UNSEEN
from perfgate.judge.result import Check, Comparison, RunResult
from perfgate.judge.sides import MOSTLY_FAILED
from perfgate.judge.soundness import not_judged
from perfgate.judge.verdict import verdict_of
from perfgate.judge.words import label
from perfgate.measure.summary import Health

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.paired import Change
    from perfgate.judge.result import Acceptance, Result, Status, Verdict
    from perfgate.measure.blocks import Pair
    from perfgate.plan.plan import Load, Service

NO_PAIRS = "no pair of blocks counts: nothing was compared"
NOTHING_COMPARED = "nothing could be compared"
BLOCKS = "blocks"  # the judged phase of a comparison
_LATENCY = frozenset({"mean", "p50", "p95"})
_FIGURES = frozenset(figure.name for figure in FIGURES)
_DECIDED = frozenset({"worse", "not_worse", "better"})
_COMPARED = _DECIDED | {"undecided"}
GONE_FROM = 20  # requests at the base: one that comes up so often there is not missing at the head by chance


@dataclass(frozen=True)
class Terms:
    """On what terms a comparison is judged.

    Attributes:
        undecided: what an undecided check is: `invalid` or `warn`.
        acceptances: what the team lives with.
        doubts: why nothing that was measured can be trusted, in words.
        budgets: whether the budgets of the service are held on the head.
        started: perfgate started the service at the head.
        gone: what an endpoint is that the same load met at the base only.
        answers: what an endpoint is of which most answers are others at the head.
    """

    undecided: Status
    acceptances: Sequence[Acceptance] = ()
    doubts: Sequence[str] = ()
    budgets: bool = True
    started: bool = True
    gone: Status = "invalid"
    answers: Status = "invalid"


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
    # Of whole loads and of benchmarks the number of pairs is what matters: more time makes each longer.
    timed = terms.budgets and counting and not any(change.key.metric in _FIGURES for change in changes)
    pair_s = comparison.duration_s / len(counting) if timed and comparison.duration_s > 0 else None
    changes = [worded(change, pair_s) for change in changes] if pair_s is not None else changes
    known = {change.key.endpoint for change in changes if change.key.metric in _LATENCY and change.decision in _DECIDED}
    heads = [pair.head for pair in counting]
    compared = [
        accepted(
            check_of(change, terms.undecided, known=change.key.endpoint in known, gone=terms.gone, pair_s=pair_s),
            service.name,
            load.name,
            terms.acceptances,
        )
        for change in changes
    ]
    held = head_checks(service, load, heads, started=terms.started) if terms.budgets and heads else []
    unseen = _unseen(counting) if terms.budgets and terms.started else []
    found = [*held, *compared, *answer_checks(counting, terms.answers), *unseen]
    doubts = [*terms.doubts, *_contradictions(changes), *_nothing(counting, changes, found)]
    checks = [not_judged(check) for check in found] if doubts else found
    place = f"{service.name}/{load.name}"
    told = [check for check in found if check.status not in {"pass", "skipped"}]
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


def _unseen(counting: Sequence[Pair]) -> list[Check]:
    """That CPU and memory are not compared, where perfgate started the service and yet read neither at any side."""
    if not counting or any(side.memory_bytes is not None for pair in counting for side in (pair.base, pair.head)):
        return []
    return [
        Check(
            kind="paired",
            metric=metric,
            unit=unit,
            status="skipped",
            message=f"{label(metric)} not compared: {UNSEEN}",
        )
        for metric, unit in (("cpu_per_request", "ms"), ("memory", "bytes"))
    ]


def _nothing(counting: Sequence[Pair], changes: Sequence[Change], checks: Sequence[Check]) -> list[str]:
    """Unknown is never pass; what is red already is not hidden behind it."""
    if not counting:
        return [NO_PAIRS]
    if any(check.status == "fail" for check in checks) or any(change.failed for change in changes):
        return []
    return [] if any(change.decision in _COMPARED for change in changes) else [NOTHING_COMPARED]


def _contradictions(changes: Sequence[Change]) -> list[str]:
    """Where a finding says the opposite of its own figures, none of them is to be trusted."""
    return [
        f"{change.key.endpoint or 'the whole service'}: {change.words}; the decision contradicts its interval, "
        "which is a fault of perfgate: please report it"
        for change in changes
        if contradicts(change)
    ]


def check_of(
    change: Change,
    undecided: Status,
    *,
    known: bool = False,
    gone: Status = "invalid",
    pair_s: float | None = None,
) -> Check:
    """A finding as a check of the result.

    Args:
        change: the finding.
        undecided: what an undecided one is.
        known: something was decided about the endpoint's latency. Then a percentile of which there was simply too
            little data is a warning: a rare endpoint's p95 must not make every comparison invalid, nor be a pass.
        gone: what an endpoint is that only the base was asked for, and often.
        pair_s: how long it took until one more pair counted; None where that is not known.
    """
    in_percent = change.unit == "percent"
    return Check(
        kind="paired",
        endpoint=change.key.endpoint,
        metric=change.key.metric,
        unit=change.value_unit,
        direction="at_least" if change.key.metric in LESS_IS_WORSE else "at_most",
        observed=change.head,
        baseline=change.base,
        status=_status(change, "warn" if known and change.too_wide else undecided, gone),
        decision=None if change.decision in {"too_few", "failed", "unmeasured"} else change.decision,
        change_percent=change.change if in_percent else None,
        interval_percent=change.interval if in_percent else None,
        smallest_detectable_percent=change.smallest_detectable if in_percent else None,
        needed_s=None if change.pairs_needed is None or pair_s is None else change.pairs_needed * pair_s,
        needed_requests=None if pair_s is None else needed_requests(change),
        message=change.words,
    )


def _status(change: Change, undecided: Status, gone: Status) -> Status:
    if change.decision in {"not_worse", "better"}:
        return "pass"
    if change.decision == "worse":
        return "fail" if change.gating else "warn"
    if change.decision == "undecided":
        return undecided if change.gating else "skipped"
    if change.decision == "gone" and change.key.metric == "mean":  # once an endpoint
        return gone if change.base_requests >= GONE_FROM else "skipped"
    return "invalid" if change.decision == "failed" and _nothing_to_compare(change) else "skipped"


def _nothing_to_compare(change: Change) -> bool:
    """An endpoint that fails at the base alone has nothing to be compared with, as one that is new; a load has not."""
    return change.failed is None or change.key.endpoint is None or change.failed[1] >= MOSTLY_FAILED


def located(run: RunResult, source: str) -> RunResult:
    """The run, whose comparisons say where the file has what is tolerated."""
    checks = [check.model_copy(update={"source": source}) if check.kind == "paired" else check for check in run.checks]
    return run.model_copy(update={"checks": checks})


def compared_verdict(result: Result) -> Verdict:
    """What the comparisons of a result alone say, its budgets left out: whether the two sides were told apart."""
    checks = [check for run in result.runs for check in run.checks if check.kind == "paired"]
    return verdict_of((check.status for check in checks), sound=all(run.sound for run in result.runs))
