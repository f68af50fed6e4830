"""What the rows and sentences of every report say."""

from __future__ import annotations

import re
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.result import Capacity, Drift, Recovery, Result
from perfgate.judge.words import lasting
from perfgate.report import html, junit, markdown, prometheus, text
from perfgate.report import json as result_json
from perfgate.report.changes import compared_rows, most_changed, sureness
from perfgate.report.comment import Context, Part, render
from perfgate.report.statements import (
    caveats,
    closing,
    failed_otherwise,
    findings,
    headline,
    health_notes,
    unjudged,
)
from perfgate.report.tables import CheckRow, check_rows, excess, moment, placed_doubts, printable, summary_row
from perfgate.suite.words import check_title
from tests.report import results


@given(st.text())
def test_printable_text_is_one_line_that_no_terminal_obeys(text: str) -> None:
    """Whatever comes from outside, nothing but printable characters reaches a report."""
    assert printable(text).isprintable()


def test_printable_text_shows_control_characters_instead_of_dropping_them() -> None:
    """Two names that differ in a control character alone stay two names."""
    assert printable("a\x1b[31m\nb\u202ec") == "a\\x1b[31m\\nb\\u202ec"


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    """Only what cannot be printed is changed."""
    assert printable("GET /größe/東京 [x] 100 %") == "GET /größe/東京 [x] 100 %"


def test_endless_text_is_cut_with_an_ellipsis() -> None:
    """A name of a megabyte must not fill a report."""
    assert printable("x" * 1000, longest=10) == "xxxxxxxxx…"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.85, "850 ms"),
        (42.4, "42 s"),
        (59.7, "1 m"),
        (160, "2 m 40 s"),
        (3600, "1 h"),
        (11_100, "3 h 5 m"),
    ],
)
def test_durations_are_told_as_people_tell_them(seconds: float, words: str) -> None:
    """Two units at most."""
    assert lasting(seconds) == words


def test_moments_are_in_utc() -> None:
    """The report does not depend on where it is written."""
    assert moment(results.STARTED_AT) == "2026-03-04 04:53:20 UTC"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"observed": 312.4, "limit": 250.0}, "62.4 ms (25 %)"),
        ({"observed": 300.0, "limit": 380.0, "unit": "/s", "direction": "at_least"}, "80/s (21 %)"),
        ({"observed": 0.05, "limit": 0.01, "unit": "share"}, "4 points"),
        ({"observed": 25.5, "limit": 20.0, "unit": "percent"}, "5.5 points"),
        ({"observed": 3.0, "limit": 0.0, "unit": "tokens"}, "3 tokens"),
        ({"observed": 249.0, "limit": 250.0}, "-"),
        ({"observed": None, "limit": 250.0}, "-"),
        ({"observed": 250.0, "limit": None}, "-"),
    ],
)
def test_the_excess_is_told_in_the_metrics_unit_and_in_percent(changes: dict[str, object], words: str) -> None:
    """Rates that are percentages themselves differ by points; what is within its limit has no excess."""
    assert excess(results.check("fail", **changes)) == words


def test_an_observed_value_is_never_rounded_onto_the_limit_it_breaks() -> None:
    """`250 ms against 250 ms, failed` would look like a fault of the gate."""
    row = CheckRow("catalog", "peak", results.check("fail", observed=250.004, limit=250.0))
    assert (row.observed, row.limit) == ("250.004 ms", "250 ms")


def test_an_artifacts_check_names_the_file_and_its_size() -> None:
    """Its metric is the path."""
    row = next(iter(check_rows(results.result())))
    assert (row.group, row.subject, row.metric) == ("artifacts", "dist/app.js", "size")


def test_every_check_of_a_result_has_one_row() -> None:
    """Those of artifacts, of services, of their runs, and of runs whose service is not listed."""
    result = results.result()
    checks = [
        *result.checks,
        *(c for s in result.services for c in s.checks),
        *(c for r in result.runs for c in r.checks),
    ]
    assert sorted(id(row.check) for row in check_rows(result)) == sorted(id(check) for check in checks)
    orphaned = results.result(services=[])
    assert len(list(check_rows(orphaned))) == len(checks) - 1


def test_nothing_in_a_run_that_is_not_sound_counts_as_passed_or_failed() -> None:
    """What an overloaded generator measured proves nothing in either direction."""
    run = results.doubtful()
    assert placed_doubts(run) == ["catalog/doubtful: the generator used 97 % of its core"]
    rows = check_rows(results.result(checks=[], services=[], runs=[run]))
    assert [row.status for row in rows] == ["invalid", "invalid"]


def test_a_sound_run_keeps_its_passes_beside_a_check_that_could_not_be_made() -> None:
    """Only the check without an answer is invalid."""
    run = results.extra()
    assert placed_doubts(run) == []
    rows = check_rows(results.result(checks=[], services=[], runs=[run]))
    assert [row.status for row in rows] == ["pass", "invalid"]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (results.passed(), "PASS: 5 checks held"),
        (results.passed(runs=[results.soak()], verdict="warn"), "WARN: 1 warning in 2 checks"),
        (results.passed(runs=[results.peak()], verdict="fail"), "FAIL: 1 of 2 checks failed"),
        (results.passed(runs=[results.peak(), results.refused()], verdict="fail"),
         "FAIL: 1 of 2 checks failed, 1 could not be judged"),
        (results.passed(runs=[results.stress(), results.extra()], verdict="invalid"),
         "INVALID: it could not be judged, 1 skipped"),
    ],
)  # fmt: skip
def test_the_headline_tells_the_verdict_and_how_many_checks_made_it(result: Result, words: str) -> None:
    """Skipped checks are counted apart, never among those that held."""
    assert headline(result) == words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (results.compared(results.paired(), results.THROUGHPUT), "PASS: not slower in 2 checks"),
        (results.compared(results.paired(), results.BETTER), "PASS: not slower in 2 checks, 1 faster"),
        (results.slower(),
         "FAIL: slower, p95 of GET /items/{id} by +52 % (1 of 8 checks), 1 undecided, 1 faster"),
        (results.compared(results.paired("worse", "fail", endpoint=None, metric="memory", change_percent=20.0),
                          verdict="fail"), "FAIL: worse, memory by +20 % (1 of 1 check)"),
        (results.compared(results.UNDECIDED, results.paired(), verdict="invalid"),
         "INVALID: undecided, 1 of 2 checks could not be told"),
        (results.compared(results.ACCEPTED, results.paired(), verdict="warn"),
         "WARN: worse, CPU per request by +12 %, as accepted"),
        (results.compared(results.UNDECIDED.model_copy(update={"status": "warn"}), results.paired(), results.NOTED,
                          verdict="warn"), "WARN: not slower in 1 check, 1 undecided"),
        (results.compared(verdict="invalid"), "INVALID: it could not be judged"),
        (results.against_history(results.paired()), "PASS: 2 checks held"),
        (results.against_history(results.WORSE, results.FAILED.model_copy(update={"kind": "budget"}), verdict="fail"),
         "FAIL: slower, p95 of GET /items/{id} by +52 % (2 of 3 checks)"),
    ],
)  # fmt: skip
def test_the_headline_of_a_comparison_says_what_changed_most_and_by_how_much(result: Result, words: str) -> None:
    """Endpoints' latency goes before resources; new and gone endpoints are not counted as checks."""
    assert headline(result) == words


@pytest.mark.parametrize(
    ("surest", "other"),
    [
        ((25.0, (20.0, 30.0)), (40.0, (11.0, 90.0))),  # the wider estimate is larger, and less is known of it
        ((25.0, (20.0, 30.0)), (24.0, (20.0, 28.0))),  # alike in what is sure: the larger estimate
        ((25.0, (20.0, 30.0)), (400.0, None)),  # of which nothing is sure
        ((12.0, (2.0, 22.0)), (60.0, (-30.0, 190.0))),  # may be no change at all
        ((12.0, (-1.0, 26.0)), (60.0, (-30.0, 190.0))),
        ((-25.0, (-29.0, -20.0)), (-60.0, (-90.0, -5.0))),  # faster: the end that is nearer to no change, likewise
        ((-50.0, (-60.0, -45.0)), (70.0, (60.0, 80.0))),  # halved is as far as doubled
        ((5.0, (4.0, 6.0)), (None, None)),
    ],
)
def test_what_changed_most_is_what_surely_changed_most(
    surest: tuple[float, Any], other: tuple[float | None, Any]
) -> None:
    """The largest of many estimates is mostly the one that is known worst: it is not the one to blame, nor to praise.

    Every report asks the same: the headline, what to do, and the order and the first line of the comment.
    """
    checks = [
        results.paired("worse", "fail", endpoint=name, change_percent=change, interval_percent=ends)
        for name, (change, ends) in (("GET /sure", surest), ("GET /other", other))
    ]
    for order in (checks, checks[::-1]):
        result = results.compared(*order, verdict="fail", exit_code=1)
        assert most_changed(compared_rows(result)).name == "GET /sure"
        assert "of GET /sure by" in headline(result)
        lines = render([Part("", result)], Context()).splitlines()
        assert "of `GET /sure` (catalog / peak) changed" in lines[0]
        assert [name for line in lines for name in re.findall(r"^\|.*`GET /(\w+)`", line)][:2] == ["sure", "other"]


def test_an_interval_without_an_upper_end_still_says_how_far_at_least() -> None:
    """What cannot be bounded above is none the less surely worse."""
    open_ended = results.paired("worse", "fail", change_percent=12.0, interval_percent=(11.0, inf))
    bounded = results.paired("worse", "fail", change_percent=30.0, interval_percent=(10.5, 50.0))
    assert sureness(open_ended) > sureness(bounded)


def test_errors_that_became_more_come_before_any_latency() -> None:
    """They are counted in points and have no interval in percent; what fails quickly is no measure of slowness."""
    errors = results.paired(
        "worse", "fail", endpoint="GET /fails", metric="error_rate", unit="ratio", baseline=0.0, observed=0.1,
        limit=0.01, change_percent=None, interval_percent=None,
    )  # fmt: skip
    slower = results.paired("worse", "fail", endpoint="GET /slow", change_percent=400.0, interval_percent=(300, 500))
    for order in ((errors, slower), (slower, errors)):
        result = results.compared(*order, verdict="fail", exit_code=1)
        assert most_changed(compared_rows(result)).name == "GET /fails"
        assert "`GET /fails`" in render([Part("", result)], Context()).splitlines()[0]


def test_changes_that_are_alike_stay_in_their_order() -> None:
    """So that the same result is always told in the same words."""
    checks = [results.paired("worse", "fail", endpoint=name, change_percent=20.0) for name in ("GET /b", "GET /a")]
    result = results.compared(*checks, verdict="fail", exit_code=1)
    assert "of GET /b by" in headline(result)
    assert "of `GET /b` (catalog / peak)" in render([Part("", result)], Context())


def test_a_broken_budget_is_ranked_by_what_is_sure_too() -> None:
    """A few slow requests of a rare endpoint are not what the comment begins with."""
    sure = results.check("fail", endpoint="GET /sure", observed=312.0, observed_interval=(305.0, 320.0))
    wide = results.check("fail", endpoint="GET /wide", observed=500.0, observed_interval=(240.0, 900.0))
    result = results.passed(verdict="fail", exit_code=1, runs=[results.run("peak", checks=[wide, sure])])
    assert "of `GET /sure` (catalog / peak) is 312 ms" in render([Part("", result)], Context()).splitlines()[0]


def test_the_mean_of_a_comparison_is_called_what_it_is_in_every_report() -> None:
    """It is the mean of logarithms, and beside it stand means of milliseconds; keys of files are `mean` as before."""
    mean = results.paired("worse", "fail", metric="mean", message="geometric mean 20 ms to 30 ms, +1 %; proven worse")
    result = results.compared(mean, verdict="fail", exit_code=1)
    assert headline(result) == "FAIL: slower, geometric mean of GET /items/{id} by +1 % (1 of 1 check)"
    for shown in (*in_every_report(result), render([Part("", result)], Context()), check_title(mean)):
        assert "geometric mean" in shown
        assert not re.search(r"(?<!geometric )\bmean (\(paired|of GET|paired)", shown)
    assert '"metric": "mean"' in result_json.render(result)
    assert all('metric="mean"' in line for line in prometheus.render(result).splitlines() if "change_ratio{" in line)


@pytest.mark.parametrize("kind", ["budget", "history"])
def test_the_mean_of_requests_and_of_the_history_is_the_arithmetic_one(kind: Any) -> None:
    """A budget's `mean` and the history's are means of milliseconds, and called mean."""
    mean = results.check("fail", metric="mean", kind=kind, decision=None if kind == "budget" else "worse")
    result = results.passed(verdict="fail", runs=[results.run("peak", checks=[mean])])
    assert not any("geometric" in shown for shown in in_every_report(result))


def test_a_time_below_a_millisecond_is_told_in_a_unit_that_suits_it_in_every_report() -> None:
    """A microbenchmark's 442 ns are not 0.0004422 ms; files for machines keep the unit that they name."""
    short = {"observed": 0.0004422, "baseline": 0.0004, "limit": 0.0003, "fail_limit": 0.0003}
    budget = results.check("fail", **short, message="p95 442.2 ns, budget 300 ns (+47 %)")
    moved = results.paired("worse", "fail", **short, metric="p50", message="p50 400 ns to 442.2 ns, +1 %; proven worse")
    result = results.compared(budget, moved, verdict="fail", exit_code=1)
    for shown in (*in_every_report(result), render([Part("", result)], Context()).replace("\u00a0", " ")):
        assert "442.2 ns" in shown
        assert "400 ns" in shown
        assert not re.search(r"0\.\d+ ms", shown)
    assert '"observed": 0.0004422' in result_json.render(result)
    assert re.search(r"check_observed{.*} 4\.422\d*e-07", prometheus.render(result))


def in_every_report(result: Result) -> list[str]:
    """Those that people read."""
    return [text.render(result), markdown.render(result), html.render(result), junit.render(result)]


def test_the_last_line_tells_verdict_time_and_exit_code() -> None:
    """So that the end of a log is enough."""
    assert closing(results.result()) == "FAIL in 2 m 40 s (exit 1)"


def test_a_strict_failure_says_that_warnings_made_it() -> None:
    """Exit 1 under `WARN` would look like a fault."""
    result = results.passed(verdict="warn", exit_code=1, strict=True)
    assert closing(result) == "WARN in 2 m 40 s (exit 1, warnings count as failures)"


def test_a_scaled_result_says_that_it_is_only_a_quick_look() -> None:
    """Nobody must take a tenth of a soak for a soak."""
    assert caveats(results.passed(scale=0.1)) == [
        "Every duration was multiplied by 0.1: a quick look, not a measurement to keep."
    ]
    assert caveats(results.passed()) == []


def test_each_kind_of_load_tells_what_it_found() -> None:
    """Capacity with how it broke, recovery, drift; a steady load has nothing to add."""
    runs = (results.stress(), results.spike(), results.soak(), results.run())
    assert [findings(run) for run in runs] == [
        ["capacity 100 users, limited by latency; broke at 200 users: p95 612 ms, budget 250 ms"],
        ["recovered in 3 s: p95 back within 250 ms"],
        ["drift, last fifth against first: p95 +1.4 %, memory +12 %"],
        [],
    ]


def test_an_unknown_finding_says_that_it_is_unknown() -> None:
    """Neither 0 nor nothing."""
    run = results.run(
        capacity=Capacity(level=None, unit="users", lower_bound=True, detail="no requests"),
        recovery=Recovery(recovery_time_s=None),
        drift=Drift(),
    )
    assert findings(run) == [
        "capacity unknown: no requests",
        "did not recover",
        "drift, last fifth against first: unknown",
    ]


def test_what_could_not_be_judged_is_told_once_the_whole_first() -> None:
    """The reason of the whole, then doubts about runs, then single checks."""
    runs = [results.extra(), results.doubtful()]
    told = [reason for run in runs for reason in run.reasons]
    result = results.passed(verdict="invalid", exit_code=3, reasons=["stopped by Ctrl-C", *told], runs=runs)
    assert unjudged(result) == [
        "stopped by Ctrl-C",
        "catalog/doubtful: the generator used 97 % of its core",
        f"catalog/extra GET /nowhere: {results.INVALID.message}",
    ]
    assert health_notes(result) == []


def test_a_failure_that_no_check_shows_is_told_by_its_reasons() -> None:
    """A red verdict is never without an explanation."""
    assert failed_otherwise(results.passed(verdict="fail", exit_code=1, reasons=["why"])) == ["why"]
    assert failed_otherwise(results.result()) == []


def test_a_run_without_requests_has_dashes_instead_of_zeros() -> None:
    """A percentile of nothing is not 0 ms."""
    assert summary_row(results.refused()) == ("normal", *["-"] * 8, "invalid")


def test_an_error_rate_is_never_rounded_to_a_false_hundred_or_zero() -> None:
    """One success among a hundred thousand failures is shown, and so is one failure among as many successes."""
    total = results.endpoint(None, requests=100_000)
    for rate, words in ((0.99999, "99.999"), (0.00001, "0.001")):
        assert summary_row(results.run(total=total.model_copy(update={"error_rate": rate})))[3] == words
