"""From the recording of two revisions' benchmarks to its result."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.compare.looking import findings, rules_of
from perfgate.errors import RecordingError
from perfgate.judge.accepting import acceptances
from perfgate.judge.assemble import invalid_run, judge_all, judge_service
from perfgate.judge.comparison import Terms, compared_run, located
from perfgate.judge.result import Baseline, Comparison, Result, Revision
from perfgate.judging import circumstances_of, damaged, error_of
from perfgate.measure.manifest import Problem
from perfgate.measure.pairs import read_pairs
from perfgate.plan.budgets_file import parse_plan
from perfgate.plan.plan import Load, Service

if TYPE_CHECKING:
    from perfgate.judge.result import Acceptance, RunResult
    from perfgate.measure.manifest import Manifest, RunEntry
    from perfgate.plan.plan import Plan

_STOPPED = {"max_duration": "the time was over", "max_pairs": "as many pairs as planned were run"}


def judge(folder: Path, manifest: Manifest) -> Result:
    """Judge the recording in `folder`, whole or partial.

    Raises:
        RecordingError: it cannot be read.
        BudgetsError: its budgets cannot be read by this version.
    """
    plan = parse_plan(manifest.budgets_text, Path(manifest.budgets_path), require_files=False)
    known = acceptances(plan.accepts, datetime.fromtimestamp(manifest.started_at, UTC).date())
    damage = manifest.damage(folder)
    runs = [_run(folder, entry, plan, known, damaged(entry, damage)) for entry in manifest.runs]
    services = [judge_service(_service(run.service, run.load), [run], url="") for run in runs]
    compared = manifest.comparison
    assert compared is not None  # the caller has looked
    return judge_all(services, runs, circumstances_of(manifest, folder)).model_copy(
        update={
            "kind": "compare",
            "base": Revision(**compared.base),
            "baseline": Baseline(
                kind="paired",
                choice=compared.choice or compared.base_words,
                commit=compared.base["commit"],
                branch=compared.base["branch"],
                detail=f"{compared.base_words}, against {compared.head_words}: {compared.benchmarks}",
            ),
            "false_alarm_rate": plan.gate.false_alarm_rate,
            "acceptances": known,
        }
    )


def _service(name: str, load: str) -> Service:
    return Service(name, url="", scenario=Path(), scenario_text="", loads=(load,))


def _run(
    folder: Path, entry: RunEntry, plan: Plan, known: list[Acceptance], damage: RecordingError | None
) -> RunResult:
    service, load = _service(entry.service, entry.load), Load(entry.load, "steady", "closed", None)
    if entry.pairs is None or not entry.driven:
        return invalid_run(service, load, error_of(entry.problem or Problem("engine", "no pair of runs was measured")))
    rules = rules_of(plan.gate, 1)
    error = damage or (error_of(entry.problem) if entry.problem else None)
    try:
        pairs = read_pairs(folder / entry.folder)
    except RecordingError as unreadable:
        return invalid_run(service, load, damage or unreadable)
    changes = [
        change
        for change in findings(pairs, rules, entry.pairs.max_pairs)
        if change.key.metric != "error_rate"  # a benchmark has no requests that fail
    ]
    comparison = Comparison(
        pairs=len(pairs),
        block_s=entry.pairs.duration_s / max(2 * len(pairs), 1),
        duration_s=entry.pairs.duration_s,
        stopped=_STOPPED.get(entry.pairs.stopped, entry.pairs.stopped or "perfgate was killed"),
        max_slowdown_percent=rules.max_slowdown_percent,
        false_alarm_rate=rules.false_alarm_rate,
    )
    # A benchmark may be taken away on purpose, and has no budget of a service.
    terms = Terms(plan.gate.undecided, known, [error.named()] if error else [], budgets=False, gone="warn")
    return located(compared_run(service, load, pairs, changes, comparison, terms), plan.gate.source)
