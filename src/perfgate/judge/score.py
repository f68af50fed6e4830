"""One number for people: 0 to 100 and a grade, from the headroom of a service's checks.

The formula stands in docs/score.md. The score never decides the verdict.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

from perfgate.judge.result import Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from perfgate.judge.result import Check

Group = Literal["latency", "errors", "throughput", "resources", "other"]
Grade = Literal["A", "B", "C", "D", "E", "F"]

WEIGHTS: dict[str, float] = {"latency": 4.0, "errors": 3.0, "throughput": 2.0, "resources": 1.0, "other": 1.0}
AT_LIMIT = 60.0  # points of a value that lies on its limit
AMPLE_HEADROOM = 0.5  # from this headroom on a check has all points
WARNED_CAP = 89.0  # one warning, and the grade is B at best: a verdict of warn beside an A would contradict itself
BROKEN_CAP = 59.0  # one failing check, and the score is below that of every service without one
_GRADES: tuple[tuple[float, Grade], ...] = ((90, "A"), (80, "B"), (70, "C"), (60, "D"), (30, "E"), (0, "F"))
_GROUPS: dict[str, Group] = {
    **dict.fromkeys(("mean", "p50", "p90", "p95", "p99", "p99_9", "max", "recovery_time", "p95_drift"), "latency"),
    "error_rate": "errors",
    **dict.fromkeys(("throughput", "capacity"), "throughput"),
    **dict.fromkeys(("cpu", "memory", "memory_drift", "startup_time"), "resources"),
}


def score_of(checks: Iterable[Check], weights: Mapping[str, float] | None = None) -> Score:
    """The score of a service.

    Args:
        checks: of the service and of its sound runs; those that judged nothing are left out.
        weights: by group (`latency`, `errors`, `throughput`, `resources`, `other`), over the default ones.

    Returns:
        A score without value and grade when nothing could be judged.
    """
    checks = list(checks)
    judged = [check for check in checks if check.status in {"pass", "warn", "fail"} and _has_limit(check)]
    groups: dict[str, list[float]] = defaultdict(list)
    for check in judged:
        groups[group_of(check.metric)].append(points_of(check))
    value = _weighted(
        {name: sum(points) / len(points) for name, points in groups.items()}, {**WEIGHTS, **(weights or {})}
    )
    if value is None:
        return Score(score=None, grade=None)
    return capped(Score(score=value, grade=grade_of(value)), checks)


def capped(score: Score, checks: Iterable[Check]) -> Score:
    """The score, with more checks that have no headroom: a comparison's, restarts, other answers.

    No warning stands beside an A, and no failure beside anything better than an E.
    """
    if score.score is None:
        return score
    seen = {check.status for check in checks}
    value = min(score.score, BROKEN_CAP if "fail" in seen else WARNED_CAP if "warn" in seen else 100.0)
    return Score(score=value, grade=grade_of(value))


def _has_limit(check: Check) -> bool:
    return check.limit is not None or check.status == "fail"


def _weighted(means: Mapping[str, float], weights: Mapping[str, float]) -> float | None:
    total = sum(weights[name] for name in means)
    return sum(weights[name] * mean for name, mean in means.items()) / total if total else None


def group_of(metric: str) -> Group:
    """The group that a metric's weight is set by; custom metrics are `other`."""
    return _GROUPS.get(metric, "other")


def points_of(check: Check) -> float:
    """0 to 100 points of one check."""
    if check.status == "fail" and (check.observed is None or check.limit is None):
        return 0.0  # all requests failed, or it never recovered
    if group_of(check.metric) == "throughput" and check.status == "pass":
        return 100.0  # the load, not the service, sets how far these can be above their limit
    headroom = _headroom(check)
    if headroom < 0:
        points = AT_LIMIT * (1 + max(headroom, -1.0))
    else:
        points = AT_LIMIT + (100 - AT_LIMIT) * min(headroom / AMPLE_HEADROOM, 1.0)
    return points if check.status == "fail" else max(points, AT_LIMIT)


def _headroom(check: Check) -> float:
    """How far a value is on the good side of its limit, as a share: 0.5 is half of a maximum, or twice a minimum.

    The failing tier counts where there is one, else the warning tier.
    """
    limit = check.fail_limit if check.fail_limit is not None else check.warn_limit
    observed = check.observed
    if limit is None or observed is None:
        return 0.0
    part, whole = (observed, limit) if check.direction == "at_most" else (limit, observed)
    if whole <= 0:
        return 1.0 if part <= whole else -1.0
    return 1 - part / whole


def grade_of(score: float) -> Grade:
    """A from 90, B from 80, C from 70, D from 60, E from 30, else F; E and F are those with a failing check."""
    return next((grade for least, grade in _GRADES if score >= least), "F")
