"""`perfgate bisect`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.errors import ExitCode, PerfgateError
from perfgate.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perfgate.compare.bisect import Commit, Search
    from perfgate.compare.bisect_steps import Bisection, Moved, Step


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
@click.option("--quiet", is_flag=True, help="No progress; only the result and warnings.")
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

    First BAD is compared with GOOD until it is known which checks moved, and by how much. Every step then asks of a
    commit, on those checks alone, which of the two it is nearer to. What cannot be built, started or told apart within
    `max_duration` is stepped around. The commit that is found is compared with the one before it, and named only if it
    is slower than that.
    """
    from perfgate.cli.bisecting import BisectionView
    from perfgate.compare.bisect import Search, commits_between
    from perfgate.compare.bisect_steps import Bisection
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder

    plan = options.timed(read_plan(budgets, services=services, loads=loads), max_duration)
    first, line = commits_between(plan.root, good, bad)
    commits = {commit.id: commit for commit in line}
    search = Search([commit.id for commit in line])
    folder = out or fresh_folder(plan.root)
    view = BisectionView(sys.stderr if quiet else sys.stdout, quiet=quiet)
    view.line(f"GOOD {first.short} {first.subject}")
    view.line(f"BAD  {line[-1].short} {line[-1].subject}")
    stopped = None
    with Bisection(plan, first, folder, view, view) as bisection:
        try:
            moved = bisection.confirm(line[-1])
            if moved.checks:
                bisection.search(search, commits)
                if len(search.suspects) == 1:
                    bisection.verify(search, commits)
        except PerfgateError as error:
            if not bisection.aims:
                raise
            stopped = error
        finally:
            view.close()
    if not bisection.aims:
        _not_slower(moved, bisection.driven)
    _tell(search, commits, first, bisection, stopped)


def _not_slower(moved: Moved, driven: Sequence[Moved | Step]) -> None:
    from perfgate.cli.bisecting import busy_lines, closest_lines

    click.echo("BAD is not proven slower than GOOD, so there is nothing to find; what came nearest to it:")
    for line in closest_lines(moved) or ["  nothing: too few pairs that count were driven"]:
        click.echo(line)
    for line in busy_lines(driven):
        click.echo(line)
    click.echo("drive longer with --max-duration, or name an older GOOD")
    click.get_current_context().exit(ExitCode.INVALID)


def _tell(
    search: Search, commits: dict[str, Commit], first: Commit, bisection: Bisection, stopped: PerfgateError | None
) -> None:
    from perfgate.cli.bisecting import busy_lines, others_lines, parts_lines, result_lines
    from perfgate.cli.fault import told

    steps = bisection.steps
    lines = result_lines(search, commits, first, steps, confirmed=bisection.confirmed)
    if stopped is None:
        lines += parts_lines(search, commits, first, bisection.whole, steps)
        lines += others_lines(commits, steps)
    lines += busy_lines(bisection.driven)
    for line in lines:
        click.echo(printable(line, longest=1000))
    if stopped is not None:
        told(stopped)
        start = commits[search.last_good] if search.last_good else first
        click.echo(f"go on with: perfgate bisect {start.short} {commits[search.suspects[-1]].short}")
    click.get_current_context().exit(ExitCode.PASS if bisection.confirmed else ExitCode.INVALID)
