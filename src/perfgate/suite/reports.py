"""Each check as a report of its own, below its item: its own failure, and its own case in JUnit files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def reports_of(report: pytest.TestReport, told: Sequence[Sequence[str]]) -> Iterator[pytest.TestReport]:
    """The reports of an item's checks.

    Args:
        report: of the item's setup or test.
        told: title, status and words of each check.
    """
    for title, status, words in told:
        yield own_report(report.nodeid, report.location, title, status, words)


def own_report(
    nodeid: str, location: tuple[str, int | None, str], title: str, status: str, words: str
) -> pytest.TestReport:
    """The report of one check.

    Args:
        nodeid, location: of what it belongs to.
        title: what is checked; may be empty.
        status: `pass`, `fail`, or `invalid`: then it is an error, as what breaks while a test is set up is.
        words: what to show where it did not hold.
    """
    path, line, domain = location
    name = f"[{title}]" if title else ""
    report = pytest.TestReport(
        nodeid=f"{nodeid}{name}",
        location=(path, line, f"{domain}{name}"),
        keywords={},
        outcome="passed" if status == "pass" else "failed",
        longrepr=words or None,
        when="setup" if status == "invalid" else "call",
    )
    setattr(report, "perfgate_check", status)  # noqa: B010  (reports carry attributes of plugins)
    return report
