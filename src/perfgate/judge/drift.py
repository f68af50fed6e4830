"""What a soak load is for: whether the service gets slower or larger as time goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.result import Drift
from perfgate.judge.words import quantity, signed_percent

if TYPE_CHECKING:
    from perfgate.judge.result import Check
    from perfgate.measure.summary import Fifth, RunSummary
    from perfgate.plan.budget import Limit

METRICS = ("p95_drift", "memory_drift")
_TOO_LITTLE = {
    "p95_drift": "the first and the last fifth of the steady phase need 20 successful requests each",
    "memory_drift": "memory is not known in the first and the last fifth: perfgate must start the service itself, "
    "and the service be one of the processes that it started",
}


def drift_of(summary: RunSummary) -> Drift:
    """The last fifth of the steady phase against the first: p95, and mean resident memory, in percent."""
    first, last = summary.first_fifth, summary.last_fifth
    if first is None or last is None:
        return Drift(detail="the steady phase was not reached")
    p95 = _change(first.p95_ms, last.p95_ms)
    memory = _change(first.memory_mean_bytes, last.memory_mean_bytes)
    return Drift(p95_percent=p95, memory_percent=memory, detail=_words(first, last, p95, memory))


def _change(first: float | None, last: float | None) -> float | None:
    return None if not first or last is None else (last / first - 1) * 100


def _words(first: Fifth, last: Fifth, p95: float | None, memory: float | None) -> str:
    parts = []
    if p95 is not None:
        parts.append(f"p95 {_move(first.p95_ms, last.p95_ms, 'ms')} ({signed_percent(p95)})")
    if memory is not None:
        parts.append(
            f"memory {_move(first.memory_mean_bytes, last.memory_mean_bytes, 'bytes')} ({signed_percent(memory)})"
        )
    return ", ".join(parts) or "too little was seen to tell"


def _move(first: float | None, last: float | None, unit: str) -> str:
    first, last = first or 0.0, last or 0.0
    return f"{quantity(first, unit, apart_from=last)} to {quantity(last, unit, apart_from=first)}"


def check_drift(summary: RunSummary, limit: Limit) -> Check:
    """Hold one of the two drifts against its budget; too little data is invalid."""
    drift = drift_of(summary)
    observed = {"p95_drift": drift.p95_percent, "memory_drift": drift.memory_percent}[limit.metric]
    return check_limit(limit, Reading(limit.metric, "percent", observed, missing=_TOO_LITTLE[limit.metric]))
