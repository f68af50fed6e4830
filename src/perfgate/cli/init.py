"""`perfgate init`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from perfgate.cli import options
from perfgate.cli.completing import BUDGETS
from perfgate.cli.wrapping import wrapped
from perfgate.errors import StoppedError
from perfgate.signals import STOPPED_BY

if TYPE_CHECKING:
    from perfgate.drive.fleet import Engines
    from perfgate.scaffold.spread import Measurement


@click.command(
    epilog="""\b
Examples:
  perfgate init http://127.0.0.1:8000
  perfgate init openapi.json --command "python -m shop --port {port}"
  perfgate init recorded.har --name shop --no-measure
  perfgate init --demo                    a small project to try perfgate on
  perfgate init --github                  workflows for a project that has a budgets.toml
  perfgate init --github --install-from OWNER/REPO@COMMIT"""
)
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--out", type=options.path, default=Path(), metavar="DIR", help="Where to write; default: here.")
@click.option("--name", metavar="NAME", help="The service's name in budgets.toml.")
@click.option("--command", metavar="COMMAND", help="How to start the service; {port} is filled in.")
@click.option("--url", metavar="URL", help="Where the service of a document runs.")
@click.option("--ready", metavar="PATH", help="The path that answers once the service is ready.")
@click.option("--no-measure", is_flag=True, help="Propose budgets without driving a short load.")
@click.option("--writes", is_flag=True, help="Drive what changes data too (not DELETE): for throw-away services.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST", help="Contact this host too (repeatable).")
@click.option("--demo", is_flag=True, help="Write a small shop to try perfgate on, into perfgate-demo or --out.")
@click.option("--github", is_flag=True, help="Write workflows for GitHub Actions.")
@click.option(
    "--install-from", metavar="SPEC", help="What the workflows install; default: what this perfgate was installed from."
)
@click.option("--force", is_flag=True, help="Overwrite files.")
@click.option("--yes", is_flag=True, help="Drive load at a host that is not this machine.")
def init(
    *, target: str | None, no_measure: bool, demo: bool, github: bool, install_from: str | None, **options: Any
) -> None:
    """Write budgets.toml and a scenario for a URL, an OpenAPI document or a HAR file.

    Budgets are proposed from a measurement of about ten seconds.
    """
    if demo:
        _write_demo()
        return
    from perfgate.drive.fleet import Engines

    if install_from is not None and not github:
        raise click.UsageError("--install-from says what the workflows of --github install")
    if github:
        _write_workflows(options["out"], install_from, force=options["force"])
        if target is None and (options["out"] / BUDGETS).exists():
            click.echo("next: commit them; docs/github.md says what each of them may do")
            return
    with Engines(ahead=not no_measure) as engines:  # it imports Locust while the service is looked at
        from perfgate import scaffold

        made = scaffold.init(
            target, scaffold.InitOptions(measure=not no_measure, **options), lambda budgets: _measure(budgets, engines)
        )
    for path in made.written:
        click.echo(f"wrote {path}")
    how = "from a short measurement" if made.measured else "without a measurement: tighten them after a run"
    driven = f"{made.service}: {made.active} of {made.tasks} tasks are driven; budgets were proposed {how}"
    click.echo(wrapped(driven, sys.stdout))
    for note in made.notes:
        click.echo(wrapped(f"note: {note}", sys.stdout))
    click.echo(f"next: {made.next_command}")


def _write_demo() -> None:
    """Write the project to try perfgate on, and say what to try."""
    from perfgate.scaffold.demo_project import BRANCHES, FOLDER, write_demo

    ctx = click.get_current_context()
    given = [name for name in ctx.params if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE]
    if others := sorted(set(given) - {"demo", "out"}):
        raise click.UsageError(f"--demo writes a whole project by itself: leave out {', '.join(others)}")
    folder = ctx.params["out"] if "out" in given else Path(FOLDER)
    made = write_demo(folder)
    for path in made.written:
        click.echo(f"wrote {path}")
    if made.no_revisions:
        click.echo(wrapped(f"note: there is nothing to compare: {made.no_revisions}", sys.stdout))
    else:
        about = f"on the branch {BRANCHES[0]} is a small shop, on {BRANCHES[1]} a change that makes its search slower"
        click.echo(wrapped(about, sys.stdout))
    steps = [] if folder.resolve() == Path.cwd() else [(f"cd {shlex.quote(str(folder))}", "")]
    steps.append(("perfgate run", "drives the shop for 20 s, and judges"))
    if not made.no_revisions:
        steps.append((f"perfgate compare {' '.join(BRANCHES)}", "finds the change, in about a minute"))
    for lead, (command, about) in zip(("next: ", *["      "] * len(steps)), steps, strict=False):
        click.echo(f"{lead}{command:<32}{about}".rstrip())


def _write_workflows(out: Path, install_from: str | None, *, force: bool) -> None:
    """Write them, and say what they install, or what is left to be filled in."""
    from perfgate.scaffold import installation
    from perfgate.scaffold.github import FILL_IN, write_workflows

    source = installation.found() if install_from is None else installation.asked_for(install_from)
    for path in write_workflows(out, source, force=force):
        click.echo(f"wrote {path}")
    if source.requirement:
        click.echo(f"the workflows install {source.requirement}")
    if source.about:
        click.echo(wrapped(f"note: {source.about}", sys.stdout))
    if not source.requirement:
        note = (
            f"note: so it is not known what CI can install: the workflows fail until you fill in the lines marked "
            f'"{FILL_IN}", or write them again: perfgate init --github --force --install-from OWNER/REPO@COMMIT'
        )
        click.echo(wrapped(note, sys.stdout))


def _measure(budgets: Path, engines: Engines) -> Measurement:
    """A short stretch of the normal load, for `init`."""
    import tempfile

    from perfgate import gate, live
    from perfgate.judging import judge
    from perfgate.past.ahead import Ahead
    from perfgate.plan.budgets_file import read_plan
    from perfgate.scaffold.first_load import MEASURED_S, SHORTEST_S
    from perfgate.scaffold.spread import Measurement, seconds_of

    plan = read_plan(budgets, loads=["normal"], scale=MEASURED_S / SHORTEST_S)
    view = live.choose(sys.stdout.isatty())
    try:
        with tempfile.TemporaryDirectory(prefix="perfgate-init-") as folder:
            manifest = gate.record(plan, Path(folder), Ahead(view, plan.gate.store), engines=engines)
            if manifest.stopped.startswith(STOPPED_BY):
                raise StoppedError(manifest.stopped, hint="repeat it with --force, or with --no-measure")
            driven = [Path(folder) / entry.folder for entry in manifest.runs if entry.driven]
            return Measurement(judge(Path(folder), manifest), seconds_of(driven[0]) if driven else {})
    finally:
        view.close()
