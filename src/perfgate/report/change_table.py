"""Compared checks as a table of the HTML report, each with a picture of its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.report import changes
from perfgate.report.element import Child, element
from perfgate.report.grid import badge, name, table
from perfgate.report.interval_plot import axis_of, picture
from perfgate.report.tables import WHOLE_SERVICE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from perfgate.report.tables import CheckRow

_NUMBERS = ("base", "head", "expected", "observed", "change", "would find")


def change_table(rows: Sequence[CheckRow], *, grouped: bool = False, within: Sequence[CheckRow] = ()) -> Element | None:
    """The table; None without rows.

    Args:
        rows: compared checks.
        grouped: with a column for service and load.
        within: what else has to be drawn to the same scale.
    """
    axis = axis_of([*rows, *within])
    sides = ("base", "head") if all(row.check.kind == "paired" for row in rows) else ("expected", "observed")
    group = ("service / load",) if grouped else ()
    headings = (
        "endpoint",
        *group,
        "metric",
        *sides,
        "change",
        "interval (dashes: tolerated)",
        "would find",
        "decision",
    )
    cells: list[list[Child]] = [
        [
            WHOLE_SERVICE if row.name is None else name(row.name),
            *([_whole(row.group)] if grouped else []),
            _whole(changes.measure(row)),
            changes.before(row),
            changes.after(row),
            _change(row),
            element("div", picture(row, axis), element("span", changes.interval(row), class_="note")),
            changes.detectable(row),
            _decision(row),
        ]
        for row in rows
    ]
    return table(headings, cells, numbers=_NUMBERS)


def _change(row: CheckRow) -> Child:
    text = changes.change(row)
    return element("span", text, class_="broken fail") if changes.part_of(row) == "worse" else text


def _whole(text: str) -> Element:
    """Text that is not parted where a line ends."""
    return element("span", text, class_="whole")


def _decision(row: CheckRow) -> Child:
    """In words, with what the message says beyond the row."""
    words = _whole(changes.decision(row))
    if row.check.status in ("fail", "warn", "invalid"):
        words = badge(row.status, changes.decision(row))
    more = row.check.message if row.check.decision is None else changes.remark(row)
    return element("div", words, element("div", more, class_="note") if more and not row.check.accepted else None)
