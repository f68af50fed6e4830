"""Each check of an item as a report of its own, below the item: its own failure, and its own case in JUnit files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def reports_of(report: pytest.TestReport, told: Sequence[Sequence[str]]) -> Iterator[pytest.TestReport]:
    """The reports of an item's checks.

    Args:
        report: of the item's test.
        told: title, status and words of each check.
    """
    path, line, domain = report.location
    for title, status, words in told:
        own = pytest.TestReport(
            nodeid=f"{report.nodeid}[{title}]",
            location=(path, line, f"{domain}[{title}]"),
            keywords={},
            outcome="passed" if status == "pass" else "failed",
            longrepr=words or None,
            when="call",
        )
        setattr(own, "perfgate_check", status)  # noqa: B010  (reports carry attributes of plugins)
        yield own
