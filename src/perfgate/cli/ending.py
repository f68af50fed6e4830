"""How a command that has judged something ends: reports written, the result shown, the verdict's exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli.fault import told
from perfgate.cli.options import STDOUT, to_stdout
from perfgate.errors import ExitCode, StorageError
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
        files: other paths by format; that of one may be `-`, standard output, where it then stands alone.
        verbose: list every check.
        budgets: the budgets file of what has just been measured: a job of GitHub Actions is told about it.

    A report that could not be written is told, and a pass is then none (exit 3): who asked for a file relies on it. A
    proven fail stays one.
    """
    import shutil

    from perfgate.publish.files import RENDERERS, write_reports
    from perfgate.report import text

    alone = to_stdout(files)
    stream = sys.stderr if alone else sys.stdout

    problem: StorageError | None = None
    try:  # the files first: whoever reads along may be gone
        write_reports(result, folder, {name: path for name, path in files.items() if path and path != STDOUT})
    except StorageError as error:
        problem = error
    code = result.exit_code or (problem.exit_code if problem else ExitCode.PASS)
    width = shutil.get_terminal_size().columns if stream.isatty() else 100
    color = wants_color(stream)
    for name in (name for name, path in files.items() if path == STDOUT):
        click.echo(RENDERERS[name](result).rstrip("\n"))
    click.echo(text.render(result, width=width, color=color, verbose=verbose, exit_code=code), err=alone)
    if budgets is not None and os.environ.get("GITHUB_ACTIONS") == "true":
        from perfgate.publish.github.job import tell

        tell(result, budgets, os.environ, stream)
    if problem:
        told(problem)
    click.get_current_context().exit(code)
