"""What a spike load is for: how long the service takes to be itself again."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.result import Recovery
from perfgate.judge.words import clock, quantity
from perfgate.plan.profile import RECOVERY, SPIKE, STEADY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Check, Status
    from perfgate.measure.summary import RunSummary, Series
    from perfgate.plan.budget import BudgetLayer, Limit

METRIC = "recovery_time"
WITHIN_S = 3  # successive seconds within budget that make a recovery


def recovery_of(summary: RunSummary, layer: BudgetLayer) -> Recovery:
    """The time from the spike's end to the first of three successive seconds within budget.

    Where fewer than three seconds remain, all that do have to be within. Single seconds that are out again later are
    told and change nothing: the p95 of one second of a healthy service is noisy, and in a minute one of them passes a
    limit that the whole keeps.

    A second is out of budget when its p95 is above the p95 limit of the whole service (the failing tier, else the
    warning tier), or none of its requests succeeded. Where a second has too few requests to carry a p95, its maximum
    takes the p95's place. Seconds without any request count as the second before them, as long as there are no more
    of them in a row than in the steady phase before the spike; a longer silence is a service that hangs, and is out.
    Seconds whose response times are not known, since the clock stepped, are passed over.
    """
    limit_ms = p95_limit(layer)
    spike, recovery = summary.phase(SPIKE), summary.phase(RECOVERY)
    if limit_ms is None:
        return Recovery(recovery_time_s=None, detail="there is no p95 budget to recover to")
    if spike is None or recovery is None:
        return Recovery(recovery_time_s=None, limit_ms=limit_ms, detail="the load ended before the spike was over")
    states = _states(summary.series, limit_ms, spike.end_s, recovery.end_s, _longest_silence(summary.series))
    if not states:
        return Recovery(recovery_time_s=None, detail="the clock stepped in every second after the spike")
    back = _back_at([out for _, out in states])
    if back is None:
        tail = f"p95 was not back within {quantity(limit_ms, 'ms')} when the load ended"
        return Recovery(recovery_time_s=None, limit_ms=limit_ms, detail=tail)
    seconds = max(states[back][0] - spike.end_s, 0.0)
    detail = f"p95 back within {quantity(limit_ms, 'ms')}{_relapses(states[back:])}"
    return Recovery(recovery_time_s=seconds, limit_ms=limit_ms, detail=detail)


def _back_at(outs: Sequence[bool]) -> int | None:
    """Where the first stretch of enough seconds within budget begins; None when there is none."""
    starts = (start for start in range(len(outs)) if not any(outs[start : start + WITHIN_S]))
    return next(starts, None)


def _relapses(states: Sequence[tuple[int, bool]]) -> str:
    again = [second for second, out in states if out]
    if not again:
        return ""
    return f"; out again in {len(again)} of the {len(states)} seconds from then on, first at {clock(again[0])}"


def p95_limit(layer: BudgetLayer) -> float | None:
    """The p95 limit that a service recovers to, in ms."""
    limit = layer.limits.get("p95")
    return None if limit is None else limit.warn if limit.fail is None else limit.fail


def _states(series: Series, limit_ms: float, start_s: float, end_s: float, patience: int) -> list[tuple[int, bool]]:
    """(second, whether it is out of budget) for the seconds from `start_s` to `end_s`."""
    states: list[tuple[int, bool]] = []
    window = [
        second
        for second in series.second
        if second + 1 > start_s and second < end_s and not _is_unknown(series, second)
    ]
    last = _is_out(series, window[0] - 1, limit_ms) if window and window[0] else False
    for silent, run in groupby(window, lambda second: series.requests[second] == 0):
        seconds = list(run)
        if silent:
            last = last or len(seconds) > patience
            states += [(second, last) for second in seconds]
        else:
            states += [(second, _is_out(series, second, limit_ms)) for second in seconds]
            last = states[-1][1]
    return states


def _is_unknown(series: Series, second: int) -> bool:
    """Some of its requests succeeded, and yet no response time is known: the clock stepped."""
    return series.max_ms[second] is None and series.requests[second] > series.failures[second]


def _is_out(series: Series, second: int, limit_ms: float) -> bool:
    slowest = series.p95_ms[second]
    if slowest is None:
        slowest = series.max_ms[second]
    return slowest is None or slowest > limit_ms


def _longest_silence(series: Series) -> int:
    quiet = [phase == STEADY and not count for phase, count in zip(series.phase, series.requests, strict=True)]
    return max((len(list(run)) for silent, run in groupby(quiet) if silent), default=0)


def check_recovery(summary: RunSummary, layer: BudgetLayer, limit: Limit) -> Check:
    """Hold it against its budget: a service that never recovered fails; where that cannot be known, it is invalid."""
    recovery = recovery_of(summary, layer)
    known = recovery.limit_ms is not None and summary.phase(RECOVERY) is not None
    observed, detail = recovery.recovery_time_s, recovery.detail
    note = "" if observed is None else f"; {detail}"
    status: Status = "fail" if known else "invalid"
    return check_limit(limit, Reading(METRIC, "s", observed, missing=detail, missing_status=status, note=note))
