"""Compared checks on a terminal: tables of changes, what is undecided, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from perfgate.judge.words import counted
from perfgate.report import changes, grounds
from perfgate.report.console import COLOURS, bullet, heading, notes, plain_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from perfgate.judge.result import Result
    from perfgate.report.tables import CheckRow

_MOST_UNDECIDED = 6  # in a log that nobody asked to be long


def changed(
    rows: Sequence[CheckRow], parts: tuple[changes.Part, ...], what: str, status: str
) -> Iterable[RenderableType]:
    """A table of compared checks, each group under its own line."""
    found = changes.in_parts(rows, *parts)
    if not found:
        return
    word = changes.verdict_word(found, "better" if parts == ("better",) else "worse").capitalize()
    yield heading(f"{word}, {what} ({len(found)})", COLOURS[status])
    yield _change_table(found)
    if parts == ("worse",):  # say, whose acceptance is over
        remarks = ((row, changes.remark(row)) for row in found)
        yield from (bullet(f"{row.subject} {changes.measure(row)}: {more}") for row, more in remarks if more)


def _change_table(rows: Sequence[CheckRow], *, detectable: bool = False) -> Table:
    now = ("base", "head") if all(row.check.kind == "paired" for row in rows) else ("expected", "observed")
    last = ("would find",) if detectable else ()
    table = plain_table("endpoint", "metric", *now, "change", "interval", *last, right=(*now, "change", *last))
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            table.add_row(Text(group, style="bold"))
        cells = [f"  {row.subject}", changes.measure(row), changes.before(row), changes.after(row), changes.change(row)]
        cells += [changes.interval(row), *([changes.detectable(row)] if detectable else [])]
        table.add_row(*(Text(cell) for cell in cells))
    return table


def advice(result: Result) -> list[str]:
    """What to do, with the command that finds the commit."""
    command = grounds.search_command(result)
    return [*grounds.advice(result), *([f"To find the commit: {command}"] if command else [])]


def undecided(rows: Sequence[CheckRow], *, verbose: bool) -> Iterable[RenderableType]:
    """What could not be told, in its own words; all of it on request."""
    told = changes.undecided_told(rows)
    shown = told if verbose else told[:_MOST_UNDECIDED]
    yield from notes(f"Undecided ({len(told)})" if told else "", shown, COLOURS["invalid"])
    if len(shown) < len(told):
        yield bullet(f"and {len(told) - len(shown)} more (`perfgate report --verbose` lists them)")


def quiet(rows: Sequence[CheckRow], *, verbose: bool) -> Iterable[RenderableType]:
    """What needs no attention: a line, or all of it on request."""
    quiet = [row for row in changes.in_parts(rows, "quiet") if not row.doubted]
    if quiet and verbose:
        yield heading(f"Not worse, or only shown ({len(quiet)})", COLOURS["pass"])
        yield _change_table(quiet, detectable=True)
    held = len([row for row in quiet if row.status == "pass"])
    if held and not verbose:
        yield Text(f"\n{counted(held, 'check')} not worse (`perfgate report --verbose` lists them)", style="dim")
