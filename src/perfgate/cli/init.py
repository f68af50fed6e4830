"""`perfgate init`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfgate.cli import options
from perfgate.cli.options import BUDGETS
from perfgate.errors import StoppedError
from perfgate.signals import STOPPED_BY

if TYPE_CHECKING:
    from perfgate.judge.result import Result


@click.command(
    epilog="""\b
Examples:
  perfgate init http://127.0.0.1:8000
  perfgate init openapi.json --command "python -m shop --port {port}"
  perfgate init recorded.har --name shop --no-measure
  perfgate init --github                  workflows for a project that has a budgets.toml"""
)
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--out", type=options.path, default=Path(), metavar="DIR", help="Where to write; default: here.")
@click.option("--name", metavar="NAME", help="The service's name in budgets.toml.")
@click.option("--command", metavar="COMMAND", help="How to start the service; {port} is filled in.")
@click.option("--url", metavar="URL", help="Where the service of a document runs.")
@click.option("--ready", metavar="PATH", help="The path that answers once the service is ready.")
@click.option("--no-measure", is_flag=True, help="Propose budgets without driving a short load.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST", help="Contact this host too (repeatable).")
@click.option("--github", is_flag=True, help="Write workflows for GitHub Actions.")
@click.option("--force", is_flag=True, help="Overwrite files.")
@click.option("--yes", is_flag=True, help="Drive load at a host that is not this machine.")
def init(*, target: str | None, no_measure: bool, github: bool, **options: Any) -> None:
    """Write budgets.toml and a scenario for a URL, an OpenAPI document or a HAR file.

    Budgets are proposed from a measurement of about ten seconds.
    """
    from perfgate import scaffold
    from perfgate.scaffold.github import write_workflows

    if github:
        for path in write_workflows(options["out"], force=options["force"]):
            click.echo(f"wrote {path}")
        if target is None and (options["out"] / BUDGETS).exists():
            click.echo("next: commit them; docs/github.md says what each of them may do")
            return
    made = scaffold.init(target, scaffold.InitOptions(measure=not no_measure, **options), _measure)
    for path in made.written:
        click.echo(f"wrote {path}")
    how = "from a short measurement" if made.measured else "without a measurement: tighten them after a run"
    click.echo(f"{made.service}: {made.active} of {made.tasks} tasks are driven; budgets were proposed {how}")
    for note in made.notes:
        click.echo(f"note: {note}")
    click.echo(f"next: {made.next_command}")


def _measure(budgets: Path) -> Result:
    """Ten seconds of the normal load, for `init`."""
    import tempfile

    from perfgate import gate, live
    from perfgate.judging import judge
    from perfgate.plan.budgets_file import read_plan

    plan = read_plan(budgets, loads=["normal"], scale=1 / 6)
    view = live.choose(sys.stdout.isatty())
    try:
        with tempfile.TemporaryDirectory(prefix="perfgate-init-") as folder:
            manifest = gate.record(plan, Path(folder), view)
            if manifest.stopped.startswith(STOPPED_BY):
                raise StoppedError(manifest.stopped, hint="repeat it with --force, or with --no-measure")
            return judge(Path(folder), manifest)
    finally:
        view.close()
