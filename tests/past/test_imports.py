"""Imported results against the history: compared with what the same tool gave earlier, then added to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from perfgate.baseline.event import read_event
from perfgate.baseline.store import open_store
from perfgate.cli import cli
from perfgate.errors import StorageError
from perfgate.importers.imported import Imported, Series
from perfgate.importing import judge
from perfgate.past.imports import conclude
from perfgate.past.trend import series_of
from perfgate.plan.budgets_file import read_plan
from perfgate.report.trend import trend_table
from tests.compare.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.baseline.entry import Entry
    from perfgate.judge.result import Check, Result

BEGAN = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
BUDGETS = '[gate]\nmax_slowdown = "10%"\n\n[benchmarks."test_encode"]\np50 = "9ms"\n'
WOBBLE = (0.99, 1.0, 1.01, 1.0, 0.995, 1.005)


def benchmark(name: str, ms: float, **more: Any) -> Series:
    """Thirty rounds."""
    return Series(name, samples=tuple(ms * (1 + 0.001 * (number % 5)) for number in range(30)), rounds=30, **more)


def results(*series: Series, run: int = 0) -> Imported:
    """A file of them; each run is a minute later."""
    return Imported("pytest-benchmark", None, BEGAN + timedelta(minutes=run), 1.0, series)


class Project:
    """A repository whose benchmarks are imported again and again."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository(root)
        self.repository.write("budgets.toml", BUDGETS)
        self.repository.commit("benchmarks")
        self.said: list[str] = []

    def change(self, old: str, new: str) -> None:
        """The budgets."""
        self.repository.change("budgets.toml", old, new)
        self.repository.commit("other budgets")

    def take(self, *imported: Imported, control_ms: float = 0.5, **given: Any) -> Result:
        """Judged, compared, and added."""
        plan = read_plan(self.repository.root / "budgets.toml")
        result = judge(plan, imported, "name", control_ms=[control_ms] * 3)
        return conclude(result, imported, plan, self.said.append, **{"environ": {}, **given})

    def earlier(self, *names: str, runs: int = 6) -> None:
        """Runs of benchmarks that take 1 ms, give or take a per cent."""
        for run in range(runs):
            self.take(results(*(benchmark(name, WOBBLE[run]) for name in names), run=run))
        self.repository.commit("what is measured next")

    def kept(self) -> list[Entry]:
        """What the history has, the newest first."""
        store = open_store(read_plan(self.repository.root / "budgets.toml").gate.store, self.repository.root)
        try:
            return store.find()
        finally:
            store.close()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """With a budget of 9 ms for one benchmark."""
    return Project(tmp_path)


def compared(result: Result) -> dict[tuple[str | None, str], Check]:
    """The checks against the history."""
    return {(check.endpoint, check.metric): check for check in result.checks if check.kind == "history"}


def test_the_first_results_say_what_is_missing_and_begin_the_history(project: Project) -> None:
    """The verdict is that of the budgets."""
    result = project.take(results(benchmark("test_encode", 1.0)))
    assert (result.verdict, result.false_alarm_rate) == ("pass", None)
    (check,) = compared(result).values()
    assert check.status == "skipped"
    assert "there is no run of pytest-benchmark/benchmarks to compare with" in check.message
    (entry,) = project.kept()
    assert (entry.kind, entry.service, entry.verdict, entry.control_ms) == (
        "benchmarks",
        "pytest-benchmark",
        "pass",
        0.5,
    )


def test_results_like_the_earlier_ones_pass(project: Project) -> None:
    """With what would have been found."""
    project.earlier("test_encode")
    result = project.take(results(benchmark("test_encode", 1.0), run=9))
    assert (result.verdict, result.false_alarm_rate) == ("pass", 0.01)
    p50 = compared(result)["test_encode", "p50"]
    assert (p50.status, p50.decision, p50.unit) == ("pass", "not_worse", "ms")
    assert p50.smallest_detectable_percent is not None
    assert result.baseline is not None
    assert result.baseline.runs == 6


def test_a_slower_benchmark_fails_though_its_budget_holds(project: Project) -> None:
    """And never becomes a baseline by itself."""
    project.earlier("test_encode", "test_decode")
    result = project.take(results(benchmark("test_encode", 1.5), benchmark("test_decode", 1.0), run=9))
    assert (result.verdict, result.exit_code) == ("fail", 1)
    red = {name for (name, _), check in compared(result).items() if check.status == "fail"}
    assert red == {"test_encode"}
    assert any("test_encode" in reason and "proven worse" in reason for reason in result.reasons)
    assert project.kept()[0].verdict == "fail"


def test_a_slower_machine_is_no_slower_benchmark(project: Project) -> None:
    """What the control of the same job takes longer, benchmarks may too."""
    project.earlier("test_encode")
    assert project.take(results(benchmark("test_encode", 1.5), run=9), control_ms=0.75).verdict == "pass"


def test_a_benchmark_that_is_new_or_gone_is_told(project: Project) -> None:
    """A renamed one is both; nothing disappears silently."""
    project.earlier("test_encode", "test_decode")
    result = project.take(results(benchmark("test_encode", 1.0), benchmark("test_parse", 1.0), run=9))
    told = {check.endpoint: (check.decision, check.status) for check in compared(result).values() if check.endpoint}
    assert told.pop("test_encode")[1] == "pass"
    assert told == {"test_parse": ("new", "skipped"), "test_decode": ("gone", "warn")}
    assert result.verdict == "warn"


@pytest.mark.parametrize("runs", [1, 6])
def test_when_all_names_have_changed_it_is_no_pass(project: Project, runs: int) -> None:
    """The budget `*` holds for whatever there is; but nothing of what was measured so far was judged."""
    project.change('"test_encode"', '"*"')
    project.earlier("test_encode", "test_decode", runs=runs)
    renamed = project.take(results(benchmark("test_code", 8.0), run=9))
    assert renamed.verdict == "warn"
    gone = [check.endpoint for check in compared(renamed).values() if check.decision == "gone"]
    assert gone == ["test_encode", "test_decode"]
    again = project.take(results(benchmark("test_code", 8.1), run=10))
    assert again.verdict == "warn"  # of the same change
    project.repository.commit("what is measured next")
    assert project.take(results(benchmark("test_code", 8.2), run=11)).verdict == "pass"


def test_a_release_of_a_tool_begins_a_new_series(project: Project) -> None:
    """It may measure another thing under the same name: Lighthouse 13 does not mean by TTFB what 12 meant."""
    project.change('"test_encode"', '"*"')
    for run in range(6):
        project.take(replace(results(benchmark("ttfb", 1.0), run=run), tool="lighthouse", version="12.8.1"))
    project.repository.commit("what is measured next")
    mended = replace(results(benchmark("ttfb", 1.0), run=8), tool="lighthouse", version="12.8.2")
    assert compared(project.take(mended))["ttfb", "p50"].status == "pass"
    later = replace(results(benchmark("ttfb", 6.2), run=9), tool="lighthouse", version="13.0.0")
    check = compared(project.take(later))[None, "history"]
    assert check.status == "skipped"
    assert "a new series begins, because lighthouse changed from 12.8 to 13.0" in check.message


def test_a_figure_in_another_unit_is_no_earlier_figure(project: Project) -> None:
    """The tool now gives seconds under the same name, or bytes."""
    project.earlier("test_encode", "test_decode")
    size = Series("test_encode", "bytes", given={"mean": 5.0})
    project.take(results(size, benchmark("test_decode", 1.0), run=8))
    project.repository.commit("what is measured next")
    result = project.take(results(benchmark("test_encode", 1.0), benchmark("test_decode", 1.0), run=9))
    assert compared(result)["test_encode", "mean"].baseline == pytest.approx(1.0, rel=0.05)
    assert project.kept()[1].units == {"test_encode": "bytes"}


def test_what_was_not_asked_for_is_not_gone(project: Project) -> None:
    """As with pytest's -k."""
    project.earlier("test_encode", "test_decode")
    result = project.take(results(benchmark("test_encode", 1.0), run=9), away=["test_decode"])
    assert "test_decode" not in {name for name, _ in compared(result)}


def test_what_is_no_time_is_kept_and_not_compared(project: Project) -> None:
    """Nobody knows whether more of it is better."""
    series = [benchmark("test_encode", 1.0), Series("score", "", given={"mean": 3.0})]
    for run in range(6):
        project.take(results(*series, run=run))
    project.repository.commit("what is measured next")
    result = project.take(results(benchmark("test_encode", 1.0), Series("score", "", given={"mean": 9.0}), run=9))
    assert {name for name, _ in compared(result)} == {"test_encode"}
    assert project.kept()[0].values["score", "mean"] == 9.0


def test_the_same_file_imported_twice_is_kept_once_and_not_compared_with_itself(project: Project) -> None:
    """However often a job is run again."""
    project.earlier("test_encode", runs=5)
    slow = results(benchmark("test_encode", 1.5), run=9)
    assert project.take(slow).verdict == project.take(slow).verdict == "fail"
    assert len(project.kept()) == 6


def test_without_budgets_the_history_alone_judges(project: Project) -> None:
    """Until there is enough of it nothing is judged, which is no pass; and it grows all the same."""
    project.change("[benchmarks.", '[benchmarks.Order]\ntool = "k6"\np50 = "1s"\n# [benchmarks.')
    project.change('p50 = "9ms"', "")
    first = project.take(results(benchmark("test_encode", 1.0)))
    assert (first.verdict, first.exit_code) == ("invalid", 3)
    assert project.kept()[0].verdict == "pass"
    project.earlier("test_encode")
    assert project.take(results(benchmark("test_encode", 1.0), run=9)).verdict == "pass"
    assert project.take(results(benchmark("test_encode", 1.5), run=10)).verdict == "fail"


def test_a_required_comparison_that_cannot_be_made_is_invalid(project: Project) -> None:
    """Unknown is no pass; the results are kept as what they are."""
    project.change("[gate]\n", "[gate]\nrequire_baseline = true\n")
    assert project.take(results(benchmark("test_encode", 1.0))).verdict == "invalid"
    assert project.kept()[0].verdict == "pass"


def test_an_accepted_change_is_a_warning(project: Project) -> None:
    """For benchmarks as for services."""
    project.earlier("test_encode")
    accept = "".join(
        f'\n[[accept]]\nmetric = "{metric}"\nendpoint = "test_encode"\nup_to = "900%"\nreason = "exact"\nby = "ann"\n'
        "until = 2999-12-31\n"
        for metric in ("mean", "p50", "p95")
    )
    project.change('p50 = "9ms"\n', f'p50 = "9ms"\n{accept}')
    result = project.take(results(benchmark("test_encode", 1.5), run=9))
    assert result.verdict == "warn"
    assert len(result.acceptances) == 3


def test_a_history_that_cannot_be_opened_costs_nobody_a_result(project: Project) -> None:
    """It is told, and the budgets stand alone."""

    def opening(_url: str, _root: Path) -> Any:
        raise StorageError("it is locked", place="history.db")

    result = project.take(results(benchmark("test_encode", 1.0)), opening=opening)
    assert result.verdict == "pass"
    assert project.said == ["warning: the history: it is locked; import it again later"]
    (check,) = compared(result).values()
    assert "it is locked" in check.message


def test_a_history_that_dies_before_it_took_the_results_is_told(project: Project) -> None:
    """The comparison that was made stands."""
    project.earlier("test_encode")

    class Dying:
        """Answers, and takes nothing."""

        def __init__(self, url: str, root: Path) -> None:
            self._store = open_store(url, root)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def add(self, _entries: list[Entry]) -> int:
            raise StorageError("the disk is full", place="history.db")

    slow = results(benchmark("test_encode", 1.5), run=9)
    result = project.take(slow, opening=Dying)
    assert result.verdict == "fail"
    assert result.baseline is not None
    assert "this run is not in the history" in result.baseline.detail
    assert len(project.kept()) == 6


def test_a_baseline_that_does_not_exist_is_told(project: Project) -> None:
    """Everything was measured by then; it is no reason to lose it."""
    project.change("[gate]\n", '[gate]\nbaseline = "tag:v9"\n')
    (check,) = compared(project.take(results(benchmark("test_encode", 1.0)))).values()
    assert "v9" in check.message


def test_old_results_go_when_the_plan_says_so(project: Project) -> None:
    """As for loads."""
    project.change("[gate]\n", "[gate]\nkeep = 2\n")
    project.earlier("test_encode")
    assert len(project.kept()) == 2


def test_what_has_one_name_in_two_files_is_compared_in_both(project: Project) -> None:
    """Told apart by its number, as within one file."""
    for run in range(6):
        project.take(results(benchmark("test_encode", WOBBLE[run]), run=run), results(benchmark("test_encode", 2.0)))
    project.repository.commit("what is measured next")
    slow = results(benchmark("test_encode", 1.5), run=9)
    result = project.take(slow, results(benchmark("test_encode", 2.0)))
    found = compared(result)
    assert (found["test_encode", "p50"].status, found["test_encode (2)", "p50"].status) == ("fail", "pass")


def test_results_of_one_tool_that_are_no_series_do_not_stand_for_each_other(project: Project) -> None:
    """Earlier runs that measured something else are no comparable ones; a name of its own keeps them apart."""
    project.change("[gate]\n", "[gate]\nrequire_baseline = true\n")
    project.change('"test_encode"', '"test_*"')
    project.earlier("test_decode")
    other = results(benchmark("test_encode", 1.0), run=9)
    check = compared(project.take(other))["test_decode", "history"]
    assert (check.decision, check.status) == ("gone", "invalid")
    project.take(other, name="encoding")
    assert {entry.load for entry in project.kept()} == {"benchmarks", "encoding"}


def test_what_was_kept_of_a_tree_with_changes_does_not_keep_the_clean_one_out(project: Project) -> None:
    """The same results, imported again once the changes are away, may be a baseline."""
    project.repository.write("notes.txt", "not committed")
    project.take(results(benchmark("test_encode", 1.0)))
    (project.repository.root / "notes.txt").unlink()
    project.take(results(benchmark("test_encode", 1.0)))
    assert [entry.eligible for entry in project.kept()].count(True) == 1


def test_the_trend_of_a_benchmark_is_shown_with_those_of_loads(project: Project) -> None:
    """Import by import."""
    project.earlier("test_encode")
    plan = read_plan(project.repository.root / "budgets.toml")
    store = open_store(plan.gate.store, project.repository.root)
    try:
        (series,) = series_of(plan, store, read_event({}), "p50", 100, benchmarks=True)
        assert series_of(plan, store, read_event({}), "p50", 100) == []
    finally:
        store.close()
    assert (series.service, series.load, series.endpoint) == ("pytest-benchmark", "benchmarks", "test_encode")
    assert len(series.values) == 6


def test_every_command_shows_what_was_imported(project: Project) -> None:
    """With statistics that no budget has, in their own units."""
    size = Series("bundle", "bytes", given={"mean": 2_000_000.0, "min": 1.0, "max": 3.0, "p90": 2.0})
    project.take(results(size, benchmark("test_encode", 1.0)))
    file = str(project.repository.root / "history.jsonl")
    for words, seen in {
        ("list",): "pytest-benchmark/benchmarks",
        ("show", "latest"): "2 MB",
        ("promote", "latest", "--reason", "kept", "--yes"): "2 MB",
        ("export", file): "wrote 1 entries",
        ("import", file): "0 of 1 entries were new",
        ("prune", "--keep", "3"): "forgot 0",
        ("drop", "latest", "--yes"): "dropped 1 of 1",
    }.items():
        done = CliRunner().invoke(cli, ["baseline", *words, "--budgets", str(project.repository.root / "budgets.toml")])
        assert (done.exit_code, seen in done.output) == (0, True), done.output


def test_a_time_of_zero_is_a_value(project: Project) -> None:
    """JMeter's clock has whole milliseconds: from 0 ms to 500 ms is a slowdown, and the runs with 0 ms are runs."""
    project.change('"test_encode"', '"*"')
    project.change("9ms", "900ms")
    for run in range(6):
        project.take(results(Series("ping", given={"mean": 0.0, "p50": 0.0}), run=run))
    project.repository.commit("what is measured next")
    found = compared(project.take(results(Series("ping", given={"mean": 500.0, "p50": 0.0}), run=9)))
    assert (found["ping", "mean"].status, found["ping", "mean"].baseline) == ("fail", 0.0)
    assert found["ping", "p50"].status == "pass"
    below = compared(project.take(results(Series("ping", given={"mean": 0.4, "p50": 0.9}), run=10)))
    assert {below["ping", metric].status for metric in ("mean", "p50")} == {"skipped"}
    plan = read_plan(project.repository.root / "budgets.toml")
    store = open_store(plan.gate.store, project.repository.root)
    try:
        (series,) = series_of(plan, store, read_event({}), "mean", 100, benchmarks=True)
        assert series.values[:6] == (0.0,) * 6
        assert "0 ms" in trend_table([series])
        assert series.changes() == []
    finally:
        store.close()


def test_results_without_a_value_leave_no_trace(project: Project) -> None:
    """There is nothing to keep."""
    failed = replace(benchmark("test_encode", 1.0), samples=(), error="it failed")
    project.take(results(failed))
    assert project.kept() == []
