"""How a command that has judged something ends: reports written, the result shown, the verdict's exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from perfgate.errors import StorageError
from perfgate.publish.output import wants_color

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.judge.result import Result


def finish(
    result: Result,
    folder: Path,
    files: dict[str, Path | None],
    *,
    verbose: bool = False,
    budgets: Path | None = None,
) -> None:
    """Write the reports, show the result, and exit with its code.

    Args:
        result: of the work.
        folder: the recording's.
        files: other paths by format.
        verbose: list every check.
        budgets: the budgets file of what has just been measured: a job of GitHub Actions is told about it.

    Raises:
        StorageError: a report could not be written; the result was shown.
    """
    import shutil

    from perfgate.publish.files import write_reports
    from perfgate.report import text

    problem: StorageError | None = None
    try:  # the files first: whoever reads along may be gone
        write_reports(result, folder, {name: path for name, path in files.items() if path})
    except StorageError as error:
        problem = error
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    click.echo(text.render(result, width=width, color=wants_color(sys.stdout), verbose=verbose))
    if budgets is not None and os.environ.get("GITHUB_ACTIONS") == "true":
        from perfgate.publish.github.job import tell

        tell(result, budgets, os.environ, sys.stdout)
    if problem:
        raise problem
    click.get_current_context().exit(result.exit_code)
