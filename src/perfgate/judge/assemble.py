"""Puts the result together: runs, services and the whole, each with its verdict and the reasons for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.artifacts import check_artifacts
from perfgate.judge.capacity import capacity_of, highest_held
from perfgate.judge.checks import WARNINGS, check_run, judged_phases
from perfgate.judge.drift import drift_of
from perfgate.judge.failures import is_default_warning
from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.recovery import recovery_of
from perfgate.judge.result import Result, RunResult, ServiceResult
from perfgate.judge.score import score_of
from perfgate.judge.soundness import doubts_about, not_judged
from perfgate.judge.uncertainty import uncertain_run
from perfgate.judge.verdict import exit_code, verdict_of
from perfgate.measure.summary import Failure, Health
from perfgate.plan.profile import step_phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perfgate.errors import PerfgateError
    from perfgate.judge.result import Check, Control, Environment, Revision, Status
    from perfgate.measure.summary import PhaseSummary, RunSummary
    from perfgate.plan.plan import Artifact, Load, Service

NOTHING_JUDGED = "no budget applies: nothing was judged"
ALL_SKIPPED = "every check was skipped: nothing was judged"
_FAILURE_KINDS = 20
_RANK: dict[Status, int] = {"fail": 0, "invalid": 1, "warn": 2}


@dataclass(frozen=True)
class Circumstances:
    """When, where and how everything was measured.

    Attributes:
        id: of the recording.
        started_at: seconds since the epoch.
        duration_s: wall time of the whole work.
        scale: factor on every duration.
        strict: a warning is no pass.
        stopped: why the work ended before its end, in words; then the result is invalid, whatever was judged.
        control: how fast the machine was.
    """

    id: str
    started_at: float
    duration_s: float
    environment: Environment
    revision: Revision
    scale: float = 1.0
    seed: int = 0
    strict: bool = False
    stopped: str = ""
    control: Control | None = None


def judge_run(summary: RunSummary, load: Load, service: Service, *, error: PerfgateError | None = None) -> RunResult:
    """Judge one run.

    Args:
        summary: what was recorded.
        load: what was to be driven, scaled as it was driven.
        service: whose budgets hold.
        error: what went wrong while it was driven; then the run is invalid.
    """
    found = check_run(summary, load, service)
    if unsure := uncertain_run(found):
        found = [unsure, *found]
    doubts = ([error.named()] if error else []) + doubts_about(summary, load, error) + _nothing_judged(found)
    checks = [not_judged(check) for check in found] if doubts else found
    told = [check for check, before in zip(checks, found, strict=True) if _is_told(before, sound=not doubts)]
    phase = _shown_phase(summary, load, service)
    resources = phase.resources if phase and phase.resources and not phase.resources.unknown else None
    place = f"{service.name}/{load.name}"
    return RunResult(
        service=service.name,
        load=load.name,
        load_kind=load.kind,
        verdict=verdict_of((check.status for check in checks), sound=not doubts),
        reasons=[f"{place}: {doubt}" for doubt in doubts] + reasons_of(told, place),
        sound=not doubts,
        doubts=doubts,
        duration_s=summary.duration_s,
        started_at=summary.started_at or None,
        model=load.model,
        judged_phase=phase.name if phase else None,
        health=summary.health,
        total=phase.total if phase else None,
        endpoints=phase.endpoints if phase else [],
        metrics=phase.metrics if phase else [],
        failures=_failures(summary),
        slowest=summary.slowest,
        checks=checks,
        capacity=capacity_of(summary, load, service) if load.kind == "stress" else None,
        recovery=recovery_of(summary, service.budget.for_load(load.name)) if load.kind == "spike" else None,
        drift=drift_of(summary) if load.kind == "soak" else None,
        cpu_mean=resources.cpu_mean if resources else None,
        memory_max_bytes=resources.memory_max_bytes if resources else None,
        phases=summary.phases,
        series=summary.series,
    )


def _is_told(check: Check, *, sound: bool) -> bool:
    """Whether a check, as it was found, can be a reason for the verdict.

    What would have passed is no reason for anything. A warning about the recording adds nothing to doubts about it,
    and where it is about too much it is one of them.
    """
    return check.status != "pass" and (sound or check.metric not in WARNINGS)


def invalid_run(service: Service, load: Load, error: PerfgateError) -> RunResult:
    """A run that could not be driven, and why."""
    return RunResult(
        service=service.name,
        load=load.name,
        load_kind=load.kind,
        verdict="invalid",
        reasons=[f"{service.name}/{load.name}: {error.named()}"],
        sound=False,
        doubts=[error.named()],
        model=load.model,
        health=Health(valid=False, clock=None, reasons=[error.named()]),
    )


def _nothing_judged(checks: Sequence[Check]) -> list[str]:
    """Unknown is never pass: a run needs one check, written or inherited, that was really made."""
    budgets = [check for check in checks if check.metric not in WARNINGS and not is_default_warning(check)]
    if not budgets:
        return [NOTHING_JUDGED]
    return [ALL_SKIPPED] if all(check.status == "skipped" for check in budgets) else []


def _shown_phase(summary: RunSummary, load: Load, service: Service) -> PhaseSummary | None:
    """The phase whose figures stand for the run; of a stress load that broke at once, its first step."""
    if load.kind == "stress":
        return highest_held(summary, load, service) or summary.phase(step_phase(1))
    return next(iter(judged_phases(summary, load.kind)), None)


def _failures(summary: RunSummary) -> list[Failure]:
    """Failures by kind over all phases, most frequent first."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for failure in (failure for phase in summary.phases for failure in phase.total.failures_by_kind):
        counts[failure.kind] += failure.count
        examples.setdefault(failure.kind, failure.example)
    return [Failure(kind=kind, count=n, example=examples[kind]) for kind, n in counts.most_common(_FAILURE_KINDS)]


def reasons_of(checks: Iterable[Check], place: str) -> list[str]:
    """Why checks are not green, failures first: `catalog/peak GET /items/{id}: p95 312.4 ms, budget 250 ms (+25 %)`."""
    reds = sorted((check for check in checks if check.status in _RANK), key=lambda check: _RANK[check.status])
    return [f"{' '.join(filter(None, (place, check.endpoint)))}: {check.message}" for check in reds]


def judge_service(  # noqa: PLR0913  (what is known of a service)
    service: Service,
    runs: Sequence[RunResult],
    *,
    url: str,
    startup_time_s: float | None = None,
    weights: Mapping[str, float] | None = None,
    unstarted: Status = "invalid",
) -> ServiceResult:
    """Judge a service by its runs and its start.

    Args:
        service: as planned.
        runs: its runs only.
        url: where it was, its port filled in.
        startup_time_s: from its start until it was ready; None when perfgate did not start it, or it never was.
        weights: the score's, by group of metrics.
        unstarted: what a limit on the time of its start is where perfgate did not see one.
    """
    checks = _startup(service, startup_time_s, unstarted)
    valid = [run for run in runs if run.verdict != "invalid"]
    judged = [check for run in valid for check in run.checks]
    return ServiceResult(
        name=service.name,
        url=url,
        verdict=verdict_of([*(run.verdict for run in runs), *(check.status for check in checks)]),
        reasons=_worst_first(runs) + reasons_of(checks, service.name),
        startup_time_s=startup_time_s,
        checks=checks,
        # A start alone, beside runs of which nothing is known, is no measure of a service.
        score=score_of([*checks, *judged] if valid else [], weights),
    )


def _startup(service: Service, startup_time_s: float | None, unstarted: Status) -> list[Check]:
    limit = service.budget.every.limits.get("startup_time")
    missing = "perfgate did not see the service start and become ready"
    reading = Reading("startup_time", "s", startup_time_s, missing=missing, missing_status=unstarted)
    return [check_limit(limit, reading)] if limit else []


def _worst_first(results: Sequence[RunResult | ServiceResult]) -> list[str]:
    ranked = sorted(results, key=lambda result: _RANK.get(result.verdict, len(_RANK)))
    return [reason for result in ranked for reason in result.reasons]


def judge_all(
    services: Sequence[ServiceResult],
    runs: Sequence[RunResult],
    circumstances: Circumstances,
    *,
    artifacts: Iterable[Artifact] = (),
    sizes: Mapping[str, int | None] | None = None,
) -> Result:
    """Everything together.

    Args:
        services: judged, with all of their runs in `runs`.
        runs: judged.
        circumstances: when, where and how.
        artifacts: the file-size budgets.
        sizes: bytes by an artifact's path; None where no file matched.
    """
    checks = check_artifacts(artifacts, sizes or {})
    statuses: list[Status] = [*(service.verdict for service in services), *(check.status for check in checks)]
    stopped = circumstances.stopped
    verdict = verdict_of(statuses, sound=not stopped)
    return Result(
        verdict=verdict,
        exit_code=exit_code(verdict, strict=circumstances.strict),
        reasons=[
            *filter(None, [stopped, "" if statuses or stopped else NOTHING_JUDGED]),
            *_worst_first(services),
            *reasons_of(checks, "artifacts"),
        ],
        id=circumstances.id,
        started_at=circumstances.started_at,
        duration_s=circumstances.duration_s,
        scale=circumstances.scale,
        seed=circumstances.seed,
        strict=circumstances.strict,
        revision=circumstances.revision,
        environment=circumstances.environment,
        control=circumstances.control,
        checks=checks,
        services=list(services),
        runs=list(runs),
    )
