"""CSV, as spreadsheets and scripts read it."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.report import csv as report
from tests.report import results

if TYPE_CHECKING:
    from perfgate.judge.result import Result


def rows(result: Result) -> list[dict[str, str]]:
    """The table, parsed."""
    return list(csv.DictReader(StringIO(report.render(result))))


def measured(result: Result) -> list[dict[str, str]]:
    """The rows that are no checks."""
    return [row for row in rows(result) if row["scope"] != "check"]


def test_there_is_a_row_for_each_run_phase_and_endpoint() -> None:
    """And one for the whole service in each phase."""
    found = [(row["load"], row["phase"], row["scope"], row["endpoint"]) for row in measured(results.passed())]
    assert found == [
        ("normal", phase, *of)
        for phase in ("ramp", "steady")
        for of in (("service", ""), ("endpoint", "GET /items"), ("endpoint", "GET /items/{id}"))
    ]


def test_a_row_holds_all_numbers_unrounded() -> None:
    """What the HTML report rounds, this one does not."""
    row = rows(results.passed())[4]
    assert (row["phase"], row["judged"], row["phase_start_s"], row["phase_end_s"]) == ("steady", "yes", "10.0", "60.0")
    assert (row["requests"], row["failures"], row["error_rate"]) == ("12000", "3", "0.00025")
    assert (row["latency_p95_ms"], row["service_p95_ms"], row["failed_p95_ms"]) == ("120.0", "108.0", "12.0")
    assert (row["latency_p95_low_ms"], row["latency_p99_low_ms"]) == (str(40 * 2.8), "")


def test_resources_stand_with_the_whole_service_only() -> None:
    """A process has no CPU per endpoint."""
    assert [row["cpu_mean_cores"] for row in rows(results.passed())[:3]] == ["0.41", "", ""]


def test_every_column_of_an_amount_names_its_unit() -> None:
    """But counts, shares and the load's own level."""
    plain = {"requests", "failures", "error_rate", "level"}
    words = {
        "scope",
        "endpoint",
        "saturated",
        "metric",
        "kind",
        "status",
        "decision",
        "accepted",
        "base_commit",
        "caveat",
        "uncertain",
    }
    plain |= {"samples", "samples_needed"}
    in_unit = {"unit", "base", "head", "observed", "limit", "observed_low", "observed_high"}
    amounts = [name for name in report.COLUMNS[10:] if name not in plain | words | in_unit]
    assert [
        name for name in amounts if not re.search(r"_(s|ms|per_s|cores|bytes|percent)$|^bytes_received$", name)
    ] == []


def test_custom_metrics_have_columns_with_their_units() -> None:
    """Where they belong to the whole service, and where to an endpoint."""
    found = [row["metric tokens p95 (tokens)"] for row in rows(results.passed())[:3]]
    assert found == ["150.0", "150.0", ""]


def test_a_metric_of_something_that_is_no_request_has_a_row_of_its_own() -> None:
    """Nothing that was measured is lost."""
    phase = results.phases(("steady", 0.0, 60.0, 20.0))[0]
    phase = phase.model_copy(update={"metrics": [results.tokens("checkout flow")]})
    found = measured(results.passed(runs=[results.run(phases=[phase])]))
    assert [(row["endpoint"], row["requests"], row["metric tokens count"]) for row in found][-1] == (
        "checkout flow",
        "",
        "12000",
    )


def test_a_run_that_was_not_driven_has_no_rows() -> None:
    """The heading is still there."""
    assert report.render(results.passed(runs=[results.refused()])).splitlines() == [",".join(report.COLUMNS)]


def test_a_compared_check_is_a_row_with_both_sides_and_the_change() -> None:
    """Unrounded, in its own unit; empty where nothing is known."""
    names = ("endpoint", "metric", "decision", "unit", "base", "head", "change_percent", "change_low_percent",
             "change_high_percent", "accepted", "base_commit")  # fmt: skip
    found = rows(results.compared(results.WORSE, results.ERRORS))
    assert [row["scope"] for row in found] == ["comparison"] * 2
    assert [found[0][name] for name in names] == [
        results.ITEM, "p95", "worse", "ms", "250.0", "380.0", "52.0", "45.0", "59.0", "no", results.BASE
    ]  # fmt: skip
    assert (found[1]["base"], found[1]["change_percent"]) == ("0.001", "")


def test_checks_against_the_history_have_rows_beside_those_of_the_phases() -> None:
    """Budgets have others: they are no change."""
    found = rows(results.against_history(results.paired()))
    assert [row["kind"] for row in found if row["scope"] == "comparison"] == ["history"]
    assert {row["scope"] for row in found} == {"comparison", "service", "endpoint", "check"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "＝1+1", '=cmd|"/c calc"!A1'])
def test_text_from_outside_is_never_a_formula(text: str) -> None:
    """A spreadsheet runs what begins so."""
    assert report.safe(text) == f"'{text}"


@given(st.text())
def test_any_name_survives_as_one_cell(name: str) -> None:
    """Quotes, commas and line ends included."""
    found = rows(results.hostile(name))
    of_loads = [row for row in found if row["scope"] != "check"]
    assert [row["service"] for row in of_loads] == [report.safe(name)] * 2
    assert [row["requests"] for row in found if row["scope"] != "check"] == ["24000", "12000"]


def test_an_import_has_a_row_for_each_check() -> None:
    """It has no loads; what is compared has its change, as everywhere."""
    held = results.check(endpoint="GET /", caveat="the times of failed requests are among them")
    checks = [held, results.paired(endpoint="GET /", kind="history")]
    found = rows(results.passed(kind="benchmarks", runs=[], services=[], checks=checks))
    assert [(row["scope"], row["endpoint"], row["metric"]) for row in found] == [
        ("check", "GET /", "p95"),
        ("comparison", "GET /", "p95"),
    ]
    assert (found[0]["observed"], found[0]["limit"], found[0]["unit"]) == (str(held.observed), str(held.limit), "ms")
    assert found[0]["caveat"] == held.caveat
    assert found[1]["change_percent"]


def test_a_budget_of_a_load_has_a_row_that_says_how_certain_it_is() -> None:
    """With the interval, empty at an end that is not bounded, and how many values would decide."""
    about: dict[str, Any] = {"uncertain": True, "observed_interval": (200.0, None), "samples": 30, "samples_needed": 72}
    (row,) = (
        row
        for row in rows(results.passed(runs=[results.run(checks=[results.check(**about)])]))
        if row["scope"] == "check"
    )
    names = ("load", "metric", "status", "uncertain", "observed_low", "observed_high", "samples", "samples_needed")
    assert [row[name] for name in names] == ["normal", "p95", "pass", "yes", "200.0", "", "30", "72"]


def test_rows_of_a_run_that_is_not_sound_say_so() -> None:
    """Its figures are there, and prove nothing."""
    assert {row["run_sound"] for row in rows(results.passed())} == {"yes"}
    assert {row["run_sound"] for row in rows(results.passed(runs=[results.doubtful()]))} == {"no"}
