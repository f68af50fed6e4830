"""One value against one limit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.limits import Reading, check_limit
from perfgate.judge.result import Check
from perfgate.judge.uncertainty import Sample, uncertain_run
from tests.judge.summaries import limit

if TYPE_CHECKING:
    from perfgate.judge.result import Status
    from perfgate.plan.budget import Uncertain


@pytest.mark.parametrize(
    ("observed", "tiers", "at_most", "status", "decided"),
    [
        (200.0, (None, 250.0), True, "pass", 250.0),
        (250.0, (None, 250.0), True, "pass", 250.0),
        (250.1, (None, 250.0), True, "fail", 250.0),
        (200.0, (250.0, None), True, "pass", 250.0),
        (300.0, (250.0, None), True, "warn", 250.0),
        (300.0, (250.0, 400.0), True, "warn", 250.0),
        (401.0, (250.0, 400.0), True, "fail", 400.0),
        (200.0, (250.0, 400.0), True, "pass", 400.0),
        (400.0, (None, 380.0), False, "pass", 380.0),
        (380.0, (None, 380.0), False, "pass", 380.0),
        (379.0, (None, 380.0), False, "fail", 380.0),
        (385.0, (390.0, 380.0), False, "warn", 390.0),
        (0.0, (None, 0.0), True, "pass", 0.0),
    ],
)
def test_a_value_on_the_wrong_side_of_a_tier_has_its_status(
    observed: float, tiers: tuple[float | None, float | None], at_most: bool, status: str, decided: float
) -> None:
    """A value on the limit keeps it; the check names the limit that decided."""
    check = check_limit(limit("p95", tiers), Reading("p95", "ms", observed, at_most))
    assert (check.status, check.limit) == (status, decided)
    assert (check.warn_limit, check.fail_limit) == tiers
    assert check.source == "budgets.toml:42"


@pytest.mark.parametrize(
    ("reading", "tiers", "message"),
    [
        (Reading("p95", "ms", 312.4), (None, 250.0), "p95 312.4 ms, budget 250 ms (+25 %)"),
        (Reading("p95", "ms", 312.4), (250.0, 400.0), "p95 312.4 ms, warning limit 250 ms (+25 %)"),
        (Reading("throughput", "/s", 190.0, False), (None, 380.0), "throughput 190/s, budget at least 380/s (-50 %)"),
        (Reading("error_rate", "share", 0.02), (None, 0.0), "error rate 2 %, budget 0 %"),
        (Reading("p95", "ms", 250.00001), (None, 250.0), "p95 250.00001 ms, budget 250 ms (+0.000004 %)"),
    ],
)
def test_a_check_says_what_was_seen_and_what_is_allowed(
    reading: Reading, tiers: tuple[float | None, float | None], message: str
) -> None:
    """And by how much the two differ."""
    assert check_limit(limit(reading.metric, tiers), reading).message == message


def test_what_was_not_observed_is_not_green() -> None:
    """Invalid unless the reading says that nobody asked for it by name."""
    budget = limit("p99", 250.0)
    check = check_limit(budget, Reading("p99", "ms", None, missing="it needs 100"))
    assert (check.status, check.observed, check.message) == ("invalid", None, "p99: it needs 100")
    assert check_limit(budget, Reading("p99", "ms", None, missing_status="skipped")).status == "skipped"
    both = check_limit(limit("p99", (200.0, 250.0)), Reading("p99", "ms", None))
    assert (both.limit, both.warn_limit, both.fail_limit) == (250.0, 200.0, 250.0)


def of(count: int, *interval: float | None, quantile: float = 0.95) -> Sample:
    """What a percentile of so many requests rests on."""
    low, high = interval
    return Sample(quantile, count, (low, high))


@pytest.mark.parametrize(
    ("interval", "tiers", "uncertain"),
    [
        ((240.0, 260.0), (None, 250.0), True),
        ((240.0, 250.0), (None, 250.0), True),
        ((240.0, 249.0), (None, 250.0), False),
        ((250.0, 260.0), (None, 250.0), True),
        ((251.0, 260.0), (None, 250.0), False),
        ((240.0, 260.0), (245.0, 500.0), True),
        ((240.0, None), (None, 250.0), True),
        ((None, 260.0), (None, 250.0), True),
        ((None, None), (None, 250.0), True),
        ((None, 249.0), (None, 250.0), False),
        ((251.0, None), (None, 250.0), False),
        (None, (None, 250.0), False),
    ],
)
def test_a_limit_within_the_measurements_own_uncertainty_says_so(
    interval: tuple[float | None, float | None] | None, tiers: tuple[float | None, float | None], uncertain: bool
) -> None:
    """An end that is not bounded reaches every limit; a value that keeps its limit keeps its status."""
    sample = of(200, *interval) if interval else None
    check = check_limit(limit("p95", tiers), Reading("p95", "ms", 244.0, sample=sample))
    assert check.uncertain is uncertain
    assert ("95 % interval" in check.message) is uncertain
    assert check.observed_interval == interval
    assert check.status == "pass"


@pytest.mark.parametrize(
    ("observed", "interval", "uncertain", "status"),
    [
        (260.0, (240.0, 280.0), "warn", "warn"),
        (260.0, (250.0, 280.0), "warn", "warn"),
        (260.0, (240.0, None), "warn", "warn"),
        (500.0, (240.0, 900.0), "warn", "warn"),
        (260.0, (251.0, 280.0), "warn", "fail"),
        (260.0, (251.0, None), "warn", "fail"),
        (500.1, (240.0, 900.0), "warn", "fail"),
        (500.1, (None, None), "warn", "fail"),
        (260.0, (240.0, 280.0), "fail", "fail"),
        (240.0, (200.0, 280.0), "fail", "pass"),
    ],
    ids=[
        "within",
        "on its lower end",
        "no upper end",
        "on twice the limit",
        "outside",
        "outside, and no upper end",
        "past twice the limit",
        "past twice the limit, and no end at all",
        "within, and that is to fail",
        "kept",
    ],
)
def test_a_broken_limit_within_the_interval_is_a_warning_up_to_twice_the_limit(
    observed: float, interval: tuple[float | None, float | None], uncertain: Uncertain, status: str
) -> None:
    """The limit that decided stays the failing one, and is called the budget."""
    about = replace(limit("p95", 250.0), uncertain=uncertain)
    check = check_limit(about, Reading("p95", "ms", observed, sample=of(200, *interval)))
    assert (check.status, check.limit) == (status, 250.0)
    assert ", budget 250 ms" in check.message
    assert ("that is a warning and no failure" in check.message) is (status == "warn")


@pytest.mark.parametrize(("observed", "status"), [(90.0, "warn"), (50.0, "warn"), (49.9, "fail")])
def test_of_a_minimum_less_than_half_fails_whatever_the_interval_is(observed: float, status: str) -> None:
    """The same rule the other way round."""
    reading = Reading("hits.p50", "", observed, at_most=False, sample=of(30, 10.0, 110.0, quantile=0.5))
    assert check_limit(limit("hits.p50", 100.0), reading).status == status


def test_nothing_is_a_share_of_a_limit_of_zero() -> None:
    """Whatever is past it is far past it."""
    reading = Reading("lost.p50", "", 1.0, sample=of(30, -3.0, 5.0, quantile=0.5))
    assert check_limit(limit("lost.p50", 0.0), reading).status == "fail"


def test_the_words_name_the_interval_and_what_would_decide() -> None:
    """So that a reader sees how near it was, and how much longer to measure: half as wide with four times as many."""
    check = check_limit(limit("p95", 250.0), Reading("p95", "ms", 246.0, sample=of(200, 241.5, 256.0)))
    assert check.message == (
        "p95 246 ms, budget 250 ms (-1.6 %); uncertain: the limit lies within the measurement's own 95 % interval, "
        "241.5 ms to 256 ms; about 1,300 requests would decide"
    )
    assert (check.samples, check.samples_needed) == (200, 1300)


def test_an_end_that_is_not_bounded_is_told() -> None:
    """With how many requests it takes to have one."""
    check = check_limit(limit("p99", 250.0), Reading("p99", "ms", 90.0, sample=of(120, 80.0, None, quantile=0.99)))
    assert (check.status, check.uncertain, check.samples_needed) == ("pass", True, 370)
    assert "80 ms and more (120 requests give no upper end); about 370 requests would decide" in check.message


def test_of_a_value_on_its_limit_no_number_decides() -> None:
    """Nor of one so near that nobody measures so long."""
    for observed in (250.0, 249.9999):
        check = check_limit(limit("p95", 250.0), Reading("p95", "ms", observed, sample=of(200, 240.0, 260.0)))
        assert (check.uncertain, check.samples_needed) == (True, None)
        assert "no number of requests decides" in check.message


@pytest.mark.parametrize(
    ("missing", "low", "status"),
    [("skipped", 251.0, "warn"), ("skipped", 249.0, "skipped"), ("invalid", 251.0, "invalid")],
)
def test_too_few_requests_for_a_percentile_can_show_that_it_is_past_its_limit(
    missing: Status, low: float, status: str
) -> None:
    """A check that nobody asked for by name is then no silent skip; one that was asked for stays invalid."""
    reading = Reading("p99", "ms", None, missing_status=missing, sample=of(30, low, None, quantile=0.99))
    check = check_limit(limit("p99", 250.0), reading)
    assert check.status == status
    assert ("yet 30 requests show that it is past 250 ms: 251 ms and more" in check.message) is (low > 250)


def told(status: Status = "pass", **fields: Any) -> Check:
    """A check of a percentile that is uncertain."""
    about: dict[str, Any] = {"observed": 90.0, "observed_interval": (80.0, None), "uncertain": True}
    return Check(metric="p99", unit="ms", status=status, message="", samples_needed=370, **(about | fields))


CERTAIN = told(uncertain=False, observed_interval=(80.0, 95.0))
NO_PERCENTILE = told(uncertain=False, observed_interval=None)


@pytest.mark.parametrize(
    ("checks", "warned"),
    [
        ([told()], True),
        ([told(), told()], True),
        ([told(), NO_PERCENTILE], True),
        ([told(), told("skipped", observed=None, uncertain=False)], True),
        ([told(), CERTAIN], False),
        ([NO_PERCENTILE], False),
        ([], False),
        ([told("warn")], False),
        ([told(), told("fail", uncertain=False, observed_interval=None)], False),
    ],
)
def test_a_run_of_which_no_percentile_is_certain_is_a_warning(checks: list[Check], warned: bool) -> None:
    """One that is not green anyway needs none."""
    found = uncertain_run(checks)
    assert (found is not None) is warned
    if found is not None:
        assert (found.status, found.limit) == ("warn", None)
        assert "about 370 requests for each would decide" in found.message


@given(
    st.floats(1, 1000),
    st.floats(0, 500),
    st.floats(0, 5000),
    st.floats(1, 2000),
    st.integers(1, 5000),
    st.sampled_from(("warn", "fail")),
)
def test_uncertainty_turns_a_failure_into_a_warning_and_nothing_into_a_pass(
    observed: float, below: float, above: float, at: float, count: int, uncertain: Uncertain
) -> None:
    """Whatever the interval is: what the limit lies outside of, or is twice as much, is what it is without one."""
    about = replace(limit("p95", at), uncertain=uncertain)
    bare = check_limit(about, Reading("p95", "ms", observed))
    sample = of(count, observed - below, observed + above)
    check = check_limit(about, Reading("p95", "ms", observed, sample=sample))
    assert (bare.status, check.status) in {("pass", "pass"), ("fail", "fail"), ("fail", "warn")}
    if check.status == "warn":
        assert check.uncertain
        assert uncertain == "warn"
        assert observed <= 2 * at
    assert check.samples_needed is None or check.samples_needed > 0
