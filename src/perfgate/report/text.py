"""The final report on a terminal or in a job's log: what failed and by how much comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from perfgate.judge.words import counted
from perfgate.report import change_text, changes, grounds
from perfgate.report.console import COLOURS, bullet, heading, notes, plain_table, print_part, text_console, trimmed
from perfgate.report.statements import (
    caveats,
    closing,
    failed_otherwise,
    failure_kinds,
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


_KINDS = 5  # of failures of a load; more are told with `verbose`


def render(
    result: Result, *, width: int = 80, color: bool = False, verbose: bool = False, exit_code: int | None = None
) -> str:
    """The report as text, without a newline at its end.

    Args:
        result: what to show.
        width: columns of the terminal; long names fold, nothing is cut.
        color: whether to emit ANSI colours.
        verbose: list the checks that passed, those that were skipped, every kind of failure, and the slowest requests.
        exit_code: the command's, where that is not the result's own because something failed after judging.
    """
    console, buffer = text_console(width, color=color)
    for part in _parts(result, verbose=verbose):
        print_part(console, part)
    console.print(Text(closing(result, exit_code), style=f"bold {COLOURS[result.verdict]}"))
    return trimmed(buffer.getvalue())


def summary(result: Result, *, width: int = 80, color: bool = False) -> str:
    """Only the table of runs with their verdicts and figures, without a newline at its end; arguments as `render`'s."""
    console, buffer = text_console(width, color=color)
    for part in _summaries(result):
        print_part(console, part)
    return trimmed(buffer.getvalue()).strip("\n")


def _parts(result: Result, *, verbose: bool) -> Iterable[RenderableType]:
    rows = [row for row in check_rows(result) if not changes.is_compared(row)]
    compared = changes.compared_rows(result)
    yield Text(headline(result), style=f"bold {COLOURS[result.verdict]}")
    if both := grounds.sides_told(result):
        yield Text(both)
    yield from change_text.changed(compared, ("worse",), "by more than is tolerated", "fail")
    yield from _broken(with_status(rows, "fail"), "Failed", "fail")
    yield from notes("Failed", failed_otherwise(result), COLOURS["fail"])
    yield from change_text.undecided(compared, verbose=verbose)
    yield from notes("What to do", change_text.advice(result))
    yield from change_text.changed(compared, ("accepted",), "as accepted", "warn")
    yield from change_text.changed(compared, ("noted",), "only shown, no part of the verdict", "warn")
    yield from _broken(with_status(rows, "warn"), "Warnings", "warn")
    yield from notes("Warned of", changes.warned_told(compared), COLOURS["warn"])
    yield from notes("Could not be judged", unjudged(result, undecided=False), COLOURS["invalid"])
    yield from notes("At one side only", changes.at_one_side(compared))
    yield from change_text.changed(compared, ("better",), "proven", "pass")
    yield from change_text.quiet(compared, verbose=verbose)
    yield from notes("How sure this is", grounds.grounds(result))
    yield from notes("Accepted regressions", grounds.acceptances(result))
    yield from _summaries(result)
    yield from notes("Kinds of failures", failure_kinds(result, None if verbose else _KINDS))
    yield from _scores(result)
    yield from notes("Generator health", health_notes(result))
    yield from notes("Note", caveats(result))
    yield from _skipped([*with_status(rows, "skipped"), *changes.in_parts(compared, "missing")], verbose=verbose)
    if verbose:
        yield from _broken(with_status(rows, "pass"), "Passed", "pass")
        yield from _slowest(result)
    yield ""


def _broken(rows: Sequence[CheckRow], title: str, status: str) -> Iterable[RenderableType]:
    """A table of checks, each group under its own line so that the endpoint has room at 80 columns."""
    if not rows:
        return
    yield heading(f"{title} ({len(rows)})", COLOURS[status])
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


_HEADINGS_HELD = ("endpoint", "metric", "observed", "limit", "where")


def _cells(row: CheckRow, *, with_excess: bool) -> list[Text]:
    cells = [f"  {row.subject}", row.metric, row.observed, row.limit]
    cells += [row.excess] if with_excess else []
    return [Text(cell) for cell in [*cells, row.source]]


def _summaries(result: Result) -> Iterable[RenderableType]:
    by_service: dict[str, list[RunResult]] = {}
    for run in result.runs:
        by_service.setdefault(run.service, []).append(run)
    for service, runs in by_service.items():
        yield heading(f"{printable(service)}, at the head" if result.kind == "compare" else printable(service))
        table = plain_table(*SUMMARY_HEADINGS, right=SUMMARY_HEADINGS[1:-1])
        for run in runs:
            *cells, verdict = summary_row(run)
            table.add_row(*(Text(cell) for cell in cells), Text(verdict, style=COLOURS[run.verdict]))
        yield table
        for run in runs:
            yield from (bullet(f"{printable(run.load)}: {finding}") for finding in findings(run))


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
    yield heading("Slowest requests")
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
    told = [f"{row.group}: {row.subject} {row.metric}: {printable(row.check.message)}" for row in rows]
    yield from notes(f"Skipped ({len(rows)})", told)
