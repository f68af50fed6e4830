"""`perfgate schema`."""

from __future__ import annotations

import click


@click.command()
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
