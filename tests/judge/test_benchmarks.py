"""Imported results held against budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.importers.imported import Entry, Imported, ImportedEndpoint, OwnFinding, Series
from perfgate.judge.benchmarks import check_benchmarks
from perfgate.measure.histogram import Histogram
from perfgate.plan.benchmarks import BenchmarkBudget, BenchmarkLimit
from perfgate.plan.budget import Limit

if TYPE_CHECKING:
    from perfgate.judge.result import Check

TEST = "tests/test_codec.py::test_encode"


def series(*samples: float, name: str = TEST, unit: str = "ms") -> Series:
    """A benchmark's rounds."""
    return Series(name, unit, samples, rounds=len(samples), also=("test_encode",) if name == TEST else ())


def endpoint(*times: float, failures: int = 0) -> ImportedEndpoint:
    """An imported load's requests."""
    return ImportedEndpoint("GET /", len(times) + failures, failures, Histogram.of(times))


def budget(pattern: str, unit: str = "ms", warn: float | None = None, **fails: float) -> BenchmarkBudget:
    """Limits of one table."""
    limits = {name: BenchmarkLimit(Limit(name, warn, fail, "budgets.toml:7"), unit) for name, fail in fails.items()}
    return BenchmarkBudget(pattern, limits)


def measured(*entries: Entry, tool: str = "k6") -> Imported:
    """A file of them."""
    return Imported(tool, None, None, None, entries)


def checked(entry: Entry, *budgets: BenchmarkBudget) -> Check:
    """The only check."""
    (check,) = check_benchmarks([measured(entry)], budgets)
    return check


@pytest.mark.parametrize(
    ("warn", "fail", "status"),
    [
        (None, 3.0, "pass"),
        (None, 2.0, "pass"),
        (1.5, 3.0, "warn"),
        (0.5, 0.9, "fail"),
        (1.0, 1.9, "warn"),  # three rounds say little of a median: within their interval
    ],
)
def test_a_median_is_held_against_its_tiers(warn: float | None, fail: float, status: str) -> None:
    """A value on the limit keeps it; the check names the benchmark, the limit's place and both values."""
    check = checked(series(3, 1, 2), budget("test_encode", warn=warn, p50=fail))
    assert (check.status, check.kind, check.endpoint, check.metric) == (status, "budget", TEST, "p50")
    assert (check.observed, check.unit, check.source) == (2, "ms", "budgets.toml:7")
    assert "2 ms" in check.message


def test_a_benchmark_that_is_gone_is_invalid_and_named() -> None:
    """Renamed, it would else be green for ever; the nearest name helps."""
    check = checked(series(1, 2), budget("test_encoded", p50=2))
    assert (check.status, check.endpoint, check.observed) == ("invalid", "test_encoded", None)
    assert f"nothing of this name was measured; the nearest is {TEST}" in check.message
    (empty,) = check_benchmarks([], [budget("test_*", p50=2)])
    assert empty.status == "invalid"


def test_a_benchmark_that_failed_is_invalid_with_its_reason() -> None:
    """Under a glob as well."""
    check = checked(Series("BM_X", error="no device"), budget("BM_*", max=1))
    assert (check.status, "no device" in check.message) == ("invalid", True)


def test_a_percentile_needs_its_rounds() -> None:
    """What was written for this benchmark is invalid without them; what a glob brings is skipped."""
    few = series(1, 2, 3)
    own = checked(few, budget("test_encode", p95=2))
    assert own.status == "invalid"
    assert "3 rounds, and it needs 20" in own.message
    assert checked(few, budget("test_*", p95=2)).status == "skipped"


def test_what_a_summary_does_not_state_is_not_made_up() -> None:
    """A saved file of pytest-benchmark has no 95th percentile."""
    check = checked(Series("x", given={"p50": 1.0}, rounds=500), budget("x", p95=2))
    assert (check.status, "does not state it" in check.message) == ("invalid", True)


def test_a_number_without_unit_is_held_against_a_plain_number() -> None:
    """CLS; the units must fit each other."""
    shift = series(0.2, name="CLS", unit="")
    assert checked(shift, budget("CLS", "", max=0.1)).status == "fail"
    assert "write a plain number" in checked(shift, budget("CLS", max=100)).message
    wrong = checked(series(5), budget("test_encode", "", max=100))
    assert (wrong.status, "it is a time" in wrong.message) == ("invalid", True)


def test_requests_that_failed_count_as_an_error_rate() -> None:
    """Of a load; a benchmark has none."""
    check = checked(endpoint(1, 2, 3, failures=1), budget("GET /", "share", error_rate=0.2))
    assert (check.status, check.observed, check.unit) == ("fail", 0.25, "share")
    assert checked(series(1), budget("test_encode", "share", error_rate=0.2)).status == "invalid"


def test_a_load_that_only_failed_is_never_green() -> None:
    """Its times are those of errors, which are quick."""
    for mixed in (True, False):
        entry = ImportedEndpoint("GET /", 5, 5, Histogram.of([1] * 5), mixed=mixed)
        p50, error_rate = check_benchmarks([measured(entry)], [budget("GET /", p50=100)])
        assert (p50.status, "no request succeeded" in p50.message) == ("invalid", True)
        assert (error_rate.metric, error_rate.status, error_rate.source) == ("error_rate", "fail", "default")
        assert entry.statistic("mean") is None, "the times of failures alone are no response time"


@pytest.mark.parametrize(("failures", "statuses"), [(1, ["pass"]), (2, ["pass", "warn"]), (51, ["pass", "fail"])])
def test_failures_of_an_imported_load_are_told_though_no_error_rate_is_written(
    failures: int, statuses: list[str]
) -> None:
    """More than 1 % is a warning, more than half a failure; no limit on times says anything about them."""
    entry = endpoint(*([1.0] * (100 - failures)), failures=failures)
    found = check_benchmarks([measured(entry)], [budget("GET /", p50=100)])
    assert [check.status for check in found] == statuses


def test_an_error_rate_that_is_written_replaces_the_default_of_an_imported_load() -> None:
    """Whoever expects failures says so."""
    found = check_benchmarks([measured(endpoint(1, 1, failures=8))], [budget("GET /", "share", error_rate=0.9)])
    assert [(check.metric, check.status) for check in found] == [("error_rate", "pass")]


def test_failures_alone_are_no_budget() -> None:
    """Where no budget stands for anything the result is invalid, whatever is warned of."""
    assert [check.status for check in check_benchmarks([measured(endpoint(*[1.0] * 98, failures=2))], [])] == ["warn"]


def test_times_of_failed_requests_among_the_others_are_told() -> None:
    """Where the tool does not keep them apart."""
    allowed = budget("GET /", "share", error_rate=0.5)
    mixed = ImportedEndpoint("GET /", 4, 1, Histogram.of([1, 2, 3, 4]), mixed=True)
    first, *_ = check_benchmarks([measured(mixed)], [budget("G* /", p50=9), allowed])
    assert first.caveat == "the times of failed requests are among them"
    assert first.message.endswith(first.caveat)
    first, *_ = check_benchmarks([measured(endpoint(1, 2, 3, failures=1))], [budget("G* /", p50=9), allowed])
    assert first.caveat == ""


def test_what_the_tool_itself_found_wrong_is_a_check() -> None:
    """Its threshold that was not kept is a failure; checks, exceptions and dropped iterations as failed requests."""
    findings = (
        OwnFinding("threshold", "http_req_duration: p(95)<500"),
        OwnFinding("checks", "is 200", 11, 1000),
        OwnFinding("checks", "is small", 10, 1000),
        OwnFinding("user_errors", "Aggregated", 3, detail="ValueError: no token"),
        OwnFinding("dropped_iterations", "k6", 50, 100),
    )
    checks = check_benchmarks([replace(measured(), findings=findings)], [])
    assert [check.status for check in checks] == ["fail", "warn", "pass", "warn", "warn"]
    assert "p(95)<500" in checks[0].message
    assert "11 of 1,000 (1.1 %) times: is 200" in checks[1].message
    assert "3 exceptions, most often ValueError: no token" in checks[3].message
    assert "50 of 100 (50 %) iterations" in checks[4].message


def test_what_no_budget_stands_for_is_not_judged() -> None:
    """And no check is made of it."""
    assert [
        check.endpoint for check in check_benchmarks([measured(series(1, 2), endpoint(1, 2))], [budget("GET *", p50=9)])
    ] == ["GET /"]


def test_a_budget_of_one_tool_is_not_for_the_results_of_another() -> None:
    """So one file has the budgets of all: what another tool measures is not missing here."""
    own = replace(budget("*", p50=9), tool="k6")
    other = replace(budget("GET *", p50=9), tool="jmeter")
    found = check_benchmarks([measured(endpoint(1, 2))], [own, other])
    assert [check.status for check in found] == ["pass"]
    (missing,) = check_benchmarks([measured(tool="jmeter")], [own, other])
    assert (missing.status, missing.endpoint) == ("invalid", "GET *")
