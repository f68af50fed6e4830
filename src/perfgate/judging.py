"""From a recording on disk to a result: the same way whether the work has just ended, was killed, or is a year old."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.errors import BudgetsError, PerfgateError, RecordingError, UsageError
from perfgate.judge.assemble import Circumstances, invalid_run, judge_all, judge_run, judge_service
from perfgate.judge.result import ClassHost, Control, Environment, Result, Revision, RunResult, ServiceResult
from perfgate.measure.control import median_and_spread
from perfgate.measure.manifest import MANIFEST, Manifest, Problem, RunEntry, ServiceEntry
from perfgate.measure.run import summarize
from perfgate.measure.seal import damage_below
from perfgate.plan.budgets_file import parse_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.measure.run import Times
    from perfgate.plan.plan import Plan

    RunTimes = dict[tuple[str, str], Times]


def judge(folder: Path, manifest: Manifest | None = None, times: RunTimes | None = None) -> Result:
    """Judge the recording in `folder`, whole or partial.

    Args:
        folder: the recording.
        manifest: its manifest where it is at hand, so that a full disk cannot hide what it says; else it is read.
        times: where to put the response times of each run, by service and load; see `measure.run.summarize`.

    Raises:
        RecordingError: it is not one, or its manifest cannot be read; journals that are damaged make their run invalid.
        BudgetsError: its budgets cannot be read by this version.
    """
    manifest = manifest or Manifest.load(folder)
    plan = plan_of(manifest, folder)
    damage = manifest.damage(folder)
    runs = [_run(folder, entry, plan, times, damaged(entry, damage)) for entry in runs_of(manifest, plan)]
    known = manifest.service_entries
    entries = [known.get(service.name) or ServiceEntry(service.name, service.url) for service in plan.services.values()]
    services = [_service(entry, runs, plan) for entry in entries]
    circumstances = circumstances_of(manifest, folder)
    return judge_all(services, runs, circumstances, artifacts=plan.artifacts, sizes=manifest.artifacts)


def circumstances_of(manifest: Manifest, folder: Path) -> Circumstances:
    """When, where and how a recording was made; one that was never ended was killed."""
    ended_at = manifest.ended_at or _last_change(folder)
    return Circumstances(
        id=manifest.id,
        started_at=manifest.started_at,
        duration_s=ended_at - manifest.started_at,
        environment=Environment(**manifest.environment),
        revision=Revision(**manifest.revision),
        scale=manifest.scale,
        seed=manifest.seed,
        strict=manifest.strict,
        control=control_of(manifest.control_ms),
        stopped=manifest.stopped or ("" if manifest.ended_at else "perfgate was killed before its end"),
    )


def control_of(times_ms: Sequence[float]) -> Control | None:
    """The control as a result tells it, from the times of its repetitions; None when it was not measured."""
    if not times_ms:
        return None
    median, spread = median_and_spread(list(times_ms))
    return Control(median_ms=median, spread_percent=spread, repetitions=len(times_ms))


def plan_of(manifest: Manifest, folder: Path) -> Plan:
    """What was asked for; whatever the manifest notes belongs to it."""
    try:
        plan = parse_plan(
            manifest.budgets_text,
            Path(manifest.budgets_path),
            services=manifest.services,
            loads=manifest.loads,
            scale=manifest.scale,
            seed=manifest.seed,
            require_files=False,
        )
    except BudgetsError:
        raise
    except UsageError as error:
        raise _damaged(folder, error.message) from error
    for name in [*manifest.service_entries, *(entry.service for entry in manifest.runs)]:
        if name not in plan.services:
            raise _damaged(folder, f'its budgets have no service "{name}"')
    for entry in manifest.runs:
        if entry.load not in plan.loads:
            raise _damaged(folder, f'its budgets have no load "{entry.load}"')
    return plan


def _damaged(folder: Path, why: str) -> RecordingError:
    return RecordingError(f"the manifest is damaged: {why}", place=str(folder / MANIFEST))


def runs_of(manifest: Manifest, plan: Plan) -> list[RunEntry]:
    """The runs that were noted, and those that were not: what was asked for and not measured is never a pass."""
    noted = {(entry.service, entry.load) for entry in manifest.runs}
    wanted = [(service.name, load) for service in plan.services.values() for load in service.loads]
    never = Problem(RecordingError.slug, "it was never driven")
    return manifest.runs + [RunEntry(*pair, "/".join(pair), never) for pair in wanted if pair not in noted]


def _last_change(folder: Path) -> float:
    """When a recording that was never ended was last written to."""
    return max((path.stat().st_mtime for path in folder.rglob("*.journal")), default=time.time())


def damaged(entry: RunEntry, damage: Mapping[str, str]) -> RecordingError | None:
    """The error that files of a run are not what they were as it was recorded; None when they are."""
    if not (found := damage_below(damage, entry.folder)):
        return None
    return RecordingError("; ".join(found), hint="measure again, or take the recording from where it was made")


def _run(folder: Path, entry: RunEntry, plan: Plan, times: RunTimes | None, damage: RecordingError | None) -> RunResult:
    service, load = plan.services[entry.service], plan.loads[entry.load]
    if not entry.driven:
        problem = entry.problem or Problem("engine", "it was not driven")
        return invalid_run(service, load, error_of(problem))
    spans = load.profile.segments if load.profile else None
    own = None if times is None else times.setdefault((entry.service, entry.load), {})
    error = damage or (error_of(entry.problem) if entry.problem else None)
    try:
        summary = summarize(folder / entry.folder, spans, plan.gate.health, stress=load.kind == "stress", times=own)
    except RecordingError as unreadable:  # of other runs there may be more to tell
        return invalid_run(service, load, damage or unreadable)
    run = judge_run(summary, load, service, error=error)
    return run.model_copy(update={"hosts": hosts_of(entry)})


def _service(entry: ServiceEntry, runs: list[RunResult], plan: Plan) -> ServiceResult:
    own = [run for run in runs if run.service == entry.name]
    service = plan.services[entry.name]
    weights = plan.gate.score_weights
    return judge_service(service, own, url=entry.url, startup_time_s=entry.startup_time_s, weights=weights)


def hosts_of(entry: RunEntry) -> list[ClassHost]:
    """Of User classes with hosts of their own."""
    return [ClassHost(**host) for host in entry.hosts]


def error_of(problem: Problem) -> PerfgateError:
    """The error that was noted."""
    return PerfgateError(problem.message, place=problem.place, hint=problem.hint, slug=problem.slug)
