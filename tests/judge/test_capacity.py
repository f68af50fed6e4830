"""Capacity: the highest step that held, how the next one broke, and when it is only a lower bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.judge.capacity import capacity_of, check_capacity, highest_held
from perfgate.judge.checks import check_run
from perfgate.plan.budget import Budget, BudgetLayer
from perfgate.plan.plan import StopWhen
from tests.judge.summaries import HOME, entry, layer, limit, load, phase, resources, service, summary

if TYPE_CHECKING:
    from typing import Any

    from perfgate.judge.result import Capacity
    from perfgate.measure.summary import EndpointSummary, PhaseSummary, RunSummary

STRESS = load("stress")
GOOD = entry(p95=100)
BUDGET = layer(p95=250, error_rate=0.05, cpu=1.5)


def step(number: int, total: EndpointSummary = GOOD, **fields: Any) -> PhaseSummary:
    """Step `number`, at its planned time: the last eight of its ten seconds."""
    return phase(f"step_{number}", number * 10 - 8, number * 10, total=total, **fields)


def capacity(run: RunSummary, budget: Budget | BudgetLayer = BUDGET) -> Capacity:
    return capacity_of(run, STRESS, service(budget))


def found(capacity: Capacity) -> tuple[float | None, bool, float | None, str | None]:
    return capacity.level, capacity.lower_bound, capacity.broke_at, capacity.broke_by


@pytest.mark.parametrize(
    ("broken", "group"),
    [
        (entry(p95=251), "latency"),
        (entry(failures=100, p95=100), "errors"),
        (entry(failures=100, p95=900), "errors"),
        (entry(requests=500, failures=500), "errors"),
        (entry(requests=0), "throughput"),
    ],
    ids=["slow", "failing", "failing and slow", "all failing", "hanging"],
)
def test_the_capacity_is_the_highest_step_that_held_before_one_broke(broken: EndpointSummary, group: str) -> None:
    """Steps are at 10, 20 and 40 users; the second breaks, and what comes after it does not count."""
    result = capacity(summary(step(1), step(2, broken), step(3)))
    assert found(result) == (10, False, 20, group)
    assert [step.held for step in result.steps] == [True, False, True]
    assert result.unit == "users"
    assert result.detail.startswith("broke at 20 users: ")


def test_a_service_out_of_cpu_broke_by_resource() -> None:
    """CPU and memory limits hold in each step."""
    result = capacity(summary(step(1, resources=resources(1.0)), step(2, resources=resources(1.9)), step(3)))
    assert found(result) == (10, False, 20, "resource")
    assert result.steps[1].broken_by == ["CPU 190 %, budget 150 % (+27 %)"]


def test_an_endpoint_alone_can_break_a_step() -> None:
    """By its own limit or by the inherited one."""
    slow = [entry(HOME, p95=180)]
    budget = Budget(every=BUDGET, endpoints={HOME: layer(p95=150)})
    result = capacity(summary(step(1), step(2, endpoints=slow), step(3)), budget)
    assert found(result) == (10, False, 20, "latency")
    assert result.steps[1].broken_by == ["GET /home: p95 180 ms, budget 150 ms (+20 %)"]


def test_warning_limits_and_throughput_do_not_break_a_step() -> None:
    """A step is held to what fails; its throughput grows with its users."""
    budget = layer(p95=(50.0, 250.0), error_rate=(0.0, None), throughput=1e6)
    assert found(capacity(summary(step(1), step(2), step(3)), budget)) == (40, True, None, None)


def test_a_load_that_never_broke_gives_a_lower_bound() -> None:
    """It does not climb high enough."""
    result = capacity(summary(step(1), step(2), step(3)))
    assert found(result) == (40, True, None, None)
    assert "does not climb high enough" in result.detail


def test_the_first_step_breaking_is_a_capacity_of_nothing() -> None:
    """It is known, and it is 0."""
    run = summary(step(1, entry(p95=900)), step(2), step(3))
    assert found(capacity(run)) == (0, False, 10, "latency")
    assert highest_held(run, STRESS, service(BUDGET)) is None


def test_a_saturated_generator_gives_a_lower_bound() -> None:
    """What it measured then, good or bad, is about itself."""
    for total in (GOOD, entry(p95=900)):
        result = capacity(summary(step(1), step(2, total, saturated=True), step(3, entry(p95=900))))
        assert found(result) == (10, True, None, None)
        assert result.detail == "the generator was the bottleneck from 20 users on"


def test_a_generator_that_is_saturated_from_the_start_shows_nothing() -> None:
    """The capacity is not 0 but unknown."""
    assert found(capacity(summary(step(1, saturated=True)))) == (None, True, None, None)


def test_a_step_without_any_limit_is_not_held() -> None:
    """Unknown is never pass."""
    result = capacity(summary(step(1), step(2), step(3)), layer(capacity=10))
    assert found(result) == (None, True, None, None)
    assert "no budget with a failing tier could be judged" in result.detail


def test_a_percentile_with_too_few_requests_neither_holds_nor_breaks_a_step() -> None:
    """The error rate is still judged; where it is all there is to judge and it has no limit, the step is unknown."""
    few = entry(requests=15, p50=10)
    assert found(capacity(summary(step(1, few), step(2, few), step(3, few)))) == (40, True, None, None)
    assert found(capacity(summary(step(1, few)), layer(p95=250))) == (None, True, None, None)


def test_no_requests_in_the_whole_load_is_unknown_and_not_a_capacity_of_nothing() -> None:
    """The scenario asked nothing."""
    nothing = entry(requests=0)
    assert found(capacity(summary(step(1, nothing), step(2, nothing), step(3, nothing)))) == (None, True, None, None)


@pytest.mark.parametrize(
    ("detail", "stop_when", "group"),
    [
        ("error rate 6.0% passed stop_when 5.0%", StopWhen(error_rate=0.05, p95_ms=900), "errors"),
        ("p95 950 ms passed stop_when 900 ms", StopWhen(error_rate=0.05, p95_ms=900), "latency"),
        ("", StopWhen(p95_ms=900), "latency"),
    ],
)
def test_a_stop_condition_breaks_the_step_that_it_ended(detail: str, stop_when: StopWhen, group: str) -> None:
    """Also when the step's figures as a whole were still within budget; later steps are not reached."""
    run = summary(
        step(1),
        phase("step_2", 12, 15, total=GOOD),
        duration_s=15.0,
        end_reason="stop_when",
        end_detail=detail,
    )
    result = capacity_of(run, load("stress", stop_when=stop_when), service(BUDGET))
    assert found(result) == (10, False, 20, group)
    assert [(step.reached, step.held) for step in result.steps] == [(True, True), (True, False), (False, False)]


def test_a_stop_on_the_way_to_a_step_breaks_that_step() -> None:
    """It was not reached because it could not be."""
    run = summary(step(1), phase("ramp", 0, 11), duration_s=11.0, end_reason="stop_when", end_detail="error rate")
    result = capacity_of(run, load("stress", stop_when=StopWhen(0.05)), service(BUDGET))
    assert found(result) == (10, False, 20, "errors")


def test_an_interrupted_step_is_unknown() -> None:
    """It held so far, and nobody knows how it would have gone on; a step that had broken stays broken."""
    cut: dict[str, Any] = {"complete": False, "end_reason": "stopped", "duration_s": 15.0}
    half = phase("step_2", 12, 15, total=GOOD)
    assert found(capacity(summary(step(1), half, **cut))) == (10, True, None, None)
    broken = phase("step_2", 12, 15, total=entry(p95=900))
    assert found(capacity(summary(step(1), broken, **cut))) == (10, False, 20, "latency")


def test_arrivals_without_a_user_break_the_last_step() -> None:
    """In an open model the rate was not driven; the unit is arrivals per second."""
    run = summary(step(1), step(2), step(3), unserved=12)
    result = capacity_of(run, load("stress", model="open"), service(BUDGET))
    assert found(result) == (20, False, 40, "throughput")
    assert result.unit == "/s"
    stopped = summary(step(1), step(2), unserved=12, complete=False, end_reason="stopped", duration_s=20.0)
    assert found(capacity_of(stopped, load("stress", model="open"), service(BUDGET))) == (10, False, 20, "throughput")


@pytest.mark.parametrize(
    ("second", "budget", "status"),
    [
        (entry(p95=900), (None, 10.0), "pass"),
        (entry(p95=900), (None, 20.0), "fail"),
        (entry(p95=900), (20.0, 10.0), "warn"),
        (None, (None, 10.0), "pass"),
        (None, (None, 20.0), "invalid"),
        (None, (20.0, 10.0), "warn"),
    ],
)
def test_a_lower_bound_can_keep_a_budget_and_not_break_it(
    second: EndpointSummary | None, budget: tuple[float | None, float], status: str
) -> None:
    """10 users held; then the second step breaks, or (None) the generator is its bottleneck."""
    run = summary(step(1), step(2, second or GOOD, saturated=second is None))
    check = check_capacity(capacity(run), limit("capacity", budget))
    assert (check.status, check.unit, check.observed) == (status, "users", 10)


def test_the_check_says_how_it_broke() -> None:
    """Beside what held and what was asked for."""
    check = check_capacity(capacity(summary(step(1), step(2, entry(p95=500)))), limit("capacity", 20))
    assert check.message == (
        "capacity 10 users, budget at least 20 users (-50 %); broke at 20 users: p95 500 ms, budget 250 ms (+100 %)"
    )


def test_an_unknown_capacity_is_invalid() -> None:
    """Whatever the budget is."""
    check = check_capacity(capacity(summary(step(1, saturated=True))), limit("capacity", 1))
    assert (check.status, check.observed) == ("invalid", None)
    assert "the generator was the bottleneck from 10 users on" in check.message


def test_a_step_in_which_the_clock_stepped_throughout_is_unknown_and_not_broken() -> None:
    """All of its requests are left out; that there were none is not known."""
    blind = step(2, entry(requests=0)).model_copy(update={"left_out_s": 8.0})
    result = capacity(summary(step(1), blind, step(3)))
    assert found(result) == (10, True, None, None)
    assert result.detail == "the clock stepped, so nothing could be timed from 20 users on"


def test_a_step_whose_requests_have_no_times_is_not_held() -> None:
    """Its error rate is known, its p95 is not: the capacity is unknown, not green."""
    blind = entry(None, 1000, untimed=1000)
    run = summary(phase("step_1", 2, 10, total=blind), phase("step_2", 12, 20, total=blind))
    (check,) = [
        one
        for one in check_run(run, load("stress"), service(layer(p95=250, error_rate=0.01, capacity=10)))
        if one.metric == "capacity"
    ]
    assert check.status == "invalid"
