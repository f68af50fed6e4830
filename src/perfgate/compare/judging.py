"""From the recording of a comparison to its result: the same way at its end, and whenever it is read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perfgate.compare import suite_judging
from perfgate.compare.blocks import disturbed_counts, read_pairs
from perfgate.compare.looking import findings, rules_of
from perfgate.errors import RecordingError
from perfgate.judge.accepting import acceptances
from perfgate.judge.artifacts import artifacts_not_compared
from perfgate.judge.assemble import invalid_run, judge_all, judge_service
from perfgate.judge.comparison import Terms, compared_run, located
from perfgate.judge.result import Baseline, Comparison, Result, Revision
from perfgate.judging import circumstances_of, damaged, error_of, hosts_of, plan_of, runs_of
from perfgate.measure.manifest import Manifest, Problem, ServiceEntry

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.judge.paired import Rules
    from perfgate.judge.result import RunResult
    from perfgate.measure.manifest import ComparisonEntry, PairsEntry, RunEntry
    from perfgate.plan.plan import Plan


_ONE_SECOND = 1.0  # the length of blocks before it was found


def judge(folder: Path, manifest: Manifest | None = None) -> Result:
    """Judge the recording of a comparison in `folder`, whole or partial.

    Raises:
        RecordingError: it is not one, or cannot be read.
        BudgetsError: its budgets cannot be read by this version.
    """
    manifest = manifest or Manifest.load(folder)
    if manifest.comparison and manifest.comparison.benchmarks:
        return suite_judging.judge(folder, manifest)
    plan = plan_of(manifest, folder)
    today = datetime.fromtimestamp(manifest.started_at, UTC).date()
    known = acceptances(plan.accepts, today)
    entries = runs_of(manifest, plan)
    rules = rules_of(plan.gate, len(entries))
    damage = manifest.damage(folder)
    began = {name: own.startup_time_s is not None for name, own in manifest.service_entries.items()}
    terms = {
        name: Terms(plan.gate.undecided, known, started=began.get(name, False), answers=plan.compare.answers)
        for name in plan.services
    }
    runs = [_run(folder, entry, plan, (rules, terms[entry.service]), damaged(entry, damage)) for entry in entries]
    services = [
        judge_service(
            service,
            [run for run in runs if run.service == name],
            url=entry.url,
            startup_time_s=entry.startup_time_s,
            unstarted="invalid" if entry.problem else "skipped",  # a deployment was there before
        )
        for name, service in plan.services.items()
        if (entry := manifest.service_entries.get(name) or ServiceEntry(name, service.url))
    ]
    result = judge_all(services, runs, circumstances_of(manifest, folder))
    compared = manifest.comparison
    assert compared is not None  # the caller has looked
    return result.model_copy(
        update={
            "kind": "compare",
            "base": Revision(**compared.base),
            "baseline": _baseline(compared),
            "false_alarm_rate": plan.gate.false_alarm_rate,
            "acceptances": known,
            "checks": artifacts_not_compared(plan.artifacts),
        }
    )


def _baseline(compared: ComparisonEntry) -> Baseline:
    return Baseline(
        kind="paired",
        choice=compared.choice or compared.base_words,
        commit=compared.base["commit"],
        branch=compared.base["branch"],
        detail=f"{compared.base_words}, against {compared.head_words}",
        found=compared.found,
    )


def _run(
    folder: Path, entry: RunEntry, plan: Plan, judged_by: tuple[Rules, Terms], damage: RecordingError | None
) -> RunResult:
    rules, terms = judged_by
    service, load = plan.services[entry.service], plan.loads[entry.load]
    if entry.pairs is None or not entry.driven:
        return invalid_run(service, load, error_of(entry.problem or Problem("engine", "it was not driven")))
    error = damage or (error_of(entry.problem) if entry.problem else None)
    try:
        pairs = read_pairs(folder / entry.folder)
    except RecordingError as unreadable:
        return invalid_run(service, load, damage or unreadable)
    terms = replace(terms, doubts=[error.named()] if error else [])
    comparison = Comparison(
        pairs=sum(not pair.disturbed for pair in pairs),
        dropped=disturbed_counts(pairs),
        block_s=entry.pairs.block_s or plan.compare.block_s or _ONE_SECOND,
        own_cpus=entry.pairs.own_cpus,
        load_average=entry.pairs.load_average,
        duration_s=entry.pairs.duration_s,
        stopped=_stopped(entry.pairs),
        base_url=entry.pairs.base_url,
        head_url=entry.pairs.head_url,
        max_slowdown_percent=rules.max_slowdown_percent,
        false_alarm_rate=rules.false_alarm_rate,
    )
    run = compared_run(service, load, pairs, findings(pairs, rules, entry.pairs.max_pairs), comparison, terms)
    return located(run.model_copy(update={"hosts": hosts_of(entry)}), plan.gate.source or service.source)


def _stopped(pairs: PairsEntry) -> str:
    words = {"max_duration": "the time was over", "max_pairs": "as many pairs as planned were driven"}
    return words.get(pairs.stopped, pairs.stopped or "perfgate was killed")
