"""`--perfgate-benchmarks`: what pytest-benchmark measures in the session, held against `[benchmarks]`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from perfgate import importers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.suite.conftest import Project, Session

pytestmark = pytest.mark.xdist_group(__name__)  # what they share is made once

BENCHMARK = ("-p", "pytest_benchmark.plugin", "--perfgate-benchmarks")
TESTS = """\
import time


def test_encode(benchmark):
    benchmark.pedantic(lambda: sum(range(10)), rounds=20, iterations=3)


def test_wait(benchmark):
    benchmark.pedantic(lambda: time.sleep(0.002), rounds=5)


def test_that_fails(benchmark):
    benchmark.pedantic(lambda: 1 / 0, rounds=5)


def test_of_something_else():
    pass
"""
BUDGETS = """\
[benchmarks."test_encode"]
p50 = "10s"
max = { warn = "0.01us" }
[benchmarks."*wait"]
mean = "1ms"
min = "1ms"
[benchmarks."test_renamed"]
p50 = "2ms"
[benchmarks."test_that_fails"]
mean = "2ms"
"""


def _written(project: Project, tests: str = TESTS, budgets: str = BUDGETS) -> Project:
    (project.root / "test_shop.py").write_text(tests)
    (project.root / "budgets.toml").write_text(budgets)
    return project


@pytest.fixture(scope="module")
def judged(shared_project: Callable[[str], Project]) -> Session:
    """A session with a benchmark that holds its budgets but for a warning, a slow one, one that fails, and one gone."""
    project = _written(shared_project("judged"))
    return project.pytest(*BENCHMARK, "--junitxml=junit.xml", "--perfgate-out=kept")


def test_a_broken_budget_fails_the_session_with_what_was_seen_and_what_to_do(judged: Session) -> None:
    """As a failure of its own, one a benchmark."""
    assert judged.code == 1
    assert "FAILED budgets.toml::benchmarks[test_shop.py::test_wait] - 2 of 2 budgets broken: mean, min" in judged.out
    report = judged.out[judged.out.index("_ benchmarks[test_shop.py::test_wait]") :]
    assert "  observed: " in report
    assert "  limit:    1 ms (budgets.toml:5)" in report
    assert "  next:     make mean better, or change the limit at budgets.toml:5" in report


def test_one_that_was_renamed_is_an_error_that_names_the_nearest(judged: Session) -> None:
    """It does not turn green by disappearing."""
    assert "ERROR budgets.toml::benchmarks[test_renamed] - 1 of 1 budget could not be judged: p50" in judged.out
    assert "nothing of this name was measured; the nearest is test_shop.py::test_" in judged.out


def test_one_whose_test_failed_was_not_measured(judged: Session) -> None:
    """Beside the failure of the test itself."""
    assert "FAILED test_shop.py::test_that_fails" in judged.out
    assert "ERROR budgets.toml::benchmarks[test_shop.py::test_that_fails]" in judged.out


def test_a_warning_limit_is_a_pytest_warning_and_counts_are_those_of_tests_and_broken_checks(judged: Session) -> None:
    """A check that held is not a test that passed; the progress ends at 100 %."""
    assert "PerfgateWarning: test_shop.py::test_encode max" in judged.out
    last = judged.out.splitlines()[-1]
    for words in ("2 failed", "3 passed", "1 warning", "2 errors"):
        assert words in last
    assert "[100%]\n" in judged.out


def test_the_summary_has_the_checks_and_the_result_lies_where_it_was_asked_for(judged: Session) -> None:
    """With its reports."""
    assert judged.out.count(" perfgate benchmarks ====") == 1
    assert "FAIL: 2 of 4 checks failed, 2 could not be judged, 1 warning" in judged.out
    result = json.loads((judged.root / "kept/benchmarks/result.json").read_text())
    assert (result["kind"], result["verdict"], result["exit_code"]) == ("benchmarks", "fail", 1)
    assert (judged.root / "kept/benchmarks/report.html").exists()


def test_rounds_are_kept_in_order_as_the_importer_reads_them(judged: Session) -> None:
    """Per call, in ms."""
    found = importers.read(judged.root / "kept/benchmarks/rounds.json", "pytest-benchmark")
    (encode, wait) = (e for e in found.entries if e.name in {"test_shop.py::test_encode", "test_shop.py::test_wait"})
    assert encode.also == ("test_encode",)
    assert [len(getattr(e, "samples", ())) for e in (encode, wait)] == [20, 5]
    assert (wait.statistic("min") or 0) >= 2


def test_junit_files_have_a_case_for_each_benchmark(judged: Session) -> None:
    """A broken one as a failure, one that could not be judged as an error."""
    cases = {case.get("name"): case for case in ET.parse(judged.root / "junit.xml").iter("testcase")}
    assert cases["benchmarks[test_shop.py::test_wait]"].find("failure") is not None
    assert cases["benchmarks[test_renamed]"].find("error") is not None
    assert len(cases["benchmarks[test_shop.py::test_encode]"]) == 0


def test_each_check_may_be_a_report_of_its_own(project: Project) -> None:
    """As those of loads."""
    session = _written(project).pytest(*BENCHMARK, "--perfgate-each-check", "-k", "wait or encode")
    for metric in ("mean", "min"):
        assert f"FAILED budgets.toml::benchmarks[test_shop.py::test_wait {metric}] - {metric} " in session.out
    assert "ERROR budgets.toml::benchmarks[test_renamed p50] - " in session.out


def test_what_was_deselected_is_not_gone(project: Project) -> None:
    """Only what was asked for is judged; what no test has is still reported."""
    _written(project, budgets='[benchmarks."test_encode"]\np50 = "10s"\n[benchmarks."test_wait"]\np50 = "10s"\n')
    session = project.pytest(*BENCHMARK, "-k", "encode")
    assert session.code == 0
    assert "PASS" in session.out
    assert "test_wait" not in session.out


def test_nothing_measured_is_never_a_pass(project: Project) -> None:
    """As where pytest-benchmark is switched off; the tests themselves pass."""
    _written(project, tests=TESTS.replace("1 / 0", "1"))
    session = project.pytest(*BENCHMARK, "--benchmark-disable")
    assert session.code == 1
    assert "nothing was measured: pytest-benchmark is switched off" in session.out
    assert "4 passed" in session.out.splitlines()[-1]


def test_nothing_is_judged_when_tests_are_only_collected(project: Project) -> None:
    """And nothing is written."""
    assert _written(project).pytest(*BENCHMARK, "--collect-only").code == 0
    assert not (project.root / ".perfgate").exists()


@pytest.mark.parametrize(
    ("options", "budgets", "words"),
    [
        (["--perfgate-benchmarks"], BUDGETS, "needs pytest-benchmark: pip install pytest-benchmark"),
        (BENCHMARK, '[benchmarks."x"]\np59 = "2ms"\n', 'did you mean "p95"?'),
    ],
)
def test_what_cannot_be_used_is_told_before_any_test_runs(
    project: Project, options: list[str], budgets: str, words: str
) -> None:
    """One sentence, no traceback."""
    session = _written(project, budgets=budgets).pytest(*options)
    assert session.code == 4
    assert words in session.out
    assert "Traceback" not in session.out
