"""`perfgate selftest`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.cli.wrapping import wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.compare.selftest import Selftest


@click.command(
    epilog="""\b
Examples:
  perfgate selftest
  perfgate selftest --service catalog --load normal --delay 5
Exit codes: 0 the gate tells the two apart, 1 it does not, 2 usage error, 3 it could not be told."""
)
@options.budgets
@options.services
@options.loads
@options.max_duration
@click.option("--delay", type=options.seconds, metavar="MS", help="The delay; twice what is tolerated unless given.")
@click.option("--out", type=options.path, metavar="DIR", help="Folder for the recordings.")
@click.option("--quiet", is_flag=True, help="No progress; only the result and warnings.")
def selftest(  # noqa: PLR0913  (one argument per option)
    *,
    budgets: Path,
    services: tuple[str, ...],
    loads: tuple[str, ...],
    max_duration: float | None,
    delay: float | None,
    out: Path | None,
    quiet: bool,
) -> None:
    """Show that the gate works here: it turns red with a known delay before the service, and not without.

    One steady load at one service is compared with itself, through proxies on the loopback interface.
    """
    from perfgate.cli.comparing import comparison_view
    from perfgate.compare.selftest import one_load
    from perfgate.compare.selftest import selftest as run
    from perfgate.plan.budgets_file import read_plan
    from perfgate.preflight import fresh_folder

    plan = options.timed(read_plan(budgets, services=services, loads=loads), max_duration)
    stream = sys.stderr if quiet else sys.stdout
    view = comparison_view(stream, quiet=quiet, longest_s=plan.compare.max_duration_s)
    try:
        found = run(one_load(plan), out or fresh_folder(plan.root), view, delay_ms=delay)
    finally:
        view.close()
    _tell(found)


def _tell(found: Selftest) -> None:
    from perfgate.judge.comparison import compared_verdict

    colors = {"pass": "green", "fail": "red"}
    rounds = [("without a delay", found.unchanged, "not red"), (f"with {found.delay_ms:.3g} ms", found.delayed, "red")]
    for title, result, wanted in rounds:
        verdict = compared_verdict(result) if result else "not measured"
        click.echo(f"{title}: ", nl=False)
        click.secho(verdict.upper(), fg=colors.get(verdict), nl=False)
        click.echo(f" (has to be {wanted})")
        for reason in (result.reasons if result else [])[:5]:
            click.echo(wrapped(f"  {reason}", sys.stdout))
    words = {0: "the gate tells the two apart", 1: "THE GATE DOES NOT TELL THE TWO APART", 3: "it could not be told"}
    click.echo(words[int(found.exit_code)])
    click.get_current_context().exit(found.exit_code)
