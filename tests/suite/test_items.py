"""`pytest budgets.toml`: one item for each load at each service, which fails once however many budgets it breaks."""

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


TWO_BROKEN = ("whole service p50", "GET /home p50")  # of the busy load


@pytest.fixture(scope="module")
def mixed(shared_project: Callable[[str], Project]) -> Session:
    """A session with a load that holds its budgets but for a warning, and one that breaks two."""
    project = shared_project("mixed")
    project.budgets(budget=MIXED)
    return project.pytest("budgets.toml", "--junitxml=junit.xml", "--perfgate-out=kept", "--durations=5", "-rA")


def cases(session: Session) -> dict[str | None, ET.Element]:
    """The cases of the session's JUnit file, by name."""
    found = list(ET.parse(session.root / "junit.xml").iter("testcase"))
    assert len({case.get("name") for case in found}) == len(found)
    return {case.get("name"): case for case in found}


def counts(session: Session) -> tuple[str | None, ...]:
    """Tests, failures and errors of the session's JUnit file."""
    (suite,) = ET.parse(session.root / "junit.xml").iter("testsuite")
    return tuple(suite.get(name) for name in ("tests", "failures", "errors"))


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
class TestALoadThatWarnsAndOneThatBreaksBudgets:
    """One session with both."""

    def test_one_red_load_is_one_failure_that_names_all_its_broken_budgets(self, mixed: Session) -> None:
        """In the short summary, and the other load passes."""
        assert mixed.code == 1
        assert "PASSED budgets.toml::shop::calm" in mixed.out
        line = next(line for line in mixed.out.splitlines() if line.startswith("FAILED"))
        assert line.startswith("FAILED budgets.toml::shop::busy - 2 of ")
        assert line.endswith(f" budgets broken: {', '.join(TWO_BROKEN)}")
        assert mixed.out.splitlines()[-1].strip("= ").startswith("1 failed, 1 passed, ")

    def test_its_report_has_of_each_what_was_seen_and_what_to_do(self, mixed: Session) -> None:
        """One section, without a traceback."""
        report = mixed.out[mixed.out.index("_ shop::busy _") : mixed.out.index(" warnings summary ")]
        assert report.count("  observed: ") == 2
        assert report.count("  limit:    1 µs (budgets.toml:") == 2
        assert report.count("  next:     make p50 better, or change the limit at budgets.toml:") == 2
        assert "\nGET /home: p50 " in report
        assert "\nwhole service: p50 " in report
        assert "Traceback" not in report

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

    def test_the_junit_file_has_a_case_for_each_load(self, mixed: Session) -> None:
        """With the time that the load took, and the broken budgets in one line and in full."""
        assert counts(mixed) == ("2", "1", "0")
        found = cases(mixed)
        assert float(found["busy"].get("time") or 0) >= 1
        failure = found["busy"].find("failure")
        assert failure is not None
        assert (failure.get("message") or "").endswith(f" budgets broken: {', '.join(TWO_BROKEN)}")
        assert (failure.text or "").count("  observed: ") == 2
        assert found["calm"].find("failure") is None
        assert "setup    budgets.toml::shop::calm" in mixed.out


@pytest.fixture(scope="module")
def each(shared_project: Callable[[str], Project]) -> Session:
    """The same budgets, each check a report of its own, in two processes."""
    project = shared_project("each")
    project.budgets(budget=MIXED)
    words = ("-p", "xdist", "-n", "2", "--perfgate-each-check", "--junitxml=junit.xml", "-rA")
    return project.pytest("budgets.toml", *words)


@pytest.mark.xdist_group("each")  # what they share is made once
class TestEachCheckByItself:
    """`--perfgate-each-check`."""

    def test_a_broken_budget_is_a_failure_of_its_own_beside_that_of_its_load(self, each: Session) -> None:
        """With what was seen and what to do; the load's has a line of each."""
        assert each.code == 1
        assert "FAILED budgets.toml::shop::busy - 2 of " in each.out
        for title in TWO_BROKEN:
            assert f"FAILED budgets.toml::shop::busy[{title}] - p50 " in each.out
        assert each.out.splitlines()[-1].strip("= ").startswith("3 failed, 1 passed, ")
        report = each.out[each.out.index("_ shop::busy[GET /home p50]") :].partition("\n_")[0]
        assert "  observed: " in report
        assert "  next:     make p50 better, or change the limit at budgets.toml:" in report

    def test_the_junit_file_has_a_case_for_each_check(self, each: Session) -> None:
        """Of those that held, too."""
        found = cases(each)
        assert {"calm", "busy", *(f"busy[{title}]" for title in TWO_BROKEN), "calm[whole service p50]"} <= set(found)
        assert found["busy[GET /home p50]"].find("failure") is not None
        assert found["calm[whole service p50]"].find("failure") is None
        assert (counts(each)[1:]) == ("3", "0")


def test_each_check_may_be_asked_for_in_the_projects_settings_and_counts_for_maxfail(project: Project) -> None:
    """Three failures of the first load end the session; as one test it would be one."""
    project.budgets(budget='p50 = "1us"')
    (project.root / "pytest.ini").write_text("[pytest]\nperfgate_each_check = true\n")
    session = project.pytest("budgets.toml", "--maxfail=2")
    assert "stopping after 3 failures" in session.out
    assert [run["load"] for run in session.result()["runs"]] == ["calm"]
    session = project.pytest("budgets.toml", "--maxfail=2", "-o", "perfgate_each_check=false")
    assert "stopping after 2 failures" in session.out
    assert [run["load"] for run in session.result()["runs"]] == ["calm", "busy"]


def test_warnings_that_the_project_makes_errors_are_named_with_the_broken_budgets(project: Project) -> None:
    """All in the one failure, which nothing hides."""
    project.budgets(budget='p50 = "1us"\np95 = { warn = "1us", fail = "10s" }', loads=LOADS_ONE)
    session = project.pytest("budgets.toml", "-W", "error::perfgate.suite.warn.PerfgateWarning")
    assert session.code == 1
    (line,) = [line for line in session.out.splitlines() if line.startswith("FAILED")]
    for title in ("whole service p50", "whole service p95", "GET /home p50", "GET /home p95"):
        assert title in line
    assert "It is a warning, and the filters of this project's pytest make errors of warnings." in session.out


def test_a_load_that_proves_nothing_is_an_error_not_a_failure(project: Project) -> None:
    """No budget was broken: nothing was judged."""
    project.budgets(loads=LOADS_ONE, budget='p95 = "10s"')
    (project.root / "shop.py").write_text(BROKEN_SCENARIO)
    session = project.pytest("budgets.toml")
    assert "ERROR budgets.toml::shop::calm - nothing was judged: " in session.out
    assert session.out.splitlines()[-1].strip("= ").startswith("1 error in")
    report = session.out[session.out.index("_ ERROR at setup of shop::calm _") :].splitlines()
    assert report[1] == "the run is invalid, so nothing was judged:"
    assert "ZeroDivisionError" in report[2]
    assert report[3].startswith("=")  # what comes next, and no traceback
    assert session.result()["verdict"] == "invalid"


def test_a_history_that_cannot_be_written_is_told(project: Project) -> None:
    """The next run would otherwise be compared with nothing, and nobody would know why."""
    project.budgets(loads=LOADS_ONE, more=f'[gate]\nstore = "sqlite:///{project.root}/shop.py/history.db"\n')
    session = project.pytest("budgets.toml", "-p", "xdist", "-n", "1")
    assert session.code == 0, session.out
    assert session.out[session.out.index(" perfgate ====") :].count("\nwarning: the history: ") == 1


def test_a_service_that_does_not_start_is_one_error_and_the_others_still_run(project: Project) -> None:
    """Its other loads are skipped, and say why."""
    project.budgets(more=SECOND_SERVICE, service='command = "false {port}"')
    session = project.pytest("budgets.toml", "-rsE")
    last = session.out.splitlines()[-1]
    assert ("1 error" in last, "1 skipped" in last) == (True, True)
    assert "service shop did not start" in session.out
    assert "ERROR budgets.toml::shop::calm - " in session.out
    assert "_pytest/runner.py" not in session.out
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
    """With pytest-xdist each waits for the other's end; the table and the result have all of them, each once."""
    project.budgets(budget='p50 = "1us"')
    session = project.pytest("budgets.toml", "-p", "xdist", "-n", "2", "--junitxml=junit.xml")
    assert session.code == 1
    assert counts(session) == ("2", "2", "0")
    assert "FAILED budgets.toml::shop::calm - 2 of 2 budgets broken: whole service p50, GET /home p50\n" in session.out
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
