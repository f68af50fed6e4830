"""Trends as text: a line for each series, and its changes of level in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from perfgate.baseline.branches import listed
from perfgate.judge.words import change, counted, label, quantity, signed_percent
from perfgate.report.console import plain_table, print_part, text_console, trimmed
from perfgate.report.sparkline import sparkline
from perfgate.report.tables import UNKNOWN, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.judge.changes import ChangePoint
    from perfgate.past.trend import Series, Unseen

_WIDTH = 100
_COMMIT = 10
_SPARK = 40
_ROOM = 0.1  # of the spread, below the smallest value of a curve


def trend_table(found: Sequence[Series]) -> str:
    """A line for each series: its runs, its first and last value, and its curve (from its smallest to its largest)."""
    console, buffer = text_console(_WIDTH, color=False)
    groups = dict.fromkeys((series.service, series.load, series.metric) for series in found)
    for service, load, metric in groups:
        console.print(Text(f"{printable(service)}/{printable(load)}: {label(metric)}"))
        table = plain_table(
            "endpoint", "runs", "first", "last", "change", "curve", right=("runs", "first", "last", "change")
        )
        for series in found:
            if (series.service, series.load, series.metric) == (service, load, metric):
                table.add_row(*(Text(cell) for cell in _cells(series)))
        print_part(console, table)
        console.print(Text(_span(next(s for s in found if (s.service, s.load) == (service, load)))))
    return trimmed(buffer.getvalue())


def unseen_words(unseen: Unseen, *, none: bool) -> Iterator[str]:
    """Which branch this is, and which runs are not shown, each kind in a line.

    Args:
        unseen: what there is.
        none: nothing was shown, and the branch is told already: services and loads not looked for are told too.
    """
    branch = printable(unseen.branch)
    if not none:
        yield f"of the branch {branch} ({unseen.why})"
    if unseen.unfit:
        yield f"left out: {counted(unseen.unfit, 'run')} of it, measured with uncommitted changes, or invalid"
    if unseen.moved:
        yield f"left out: {counted(unseen.moved, 'run')} recorded on {branch}, of commits that it does not lead to"
    if unseen.elsewhere:
        yield printable(f"other branches have {listed(unseen.elsewhere)}: choose one with --branch", longest=1000)
    if none and unseen.otherwise:
        yield f"other services and loads have {counted(unseen.otherwise, 'run')}"


def _cells(series: Series) -> tuple[str, ...]:
    first, last = series.values[0], series.values[-1]
    unit = series.unit
    return (
        printable(series.endpoint or "whole service"),
        str(len(series.values)),
        quantity(first, unit),
        quantity(last, unit),
        change(last, first) or UNKNOWN,
        _curve(series.values),
    )


def _curve(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return sparkline([value - low + _ROOM * (high - low) for value in values], _SPARK)


def _span(series: Series) -> str:
    first, last = series.entries[0], series.entries[-1]
    return f"{_short(first.commit)} to {_short(last.commit)}\n"


def change_words(series: Series) -> Iterator[str]:
    """Each change of level in words, with the commits between which it began."""
    name = printable(f"{series.service}/{series.load} {series.endpoint or 'whole service'} {label(series.metric)}")
    for point in series.changes():
        before, after = series.range_of(point)
        began = (
            f"began in {_short(before)}..{_short(after)}, first seen at {_short(series.entries[point.index].commit)}"
        )
        sure = quantity(point.confidence, "share")
        by = signed_percent(point.change_percent) if series.level(point.before) else "it moved"
        yield f"{name}: {by}{_levels(series, point)}, {began} ({sure} sure)"


def _levels(series: Series, point: ChangePoint) -> str:
    """The two levels; of figures relative to the control only their ratio means something."""
    unit = series.unit
    if series.relative:
        return f" relative to the control, over {counted(len(series.values), 'run')}"
    return f" from {quantity(series.level(point.before), unit)} to {quantity(series.level(point.after), unit)}"


def _short(commit: str | None) -> str:
    return commit[:_COMMIT] if commit else "unknown"
