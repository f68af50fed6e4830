"""The end of a session: one table of verdicts, and one result of all that was driven."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from perfgate.errors import PerfgateError
from perfgate.reading import read_text
from perfgate.report import json, text
from perfgate.report.tables import printable
from perfgate.suite.settings import settings_of
from perfgate.suite.whole import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from perfgate.judge.result import Result


def show(paths: Sequence[str], messages: Sequence[str], terminal: Any, config: pytest.Config) -> None:
    """Write the session's result and reports beside the recordings, and the table to the terminal.

    Args:
        paths: of the `result.json` of each load.
        messages: what a person must read beside these.
        terminal: pytest's reporter.
        config: pytest's.
    """
    from perfgate.publish.files import write_reports

    out = settings_of(config).out
    terminal.section("perfgate")
    for message in dict.fromkeys(messages):
        terminal.line(printable(message, longest=1000), yellow=True)
    try:
        result = together([_read(path) for path in dict.fromkeys(paths)])
        write_reports(result, out, {})
    except PerfgateError as error:  # a full disk must not hide what pytest itself has to say
        terminal.line(f"the results could not be put together: {error}")
        return
    terminal.line(text.summary(result, width=shutil.get_terminal_size((100, 24)).columns))
    terminal.line(f"{result.verdict.upper()}; reports: {relative(out, config)}/report.html, result.json")


def _read(path: str) -> Result:
    try:
        return json.parse(read_text(path))
    except OSError as error:
        raise PerfgateError(f"cannot be read: {error.strerror}", place=path, slug="result-file") from error


def relative(path: Path, config: pytest.Config) -> str:
    """A path as seen from the project's root, where it lies below it."""
    return str(path.relative_to(config.rootpath)) if path.is_relative_to(config.rootpath) else str(path)
