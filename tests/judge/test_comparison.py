"""A paired comparison as a run's result: statuses, the figures of the head, and what makes it invalid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.judge.changed import Rules
from perfgate.judge.comparison import NO_PAIRS, NOTHING_COMPARED, Terms, check_of, compared_run
from perfgate.judge.paired import compare_pairs
from perfgate.judge.result import Comparison
from tests.judge.blocks import ENDPOINT, block, noisy, pair
from tests.judge.summaries import load, service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.paired import Change
    from perfgate.judge.result import RunResult, Status
    from perfgate.measure.blocks import Pair

RULES = Rules(max_slowdown_percent=10.0)
COMPARISON = Comparison(
    pairs=40, block_s=1.0, duration_s=80.0, stopped="decided", max_slowdown_percent=10.0, false_alarm_rate=0.01
)


def compared(pairs: Sequence[Pair], terms: Terms | None = None) -> RunResult:
    changes = compare_pairs(pairs, RULES)
    return compared_run(service(), load(), pairs, changes, COMPARISON, terms or Terms("invalid"))


def finding(pairs: Sequence[Pair], metric: str) -> Change:
    return next(own for own in compare_pairs(pairs, RULES) if (own.key.endpoint, own.key.metric) == (ENDPOINT, metric))


def test_a_proven_slowdown_fails_and_is_the_reason() -> None:
    """With what was observed at both sides."""
    run = compared(noisy(40, slower=1.5))
    check = next(check for check in run.checks if (check.endpoint, check.metric) == (ENDPOINT, "p50"))
    assert (run.verdict, check.kind, check.status, check.decision) == ("fail", "paired", "fail", "worse")
    assert check.baseline is not None
    assert check.observed is not None
    assert check.observed > check.baseline
    assert any(reason.startswith(f"catalog/steady {ENDPOINT}: p50 ") for reason in run.reasons)


def test_unchanged_passes_and_says_what_it_would_have_found() -> None:
    """The smallest slowdown stands beside every pass."""
    run = compared(noisy(60, requests=200))
    assert run.verdict == "pass"
    passed = [check for check in run.checks if check.metric == "p50" and check.status == "pass"]
    assert passed
    assert all((check.smallest_detectable_percent or 0) > 10 for check in passed)


def test_the_heads_requests_are_the_runs_figures() -> None:
    """Over all pairs that count."""
    pairs = noisy(30, requests=50)
    run = compared([replace(pairs[0], disturbed="steal: 30 %"), *pairs[1:]])
    assert run.total is not None
    assert (run.total.requests, run.total.throughput_per_s) == (29 * 50, 50.0)
    assert [entry.name for entry in run.endpoints] == [ENDPOINT]


@pytest.mark.parametrize("undecided", ["invalid", "warn"])
def test_undecided_is_what_the_gate_says_it_is(undecided: Status) -> None:
    """Never a pass."""
    close = finding(noisy(40, slower=1.1), "p50")
    assert close.decision == "undecided"
    assert check_of(close, undecided).status == undecided


def test_a_percentile_of_which_there_is_too_little_data_warns_where_the_endpoint_is_known_otherwise() -> None:
    """And is as undecided as any other where nothing is known of the endpoint."""
    wide = replace(finding(noisy(40, slower=1.1), "p95"), decision="undecided", too_wide=True)
    assert check_of(wide, "invalid", known=True).status == "warn"
    assert check_of(wide, "invalid", known=False).status == "invalid"


def test_what_is_only_shown_never_fails() -> None:
    """p99 alone is a warning at most."""
    worse = replace(finding(noisy(60, slower=2.0, requests=200), "p99"), decision="worse")
    assert check_of(worse, "invalid").status == "warn"
    assert check_of(replace(worse, decision="undecided"), "invalid").status == "skipped"


def test_without_a_pair_that_counts_nothing_was_compared() -> None:
    """Unknown is never pass."""
    run = compared([replace(one, disturbed="steal: 30 %") for one in noisy(10)])
    assert (run.verdict, run.doubts) == ("invalid", [NO_PAIRS])


def test_a_head_that_answers_nothing_any_more_is_not_green() -> None:
    """All its endpoints are gone."""
    pairs = [pair(number, block({ENDPOINT: [1.0] * 50}), block({})) for number in range(40)]
    run = compared(pairs)
    assert (run.verdict, run.doubts) == ("invalid", [NOTHING_COMPARED])


def test_doubts_about_the_driving_make_every_finding_unknown() -> None:
    """Whatever it would have been."""
    run = compared(noisy(40, slower=1.5), Terms("invalid", doubts=["the head's service ended by itself"]))
    assert run.verdict == "invalid"
    assert {check.status for check in run.checks} <= {"invalid", "skipped"}
    assert run.reasons[0] == "catalog/steady: the head's service ended by itself"
