"""`perfgate bisect`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.compare.bisect import Search
    from perfgate.judge.result import Result


@click.command(
    epilog="""\b
Examples:
  perfgate bisect v1.2 HEAD
  perfgate bisect v1.2 main --service catalog --load peak --max-duration 5m
Exit codes: 0 the commit was found, 2 usage error, 3 it could not be found."""
)
@click.argument("good")
@click.argument("bad", default="HEAD")
@options.budgets
@options.services
@options.loads
@options.max_duration
@click.option("--out", type=options.path, metavar="DIR", help="Folder for the recordings.")
@click.option("--quiet", is_flag=True, help="No live view; only the result.")
def bisect(  # noqa: PLR0913  (one argument per option)
    *,
    good: str,
    bad: str,
    budgets: Path,
    services: tuple[str, ...],
    loads: tuple[str, ...],
    max_duration: float | None,
    out: Path | None,
    quiet: bool,
) -> None:
    """Find the commit between GOOD and BAD that made it slower.

    Every step compares a commit with GOOD, interleaved on this machine; an undecided step is driven longer, up to four
    times `max_duration`, and is stepped around if that does not help.
    """
    from perfgate.cli.comparing import ComparisonView
    from perfgate.compare.bisect import Steps, commits_between, search
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder

    plan = options.timed(read_plan(budgets, services=services, loads=loads), max_duration)
    first, line = commits_between(plan.root, good, bad)
    folder = out or fresh_folder(plan.root)
    view = ComparisonView(sys.stdout, quiet=quiet)
    try:
        steps = Steps(plan, first, folder, view)
        confirmed = steps.confirm(line[-1])
        if not steps.keys:
            _not_slower(confirmed)
        found = search(line, steps.look, view.message)
    finally:
        view.close()
    _tell(found, confirmed, plan.root)


def _not_slower(result: Result) -> None:
    click.echo("BAD is not proven slower than GOOD, so there is nothing to find:")
    for reason in result.reasons or ["no check is worse by more than what is tolerated"]:
        click.echo(f"  {reason}")
    click.get_current_context().exit(ExitCode.INVALID)


def _tell(found: Search, confirmed: Result, root: Path) -> None:
    from perfgate.baseline.repository import Repository

    suspects = found.suspects
    with Repository.around(root) as repository:
        titles = [repository.told("log", "-1", "--format=%h %an %as  %s", commit).strip() for commit in suspects]
    click.echo("the commit that made it slower:" if len(titles) == 1 else "it is one of these commits:")
    for title in titles:
        click.echo(f"  {title}")
    for reason in confirmed.reasons:
        click.echo(f"  {reason}")
    click.get_current_context().exit(ExitCode.PASS if len(titles) == 1 else ExitCode.INVALID)
