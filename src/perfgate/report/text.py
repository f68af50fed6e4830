"""The final report on a terminal or in a job's log: what failed and by how much comes first."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from perfgate.judge.words import counted
from perfgate.report import changes, grounds
from perfgate.report.statements import (
    caveats,
    closing,
    failed_otherwise,
    findings,
    headline,
    health_notes,
    unjudged,
)
from perfgate.report.tables import (
    SLOWEST_HEADINGS,
    SUMMARY_HEADINGS,
    CheckRow,
    check_rows,
    group_name,
    printable,
    slowest_row,
    summary_row,
    with_status,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from perfgate.judge.result import Result, RunResult

_NARROWEST = 8  # columns that a name needs at least; longer ones fold

_BETWEEN = 2  # blanks between two columns of `plain_table`

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "invalid": "magenta", "skipped": "dim"}


def render(result: Result, *, width: int = 80, color: bool = False, verbose: bool = False) -> str:
    """The report as text, without a newline at its end.

    Args:
        result: what to show.
        width: columns of the terminal; long names fold, nothing is cut.
        color: whether to emit ANSI colours.
        verbose: list the checks that passed, those that were skipped, and the slowest requests, too.
    """
    console, buffer = text_console(width, color=color)
    for part in _parts(result, verbose=verbose):
        print_part(console, part)
    console.print(Text(closing(result), style=f"bold {COLOURS[result.verdict]}"))
    return trimmed(buffer.getvalue())


def summary(result: Result, *, width: int = 80, color: bool = False) -> str:
    """Only the table of runs with their verdicts and figures, without a newline at its end; arguments as `render`'s."""
    console, buffer = text_console(width, color=color)
    for part in _summaries(result):
        print_part(console, part)
    return trimmed(buffer.getvalue()).strip("\n")


def text_console(width: int, *, color: bool) -> tuple[Console, StringIO]:
    """A console that writes to the buffer beside it and takes nothing from the environment.

    Markup and emoji codes are off: `GET /items/[id]` and `:smile:` are names, not commands.
    """
    buffer = StringIO()
    console = Console(
        file=buffer,
        width=max(width, 40),
        color_system="standard" if color else None,
        force_terminal=color,
        force_jupyter=False,
        force_interactive=False,
        no_color=not color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    return console, buffer


def print_part(console: Console, part: RenderableType) -> None:
    """Print it; a table is never narrower than its numbers: a line too long is wrapped, a digit cut is a lie."""
    terminal = console.width
    if isinstance(part, Table):
        for column in part.columns:
            widest = max((cell_len(str(cell)) for cell in [column.header, *column.cells]), default=0)
            column.min_width = widest if column.no_wrap else min(widest, _NARROWEST)
        needed = sum((column.min_width or 0) + _BETWEEN for column in part.columns) - _BETWEEN
        console.width = max(terminal, needed)
    console.print(part)
    console.width = terminal


def trimmed(text: str) -> str:
    """The text without blanks at the ends of its lines, which rich's tables pad, and at its own end."""
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


def _parts(result: Result, *, verbose: bool) -> Iterable[RenderableType]:
    rows = [row for row in check_rows(result) if not changes.is_compared(row)]
    compared = changes.compared_rows(result)
    yield Text(headline(result), style=f"bold {COLOURS[result.verdict]}")
    if both := grounds.sides_told(result):
        yield Text(both)
    yield from _changed(compared, ("worse",), "by more than is tolerated", "fail")
    yield from _broken(with_status(rows, "fail"), "Failed", "fail")
    yield from _notes("Failed", failed_otherwise(result), COLOURS["fail"])
    yield from _undecided(compared, verbose=verbose)
    yield from _notes("What to do", _advice(result))
    yield from _changed(compared, ("accepted",), "as accepted", "warn")
    yield from _changed(compared, ("noted",), "only shown, no part of the verdict", "warn")
    yield from _broken(with_status(rows, "warn"), "Warnings", "warn")
    yield from _notes("Could not be judged", unjudged(result, undecided=False), COLOURS["invalid"])
    yield from _notes("At one side only", changes.at_one_side(compared))
    yield from _changed(compared, ("better",), "proven", "pass")
    yield from _quiet(compared, verbose=verbose)
    yield from _notes("How sure this is", grounds.grounds(result))
    yield from _notes("Accepted regressions", grounds.acceptances(result))
    yield from _summaries(result)
    yield from _scores(result)
    yield from _notes("Generator health", health_notes(result))
    yield from _notes("Note", caveats(result))
    yield from _skipped([*with_status(rows, "skipped"), *changes.in_parts(compared, "missing")], verbose=verbose)
    if verbose:
        yield from _broken(with_status(rows, "pass"), "Passed", "pass")
        yield from _slowest(result)
    yield ""


def _heading(title: str, style: str = "") -> Text:
    return Text(f"\n{title}", style=f"bold {style}".strip())


def plain_table(*headings: str, right: Sequence[str] = ()) -> Table:
    """A table with a line under its headings only; the columns named in `right` hold numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(
            Text(heading),
            justify="right" if heading in right else "left",
            overflow="fold",
            no_wrap=heading in right or heading == "verdict",
            min_width=7 if heading == "load" else None,
        )
    return table


def _broken(rows: Sequence[CheckRow], title: str, status: str) -> Iterable[RenderableType]:
    """A table of checks, each group under its own line so that the endpoint has room at 80 columns."""
    if not rows:
        return
    yield _heading(f"{title} ({len(rows)})", COLOURS[status])
    over = "over by" if status in ("fail", "warn") else ""
    headings = ("endpoint", "metric", "observed", "limit", over, "where") if over else _HEADINGS_HELD
    table = plain_table(*headings, right=("observed", "limit", "over by"))
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            table.add_row(Text(group, style="bold"))
        table.add_row(*_cells(row, with_excess=bool(over)))
    yield table


_MOST_UNDECIDED = 6  # in a log that nobody asked to be long


def _changed(
    rows: Sequence[CheckRow], parts: tuple[changes.Part, ...], what: str, status: str
) -> Iterable[RenderableType]:
    """A table of compared checks, each group under its own line."""
    found = changes.in_parts(rows, *parts)
    if not found:
        return
    word = changes.verdict_word(found, "better" if parts == ("better",) else "worse").capitalize()
    yield _heading(f"{word}, {what} ({len(found)})", COLOURS[status])
    yield _change_table(found)
    if parts == ("worse",):  # say, whose acceptance is over
        remarks = ((row, changes.remark(row)) for row in found)
        yield from (_bullet(f"{row.subject} {changes.measure(row)}: {more}") for row, more in remarks if more)


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


def _advice(result: Result) -> list[str]:
    command = grounds.search_command(result)
    return [*grounds.advice(result), *([f"To find the commit: {command}"] if command else [])]


def _undecided(rows: Sequence[CheckRow], *, verbose: bool) -> Iterable[RenderableType]:
    told = changes.undecided_told(rows)
    shown = told if verbose else told[:_MOST_UNDECIDED]
    yield from _notes(f"Undecided ({len(told)})" if told else "", shown, COLOURS["invalid"])
    if len(shown) < len(told):
        yield _bullet(f"and {len(told) - len(shown)} more (`perfgate report --verbose` lists them)")


def _quiet(rows: Sequence[CheckRow], *, verbose: bool) -> Iterable[RenderableType]:
    """What needs no attention: a line, or all of it on request."""
    quiet = [row for row in changes.in_parts(rows, "quiet") if not row.doubted]
    if quiet and verbose:
        yield _heading(f"Not worse, or only shown ({len(quiet)})", COLOURS["pass"])
        yield _change_table(quiet, detectable=True)
    held = len([row for row in quiet if row.status == "pass"])
    if held and not verbose:
        yield Text(f"\n{counted(held, 'check')} not worse (`perfgate report --verbose` lists them)", style="dim")


_HEADINGS_HELD = ("endpoint", "metric", "observed", "limit", "where")


def _cells(row: CheckRow, *, with_excess: bool) -> list[Text]:
    cells = [f"  {row.subject}", row.metric, row.observed, row.limit]
    cells += [row.excess] if with_excess else []
    return [Text(cell) for cell in [*cells, row.source]]


def _notes(title: str, notes: Sequence[str], style: str = "") -> Iterable[RenderableType]:
    if notes:
        yield _heading(title, style)
        yield from (_bullet(note) for note in notes)


def _bullet(note: str) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text("-"), Text(note, overflow="fold"))
    return grid


def _summaries(result: Result) -> Iterable[RenderableType]:
    by_service: dict[str, list[RunResult]] = {}
    for run in result.runs:
        by_service.setdefault(run.service, []).append(run)
    for service, runs in by_service.items():
        yield _heading(f"{printable(service)}, at the head" if result.kind == "compare" else printable(service))
        table = plain_table(*SUMMARY_HEADINGS, right=SUMMARY_HEADINGS[1:-1])
        for run in runs:
            *cells, verdict = summary_row(run)
            table.add_row(*(Text(cell) for cell in cells), Text(verdict, style=COLOURS[run.verdict]))
        yield table
        for run in runs:
            yield from (_bullet(f"{printable(run.load)}: {finding}") for finding in findings(run))


def _scores(result: Result) -> Iterable[RenderableType]:
    scored = [service for service in result.services if service.score.score is not None]
    if not scored or result.kind == "compare":  # changes have no headroom, so that a score of them says nothing
        return
    parts = [f"{printable(service.name)} {service.score.score:.0f}/100 ({service.score.grade})" for service in scored]
    yield Text("\nHealth score: " + ", ".join(parts))


def _slowest(result: Result) -> Iterable[RenderableType]:
    runs = [run for run in result.runs if run.slowest]
    if not runs:
        return
    yield _heading("Slowest requests")
    table = plain_table(*SLOWEST_HEADINGS, right=("at", "response time", "status"))
    for run in runs:
        table.add_row(Text(group_name(run.service, run.load), style="bold"))
        for endpoint, *cells in map(slowest_row, run.slowest):
            table.add_row(Text(f"  {endpoint}"), *(Text(cell) for cell in cells))
    yield table


def _skipped(rows: Sequence[CheckRow], *, verbose: bool) -> Iterable[RenderableType]:
    if not rows:
        return
    if not verbose:
        yield Text(f"\n{counted(len(rows), 'check')} skipped (`perfgate report --verbose` lists them)", style="dim")
        return
    notes = [f"{row.group}: {row.subject} {row.metric}: {printable(row.check.message)}" for row in rows]
    yield from _notes(f"Skipped ({len(rows)})", notes)
