"""`perfgate baseline` and `perfgate trend`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.baseline.entry import Pin
from perfgate.errors import BaselineError
from perfgate.past.promoting import promoted_commit
from perfgate.report.history import listing

if TYPE_CHECKING:
    from perfgate.baseline.entry import Entry
    from tests.past.measured import Measured

PIN = Pin("ada", 1_760_000_000.0, "released as 1.0")


class TestPromote:
    """Shown first, then asked."""

    def test_shows_what_would_change_and_asks(self, measured: Measured) -> None:
        """Whoever says no has changed nothing."""
        measured.keep(measured.earlier(2, factor=1.5))
        measured.conclude()
        done = measured.perfgate("baseline", "promote", "latest", "--reason", "1.4", answer="n\n")
        assert done.exit_code == 2
        assert "now:  earlier-0" in done.output
        assert "GET /item      p50" in done.output
        assert "promote recording-" in done.output
        assert [entry.pin for entry in measured.kept()] == [None] * 3

    def test_says_who_when_and_why(self, measured: Measured) -> None:
        """Git's user, unless another is named."""
        measured.conclude()
        done = measured.perfgate("baseline", "promote", "latest", "--reason", "released as 1.4", answer="y\n")
        assert done.exit_code == 0, done.output
        (own,) = measured.kept()
        assert own.pin is not None
        assert (own.pin.by, own.pin.reason) == ("Ann <ann@example.com>", "released as 1.4")

    def test_needs_an_answer(self, measured: Measured) -> None:
        """In a CI nobody answers."""
        measured.conclude()
        assert measured.perfgate("baseline", "promote", "latest", "--reason", "1.4").exit_code == 2
        assert measured.kept()[0].pin is None

    def test_makes_a_failed_run_a_baseline(self, measured: Measured) -> None:
        """Because somebody said so."""
        measured.keep(measured.earlier(1, verdict="fail"))
        assert "no run of shop/normal can be a baseline" in measured.conclude().runs[0].checks[-1].message
        done = measured.perfgate("baseline", "promote", "earlier-0", "--reason", "it is so", "--by", "ann", "--yes")
        assert done.exit_code == 0, done.output
        assert "1 comparable run: 4 more are needed" in measured.conclude().runs[0].checks[-1].message

    def test_of_a_run_that_is_not_there_is_refused(self, measured: Measured) -> None:
        """With the way to find out what is."""
        done = measured.perfgate("baseline", "promote", "nothing", "--reason", "x", "--yes")
        assert (done.exit_code, "perfgate baseline list" in done.stderr) == (2, True)


class TestTheOtherCommands:
    """Look, drop, carry."""

    def test_list_has_a_line_for_each_run_and_marks_promoted_ones(self, measured: Measured) -> None:
        """The newest first."""
        first, second = measured.earlier(2)
        measured.keep([first, *[type(second)(**{**vars(second), "pin": PIN})]])
        lines = measured.perfgate("baseline", "list").output.splitlines()
        assert lines[2].startswith("  earlier-0")
        assert lines[3].startswith("* earlier-1")
        assert len(measured.perfgate("baseline", "list", "--limit", "1").output.splitlines()) == 3
        assert "no runs of load peak in" in measured.perfgate("baseline", "list", "--load", "peak").output

    def test_list_tears_no_cell_apart(self, measured: Measured) -> None:
        """One line a run for `grep`; on a narrow terminal its name, which is copied, has a line of its own."""
        entries = measured.earlier(2)
        commits = [(entry.commit or "-")[:10] for entry in entries]
        for number, line in enumerate(listing(entries).splitlines()[2:]):
            assert f"earlier-{number}" in line
            assert commits[number] in line
        head, _, *lines = listing(entries, 80).splitlines()
        assert max(map(len, [head, *lines])) <= 80
        assert lines[::2] == [f"  {entry.id}" for entry in entries]
        assert all(commit in line for commit, line in zip(commits, lines[1::2], strict=True))
        assert listing(entries, 200) == listing(entries)

    def test_show_tells_whether_a_run_can_be_a_baseline(self, measured: Measured) -> None:
        """And why not."""
        measured.keep(measured.earlier(1, verdict="fail"))
        done = measured.perfgate("baseline", "show", "earlier-0")
        assert "baseline: no: the verdict is fail" in done.output
        assert "machine: " in done.output

    def test_drop_forgets_runs_or_only_their_promotions(self, measured: Measured) -> None:
        """After it has asked."""
        measured.keep(measured.earlier(2, pin=PIN))
        assert measured.perfgate("baseline", "drop", "earlier-0", "--unpin", answer="y\n").exit_code == 0
        assert [entry.pin for entry in measured.kept()] == [None, PIN]
        assert measured.perfgate("baseline", "drop", "earlier-0", "--yes").exit_code == 0
        assert [entry.recording for entry in measured.kept()] == ["earlier-1"]

    def test_an_export_can_be_imported_elsewhere(self, measured: Measured) -> None:
        """Nothing is added twice."""
        measured.keep(measured.earlier(3))
        file = str(measured.root / "history.jsonl.gz")
        assert "wrote 3 entries" in measured.perfgate("baseline", "export", file).output
        elsewhere = ("--store", "sqlite:///elsewhere.db")
        assert "3 of 3 entries were new" in measured.perfgate("baseline", "import", file, *elsewhere).output
        assert "0 of 3 entries were new" in measured.perfgate("baseline", "import", file, *elsewhere).output

    def test_a_recording_that_was_added_at_its_time_is_known(self, measured: Measured) -> None:
        """By the same name."""
        measured.conclude()
        assert "0 of 1 entries were new" in measured.perfgate("baseline", "import", str(measured.folder)).output

    def test_part_of_a_run_is_not_imported(self, measured: Measured) -> None:
        """It says why."""
        measured.amend(stopped="stopped by SIGINT")
        done = measured.perfgate("baseline", "import", str(measured.folder))
        assert (done.exit_code, "stopped by SIGINT" in done.stderr) == (2, True)

    def test_prune_forgets_what_is_older(self, measured: Measured) -> None:
        """As the budgets file or the option says."""
        measured.keep(measured.earlier(9))
        assert measured.perfgate("baseline", "prune").exit_code == 2
        assert "forgot 6 entries" in measured.perfgate("baseline", "prune", "--keep", "3").output


class TestTrend:
    """Commit by commit, along the branch."""

    def test_finds_where_a_slow_drift_began(self, measured: Measured) -> None:
        """Between which commits, and how much."""
        line = measured.line()
        runs = measured.earlier(24)
        commits = [line[1 + number // 3] for number in range(24)]  # three runs of each
        slower = {number for number, commit in enumerate(commits) if commit in line[:5]}
        measured.keep(
            [
                type(run)(
                    **{
                        **vars(run),
                        "commit": commits[number],
                        "values": {
                            key: value * (1.5 if number in slower else 1.0) for key, value in run.values.items()
                        },
                    }
                )
                for number, run in enumerate(runs)
            ]
        )
        done = measured.perfgate("trend", "--metric", "p50", "--changes")
        assert done.exit_code == 0, done.output
        words = next(text for text in done.output.splitlines() if text.startswith("shop/normal GET /item p50"))
        assert "+5" in words or "+4" in words
        assert f"first seen at {line[4][:10]}" in words

    def test_without_a_move_says_so(self, measured: Measured) -> None:
        """It informs; the exit code is 0."""
        measured.keep(measured.earlier(9))
        done = measured.perfgate("trend", "--changes")
        assert (done.exit_code, "no change of level was found" in done.output) == (0, True)
        assert "GET /item" in done.output

    def test_without_a_history_says_so(self, measured: Measured) -> None:
        """Not a traceback, and no empty table."""
        assert "no runs of the branch" in measured.perfgate("trend").output


class TestWhereTheRunsAre:
    """Who finds none learns which branch was looked at, and where there are some."""

    def test_trend_names_the_branch_and_counts_the_runs_of_others(self, measured: Measured) -> None:
        """`origin/HEAD` may be another branch than the one that people work on."""
        measured.keep(measured.earlier(7, commit="f" * 40, branch="work"))
        lines = measured.perfgate("trend").output.splitlines()
        assert lines[0].startswith("no runs of the branch main (the default branch) in ")
        assert lines[1] == "other branches have 7 runs (work 7): choose one with --branch"

    def test_trend_follows_the_branch_that_is_named(self, measured: Measured) -> None:
        """Also one that this clone does not have."""
        measured.keep(measured.earlier(7, commit="f" * 40, branch="work"))
        done = measured.perfgate("trend", "--branch", "work")
        assert "GET /item" in done.output
        assert "of the branch work (--branch)" in done.output.splitlines()
        assert "other branches" not in done.output

    def test_trend_says_what_it_leaves_out(self, measured: Measured) -> None:
        """Whether there is something else to show or not."""
        one, two, three, four = measured.earlier(4)
        measured.keep(
            [
                one,
                replace(two, dirty=True),
                replace(three, pull_request="7"),
                replace(four, commit="e" * 40),
            ]
        )
        lines = measured.perfgate("trend").output.splitlines()
        assert "of the branch main (the default branch)" in lines
        assert "left out: 1 run of it, measured with uncommitted changes, or invalid" in lines
        assert "left out: 1 run recorded on main, of commits that it does not lead to" in lines

    def test_trend_counts_what_the_budgets_file_does_not_name(self, measured: Measured) -> None:
        """A load that was renamed is why nothing is shown."""
        kept = [replace(one, load="old", id=f"{one.recording}/shop/old") for one in measured.earlier(2)]
        measured.keep(kept)
        assert "other services and loads have 2 runs" in measured.perfgate("trend").output

    def test_list_says_what_it_looked_for_and_what_there_is(self, measured: Measured) -> None:
        """A branch that is spelt wrongly is no empty history."""
        measured.keep([*measured.earlier(2), *_pulled(measured)])
        words = measured.perfgate("baseline", "list", "--branch", "mian").output
        assert words.startswith("no runs of branch mian in ")
        assert words.endswith("; in all: 3 runs (main 2, pull requests 1)\n")

    def test_a_missing_baseline_says_where_there_are_runs(self, measured: Measured) -> None:
        """With the setting that decides it."""
        measured.keep(measured.earlier(2, commit="f" * 40, branch="work"))
        message = measured.conclude().runs[0].checks[-1].message
        assert "there is no run of shop/normal to compare with" in message
        assert "elsewhere: 2 runs (work 2): branch in [gate] says whose count" in message


def _pulled(measured: Measured) -> list[Entry]:
    """A run of a pull request."""
    (found,) = measured.earlier(1, pull_request="7")
    return [replace(found, id="pulled/shop/normal", recording="pulled")]


class TestTheCommitThatCompareTakes:
    """`baseline = "pinned"`."""

    def test_is_that_of_the_newest_promotion(self, measured: Measured) -> None:
        """Whenever it was measured."""
        old, older = measured.earlier(2)
        later = Pin("ada", PIN.at + 1, "again")
        measured.keep([type(old)(**{**vars(old), "pin": PIN}), type(old)(**{**vars(older), "pin": later})])
        assert promoted_commit(measured.plan) == older.commit

    def test_is_asked_for_where_nothing_is_promoted(self, measured: Measured) -> None:
        """With the command for it."""
        measured.keep(measured.earlier(2))
        with pytest.raises(BaselineError, match="no run of a commit is promoted"):
            promoted_commit(measured.plan)
