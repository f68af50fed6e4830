"""`perfgate trend`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from perfgate.cli import history_store, options

if TYPE_CHECKING:
    from pathlib import Path

METRICS = ("p50", "p95", "p99", "mean", "throughput", "cpu_per_request", "memory", "error_rate", "capacity")


@click.command(
    epilog="""\b
Examples:
  perfgate trend
  perfgate trend --service catalog --load normal --metric p50 --limit 200
  perfgate trend --changes
  perfgate trend --branch feature
It informs: the exit code is 0 whatever it finds."""
)
@options.budgets
@options.services
@options.loads
@click.option("--metric", type=click.Choice(METRICS), default="p95", show_default=True, help="Which figure.")
@click.option("--branch", metavar="NAME", help="Along this branch; else that of [gate], or the default branch.")
@click.option("--limit", type=click.IntRange(2), default=100, show_default=True, help="The newest so many runs.")
@click.option("--changes", is_flag=True, help="Find where the figure moved to another level, and stayed there.")
@click.option("--store", metavar="URL", help="Another store than that of [gate].")
def trend(  # noqa: PLR0913  (one argument per option)
    *,
    budgets: Path,
    services: tuple[str, ...],
    loads: tuple[str, ...],
    metric: str,
    branch: str | None,
    limit: int,
    changes: bool,
    store: str | None,
) -> None:
    """Show a figure of every run of the branch, commit by commit, and where it moved."""
    from perfgate.baseline.event import read_event
    from perfgate.judge.words import label
    from perfgate.past.trend import series_of, unseen_by
    from perfgate.report.trend import change_words, trend_table, unseen_words

    plan = history_store.read(budgets, services, loads)
    with history_store.opened(plan, store) as opened:
        everything = not services and not loads
        event = read_event(os.environ)
        found = series_of(plan, opened, event, metric, limit, branch=branch, benchmarks=everything)
        unseen = unseen_by(plan, opened, event, branch=branch, benchmarks=everything)
    if not found:
        click.echo(f"no runs of the branch {unseen.branch} ({unseen.why}) in {opened.name} have a {label(metric)}")
    else:
        click.echo(trend_table(found))
    for text in unseen_words(unseen, none=not found):
        click.echo(text)
    if not found:
        return
    if changes:
        words = [text for series in found for text in change_words(series)]
        click.echo("\n" + ("\n".join(words) if words else "no change of level was found"))
