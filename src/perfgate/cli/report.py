"""`perfgate report`."""

from __future__ import annotations

from pathlib import Path

import click

from perfgate.cli import options
from perfgate.cli.ending import finish


@click.command(
    epilog="""\b
Examples:
  perfgate report
  perfgate report .perfgate/runs/20260101T120000Z --html report.html"""
)
@click.argument("folder", type=options.path, required=False, metavar="[RUN_DIR]")
@click.option("--verbose", is_flag=True, help="List every check, the skipped ones too.")
@options.report_options
def report(folder: Path | None, *, verbose: bool, **files: Path | None) -> None:
    """Recreate every report from a recording; without RUN_DIR from the newest finished one here."""
    from perfgate.gate import judged
    from perfgate.preflight import latest_folder

    folder = folder or latest_folder(Path(), options.note)
    finish(judged(folder), folder, files, verbose=verbose)
