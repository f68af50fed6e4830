"""`pytest budgets.toml`: one item for each load at each service, and a report for each check."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.e2e.project import ECHO, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.suite.conftest import Project, Session

LOADS_ONE = '[loads.calm]\nusers = 1\nduration = "1s"\n'
SECOND_SERVICE = f"""
[services.other]
{ECHO}
url = "http://127.0.0.1:{{port}}"
scenario = "shop.py"
env = {{ PYTHONPATH = "{REPOSITORY}" }}
loads = ["calm"]
[services.other.budget]
p95 = "10s"
"""
BROKEN_SCENARIO = """\
from locust import User, task

class Broken(User):
    @task
    def divide(self):
        1 / 0
"""
MIXED = """\
p50 = "10s"
p95 = { warn = "1us", fail = "10s" }
[services.shop.budget.busy]
p50 = "1us"
"""


@pytest.fixture(scope="module")
def mixed(shared_project: Callable[[str], Project]) -> Session:
    """A session with a load that holds its budgets but for a warning, and one that breaks a budget."""
    project = shared_project("mixed")
    project.budgets(budget=MIXED)
    return project.pytest("budgets.toml", "--junitxml=junit.xml", "--perfgate-out=kept", "--durations=5", "-rA")


def test_each_load_at_each_service_is_an_item(project: Project) -> None:
    """Collected from the file that is named, as `budgets.toml::shop::calm`, without driving anything."""
    project.budgets()
    session = project.pytest("budgets.toml", "--collect-only", "-q", "--strict-markers")
    assert session.out.splitlines()[:2] == ["budgets.toml::shop::calm", "budgets.toml::shop::busy"]
    assert not (project.root / ".perfgate").exists()


def test_the_budgets_file_is_left_alone_unless_it_is_asked_for(project: Project) -> None:
    """A project that has one need not drive loads whenever it runs its tests."""
    project.budgets()
    project.tests("def test_nothing(): pass\n")
    assert "1 passed" in project.pytest().out
    assert "shop::calm" in project.pytest("--perfgate", "--collect-only", "-q").out


def test_loads_are_chosen_by_marker_and_by_name(project: Project) -> None:
    """With `-m`, `-k` and ids, as tests are."""
    project.budgets()
    for choice in (["-m", "perfgate and busy"], ["-k", "busy"]):
        out = project.pytest("--perfgate", "--collect-only", "-q", "--strict-markers", *choice).out
        assert "shop::busy" in out
        assert "shop::calm" not in out
    out = project.pytest("budgets.toml::shop::calm", "--collect-only", "-q").out
    assert "shop::busy" not in out


@pytest.mark.xdist_group("mixed")  # what they share is made once
class TestALoadThatWarnsAndOneThatBreaksABudget:
    """One session with both."""

    def test_a_broken_budget_is_a_failure_of_its_own_with_what_was_seen_and_what_to_do(self, mixed: Session) -> None:
        """And fails its item; the other load passes."""
        assert mixed.code == 1
        assert "PASSED budgets.toml::shop::calm" in mixed.out
        assert "FAILED budgets.toml::shop::busy[GET /home p50]" in mixed.out
        assert "FAILED budgets.toml::shop::busy - 2 of" in mixed.out
        report = mixed.out[mixed.out.index("_ shop::busy[GET /home p50]") :]
        assert "  observed: " in report
        assert "  limit:    1 µs (budgets.toml:" in report
        assert "  next:     make p50 better, or change the limit at budgets.toml:" in report

    def test_a_warning_limit_is_a_pytest_warning(self, mixed: Session) -> None:
        """Which fails nothing."""
        assert "PerfgateWarning: shop/calm: p95" in mixed.out

    def test_the_summary_shows_a_table_of_verdicts(self, mixed: Session) -> None:
        """One line a load."""
        table = mixed.out[mixed.out.index(" perfgate ====") :]
        lines = [line.split() for line in table.splitlines()]
        assert [(line[0], line[-1]) for line in lines if line and line[0] in ("calm", "busy")] == [
            ("calm", "warn"),
            ("busy", "fail"),
        ]

    def test_one_result_holds_all_that_was_driven_and_lies_where_it_was_asked_for(self, mixed: Session) -> None:
        """With its reports; each load has a recording of its own beside them."""
        result = mixed.result("kept")
        assert (result["verdict"], [run["load"] for run in result["runs"]]) == ("fail", ["calm", "busy"])
        kept = mixed.root / "kept"
        for path in ("report.html", "report.md", "shop/calm/result.json", "shop/calm/requests.journal"):
            found = list(kept.glob(f"**/{path.rsplit('/', maxsplit=1)[-1]}"))
            assert found, path

    def test_the_junit_file_has_a_case_for_each_load_and_each_check(self, mixed: Session) -> None:
        """With the time that the load took."""
        cases = {case.get("name"): case for case in ET.parse(mixed.root / "junit.xml").iter("testcase")}
        assert {"calm", "busy", "busy[GET /home p50]", "calm[whole service p50]"} <= set(cases)
        assert float(cases["busy"].get("time") or 0) >= 1
        assert cases["busy[GET /home p50]"].find("failure") is not None
        assert cases["calm"].find("failure") is None
        assert "setup    budgets.toml::shop::calm" in mixed.out


def test_a_load_that_proves_nothing_is_an_error_not_a_failure(project: Project) -> None:
    """No budget was broken: nothing was judged."""
    project.budgets(loads=LOADS_ONE, budget='p95 = "10s"')
    (project.root / "shop.py").write_text(BROKEN_SCENARIO)
    session = project.pytest("budgets.toml")
    assert "ERROR budgets.toml::shop::calm" in session.out
    assert "failed" not in session.out.splitlines()[-1]
    assert session.result()["verdict"] == "invalid"


def test_a_service_that_does_not_start_is_one_error_and_the_others_still_run(project: Project) -> None:
    """Its other loads are skipped, and say why."""
    project.budgets(more=SECOND_SERVICE, service='command = "false {port}"')
    session = project.pytest("budgets.toml", "-rsE")
    last = session.out.splitlines()[-1]
    assert ("1 error" in last, "1 skipped" in last) == (True, True)
    assert "service shop did not start" in session.out
    assert "ERROR budgets.toml::shop::calm" in session.out
    assert [run["service"] for run in session.result()["runs"]] == ["other"]


def test_a_broken_budgets_file_is_one_collection_error_with_its_line(project: Project) -> None:
    """And nothing is driven."""
    project.budgets(budget='p59 = "10s"')
    session = project.pytest("budgets.toml")
    assert session.code == 2
    (line,) = [line for line in session.out.splitlines() if "p59" in line]
    assert "budgets.toml:" in line
    assert 'did you mean "p95"?' in line
    assert "Traceback" not in session.out


def test_the_last_failures_can_be_repeated(project: Project) -> None:
    """A load whose budgets hold now is no failure any more, nor are its checks."""
    project.budgets(budget='p50 = "1us"', loads=LOADS_ONE)
    assert project.pytest("budgets.toml", "-x").code == 1
    project.budgets(budget='p50 = "10s"', loads=LOADS_ONE)
    session = project.pytest("budgets.toml", "--lf")
    assert "1 passed" in session.out
    assert "no previously failed tests" in project.pytest("budgets.toml", "--lf", "--collect-only").out


def test_loads_never_overlap_however_many_processes_there_are(project: Project) -> None:
    """With pytest-xdist each waits for the other's end; the table and the result have all of them."""
    project.budgets()
    session = project.pytest("budgets.toml", "-p", "xdist", "-n", "2")
    assert session.code == 0
    runs = sorted(session.result()["runs"], key=lambda run: run["started_at"])
    assert sorted(run["load"] for run in runs) == ["busy", "calm"]
    assert runs[0]["started_at"] + runs[0]["duration_s"] <= runs[1]["started_at"]


def test_ctrl_c_stops_the_services_and_writes_what_there_is(project: Project) -> None:
    """The recording says that it is partial."""
    project.budgets(loads='[loads.calm]\nusers = 2\nduration = "60s"\n')
    with project.start("budgets.toml", "-s") as process:
        journal = project.root / ".perfgate/pytest/shop/calm/shop/calm/requests.journal"
        while not (journal.exists() and journal.stat().st_size > 1000):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "KeyboardInterrupt" in out
    path = project.root / ".perfgate/pytest/shop/calm/result.json"
    assert "stopped by SIGINT" in path.read_text()
