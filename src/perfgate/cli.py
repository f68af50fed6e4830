"""The command line: arguments in, the gate called, words and an exit code out. Heavy imports stay inside commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfgate import __version__
from perfgate.errors import ExitCode, PerfgateError, StoppedError, StorageError
from perfgate.publish.output import guarded_streams, wants_color
from perfgate.signals import STOPPED_BY, stop_signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from perfgate.drive.order import Workers
    from perfgate.judge.result import Result

BUDGETS = "budgets.toml"
FORMATS = ("json", "junit", "markdown", "html", "csv", "prometheus")

_path = click.Path(path_type=Path)
_budgets = click.option("--budgets", type=_path, default=Path(BUDGETS), show_default=True, help="The budgets file.")
_services = click.option("--service", "services", multiple=True, metavar="NAME", help="Only this service (repeatable).")
_loads = click.option("--load", "loads", multiple=True, metavar="NAME", help="Only this load (repeatable).")
_scale = click.option(
    "--scale", type=float, default=1.0, metavar="FACTOR", help="Multiply every duration, e.g. 0.1 for a quick look."
)
_seed = click.option("--seed", type=int, default=None, metavar="N", help="Same seed, same schedule and choices.")

_seconds = click.FloatRange(min=0, min_open=True)
_processes = click.option(
    "--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that share each load."
)


def _sharing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    port = click.IntRange(1, 65535)
    for option in (
        click.option("--worker-timeout", type=_seconds, default=60.0, show_default=True, help="Seconds."),
        click.option("--bind-port", type=port, default=5557, show_default=True, help="Where the master listens."),
        click.option("--bind-host", default="127.0.0.1", show_default=True, help="Where the master listens."),
        click.option("--workers", type=click.IntRange(1), default=None, help="Drive with this many `perfgate worker`."),
    ):
        command = option(command)
    return command


def _report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(FORMATS):
        command = click.option(f"--{name}", type=_path, metavar="PATH", help=f"Write the result as {name} here.")(
            command
        )
    return command


class _Group(click.Group):
    """Turns every error into words and an exit code; no traceback reaches a user."""

    def invoke(self, ctx: click.Context) -> Any:
        ctx.color = None if wants_color(sys.stdout) else False
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001  (here, because click would make an exit code 1 of a broken pipe)
            ctx.exit(_told(error))


def _told(error: BaseException) -> int:
    """Tell the user of an error; returns the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return ExitCode.USAGE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        error = StoppedError("stopped by SIGINT")
    if not isinstance(error, PerfgateError):  # the last resort: a fault of perfgate itself
        error = PerfgateError(f"{type(error).__name__}: {error}", hint=f"please report this; {_keep_trace()}")
    _print_error(error)
    return error.exit_code


def _print_error(error: PerfgateError) -> None:
    color = None if wants_color(sys.stderr) else False
    click.secho(f"error[{error.slug}]: ", fg="red", bold=True, nl=False, err=True, color=color)
    click.echo(error.message, err=True)
    if error.place:
        click.echo(f"  at:   {error.place}", err=True)
    if error.hint:
        click.echo(f"  next: {error.hint}", err=True)


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  perfgate init http://127.0.0.1:8000     write budgets.toml and a scenario for a service
  perfgate run                            drive all loads at all services, and judge
  perfgate run --load normal --scale 0.1  a quick look
  perfgate report                         show the newest recording again
Exit codes: 0 pass, 1 a budget is broken, 2 usage or configuration error, 3 it could not be judged.""",
)
@click.version_option(__version__, prog_name="perfgate")
def cli() -> None:
    """Tells whether your services are fast enough to merge, and is right about it."""


@cli.command(
    epilog="""\b
Examples:
  perfgate run
  perfgate run --service catalog --load peak --html report.html
  perfgate run --processes 2
  perfgate run --strict --junit junit.xml --json result.json"""
)
@_budgets
@_services
@_loads
@_scale
@_seed
@click.option("--out", type=_path, metavar="DIR", help="Folder for the recording; default .perfgate/runs/<time>.")
@click.option("--strict", is_flag=True, help="A warning fails the gate.")
@click.option("--quiet", is_flag=True, help="No live view; only the result.")
@_processes
@_sharing_options
@_report_options
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
    _finish(result, folder, files)


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


@cli.command(
    epilog="""\b
Examples:
  perfgate worker --master 127.0.0.1
  perfgate worker --master 10.0.0.7 --port 5557 --timeout 300"""
)
@click.option("--master", required=True, metavar="HOST", help="Where `perfgate run --workers` runs.")
@click.option("--port", type=click.IntRange(1, 65535), default=5557, show_default=True, help="Its --bind-port.")
@click.option(
    "--timeout", type=_seconds, default=60.0, show_default=True, metavar="S", help="How long to wait for the master."
)
def worker(*, master: str, port: int, timeout: float) -> None:
    """Drive a share of the loads of a `perfgate run --workers` on another machine, until it has no more.

    The scenario comes from there and is executed here: join only masters that you trust.
    """
    from perfgate.drive.agent import serve

    loads = serve(master, port, timeout, click.echo)
    click.echo(f"done: a share of {loads} {'load' if loads == 1 else 'loads'} was driven")


@cli.command(
    epilog="""\b
Examples:
  perfgate init http://127.0.0.1:8000
  perfgate init openapi.json --command "python -m shop --port {port}"
  perfgate init recorded.har --name shop --no-measure"""
)
@click.argument("target", required=False, metavar="[TARGET]")
@click.option("--out", type=_path, default=Path(), metavar="DIR", help="Where to write; default: here.")
@click.option("--name", metavar="NAME", help="The service's name in budgets.toml.")
@click.option("--command", metavar="COMMAND", help="How to start the service; {port} is filled in.")
@click.option("--url", metavar="URL", help="Where the service of a document runs.")
@click.option("--ready", metavar="PATH", help="The path that answers once the service is ready.")
@click.option("--no-measure", is_flag=True, help="Propose budgets without driving a short load.")
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="HOST", help="Contact this host too (repeatable).")
@click.option("--force", is_flag=True, help="Overwrite files.")
@click.option("--yes", is_flag=True, help="Drive load at a host that is not this machine.")
def init(*, target: str | None, no_measure: bool, **options: Any) -> None:
    """Write budgets.toml and a scenario for a URL, an OpenAPI document or a HAR file.

    Budgets are proposed from a measurement of about ten seconds.
    """
    from perfgate import scaffold

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


@cli.command()
@click.option("--budgets", type=_path, default=None, help=f"The budgets file; default: {BUDGETS}.")
@click.option("--no-services", is_flag=True, help="Do not start any service.")
def doctor(*, budgets: Path | None, no_services: bool) -> None:
    """Check the machine, the file, the scenarios and the services, and say what to mend."""
    from perfgate import doctor as examination

    findings = examination.examine(budgets, services=not no_services)
    colors = {"ok": "green", "warn": "yellow", "fail": "red"}
    for finding in findings:
        click.secho(f"{finding.status:<5}", fg=colors[finding.status], nl=False)
        click.echo(f"{finding.what}: {finding.detail}")
        if finding.mend:
            click.echo(f"     mend: {finding.mend}")
    worst = sum(finding.status == "fail" for finding in findings), sum(f.status == "warn" for f in findings)
    click.echo(f"{worst[0]} to mend, {worst[1]} to know, {len(findings) - sum(worst)} in order")
    click.get_current_context().exit(examination.exit_code(findings))


@cli.command(
    epilog="""\b
Examples:
  perfgate report
  perfgate report .perfgate/runs/20260101T120000Z --html report.html"""
)
@click.argument("folder", type=_path, required=False, metavar="[RUN_DIR]")
@click.option("--verbose", is_flag=True, help="List every check, the skipped ones too.")
@_report_options
def report(folder: Path | None, *, verbose: bool, **files: Path | None) -> None:
    """Recreate every report from a recording; without RUN_DIR from the newest one here."""
    from perfgate.judging import judge
    from perfgate.preflight import latest_folder

    folder = folder or latest_folder(Path())
    _finish(judge(folder), folder, files, verbose=verbose)


@cli.command()
@_budgets
@_services
@_loads
def explain(budgets: Path, services: tuple[str, ...], loads: tuple[str, ...]) -> None:
    """Print which limit applies where, and the line that it comes from."""
    from perfgate.plan.budgets_file import read_plan
    from perfgate.plan.explain import applicable_limits
    from perfgate.report import explain as table

    click.echo(table.render(applicable_limits(read_plan(budgets, services=services, loads=loads))))


@cli.command()
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


def _finish(result: Result, folder: Path, files: dict[str, Path | None], *, verbose: bool = False) -> None:
    import shutil

    from perfgate.publish.files import write_reports
    from perfgate.report import text

    problem: StorageError | None = None
    try:  # the files first: whoever reads along may be gone
        write_reports(result, folder, {name: path for name, path in files.items() if path})
    except StorageError as error:
        problem = error
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 100
    click.echo(text.render(result, width=width, color=wants_color(sys.stdout), verbose=verbose))
    if problem:
        raise problem
    click.get_current_context().exit(result.exit_code)


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    with guarded_streams() as out, stop_signals():
        try:
            code = cli(standalone_mode=False) or ExitCode.PASS
            out.check()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (all of them become words)
            code = _told(error)
    sys.exit(code)


def _keep_trace() -> str:
    """Write the traceback where it can be sent from, and say where."""
    import tempfile
    import traceback

    trace = f"perfgate {__version__}, Python {sys.version}\n{traceback.format_exc()}"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="perfgate-fault-", suffix=".txt", delete=False) as file:
            file.write(trace)
    except OSError as error:
        return f"the details could not be kept: {error.strerror}"
    return f"the details are in {file.name}"
