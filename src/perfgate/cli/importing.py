"""`perfgate import`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate import importers
from perfgate.cli import options
from perfgate.cli.ending import finish

if TYPE_CHECKING:
    from pathlib import Path

ANY = "any"


@click.command(
    "import",
    epilog="""\b
Examples:
  perfgate import pytest-benchmark benchmarks.json
  perfgate import any k6.json.gz results.jtl --html report.html""",
)
@click.argument("tool", type=click.Choice([*importers.names(), ANY]))
@click.argument("files", type=options.path, nargs=-1, required=True, metavar="FILE...")
@options.budgets
@click.option("--strict", is_flag=True, help="A warning fails the gate.")
@click.option("--verbose", is_flag=True, help="List every check, the skipped ones too.")
@options.report_options
def importing(
    tool: str, files: tuple[Path, ...], *, budgets: Path, strict: bool, verbose: bool, **reports: Path | None
) -> None:
    """Judge result files of other tools against the [benchmarks] of budgets.toml; `any` tells the tool by the file."""
    from perfgate.importing import IMPORTS, run
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder

    plan = read_plan(budgets)
    folder = fresh_folder(plan.root, IMPORTS)
    result = run(plan, None if tool == ANY else tool, files, folder.name, strict=strict)
    finish(result, folder, reports, verbose=verbose)
