"""Several results of one session as one, as if all loads had been driven by one command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.result import Score
from perfgate.judge.verdict import exit_code, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Result, ServiceResult


def together(results: Sequence[Result]) -> Result:
    """One result of all; the first one's circumstances are those of the whole.

    Args:
        results: at least one, each of one load at one service.
    """
    first = results[0]
    services = [service for result in results for service in result.services]
    names = dict.fromkeys(service.name for service in services)
    merged = [_service([service for service in services if service.name == name]) for name in names]
    verdict = verdict_of([result.verdict for result in results])
    began = min(result.started_at for result in results)
    return first.model_copy(
        update={
            "verdict": verdict,
            "exit_code": exit_code(verdict, strict=first.strict),
            "reasons": list(dict.fromkeys(reason for result in results for reason in result.reasons)),
            "started_at": began,
            "duration_s": max(result.started_at + result.duration_s for result in results) - began,
            "services": merged,
            "runs": [run for result in results for run in result.runs],
        }
    )


def _service(parts: Sequence[ServiceResult]) -> ServiceResult:
    first = parts[0]
    return first.model_copy(
        update={
            "verdict": verdict_of([part.verdict for part in parts]),
            "reasons": list(dict.fromkeys(reason for part in parts for reason in part.reasons)),
            # Of several loads it would need the weights of the budgets file, which results do not hold.
            "score": first.score if len(parts) == 1 else Score(score=None, grade=None),
        }
    )
