"""The history as text: lists of runs, one run, and what a promotion would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from perfgate.baseline.branches import by_branch, listed
from perfgate.judge.words import change, label, quantity
from perfgate.past.figures import unit_of
from perfgate.report.console import plain_table, print_part, text_console, trimmed
from perfgate.report.tables import UNKNOWN, moment, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Wanted
    from perfgate.past.promoting import Promotion

_WIDTH = 100
_UNFOLDED = 1000
_COMMIT = 10
_MINUTES = 16  # of a moment: 2026-03-04 05:06
_FIGURES = ("p50", "p95")
_LISTED = ("service/load", "measured, UTC", "commit", "branch", "verdict", *_FIGURES)


def listing(entries: Sequence[Entry], width: int | None = None) -> str:
    """A table of runs, in their order; * marks promoted ones.

    Args:
        entries: the runs.
        width: columns of the terminal: where a run has no room in one line its name, which is to be copied, stands
            above the rest of it. None is as wide as it takes.
    """
    rows = [("*" if entry.pin else " ", entry, _cells(entry)) for entry in entries]
    table = plain_table("  recording", *_LISTED, right=_FIGURES)
    for mark, entry, cells in rows:
        table.add_row(*(Text(cell) for cell in (f"{mark} {printable(entry.recording)}", *cells)))
    text = _unfolded(table)
    if width is None or max(map(len, text.splitlines())) <= width:
        return text
    table = plain_table(f"    {_LISTED[1]}", *_LISTED[2:], right=_FIGURES)
    for _, _, (_, first, *cells) in rows:
        table.add_row(*(Text(cell) for cell in (f"    {first}", *cells)))
    head, rule, *lines = _unfolded(table).splitlines()
    both = ((f"{mark} {printable(entry.id)}", line) for (mark, entry, _), line in zip(rows, lines, strict=True))
    return "\n".join([head, rule, *(line for pair in both for line in pair)])


def _cells(entry: Entry) -> list[str]:
    """What is listed of a run, under `_LISTED`."""
    return [
        printable(f"{entry.service}/{entry.load}"),
        moment(entry.recorded_at)[:_MINUTES],
        _commit(entry),
        printable(entry.branch or UNKNOWN) if entry.pull_request is None else f"request {entry.pull_request}",
        entry.verdict,
        *(_figure(entry, None, metric) for metric in _FIGURES),
    ]


def none_listed(store: str, wanted: Wanted, entries: Sequence[Entry]) -> str:
    """That nothing is listed, what was looked for, and what there is instead.

    Args:
        store: in words.
        wanted: which runs were looked for.
        entries: all that the store has.
    """
    fields = {"service": wanted.service, "load": wanted.load, "branch": wanted.branch}
    asked = ", ".join(f"{name} {value}" for name, value in fields.items() if value is not None)
    there = f"; in all: {listed(by_branch(entries))}" if entries and asked else ""
    return printable(f"no runs{f' of {asked}' if asked else ''} in {store}{there}", longest=1000)


def details(entry: Entry) -> str:
    """All that is kept of a run, but its histograms."""
    table = plain_table("endpoint", "metric", "value", right=("value",))
    for (endpoint, metric), value in entry.values.items():
        cells = (printable(endpoint or "whole service"), label(metric), _quantity(entry, endpoint, metric, value))
        table.add_row(*(Text(cell) for cell in cells))
    facts = {
        "measured": moment(entry.recorded_at),
        "verdict": entry.verdict,
        "commit": f"{entry.commit or 'unknown'}{' and uncommitted changes' if entry.dirty else ''}",
        "branch": entry.branch or "unknown",
        "pull request": entry.pull_request or "none",
        "control": quantity(entry.control_ms, "ms") if entry.control_ms is not None else "none",
        **entry.fingerprint.parts,
        "baseline": _standing(entry),
    }
    lines = [f"  {name}: {printable(text)}" for name, text in facts.items()]
    return "\n".join([printable(entry.id), *lines, "", _shown(table), ""])


def _standing(entry: Entry) -> str:
    """Whether it may be compared with, and why."""
    if entry.pin:
        return f"promoted by {entry.pin.by} on {moment(entry.pin.at)}: {entry.pin.reason}"
    if entry.eligible:
        return "may be compared with"
    return "no: the work tree was dirty" if entry.dirty else f"no: the verdict is {entry.verdict}"


def promotion_table(promotion: Promotion) -> str:
    """The figures of what is compared with now, and of what would be."""
    before, after = promotion.before, promotion.entry
    table = plain_table("endpoint", "metric", "now", "then", "change", right=("now", "then", "change"))
    for (endpoint, metric), (old, new) in promotion.figures.items():
        moved = change(new, old) if old is not None else UNKNOWN
        known = UNKNOWN if old is None else _quantity(before or after, endpoint, metric, old)
        now = _quantity(after, endpoint, metric, new)
        cells = (printable(endpoint or "whole service"), label(metric), known, now, moved)
        table.add_row(*(Text(cell) for cell in cells))
    current = "nothing" if before is None else f"{_about(before)}{', promoted' if before.pin else ''}"
    return "\n".join(
        [f"{after.service}/{after.load}", f"  now:  {current}", f"  then: {_about(after)}", _shown(table), ""]
    )


def _about(entry: Entry) -> str:
    dirty = " and uncommitted changes" if entry.dirty else ""
    return printable(f"{entry.recording}, {moment(entry.recorded_at)}, {_commit(entry)}{dirty}, {entry.verdict}")


def _commit(entry: Entry) -> str:
    return entry.commit[:_COMMIT] if entry.commit else UNKNOWN


def _figure(entry: Entry, endpoint: str | None, metric: str) -> str:
    value = entry.values.get((endpoint, metric))
    return UNKNOWN if value is None else _quantity(entry, endpoint, metric, value)


def _quantity(entry: Entry, endpoint: str | None, metric: str, value: float) -> str:
    return quantity(value, unit_of(metric, entry.units.get(endpoint or "", "ms")))


def _unfolded(table: Table) -> str:
    """Each row in one line, however long that is: for `grep`, and to be copied."""
    for column in table.columns:
        column.no_wrap = True
    return _shown(table, _UNFOLDED)


def _shown(table: Table, width: int = _WIDTH) -> str:
    console, buffer = text_console(width, color=False)
    print_part(console, table)
    return trimmed(buffer.getvalue())
