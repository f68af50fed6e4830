"""Adds the checks of a comparison to a result that was judged by its budgets, and judges the whole again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.accepting import accepted
from perfgate.judge.assemble import reasons_of
from perfgate.judge.score import capped
from perfgate.judge.soundness import not_judged
from perfgate.judge.verdict import exit_code, verdict_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfgate.judge.result import Acceptance, Baseline, Check, Result, RunResult, ServiceResult, Status

RunKey = tuple[str, str]  # service and load


def amend(
    result: Result,
    found: Mapping[RunKey, Sequence[Check]],
    *,
    baseline: Baseline | None = None,
    false_alarm_rate: float | None = None,
    acceptances: Sequence[Acceptance] = (),
) -> Result:
    """The result with the checks of a comparison.

    Args:
        result: judged without them.
        found: by service and load; a run that is not named has none.
        baseline: what was compared with.
        false_alarm_rate: of the whole verdict, at which they were made.
        acceptances: what the team lives with.
    """
    runs = [_run(run, found.get((run.service, run.load), ()), acceptances) for run in result.runs]
    before = {(run.service, run.load): run for run in result.runs}
    services = [
        _service(service, [run for run in runs if run.service == service.name], before) for service in result.services
    ]
    statuses: list[Status] = [*(service.verdict for service in services), *(check.status for check in result.checks)]
    known = {reason for service in result.services for reason in service.reasons}
    stopped = [reason for reason in result.reasons if reason not in known]
    verdict = verdict_of(statuses, sound=_was_whole(result))
    return result.model_copy(
        update={
            "verdict": verdict,
            "exit_code": exit_code(verdict, strict=result.strict),
            "reasons": stopped + [reason for service in services for reason in service.reasons],
            "services": services,
            "runs": runs,
            "baseline": baseline or result.baseline,
            "false_alarm_rate": result.false_alarm_rate if false_alarm_rate is None else false_alarm_rate,
            "acceptances": list(acceptances) or result.acceptances,
        }
    )


def _was_whole(result: Result) -> bool:
    """Whether the work came to its end: if not, the result is invalid whatever its parts are."""
    parts: list[Status] = [*(service.verdict for service in result.services), *(c.status for c in result.checks)]
    return verdict_of(parts) == result.verdict


def _run(run: RunResult, found: Sequence[Check], acceptances: Sequence[Acceptance]) -> RunResult:
    if not found:
        return run
    own = [accepted(check, run.service, run.load, acceptances) for check in found]
    checks = own if run.sound else [not_judged(check) for check in own]
    told = reasons_of([check for check in own if check.status != "pass"], f"{run.service}/{run.load}")
    return run.model_copy(
        update={
            "checks": [*run.checks, *checks],
            "verdict": verdict_of((check.status for check in [*run.checks, *checks]), sound=run.sound),
            "reasons": [*run.reasons, *told],
        }
    )


def _service(service: ServiceResult, runs: Sequence[RunResult], before: Mapping[RunKey, RunResult]) -> ServiceResult:
    statuses: list[Status] = [*(run.verdict for run in runs), *(check.status for check in service.checks)]
    added = [reason for run in runs for reason in run.reasons if reason not in before[run.service, run.load].reasons]
    return service.model_copy(
        update={
            "verdict": verdict_of(statuses),
            "score": capped(service.score, [check for run in runs for check in run.checks]),
            "reasons": [*added, *service.reasons] if added else service.reasons,
        }
    )
