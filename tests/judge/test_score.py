"""The score: one number for people, from the headroom of the checks. The formula is that of docs/score.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.score import grade_of, points_of, score_of
from tests.judge.summaries import check, limit

if TYPE_CHECKING:
    from perfgate.judge.result import Check


def made(
    metric: str, observed: float, tiers: float | tuple[float | None, float | None], *, at_most: bool = True
) -> Check:
    return check_limit(limit(metric, tiers), Reading(metric, "", observed, at_most))


@pytest.mark.parametrize(
    ("observed", "points"),
    [(0, 100), (100, 100), (125, 100), (187.5, 80), (250, 60), (312.5, 45), (375, 30), (500, 0), (5000, 0)],
)
def test_points_fall_from_ample_headroom_to_broken_by_as_much_again(observed: float, points: float) -> None:
    """With a limit of 250: half of it has all points, the limit itself 60, and twice the limit none."""
    assert points_of(made("p95", observed, 250)) == pytest.approx(points)


@pytest.mark.parametrize(("observed", "points"), [(0.9, 60), (1.8, 100), (1.2, 80), (0.6, 30), (0.0, 0)])
def test_a_minimum_has_the_same_points_for_the_same_ratio(observed: float, points: float) -> None:
    """Twice a minimum is like half of a maximum."""
    assert points_of(made("hits.mean", observed, 0.9, at_most=False)) == pytest.approx(points)


def test_throughput_and_capacity_that_are_kept_have_all_points() -> None:
    """The load, and not the service, sets how far they can be above their limit."""
    assert points_of(made("throughput", 400, 399, at_most=False)) == 100
    assert points_of(made("capacity", 100, 100, at_most=False)) == 100
    assert points_of(made("throughput", 300, 400, at_most=False)) == pytest.approx(40)


def test_a_limit_of_nothing_is_kept_or_broken() -> None:
    """There is no headroom below 0."""
    assert (points_of(made("error_rate", 0, 0)), points_of(made("error_rate", 0.1, 0))) == (100, 0)


def test_the_failing_tier_counts_and_a_warning_is_no_failure() -> None:
    """With no failing tier a broken warning has the points of a value on its limit."""
    assert points_of(made("p95", 300, (250.0, 400.0))) == pytest.approx(80)
    assert points_of(made("p95", 300, (250.0, None))) == 60


def test_a_warning_is_never_an_a() -> None:
    """However much headroom all else has: WARN beside 100 (A) would contradict itself."""
    ample = [made("p95", 1, 250), made("error_rate", 0, 0.01)]
    warned = score_of([*ample, made("p50", 30, (25.0, 1_000.0))])
    assert (score_of(ample).grade, warned.score, warned.grade) == ("A", 89.0, "B")
    for metric in ("certainty", "restarts", "empty_answers"):  # which have no limit
        assert score_of([*ample, check("warn", metric)]).grade == "B"


def test_a_check_that_failed_without_a_value_has_no_points() -> None:
    """All requests failed, or the service never recovered."""
    assert points_of(check("fail", "recovery_time", limit=5.0)) == 0
    assert points_of(check("fail", "error_rate", observed=1.0)) == 0


def test_the_score_is_the_weighted_mean_of_the_groups_means() -> None:
    """Many endpoints' latencies are one group: they do not drown the error rate."""
    checks = [made("p95", 250, 250)] * 9 + [made("p99", 0, 250), made("error_rate", 0, 0.01)]
    # latency: (9 * 60 + 100) / 10 = 64, weight 4; errors: 100, weight 3
    assert score_of(checks).score == pytest.approx((64 * 4 + 100 * 3) / 7)


@pytest.mark.parametrize(
    ("metric", "weight"), [("p95", 4), ("error_rate", 3), ("throughput", 2), ("cpu", 1), ("tokens.p95", 1)]
)
def test_the_groups_weights_are_those_of_the_documentation(metric: str, weight: float) -> None:
    """One group at 100 points among four at 60 shows what it weighs."""
    metrics = ["p95", "error_rate", "throughput", "cpu", "tokens.p95"]
    groups = {name: check("warn", name, observed=1.0, limit=1.0, warn_limit=1.0) for name in metrics}
    groups[metric] = made(metric, 1, 9, at_most=metric != "throughput").model_copy(update={"status": "pass"})
    assert score_of(groups.values()).score == pytest.approx(60 + 40 * weight / 11)


def test_weights_can_be_set() -> None:
    """A weight of nothing leaves a group out."""
    checks = [made("p95", 250, 250), made("cpu", 0, 1), made("tokens.p95", 187.5, 250)]
    assert score_of(checks, {"latency": 0, "resources": 1, "other": 3}).score == pytest.approx((100 + 80 * 3) / 4)
    assert score_of(checks[:1], {"latency": 0}).score is None


def test_what_judged_nothing_is_left_out() -> None:
    """Without anything else there is no score, rather than a good one."""
    nothing = [check("invalid", limit=1.0), check("skipped", limit=1.0), check("warn", "user_errors", observed=3.0)]
    assert (score_of(nothing).score, score_of(nothing).grade) == (None, None)
    assert score_of([*nothing, made("p95", 250, 250)]).score == 60


@pytest.mark.parametrize(
    ("score", "grade"),
    [(100, "A"), (90, "A"), (89.9, "B"), (80, "B"), (70, "C"), (60, "D"), (59, "E"), (30, "E"), (29.9, "F"), (0, "F")],
)
def test_grades(score: float, grade: str) -> None:
    """A from 90, B from 80, C from 70, D from 60, E from 30, else F."""
    assert grade_of(score) == grade


METRICS = st.sampled_from(["p95", "error_rate", "throughput", "memory", "tokens.mean"])
VALUES = st.floats(0, 1e6)


@given(st.lists(st.tuples(METRICS, VALUES, VALUES, st.booleans()), min_size=1, max_size=6))
def test_a_failing_check_always_costs_the_grade(rows: list[tuple[str, float, float, bool]]) -> None:
    """E or F with one, D or better without; and the score stays between 0 and 100."""
    checks = [made(metric, observed, budget, at_most=at_most) for metric, observed, budget, at_most in rows]
    score = score_of(checks)
    assert score.score is not None
    assert 0 <= score.score <= 100 + 1e-9
    assert (score.grade in {"E", "F"}) == any(check.status == "fail" for check in checks)
