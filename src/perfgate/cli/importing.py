"""`perfgate import`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from perfgate import importers
from perfgate.cli import options
from perfgate.cli.ending import finish
from perfgate.importers import HISTORY_LOAD

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
@click.option("--history/--no-history", default=True, help="Compare with the history, and add to it.  [default: on]")
@click.option(
    "--name",
    metavar="NAME",
    default=HISTORY_LOAD,
    show_default=True,
    help="Of the series in the history: other results of the same tool need another.",
)
@click.option("--verbose", is_flag=True, help="List every check, the skipped ones too.")
@options.report_options
def importing(  # noqa: PLR0913  (its options)
    tool: str,
    files: tuple[Path, ...],
    *,
    budgets: Path,
    strict: bool,
    history: bool,
    name: str,
    verbose: bool,
    **reports: Path | None,
) -> None:
    """Judge result files of other tools against the [benchmarks] of budgets.toml and the history.

    `any` tells the tool by the file. Import a file in the job and the checkout in which it was measured.
    """
    from perfgate.baseline.store import check_url
    from perfgate.importing import IMPORTS, judge
    from perfgate.measure import control
    from perfgate.past.imports import conclude
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder, hide

    options.to_stdout(reports)
    plan = read_plan(budgets)
    if history:
        check_url(plan.gate.store)
    imported = [importers.read(file, None if tool == ANY else tool) for file in files]
    folder = fresh_folder(plan.root, IMPORTS)
    hide(plan.root)
    control_ms = control.measure() if history else ()
    result = judge(plan, imported, folder.name, strict=strict, control_ms=control_ms, files=files)
    if history:
        result = conclude(result, imported, plan, lambda text: click.echo(text, err=True), name=name)
    finish(result, folder, reports, verbose=verbose)
