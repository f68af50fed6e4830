"""`perfgate schema`."""

from __future__ import annotations

import click


@click.command(
    epilog="""\b
Examples:
  perfgate schema budgets > budgets.schema.json   for editors: "#:schema ./budgets.schema.json" in budgets.toml
  perfgate schema result > result.schema.json"""
)
@click.argument("name", type=click.Choice(["budgets", "result"]))
def schema(name: str) -> None:
    """Print a published JSON Schema: of budgets.toml, or of result.json."""
    import json

    if name == "budgets":
        from perfgate.plan.budgets_file import budgets_schema

        value = budgets_schema()
    else:
        from perfgate.report.json import result_schema

        value = result_schema()
    click.echo(json.dumps(value, indent=2))
