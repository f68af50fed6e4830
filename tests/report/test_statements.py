"""Sentences that several reports share."""

from __future__ import annotations

import pytest

from perfgate.judge.result import ServiceResult
from perfgate.report import html, markdown, text
from perfgate.report.statements import health_notes, unjudged
from tests.report import results


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"engines": 4}, "driven by 4 processes"), ({"engines": 3, "workers": 3}, "driven by 3 workers")],
)
def test_reports_say_how_many_drove_a_load(fields: dict[str, int], words: str) -> None:
    """For people, in every form that they read."""
    shown = results.passed(runs=[results.run(health=results.health(**fields))])
    assert words in text.render(shown)
    assert words in markdown.render(shown)
    assert words in html.render(shown)


def test_drivers_are_told_once_however_many_loads_there_are() -> None:
    """And with their loads, where they differ: say, the second was never driven."""
    two, none = results.health(engines=2), results.health(engines=0)
    runs = [results.run(load, health=two) for load in ("normal", "peak")]
    assert health_notes(results.passed(runs=runs)) == ["driven by 2 processes"]
    runs.append(results.run("soak", health=none))
    assert health_notes(results.passed(runs=runs)) == ["catalog/normal, catalog/peak: driven by 2 processes"]


@pytest.mark.parametrize("fields", [{"engines": 1}, {"engines": 0}, {"engines": 1, "workers": 1}])
def test_a_single_process_is_not_worth_a_word(fields: dict[str, int]) -> None:
    """Nearly all runs are driven by one."""
    assert "driven by" not in text.render(results.passed(runs=[results.run(health=results.health(**fields))]))


def test_what_keeps_several_loads_from_being_judged_is_told_once() -> None:
    """A service that does not start takes all its loads with it."""
    why = "budgets.toml:7: the service 'catalog' ended [service-exited]"
    unstarted = [
        results.run(load, verdict="invalid", sound=False, doubts=[why], checks=[], reasons=[f"catalog/{load}: {why}"])
        for load in ("normal", "peak")
    ]
    reasons = [reason for run in unstarted for reason in run.reasons]
    result = results.result(verdict="invalid", runs=unstarted, services=[], reasons=reasons)
    assert [one for one in unjudged(result) if why in one] == [f"catalog/normal, catalog/peak: {why}"]


@pytest.mark.parametrize("undecided", [True, False])
def test_a_comparison_that_was_stopped_tells_why_and_not_of_each_check_that_it_was_undecided(undecided: bool) -> None:
    """What a budget would have said stays; of a comparison that ran to its end everything does."""
    stopped, broken = "stopped by SIGINT [interrupted]", "not judged, would be fail: error rate 4 %, budget 1 %"
    budget = results.check("invalid", message=broken, endpoint=None)
    place = f"catalog/normal {results.UNDECIDED.endpoint}: {results.UNDECIDED.message}"
    reasons = [f"catalog/normal: {stopped}", place, f"catalog/normal: {broken}"]
    run = results.run(
        verdict="invalid", sound=False, doubts=[stopped], checks=[results.UNDECIDED, budget], reasons=reasons
    )
    service = ServiceResult(name="catalog", url="", verdict="invalid", reasons=reasons)
    told = unjudged(
        results.result(verdict="invalid", runs=[run], services=[service], reasons=reasons), undecided=undecided
    )
    assert told == [f"catalog/normal: {stopped}", f"catalog/normal: {broken}"]
