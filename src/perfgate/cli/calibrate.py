"""`perfgate calibrate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.compare.calibrating import Rounds


@click.command(
    epilog="""\b
Examples:
  perfgate calibrate
  perfgate calibrate --times 20 --load peak --max-duration 1m --svg calibration.svg
Exit codes: 0 never red, 1 red on unchanged code, 2 usage error, 3 it could not be measured."""
)
@options.budgets
@options.services
@options.loads
@options.max_duration
@click.option("--times", type=click.IntRange(1), default=10, show_default=True, help="How many comparisons.")
@click.option("--svg", type=options.path, metavar="PATH", help="Where the picture goes; calibration.svg in the folder.")
@click.option("--out", type=options.path, metavar="DIR", help="Folder for the recordings.")
@click.option("--quiet", is_flag=True, help="No progress; only the result and warnings.")
def calibrate(  # noqa: PLR0913  (one argument per option)
    *,
    budgets: Path,
    services: tuple[str, ...],
    loads: tuple[str, ...],
    max_duration: float | None,
    times: int,
    svg: Path | None,
    out: Path | None,
    quiet: bool,
) -> None:
    """Compare the service with itself, and say how often the gate is wrong here and how small a slowdown it finds.

    One steady load at one service is driven; each comparison takes the whole of `max_duration`.
    """
    from perfgate.cli.comparing import comparison_view
    from perfgate.compare.calibrating import run
    from perfgate.compare.selftest import one_load
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder

    plan = options.timed(read_plan(budgets, services=services, loads=loads), max_duration)
    folder = out or fresh_folder(plan.root)
    stream = sys.stderr if quiet else sys.stdout
    view = comparison_view(stream, quiet=quiet, longest_s=plan.compare.max_duration_s)
    try:
        found = run(one_load(plan), folder, view, times=times)
    finally:
        view.close()
    _tell(found, svg or folder / "calibration.svg")


def _tell(found: Rounds, path: Path) -> None:
    from perfgate.publish.files import write
    from perfgate.report.calibration import picture, render

    place = f"{found.service}/{found.load}"
    write(path, picture(found.calibration, place))
    click.echo(render(found.calibration, place))
    click.echo(f"picture: {path}")
    if found.stopped:
        click.echo(f"{found.stopped}: the rounds until then are told")
        click.get_current_context().exit(ExitCode.INVALID)
    click.get_current_context().exit(ExitCode.FAIL if found.calibration.reds else ExitCode.PASS)
