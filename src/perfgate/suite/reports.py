"""Failures as pytest shows and carries them, and, where they are asked for, a report of each check below its item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from perfgate.suite.outcome import Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.suite.outcome import ToldStatus


class _NotHeldError(Exception):
    """Something for pytest to represent."""


def failure(line: str, words: str, place: tuple[str, int]) -> Any:
    """What a report says of a failure: `words` in its section, `line` in the short summary and in JUnit's `message`.

    Made by pytest itself: of anything else pytest-xdist would carry the text alone, and the summary of a CI job, which
    pytest does not cut, would repeat all of it.

    Args:
        line: the whole in one line.
        words: to be shown as they are, without a traceback.
        place: a file and its line, as for `--tb=line`.
    """
    with pytest.raises(_NotHeldError) as raised:
        raise _NotHeldError
    shown = raised.getrepr(style="native")
    (entry,) = shown.reprtraceback.reprentries
    entry.lines = [f"{words}\n"]
    if shown.reprcrash is not None:
        shown.reprcrash.path, shown.reprcrash.lineno = place
        shown.reprcrash.message = line
    return shown


def reports_of(report: pytest.TestReport, told: Sequence[tuple[str, ToldStatus, str]]) -> Iterator[pytest.TestReport]:
    """The reports of an item's checks.

    Args:
        report: of the item's setup or test.
        told: title, status and words of each check.
    """
    for title, status, words in told:
        yield own_report(report.nodeid, report.location, Told(title, "", status, words))


def own_report(nodeid: str, location: tuple[str, int | None, str], told: Told, line: str = "") -> pytest.TestReport:
    """The report of one check, or of several together.

    Args:
        nodeid, location: of what it belongs to.
        told: its title may be empty. What is `invalid` is an error, as what breaks while a test is set up is.
        line: the words in one line; the first of them unless given.
    """
    title, _, status, words = told
    path, number, domain = location
    name = f"[{title}]" if title else ""
    report = pytest.TestReport(
        nodeid=f"{nodeid}{name}",
        location=(path, number, f"{domain}{name}"),
        keywords={},
        outcome="passed" if status == "pass" else "failed",
        longrepr=failure(line or words.partition("\n")[0], words, (path, number or 1)) if words else None,
        when="setup" if status == "invalid" else "call",
    )
    setattr(report, "perfgate_check", status)  # noqa: B010  (reports carry attributes of plugins)
    return report
