"""`perfgate run`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from perfgate.cli import options
from perfgate.cli.ending import finish

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.drive.order import Workers


@click.command(
    epilog="""\b
Examples:
  perfgate run
  perfgate run --service catalog --load peak --html report.html
  perfgate run --processes 2
  perfgate run --strict --junit junit.xml --json result.json"""
)
@options.budgets
@options.services
@options.loads
@options.scale
@options.seed
@click.option(
    "--out", type=options.path, metavar="DIR", help="Folder for the recording; default .perfgate/runs/<time>."
)
@click.option("--strict", is_flag=True, help="A warning fails the gate.")
@click.option("--quiet", is_flag=True, help="No progress; only the result and warnings.")
@options.processes
@options.sharing_options
@options.report_options
def run(  # noqa: PLR0913  (one argument per option)
    *,
    budgets: Path,
    services: tuple[str, ...],
    loads: tuple[str, ...],
    scale: float,
    seed: int | None,
    out: Path | None,
    strict: bool,
    quiet: bool,
    processes: int,
    workers: int | None,
    bind_host: str,
    bind_port: int,
    worker_timeout: float,
    **files: Path | None,
) -> None:
    """Drive the loads of budgets.toml at its services, and judge what was measured."""
    from perfgate.drive.fleet import Engines

    quiet = options.to_stdout(files) or quiet
    crew = _workers(workers, bind_host, bind_port, worker_timeout, processes)
    with Engines(processes, crew, ahead=True) as engines:  # it imports Locust while this process reads the plan
        from perfgate import gate, live
        from perfgate.plan.budgets_file import read_plan
        from perfgate.preflight import fresh_folder

        plan = read_plan(budgets, services=services, loads=loads, scale=scale, seed=seed)
        folder = out or fresh_folder(plan.root)
        view = live.choose(sys.stdout.isatty(), quiet=quiet)
        try:
            result = gate.run(plan, folder, view, strict=strict, engines=engines)
        finally:
            view.close()
    finish(result, folder, files, budgets=budgets)


def _workers(count: int | None, host: str, port: int, timeout_s: float, processes: int) -> Workers | None:
    """The workers that were asked for; a warning where others than this machine could join."""
    from perfgate.drive.order import Workers
    from perfgate.errors import UsageError

    if count is None:
        return None
    if processes > 1:
        raise UsageError("--processes and --workers cannot be combined", hint="start several workers on each machine")
    workers = Workers(count, host, port, timeout_s)
    if not workers.only_here:
        click.secho("warning: ", fg="yellow", bold=True, nl=False, err=True)
        click.echo(
            f"the master listens on {host}:{port}, and Locust's protocol asks nobody for a password: whoever reaches "
            "it can read the scenario and send results. See docs/distributed.md for tunnels and network policies.",
            err=True,
        )
    return workers
