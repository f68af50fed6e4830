"""Many checks as one test: one failure, which nothing of them is missing from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.verdict import verdict_of
from perfgate.suite.items import InvalidRunError, LoadItem
from perfgate.suite.outcome import outcome_of
from perfgate.suite.session import Measured
from perfgate.suite.warn import PerfgateWarning
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Check, Status

STATUSES = st.sampled_from(["pass", "warn", "fail", "invalid", "skipped"])
KINDS = st.sampled_from(["budget", "history"])


def check(status: Status, number: int = 0, **given: object) -> Check:
    return results.check(status, endpoint=f"GET /{number}", metric="p95", **given)


def unheard(_: Check) -> None:
    """A warning that the project does nothing about."""


@given(st.lists(STATUSES))
def test_it_is_as_red_as_the_verdict(statuses: list[Status]) -> None:
    """Whatever is among them; a warning is a warning of pytest's."""
    outcome = outcome_of([check(status, number) for number, status in enumerate(statuses)], unheard)
    verdict = verdict_of(statuses)
    assert outcome.status == (verdict if verdict in {"fail", "invalid"} and outcome.broken else "pass")
    assert bool(outcome.broken) == bool({"fail", "invalid"} & set(statuses))


@given(st.lists(STATUSES, min_size=1, max_size=30))
def test_the_line_and_the_words_name_all_that_did_not_hold_and_nothing_else(statuses: list[Status]) -> None:
    """The proven ones first."""
    outcome = outcome_of([check(status, number) for number, status in enumerate(statuses)], unheard)
    broken = [number for found in ("fail", "invalid") for number, status in enumerate(statuses) if status == found]
    named = [title for part in outcome.line.split("; ") if part for title in part.partition(": ")[2].split(", ")]
    assert named == [f"GET /{number} p95" for number in broken]
    assert "\n" not in outcome.line
    assert outcome.words.count("  next:") == len(broken)


@pytest.mark.parametrize(
    ("checks", "line"),
    [
        ([check("fail"), check("pass", 1)], "1 of 2 budgets broken: GET /0 p95"),
        ([check("fail"), check("skipped", 1)], "1 of 1 budget broken: GET /0 p95"),
        ([check("invalid"), check("warn", 1)], "1 of 2 budgets could not be judged: GET /0 p95"),
        (
            [check("invalid"), check("fail", 1), check("fail", 2)],
            "2 of 3 budgets broken: GET /1 p95, GET /2 p95; 1 could not be judged: GET /0 p95",
        ),
        (
            [check("fail", kind="history"), check("pass")],
            "1 of 2 checks failed: GET /0 p95 history",
        ),
    ],
)
def test_the_line_counts_what_was_judged(checks: list[Check], line: str) -> None:
    """What was skipped was not; and what is compared with earlier runs is no budget."""
    assert outcome_of(checks, unheard).line == line


def test_a_warning_that_the_project_makes_an_error_is_one() -> None:
    """And hides none of the others."""

    def as_error(_: Check) -> None:
        raise PerfgateWarning

    outcome = outcome_of([check("warn"), check("fail", 1)], as_error)
    assert (outcome.status, [one.title for one in outcome.broken]) == ("fail", ["GET /0 p95", "GET /1 p95"])


def test_no_load_is_green_that_the_verdict_does_not_call_so() -> None:
    """Even if each of its checks held: then the reasons say why."""
    item = LoadItem.__new__(LoadItem)
    item.outcome = outcome_of([check("pass")], unheard)
    item.measured = Measured(results.result(verdict="invalid", reasons=["the clock jumped"]), Path())
    with pytest.raises(InvalidRunError, match="the clock jumped"):
        item.runtest()
