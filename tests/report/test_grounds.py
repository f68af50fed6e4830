"""What a comparison rests on, in sentences."""

from __future__ import annotations

import pytest

from perfgate.judge.result import Baseline, Revision
from perfgate.report import html, markdown, text
from perfgate.report.changes import part_of, remark
from perfgate.report.grounds import acceptances, advice, grounds, search_command, sides_told
from perfgate.report.tables import check_rows
from tests.report import results


def test_both_sides_are_named_with_how_the_base_was_chosen() -> None:
    """By commit and branch; a work tree with its changes; deployments by address."""
    assert sides_told(results.slower()) == "base fedcba9876 (merge-base), head 0123456789 of faster"
    named = results.compared(
        baseline=Baseline(kind="paired", choice=results.BASE[:7]), revision=Revision(commit="0123456789ab", dirty=True)
    )
    assert sides_told(named) == "base fedcba9876, head 0123456789 with local changes"
    deployed = results.compared(base=Revision())
    assert sides_told(deployed) == "base http://127.0.0.1:8001, head http://127.0.0.1:8002"
    assert sides_told(results.passed()) == ""


def test_how_it_was_made_is_told_with_what_was_left_out_and_why_it_ended() -> None:
    """And the rate of false alarms of the whole verdict."""
    told = grounds(results.slower())
    assert told[0] == "False alarms: on unchanged code at most 1 % of such verdicts, all comparisons together, are red."
    assert told[2] == (
        "catalog / peak: 27 pairs of 1 s blocks counted (ABBA); 3 pairs dropped (steal 2, schedule lag 1); 1 m 4 s, "
        "ended: every check is decided; 10 % slower is tolerated"
    )
    assert told[3].endswith("550 µs, spread 2.5 % (200 repetitions)")


def test_the_choice_of_a_baseline_says_how_far_it_walked_and_on_how_many_runs_it_rests() -> None:
    """And when there is none, why."""
    told = grounds(results.against_history(results.paired()))
    assert (
        "Baseline merge-base: the merge base of 0123456 and main; 12 earlier runs of main, the nearest at fedcba9876, "
        "3 commits before it, of 2026-03-03 04:53:20 UTC"
    ) in told
    none = Baseline(kind="history", choice="latest", detail="the store is empty")
    assert "Baseline latest: the store is empty" in grounds(results.against_history(baseline=none))


def test_nothing_is_said_where_nothing_was_compared() -> None:
    """Budgets need no baseline."""
    assert grounds(results.result()) == advice(results.result()) == acceptances(results.result()) == []


def test_the_search_for_the_commit_is_offered_only_where_it_can_be_made() -> None:
    """It needs two commits, and something that is slower."""
    assert search_command(results.slower()) == "perfgate bisect fedcba9876 0123456789"
    dirty = Revision(commit="0123456789", dirty=True)
    assert search_command(results.slower().model_copy(update={"revision": dirty})) == ""
    assert search_command(results.slower().model_copy(update={"base": Revision()})) == ""
    assert search_command(results.compared(results.paired())) == ""


def test_expired_acceptances_come_first_and_say_what_to_do() -> None:
    """Those that hold name who, why and until when."""
    first, second = acceptances(results.slower())
    assert first.startswith("EXPIRED on 2025-12-31, no longer accepted, remove it (budgets.toml:80): catalog: p95 of ")
    assert second == (
        "catalog: CPU per request of the whole service up to 15 %, until 2027-03-31, by ann@example.com: "
        "prices are now read from the ledger (budgets.toml:70)"
    )


def test_a_check_of_a_run_that_is_not_sound_is_neither_worse_nor_undecided() -> None:
    """Its run's doubts are told instead."""
    result = results.compared(results.WORSE)
    doubted = result.runs[0].model_copy(update={"sound": False, "doubts": ["the service died"]})
    assert [part_of(row) for row in check_rows(result.model_copy(update={"runs": [doubted]}))] == ["quiet"]


@pytest.mark.parametrize("kind", ["paired", "history"])
def test_a_warning_that_is_no_change_of_a_figure_is_told_in_every_report(kind: str) -> None:
    """A page that has become empty is named, and not counted among what was skipped."""
    told = results.paired(None, "warn", kind=kind, metric="empty_answers", change_percent=None, message="all are empty")
    result = results.compared(told, verdict="warn") if kind == "paired" else results.against_history(told)
    for shown in (text.render(result), markdown.render(result), html.render(result)):
        assert "Warned of" in shown
        assert "all are empty" in shown
    assert "skipped" not in text.render(result)


def test_a_remark_is_what_the_message_adds_to_figures_and_verdict() -> None:
    """What it would take, and nothing for a message that says no more."""
    rows = check_rows(results.compared(results.UNDECIDED, results.WORSE))
    assert [remark(row) for row in rows] == ["about 90 pairs would tell, 30 were driven", ""]
