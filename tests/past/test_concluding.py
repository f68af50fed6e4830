"""The end of a run: compared with the history, then added to it, and never lost to it."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from perfgate.baseline.fingerprint import Fingerprint
from perfgate.baseline.sql import SqlStore
from perfgate.baseline.store import open_store
from perfgate.errors import RecordingError
from perfgate.gate import judged
from perfgate.judge.result import Result
from tests.past.measured import Measured, checks, the_check

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Store
    from tests.servers.postgres import Postgres

REQUIRED = ("[gate]\n", "[gate]\nrequire_baseline = true\n")


def _again(measured: Measured) -> Result:
    return judged(measured.folder)


class TestWithoutAHistory:
    """The budgets stand alone, and the report says that nothing was compared."""

    def test_a_first_run_says_what_is_missing_and_begins_the_history(self, measured: Measured) -> None:
        """The verdict is that of the budgets."""
        result = measured.conclude()
        check = the_check(result)
        assert (check.status, check.metric) == ("skipped", "history")
        assert "there is no run of shop/normal to compare with" in check.message
        assert (result.verdict, result.false_alarm_rate) == ("pass", None)
        assert result.baseline is not None
        assert (result.baseline.kind, result.baseline.choice, result.baseline.runs) == ("history", "merge-base", 0)
        (entry,) = measured.kept()
        assert (entry.verdict, entry.branch, entry.commit) == ("pass", "main", measured.line()[0])

    def test_a_required_comparison_that_cannot_be_made_is_invalid(self, measured: Measured) -> None:
        """Unknown is no pass; but the run is kept as what it is, or no history would ever begin."""
        measured.change(*REQUIRED)
        result = measured.conclude()
        assert (result.verdict, result.exit_code, the_check(result).status) == ("invalid", 3, "invalid")
        assert measured.kept()[0].verdict == "pass"
        assert _again(measured) == result

    def test_with_too_few_runs_it_says_how_many_are_missing(self, measured: Measured) -> None:
        """One check for the run, not one for each figure."""
        measured.keep(measured.earlier(3))
        result = measured.conclude()
        assert the_check(result).message == "3 comparable runs: 2 more are needed to compare with the history"
        assert result.baseline is not None
        assert result.baseline.runs == 3

    def test_outside_a_repository_it_says_so(self, measured: Measured, tmp_path: Path) -> None:
        """The run is kept all the same."""
        (measured.root / ".git").rename(tmp_path / "away")
        measured.amend(revision={"commit": None, "branch": None, "dirty": None})
        assert "in no Git repository" in the_check(measured.conclude()).message
        assert len(measured.kept()) == 1


class TestAnUnchangedService:
    """Compared with runs like itself it is green, and says what it would have found."""

    def test_passes(self, measured: Measured) -> None:
        """Each figure has a check with its interval."""
        measured.keep(measured.earlier(9))
        result = measured.conclude()
        found = {(check.endpoint, check.metric): check for check in checks(result)}
        p50 = found["GET /item", "p50"]
        assert (p50.status, p50.decision, p50.unit) == ("pass", "not_worse", "ms")
        assert p50.baseline == pytest.approx(p50.observed, rel=0.05)
        assert p50.interval_percent is not None
        assert p50.interval_percent[0] < 0 < p50.interval_percent[1]
        assert p50.smallest_detectable_percent is not None
        assert found[None, "throughput"].direction == "at_least"
        assert {check.status for check in found.values()} == {"pass"}
        assert (result.verdict, result.false_alarm_rate) == ("pass", 0.01)

    def test_names_what_it_was_compared_with(self, measured: Measured) -> None:
        """The nearest commit that has a comparable run, and how far back that is."""
        measured.keep(measured.earlier(9)[2:])
        baseline = measured.conclude().baseline
        assert baseline is not None
        assert (baseline.commit, baseline.walked, baseline.runs) == (measured.line()[3], 2, 7)
        assert baseline.branch == "main"

    def test_is_not_compared_with_itself(self, measured: Measured) -> None:
        """First compared, then added."""
        measured.conclude()
        (own,) = measured.kept()
        kept = json.loads((measured.folder / "history.json").read_text())
        assert own.recording not in str(kept)


class TestASlowerService:
    """Found through the history alone."""

    def test_fails(self, measured: Measured) -> None:
        """With the figure and what was expected of it."""
        measured.keep(measured.earlier(9, factor=0.2))
        result = measured.conclude()
        assert (result.verdict, result.exit_code) == ("fail", 1)
        red = {(check.endpoint, check.metric) for check in checks(result) if check.status == "fail"}
        assert ("GET /item", "p50") in red
        assert not {metric for _, metric in red} & {"p99", "throughput"}
        assert any("p50" in reason and "proven worse" in reason for reason in result.reasons)

    def test_is_shown_in_p99_and_not_failed_on(self, measured: Measured) -> None:
        """So few requests are beyond it."""
        measured.keep(measured.earlier(9, factor=0.2))
        p99 = [check.status for check in checks(measured.conclude()) if check.metric == "p99"]
        assert set(p99) == {"warn"}

    def test_never_becomes_a_baseline_by_itself(self, measured: Measured) -> None:
        """It is kept, as the failure that it is."""
        measured.keep(measured.earlier(9, factor=0.2))
        measured.conclude()
        own = measured.kept()[0]
        assert own.recording.startswith("recording-")
        assert (own.verdict, own.eligible) == ("fail", False)

    def test_passes_where_the_team_accepts_it(self, measured: Measured) -> None:
        """With a warning that names who."""
        accept = "".join(
            f'\n[[accept]]\nmetric = "{metric}"\n{endpoint}up_to = "2000%"\nreason = "the ledger"\nby = "ann"\n'
            "until = 2999-12-31\n"
            for metric in ("p50", "p95", "mean")
            for endpoint in ("", 'endpoint = "GET /item"\n', 'endpoint = "GET /home"\n')
        )
        measured.change("[services.shop]\n", f"{accept}[services.shop]\n")
        measured.keep(measured.earlier(9, factor=0.2))
        result = measured.conclude()
        assert result.verdict == "warn"
        assert any(check.accepted and check.accepted.by == "ann" for check in checks(result))

    def test_is_the_same_in_a_report_made_later(self, measured: Measured) -> None:
        """Without the store: the recording holds what it was compared with."""
        measured.keep(measured.earlier(9, factor=0.2))
        result = measured.conclude()
        (measured.root / ".perfgate" / "history.db").unlink()
        assert _again(measured) == result


class TestAnotherHistory:
    """Runs of something else are no history of this."""

    @pytest.mark.parametrize("part", ["scenario", "load", "service", "machine", "schedule"])
    def test_is_refused_and_the_difference_named(self, measured: Measured, part: str) -> None:
        """Whichever it is."""
        other = Fingerprint({**measured.entry().fingerprint.parts, part: "something else"})
        measured.keep(measured.earlier(9, fingerprint=other))
        message = the_check(measured.conclude()).message
        assert f"{part}: something else -> " in message

    def test_a_scaled_run_compares_with_its_like(self, measured: Measured) -> None:
        """A quick look is no measurement of the same."""
        measured.keep(measured.earlier(9))
        measured.amend(scale=0.5)
        assert "scale 0.5" in the_check(measured.conclude()).message

    def test_a_dirty_tree_is_kept_and_never_compared_with(self, measured: Measured) -> None:
        """Nobody could say what it was."""
        measured.amend(revision={**measured.manifest.revision, "dirty": True})
        measured.conclude()
        (own,) = measured.kept()
        assert (own.dirty, own.eligible) == (True, False)

    def test_what_was_stopped_is_not_kept(self, measured: Measured) -> None:
        """It is part of a run."""
        measured.amend(stopped="stopped by SIGINT")
        measured.conclude()
        assert measured.kept() == []

    def test_the_work_tree_was_clean(self, original: Measured) -> None:
        """What perfgate itself writes does not make it dirty, though this repository ignores nothing of it."""
        assert original.manifest.revision["dirty"] is False
        assert (original.root / ".perfgate" / ".gitignore").read_text() == "*\n"


class TestATroubledStore:
    """The result is on disk before the store is opened, and the run can be added later."""

    def test_that_is_damaged_costs_nothing_but_the_comparison(self, measured: Measured) -> None:
        """It is told what happened, and what to do."""
        database = measured.root / ".perfgate" / "history.db"
        database.write_bytes(b"no database " * 1000)
        result = measured.conclude()
        assert (result.verdict, the_check(result).status) == ("pass", "skipped")
        assert "damaged" in the_check(result).message
        assert result.baseline is not None
        assert "perfgate baseline import" in result.baseline.detail
        (said,) = measured.said
        assert said.startswith("warning: the history: ")
        assert _again(measured) == result
        database.unlink()
        assert "1 of 1 entries were new" in measured.perfgate("baseline", "import", str(measured.folder)).output
        assert measured.kept()[0].verdict == "pass"

    def test_that_is_damaged_makes_a_required_comparison_invalid(self, measured: Measured) -> None:
        """Exit 3."""
        measured.change(*REQUIRED)
        (measured.root / ".perfgate" / "history.db").write_bytes(b"no database " * 1000)
        assert measured.conclude().exit_code == 3

    def test_the_result_is_on_disk_before_it_is_opened(self, measured: Measured) -> None:
        """Whatever happens to perfgate while it waits."""
        found: list[Result] = []

        def opening(url: str, root: Path) -> SqlStore:
            found.append(Result.model_validate_json((measured.folder / "result.json").read_text()))
            return SqlStore.open(url, root)

        (measured.folder / "result.json").unlink()
        measured.conclude(opening=opening)
        assert [result.verdict for result in found] == ["pass"]

    def test_that_is_locked_in_the_middle_keeps_the_comparison(self, measured: Measured) -> None:
        """What was read is judged; only the run's own entry is missing."""
        measured.keep(measured.earlier(9))
        result = measured.conclude(opening=_LockedForWriting.open_impatiently)
        assert result.verdict == "pass"
        assert result.false_alarm_rate == 0.01
        assert result.baseline is not None
        assert "this run is not in the history" in result.baseline.detail
        assert _again(measured) == result
        assert len(measured.kept()) == 9

    def test_that_refuses_a_push_is_a_warning(self, measured: Measured) -> None:
        """Forks and readers may not push; what they measured is kept in their clone."""
        measured.change("[gate]\n", '[gate]\nstore = "git:perfgate-baselines"\n')
        origin = measured.root.parent / "origin.git"
        _git(measured, "clone", "-q", "--bare", ".", str(origin))
        _git(measured, "remote", "add", "origin", str(origin))
        hook = origin / "hooks" / "pre-receive"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        result = measured.conclude()
        assert result.verdict == "pass"
        (said,) = measured.said
        assert "kept in this clone only" in said
        assert len(measured.kept()) == 1

    def test_what_was_compared_with_cannot_be_damaged_unnoticed(self, measured: Measured) -> None:
        """A recording without it would show another verdict."""
        measured.conclude()
        path = measured.folder / "history.json"
        path.write_text("{")
        with pytest.raises(RecordingError, match="what the run was compared with is lost"):
            _again(measured)
        path.unlink()
        with pytest.raises(RecordingError, match="what the run was compared with is lost"):
            _again(measured)

    def test_a_required_comparison_that_was_never_made_stays_invalid(self, measured: Measured) -> None:
        """perfgate was killed before it came to it."""
        measured.change(*REQUIRED)
        assert _again(measured).exit_code == 3


class _LockedForWriting(SqlStore):
    """A store whose database another process locks while it is read, and holds."""

    @classmethod
    def open_impatiently(cls, url: str, root: Path) -> _LockedForWriting:
        """Without patience."""
        store = cls.open(url, root, patience_s=0.1)
        assert isinstance(store, cls)
        return store

    def add(self, entries: Iterable[Entry]) -> int:
        other = sqlite3.connect(self.name)
        other.execute("BEGIN IMMEDIATE")
        try:
            return super().add(entries)
        finally:
            other.close()


def _git(measured: Measured, *words: str) -> None:
    import subprocess

    subprocess.run(["git", *words], cwd=measured.root, check=True)


def test_runs_are_kept_as_long_as_the_budgets_file_says(measured: Measured) -> None:
    """The newest so many of each load."""
    measured.change("[gate]\n", "[gate]\nkeep = 4\n")
    measured.keep(measured.earlier(9))
    measured.conclude()
    kept = [entry.recording for entry in measured.kept()]
    assert kept[1:] == ["earlier-0", "earlier-1", "earlier-2"]


def test_the_histograms_are_kept_too(measured: Measured) -> None:
    """Of the judged phase, endpoint by endpoint."""
    result, entry = measured.conclude(), measured.entry()
    total = result.runs[0].total
    assert total is not None
    assert entry.histograms()[None].count == total.requests - total.failures
    (item,) = result.runs[0].endpoints
    assert entry.histograms()["GET /item"].quantile(0.5) == item.latency_ms.p50


def test_a_team_shares_one_history(measured: Measured, postgres: Postgres) -> None:
    """In PostgreSQL."""
    measured.change("[gate]\n", f'[gate]\nstore = "{postgres.database()}"\n')
    measured.keep(measured.earlier(5))
    result = measured.conclude()
    assert result.false_alarm_rate == 0.01
    assert len(measured.kept()) == 6


def test_a_shared_history_that_dies_in_the_middle_costs_nobody_a_result(measured: Measured, postgres: Postgres) -> None:
    """The server is gone when the run is to be added; the comparison that was made stands, and the run can be added."""
    measured.change("[gate]\n", f'[gate]\nstore = "{postgres.database()}"\n')
    measured.keep(measured.earlier(5))

    def opening(url: str, root: Path) -> Store:
        store = open_store(url, root)
        add = store.add

        def dying(entries: Iterable[Entry]) -> int:
            postgres.stop()
            return add(entries)

        store.add = dying  # type: ignore[method-assign]
        return store

    try:
        result = measured.conclude(opening=opening)
    finally:
        postgres.start()
    assert (result.verdict, result.false_alarm_rate) == ("pass", 0.01)
    assert any("add it later: perfgate baseline import" in words for words in measured.said)
    assert len(measured.kept()) == 5
    done = measured.perfgate("baseline", "import", str(measured.folder))
    assert done.exit_code == 0, done.output
    assert len(measured.kept()) == 6


def test_two_jobs_of_one_second_do_not_collide(measured: Measured) -> None:
    """Each has an entry of its own, though their folders have the same name."""
    measured.conclude()
    measured.amend(origin={**measured.manifest.origin, "job": "another"})
    measured.conclude()
    assert len({entry.id for entry in measured.kept()}) == 2


def test_a_run_for_a_pull_request_is_no_part_of_its_target(measured: Measured) -> None:
    """It says for which, and its head is detached."""
    fields: dict[str, Any] = {"branch": None, "pull_request": "17", "job": "x"}
    measured.amend(origin=fields, revision={**measured.manifest.revision, "branch": None})
    measured.conclude()
    (own,) = measured.kept()
    assert (own.branch, own.pull_request) == (None, "17")


def test_the_branch_of_a_detached_head_is_what_the_ci_says(measured: Measured) -> None:
    """A CI checks out commits, not branches."""
    fields: dict[str, Any] = {"branch": "main", "pull_request": None, "job": "x"}
    measured.amend(origin=fields, revision={**measured.manifest.revision, "branch": None})
    measured.conclude()
    assert measured.kept()[0].branch == "main"
