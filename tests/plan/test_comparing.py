"""The tables that say how comparisons are made: [compare] and [[accept]]."""

from __future__ import annotations

import datetime

import pytest

from perfgate.plan.plan import Accept, Compare
from tests.plan.writing import LOADS, SERVICE, error_of, plan_of

ACCEPT = """
[[accept]]
metric = "p95"
up_to = "15%"
reason = "prices are read from the ledger"
by = "ann"
until = 2027-03-31
"""


def test_a_comparison_takes_two_minutes_in_blocks_whose_length_is_found_unless_written() -> None:
    """And other times where they are written."""
    assert plan_of(LOADS + SERVICE).compare == Compare(120.0, None)
    written = plan_of(LOADS + SERVICE + '[compare]\nmax_duration = "5m"\nblock = "500ms"\n')
    assert written.compare == Compare(300.0, 0.5)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('block = "20ms"', "compare.block: a block of 0.02 s is too short to measure in"),
        ('block = "10s"', "compare.block: only 12 blocks of 10 s fit into 120 s"),
        ('max_duration = "500ms"', "compare.max_duration: only 10 blocks of 0.05 s fit into 0.5 s"),
        ('blocks = "1s"', "compare.blocks: unknown key"),
    ],
)
def test_a_comparison_that_could_decide_nothing_is_refused(table: str, message: str) -> None:
    """With the key, and what would do."""
    assert message in error_of(f"{LOADS}{SERVICE}[compare]\n{table}\n")


def test_an_accepted_regression_says_what_by_how_much_why_who_and_until_when() -> None:
    """It covers the whole service, at any load of any service, unless it names one."""
    plan = plan_of(LOADS + SERVICE + ACCEPT)
    (accept,) = plan.accepts
    day = datetime.date(2027, 3, 31)
    source = accept.source
    assert accept == Accept("p95", 15.0, "prices are read from the ledger", "ann", day, source=source)
    assert source.startswith("budgets.toml:")


def test_the_day_of_an_acceptance_may_stand_in_quotation_marks() -> None:
    """As JSON has to write it."""
    plan = plan_of(LOADS + SERVICE + ACCEPT.replace("2027-03-31", '"2027-03-31"'))
    assert plan.accepts[0].until == datetime.date(2027, 3, 31)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('metric = "p95"', 'metric = "p59"', 'accept[0].metric: no metric "p59" (did you mean "p95"?)'),
        ('by = "ann"', "", "accept[0].by: this key is missing"),
        ('by = "ann"', 'by = "ann"\nservice = "shpo"', 'accept[0].service: no service "shpo" (did you mean "shop"?)'),
        ('by = "ann"', 'by = "ann"\nload = "pike"', 'accept[0].load: no load "pike"'),
        ("until = 2027-03-31", 'until = "soon"', 'accept[0].until: "soon" is not a day'),
        ("until = 2027-03-31", "until = 2027-03-31T10:00:00", "is not a day"),
        ('up_to = "15%"', 'up_to = "0%"', 'accept[0].up_to: "0%" must be more than zero'),
    ],
)
def test_an_acceptance_that_covers_nothing_or_says_too_little_is_refused(old: str, new: str, message: str) -> None:
    """With the line and the nearest right spelling."""
    assert message in error_of(LOADS + SERVICE + ACCEPT.replace(old, new))


def test_a_service_may_say_how_a_revision_is_made_ready() -> None:
    """As a command, for work trees; only where perfgate starts it."""
    plan = plan_of(LOADS + SERVICE + 'setup = "make build"\n')
    assert plan.services["shop"].setup == ("make", "build")
    already = SERVICE.replace('command = "shop --port {port}"\n', "").replace("{port}", "80")
    assert "services.shop.setup: only a service that perfgate starts has it" in error_of(
        LOADS + already + 'setup = "x"\n'
    )


@pytest.mark.parametrize(
    ("gate", "source"),
    [('[gate]\nhistory = 9\nmax_slowdown = "3%"\n', "budgets.toml:3"), ("[gate]\n", "budgets.toml:1"), ("", "")],
)
def test_it_is_known_where_it_says_what_is_tolerated(gate: str, source: str) -> None:
    """For annotations; the table's own line where the key is not written."""
    assert plan_of(f"{gate}{LOADS}{SERVICE}").gate.source == source
