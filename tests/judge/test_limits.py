"""One value against one limit."""

from __future__ import annotations

import pytest

from perfgate.judge.limits import Reading, check_limit
from tests.judge.summaries import limit


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


@pytest.mark.parametrize(
    ("interval", "tiers", "uncertain"),
    [
        ((240.0, 260.0), (None, 250.0), True),
        ((240.0, 250.0), (None, 250.0), True),
        ((240.0, 249.0), (None, 250.0), False),
        ((250.0, 260.0), (None, 250.0), True),
        ((251.0, 260.0), (None, 250.0), False),
        ((240.0, 260.0), (245.0, 500.0), True),
        (None, (None, 250.0), False),
    ],
)
def test_a_limit_within_the_measurements_own_uncertainty_says_so(
    interval: tuple[float, float] | None, tiers: tuple[float | None, float | None], uncertain: bool
) -> None:
    """The status stands, and the words warn."""
    check = check_limit(limit("p95", tiers), Reading("p95", "ms", 248.0, interval=interval))
    assert check.uncertain is uncertain
    assert ("95 % interval" in check.message) is uncertain
    assert check.observed_interval == interval


def test_the_words_name_the_interval() -> None:
    """So that a reader sees how near it was."""
    check = check_limit(limit("p95", 250.0), Reading("p95", "ms", 248.0, interval=(241.5, 256.0)))
    assert check.message == (
        "p95 248 ms, budget 250 ms (-0.8 %); uncertain: the limit lies within the measurement's own 95 % interval, "
        "241.5 ms to 256 ms"
    )
