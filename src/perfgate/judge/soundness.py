"""Why a run cannot be judged, whatever its figures say: it is partial, its service died, its generator was not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.words import clock

if TYPE_CHECKING:
    from perfgate.errors import PerfgateError
    from perfgate.judge.result import Check
    from perfgate.measure.summary import RunSummary
    from perfgate.plan.plan import Load


DIED = "service-died"


def doubts_about(summary: RunSummary, load: Load, error: PerfgateError | None = None) -> list[str]:
    """The reasons for which a run is invalid, in words, the cause before its consequences; empty for a sound one.

    Args:
        summary: what was recorded.
        load: what was to be driven.
        error: what is told of already, and so not once more.
    """
    death = [] if error is not None and error.slug == DIED else _death(summary)
    return [*death, *_partial(summary, load), *summary.health.reasons, *_unfit(summary)]


def _unfit(summary: RunSummary) -> list[str]:
    """A generator that is not to be trusted, and nobody has written down why."""
    if summary.health.valid or summary.health.reasons or not summary.complete:
        return []
    return ["the load generator cannot be trusted, and the recording does not say why"]


def _death(summary: RunSummary) -> list[str]:
    if summary.service_exit is None:
        return []
    code = summary.service_exit
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return [f"the service ended by itself at {clock(summary.service_exit_at_s or 0.0)} ({how})"]


def _partial(summary: RunSummary, load: Load) -> list[str]:
    if summary.complete or (summary.end_reason == "stopped" and summary.service_exit is not None):
        return []
    if summary.end_reason == "refused" and summary.health.reasons:
        return []  # these name the host
    at = clock(summary.duration_s)
    if load.profile:
        at += f" of {clock(load.profile.duration_s)}"
    detail = f": {summary.end_detail}" if summary.end_detail else ""
    words = {
        "not_started": "nothing was recorded: the load never began",
        "killed": f"the engine was killed at {at}{detail}; what it had recorded is shown, and not judged",
        "stopped": f"the load was stopped at {at}{detail}; what was recorded is shown, and not judged",
        "refused": f"the load was ended at {at}, since the scenario tried to reach a host that is not allowed",
    }
    return [words.get(summary.end_reason, f"the engine gave up at {at}{detail}")]


def not_judged(check: Check) -> Check:
    """A check of a run that is not sound: what was observed stays, and its status is that nothing is known."""
    if check.status in {"skipped", "invalid"}:
        return check
    words = f"not judged, would be {check.status}: {check.message}"
    return check.model_copy(update={"status": "invalid", "message": words})
