"""Steps whose users never got an answer: a service that hangs leaves no figure behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.judge.capacity import capacity_of
from perfgate.judge.hanging import unanswered
from perfgate.measure.summary import Health, Series
from perfgate.plan import profile
from tests.judge.summaries import entry, layer, load, phase, service, summary

if TYPE_CHECKING:
    from perfgate.measure.summary import RunSummary
    from perfgate.plan.plan import Load, Model

BUDGET = service(layer(p95=250))


def climb(*levels: float, model: Model = "closed") -> Load:
    """Steps of ten seconds."""
    return replace(load("stress", model=model), levels=levels, profile=profile.steps(list(levels), 10))


def closed(per_s: list[float], *, response_ms: float, cut_off: int, users: int) -> RunSummary:
    """A run with so many requests per second in each step, and so many users cut off at its end."""
    totals = [entry(requests=int(8 * rate), throughput=rate, mean=response_ms, p95=response_ms) for rate in per_s]
    steps = [phase(f"step_{n}", n * 10 - 8, n * 10, total=total) for n, total in enumerate(totals, start=1)]
    return summary(*steps, health=Health(valid=True, clock="user", users=users, cut_off=cut_off))


def open_model(due: list[int], answered: list[int], *, cut_off: int, users: int = 300) -> RunSummary:
    """A run with so many arrivals and answered requests in each second of each step."""
    totals = [entry(requests=8 * count, p95=10) for count in answered]
    steps = [phase(f"step_{n}", n * 10 - 8, n * 10, total=total) for n, total in enumerate(totals, start=1)]
    series = Series(
        second=list(range(10 * len(due))),
        arrivals=[count for count in due for _ in range(10)],
        requests=[count for count in answered for _ in range(10)],
    )
    return summary(*steps, series=series, health=Health(valid=True, clock="user", users=users, cut_off=cut_off))


def test_a_service_that_answers_two_users_and_leaves_the_rest_waiting_holds_two() -> None:
    """Its figures are good in every step; that the users of the second hung is seen by its throughput."""
    run, steps = closed([20, 20, 20], response_ms=100, cut_off=6, users=8), climb(2, 4, 8)
    assert unanswered(run, steps) == {
        2: "only about 2 of 4 users were being answered",
        3: "6 of 8 users were still without an answer at the end",
    }
    found = capacity_of(run, steps, BUDGET)
    assert (found.level, found.lower_bound, found.broke_at, found.broke_by) == (2, False, 4, "throughput")


def test_users_who_hung_from_the_first_step_on_are_told_by_the_last() -> None:
    """Only those who were not cut off can have asked there: each of them asked twice as often as in the first."""
    found = unanswered(closed([20, 20], response_ms=100, cut_off=6, users=8), climb(4, 8))
    assert found[1] == "only about 2 of 4 users were being answered"


def test_slow_answers_are_told_from_missing_ones() -> None:
    """Users who wait longer ask less often, and are accounted for by their waiting; pauses are taken as they were."""
    totals = [entry(requests=n, throughput=n / 8, mean=ms, p95=ms) for n, ms in ((40, 1000), (40, 3000), (40, 7000))]
    steps = [phase(f"step_{n}", n * 10 - 8, n * 10, total=total) for n, total in enumerate(totals, start=1)]
    run = summary(*steps, health=Health(valid=True, clock="user", users=40, cut_off=30))
    assert list(unanswered(run, climb(10, 20, 40))) == [3]


def test_a_last_step_too_slow_for_the_stop_timeout_says_nothing_of_those_before() -> None:
    """All but one of its users are cut off, and the one cannot have made all of its requests."""
    totals = [entry(requests=n, throughput=n / 8, mean=ms, p95=ms) for n, ms in ((80, 50), (48, 15_000))]
    steps = [phase(f"step_{n}", n * 10 - 8, n * 10, total=total) for n, total in enumerate(totals, start=1)]
    run = summary(*steps, health=Health(valid=True, clock="user", users=100, cut_off=99))
    assert list(unanswered(run, climb(10, 100))) == [2]


@pytest.mark.parametrize("cut_off", [0, 1])
def test_without_more_than_stragglers_nothing_is_concluded(cut_off: int) -> None:
    """A service whose throughput no longer grows answers all the same."""
    assert unanswered(closed([20, 20, 20], response_ms=100, cut_off=cut_off, users=10), climb(2, 4, 10)) == {}


def test_a_load_that_was_stopped_cuts_its_users_off_itself() -> None:
    """They say nothing about the service."""
    run = closed([20], response_ms=100, cut_off=2, users=2).model_copy(update={"complete": False})
    assert unanswered(run, climb(2)) == {}


def test_a_rate_that_was_not_answered_breaks_its_step() -> None:
    """Arrivals that fell due and brought about no answered request still waited at the end."""
    run, steps = open_model([20, 40, 80], [20, 28, 14], cut_off=209), climb(20, 40, 80, model="open")
    found = capacity_of(run, steps, BUDGET)
    assert (found.level, found.broke_at, found.broke_by, found.unit) == (20, 40, "throughput", "/s")
    assert found.detail == "broke at 40/s: 320 arrivals fell due, and 224 requests of theirs were answered"
    assert found.steps[2].broken_by[-1] == "209 of 300 users were still without an answer at the end"


def test_arrivals_that_ask_several_times_are_held_against_the_step_that_was_answered_best() -> None:
    """A step that misses an answer for one arrival in three is broken, though it has more answers than arrivals."""
    run = open_model([20, 40, 80], [60, 80, 90], cut_off=100)
    assert list(unanswered(run, climb(20, 40, 80, model="open"))) == [2, 3]


def test_all_rates_answered_leave_only_the_last_step_broken() -> None:
    """Where users were cut off in it nonetheless."""
    run = open_model([20, 40], [20, 40], cut_off=100)
    assert list(unanswered(run, climb(20, 40, model="open"))) == [2]


def test_a_step_with_missing_users_is_unknown() -> None:
    """Whether it would have held with all of them nobody knows."""
    good = entry(p95=10)
    short = phase("step_2", 12, 20, total=good).model_copy(update={"users_missing": True})
    run = summary(phase("step_1", 2, 10, total=good), short)
    found = capacity_of(run, climb(2, 4), BUDGET)
    assert (found.level, found.lower_bound, found.detail) == (2, True, "users were missing from 4 users on")
