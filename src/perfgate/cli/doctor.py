"""`perfgate doctor`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.cli.completing import BUDGETS
from perfgate.cli.wrapping import wrapped

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Examples:
  perfgate doctor
  perfgate doctor --no-services             the machine and the files alone
  perfgate doctor --budgets shop/budgets.toml
Exit codes: 0 nothing to mend, 2 budgets.toml or a scenario is wrong, 3 something else is to be mended."""
)
@click.option("--budgets", type=options.path, default=None, help=f"The budgets file; default: {BUDGETS}.")
@click.option("--no-services", is_flag=True, help="Do not start any service.")
def doctor(*, budgets: Path | None, no_services: bool) -> None:
    """Check the machine, the file, the scenarios and the services, and say what to mend."""
    from perfgate import doctor as examination

    findings = examination.examine(budgets, services=not no_services)
    colors = {"ok": "green", "warn": "yellow", "fail": "red"}
    for finding in findings:
        click.secho(f"{finding.status:<5}", fg=colors[finding.status], nl=False)
        text = wrapped(f"{finding.status:<5}{finding.what}: {finding.detail}", sys.stdout)
        click.echo(text[len(f"{finding.status:<5}") :])
        if finding.output:
            click.echo(finding.output)
        if finding.mend:
            click.echo(wrapped(f"     mend: {finding.mend}", sys.stdout))
    worst = sum(finding.status == "fail" for finding in findings), sum(f.status == "warn" for f in findings)
    click.echo(f"{worst[0]} to mend, {worst[1]} to know, {len(findings) - sum(worst)} in order")
    click.get_current_context().exit(examination.exit_code(findings))
