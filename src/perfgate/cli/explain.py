"""`perfgate explain`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.cli.wrapping import wrapped

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Examples:
  perfgate explain
  perfgate explain --service catalog --load peak"""
)
@options.budgets
@options.services
@options.loads
def explain(budgets: Path, services: tuple[str, ...], loads: tuple[str, ...]) -> None:
    """Print which limit applies where, and the line that it comes from."""
    from perfgate.plan.budgets_file import read_plan
    from perfgate.plan.explain import applicable_limits
    from perfgate.report import explain as table

    text = table.render(applicable_limits(read_plan(budgets, services=services, loads=loads)))
    click.echo(wrapped(text, sys.stdout))
