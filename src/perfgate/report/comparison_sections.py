"""The sections of the HTML report about a comparison: what is worse, what to do, what changed, what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.judge.words import counted
from perfgate.report import changes, grounds
from perfgate.report.change_table import change_table
from perfgate.report.element import Child, element
from perfgate.report.grid import plain_list, titled
from perfgate.report.tables import run_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.judge.result import Result, RunResult

_LOUD: tuple[changes.Part, ...] = ("worse", "undecided", "accepted", "noted", "better")


def head_of(result: Result) -> Iterable[Child]:
    """What decided the verdict, and what to do about it."""
    rows = changes.compared_rows(result)
    loud = changes.in_parts(rows, *_LOUD)
    worse = changes.in_parts(rows, "worse")
    word = changes.verdict_word(worse).capitalize()
    yield from titled(f"{word}, by more than is tolerated", change_table(worse, grouped=True, within=loud), level="h2")
    undecided = changes.in_parts(rows, "undecided")
    yield from titled("Undecided", change_table(undecided, grouped=True, within=loud), level="h2")
    yield from titled("What to do", _advice(result), level="h2")


def _advice(result: Result) -> Child:
    told: list[Child] = [element("li", text) for text in grounds.advice(result)]
    if command := grounds.search_command(result):
        told.append(element("li", "To find the commit: ", element("code", command)))
    return element("ul", told, class_="plain") if told else None


def told_of(result: Result) -> Iterable[Child]:
    """What else a comparison found: accepted, shown only, better, at one side."""
    rows = changes.compared_rows(result)
    loud = changes.in_parts(rows, *_LOUD)
    parts: list[tuple[str, changes.Part]] = [
        ("Worse, as accepted", "accepted"),
        ("Worse, only shown: no part of the verdict", "noted"),
        ("Better", "better"),
    ]
    for title, part in parts:
        found = change_table(changes.in_parts(rows, part), grouped=True, within=loud)
        yield from titled(title, found, level="h2")
    yield from titled("Warned of", plain_list(changes.warned_told(rows)), level="h2")
    yield from titled("At one side only", plain_list(changes.at_one_side(rows)), level="h2")


def rests_on(result: Result) -> Iterable[Child]:
    """How sure the verdict is, and what the team lives with."""
    yield from titled("How sure this is", plain_list(grounds.grounds(result)), level="h2")
    yield from titled("Accepted regressions", plain_list(grounds.acceptances(result)), level="h2")


def found_in(run: RunResult) -> Iterable[Child]:
    """All compared checks of a run; folded away, since those that matter stand above."""
    rows = [row for row in run_rows(run) if changes.is_compared(row)]
    if rows:
        yield element("details", element("summary", f"{counted(len(rows), 'compared check')}"), change_table(rows))
