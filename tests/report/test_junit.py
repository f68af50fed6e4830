"""JUnit XML, as CI systems read it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.result import Result, ServiceResult
from perfgate.report import junit
from perfgate.report.tables import check_rows
from tests.report import results


def read(result: Result) -> ET.Element:
    """The document, parsed."""
    return ET.fromstring(junit.render(result))


def case(root: ET.Element, suite: str, name: str) -> ET.Element:
    """One test case."""
    found = root.find(f"testsuite[@name='{suite}']/testcase[@name='{name}']")
    assert found is not None
    return found


def counts(parent: ET.Element) -> dict[str, int]:
    """What is really there, under the names of the attributes."""
    cases = list(parent.iter("testcase"))
    tags = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    return {"tests": len(cases), **{name: sum(c.find(tag) is not None for c in cases) for name, tag in tags.items()}}


def stated(element: ET.Element) -> dict[str, int]:
    """What the attributes say."""
    return {name: int(element.get(name, "-1")) for name in ("tests", "failures", "errors", "skipped")}


def test_each_check_is_one_test_case_of_its_load() -> None:
    """The class is service and load, the name is endpoint and metric, as checks call it."""
    root = read(results.result())
    assert case(root, "perfgate.catalog.peak", "GET /items/{id} p95").get("classname") == "perfgate.catalog.peak"
    assert case(root, "perfgate.catalog.stress", "whole service p99_9").find("skipped") is not None
    assert case(root, "perfgate.catalog", "whole service startup_time") is not None
    assert case(root, "perfgate.artifacts", "dist/app.js size") is not None
    own = [one for one in root.iter("testcase") if one.get("name") != "verdict"]
    assert len(own) == len(list(check_rows(results.result())))


def test_a_failure_says_what_was_seen_what_was_allowed_and_where() -> None:
    """Everything that is needed to act stands in the CI system's own view."""
    failure = case(read(results.result()), "perfgate.catalog.peak", "GET /items/{id} p95").find("failure")
    assert failure is not None
    assert failure.get("message") == "p95 312.4 ms, budget 250 ms"
    assert failure.text == (
        "p95 312.4 ms, budget 250 ms\nobserved: 312.4 ms\nlimit: 250 ms\nover by: 62.4 ms (25 %)\nat: budgets.toml:57"
    )


def test_a_warning_passes_and_says_so() -> None:
    """JUnit knows no warnings."""
    warned = case(read(results.result()), "perfgate.catalog.soak", "whole service memory")
    assert [child.tag for child in warned] == ["system-out"]
    assert (warned.findtext("system-out") or "").startswith("warning: memory 212 MB")


def test_what_could_not_be_judged_is_an_error() -> None:
    """Neither passed nor failed."""
    error = case(read(results.result()), "perfgate.catalog.extra", "GET /nowhere p95").find("error")
    assert error is not None
    assert error.get("message") == results.INVALID.message


def test_a_load_that_could_not_be_driven_never_looks_green() -> None:
    """It has no checks, and gets a case of its own."""
    error = case(read(results.result()), "perfgate.checkout.normal", "verdict").find("error")
    assert error is not None
    assert error.get("message") == "checkout/normal: the service died after 3 s with exit code 1"


def test_no_check_of_a_doubtful_run_looks_green_or_failed() -> None:
    """All are errors, and the doubt stands beside them."""
    root = read(results.passed(verdict="invalid", exit_code=3, runs=[results.doubtful()]))
    assert stated(root) == {"tests": 3, "failures": 0, "errors": 3, "skipped": 0}
    error = case(root, "perfgate.catalog.doubtful", "verdict").find("error")
    assert error is not None
    assert error.get("message") == "catalog/doubtful: the generator used 97 % of its core"


def test_a_service_that_never_came_up_is_an_error() -> None:
    """Even when none of its loads is listed."""
    service = ServiceResult(name="cart", url="http://x", verdict="invalid", reasons=["it did not start"])
    root = read(results.passed(verdict="invalid", exit_code=3, services=[service], runs=[]))
    error = case(root, "perfgate.cart", "verdict").find("error")
    assert error is not None
    assert error.get("message") == "it did not start"


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"verdict": "warn", "exit_code": 1, "strict": True}, "failure"),
        ({"verdict": "invalid", "exit_code": 3, "reasons": ["stopped by Ctrl-C"]}, "error"),
        ({"verdict": "invalid", "exit_code": 3, "runs": [], "services": []}, "error"),
    ],
)
def test_the_file_is_red_whenever_the_exit_code_is(changes: dict[str, object], tag: str) -> None:
    """Also where no check is, as for warnings under --strict."""
    root = read(results.passed(**changes))
    assert case(root, "perfgate", "verdict").find(tag) is not None


def test_a_result_in_which_all_is_well_is_all_green() -> None:
    """No case was added for the sake of it."""
    assert stated(read(results.passed())) == {"tests": 5, "failures": 0, "errors": 0, "skipped": 0}


@pytest.mark.parametrize("result", [results.result(), results.passed(), *map(results.hostile, results.HOSTILE)])
def test_the_counts_are_right(result: Result) -> None:
    """Of each suite and of the whole."""
    root = read(result)
    for element in (root, *root.findall("testsuite")):
        assert stated(element) == counts(element)


def test_the_cases_of_a_suite_share_the_time_of_its_load() -> None:
    """CI systems add the times of cases up: the sum is how long the load was driven."""
    suite = read(results.passed()).find("testsuite[@name='perfgate.catalog.normal']")
    assert suite is not None
    assert suite.get("time") == "60.000"
    assert suite.get("timestamp") == "2026-03-04T04:53:20"
    assert sum(float(one.get("time", "0")) for one in suite) == pytest.approx(60.0)


@given(st.text())
def test_any_name_gives_a_document_that_can_be_parsed(name: str) -> None:
    """Control characters, which XML forbids, are shown as escapes."""
    for result in (results.hostile(name), results.hostile_comparison(name)):
        root = read(result)
        assert stated(root) == counts(root)


def test_each_compared_check_tells_its_change_green_ones_too() -> None:
    """A failure's text is the check's own message, once."""
    root = read(results.slower())
    failure = case(root, "perfgate.catalog.peak", "GET /items/{id} p95 (paired)").find("failure")
    assert failure is not None
    assert (failure.text, failure.get("message")) == (results.WORSE.message, results.WORSE.message)
    held = case(root, "perfgate.catalog.peak", "GET /items p95 (paired)")
    assert [(child.tag, child.text) for child in held] == [("system-out", results.paired().message)]
    assert case(root, "perfgate.catalog.peak", "POST /carts p95 (paired)").find("skipped") is not None


def test_two_names_that_differ_in_a_control_character_stay_apart() -> None:
    """Nothing is dropped."""
    checks = [results.check(endpoint="a\x00"), results.check(endpoint="a")]
    root = read(results.passed(runs=[results.run(checks=checks)]))
    assert [one.get("name") for one in root.iter("testcase")] == ["a\\x00 p95", "a p95"]


def test_cases_of_one_name_are_told_apart() -> None:
    """Two files, two tools, or a service and a load whose names are joined alike: CI systems keep one of a name."""
    checks = [results.check(endpoint="GET /"), results.check(endpoint="GET /"), results.check(endpoint="POST /")]
    root = read(results.passed(kind="benchmarks", runs=[], services=[], checks=checks))
    assert [one.get("name") for one in root.iter("testcase")] == ["GET / p95", "GET / p95 (2)", "POST / p95"]


def test_the_kinds_of_failures_stand_in_the_suite_and_where_too_much_failed() -> None:
    """Whoever reads a test view sees what failed, and not only how much."""
    failed = results.check("fail", metric="error_rate", unit="share", observed=0.2, limit=0.01)
    root = read(results.passed(runs=[results.run(checks=[failed])]))
    suite = root.find("testsuite")
    assert suite is not None
    assert "HTTP 503" in (suite.findtext("system-out") or "")
    assert "HTTP 503" in (suite.findtext("testcase/failure") or "")
