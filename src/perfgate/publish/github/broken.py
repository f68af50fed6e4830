"""The lines of `budgets.toml` whose limits were broken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from perfgate.report.finite import finite
from perfgate.report.tables import check_rows, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.report.comment import Part
    from perfgate.report.tables import CheckRow

_SOURCE = re.compile(r"(?P<path>.*?)(?::(?P<line>[1-9]\d{0,5}))?")
_LEVELS: dict[str, Literal["failure", "warning"]] = {"fail": "failure", "invalid": "failure", "warn": "warning"}
_LONGEST_MESSAGE, _LONGEST_TITLE = 2_000, 200


@dataclass(frozen=True)
class Broken:
    """Something to show beside a line of the budgets file.

    Attributes:
        line: from 1; of a check that no line belongs to, the first.
        title, message: plain text on one line.
    """

    path: str
    line: int
    level: Literal["failure", "warning"]
    title: str
    message: str


def broken(parts: Sequence[Part], budgets: str) -> list[Broken]:
    """What failed, could not be judged, or warned, the worst first.

    Args:
        parts: the results.
        budgets: the path of the budgets file in the repository. Where a result names another file, the line is not
            taken from it: a result may say anything.
    """
    found = [one for part in parts for one in _broken(part, budgets)]
    return sorted(found, key=lambda one: one.level != "failure")


def _broken(part: Part, budgets: str) -> Iterator[Broken]:
    for row in check_rows(finite(part.result)):
        if row.status in _LEVELS:
            yield Broken(budgets, _line(_source(row), budgets), _LEVELS[row.status], _title(part, row), _words(row))


def _source(row: CheckRow) -> str:
    """Of what was accepted the acceptance: that is what has to be looked at some day."""
    return (row.check.accepted.source if row.check.accepted else "") or row.check.source


def _line(source: str, budgets: str) -> int:
    found = _SOURCE.fullmatch(source[-300:])
    if not found or found["line"] is None:
        return 1
    same = PurePosixPath(found["path"].replace("\\", "/")).name == PurePosixPath(budgets).name
    return int(found["line"]) if same else 1


def _title(part: Part, row: CheckRow) -> str:
    name = f"{part.name}: " if part.name else ""
    return printable(f"perfgate {row.status.upper()}: {name}{row.group}", longest=_LONGEST_TITLE)[:_LONGEST_TITLE]


def _words(row: CheckRow) -> str:
    text = row.check.message if row.check.endpoint is None else f"{row.check.endpoint}: {row.check.message}"
    return printable(text, longest=_LONGEST_MESSAGE)[:_LONGEST_MESSAGE] or row.status
