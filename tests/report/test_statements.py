"""Sentences that several reports share."""

from __future__ import annotations

import pytest

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
