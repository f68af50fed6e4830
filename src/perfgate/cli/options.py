"""Options that several commands have."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perfgate.cli.completing import BUDGETS, load_names, service_names
from perfgate.cli.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from perfgate.plan.plan import Plan

FORMATS = ("json", "junit", "markdown", "html", "csv", "prometheus")

STDOUT = Path("-")
path = click.Path(path_type=Path)
budgets = click.option("--budgets", type=path, default=Path(BUDGETS), show_default=True, help="The budgets file.")
services = click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME",
    shell_complete=service_names,
    help="Only this service (repeatable).",
)
loads = click.option(
    "--load", "loads", multiple=True, metavar="NAME", shell_complete=load_names, help="Only this load (repeatable)."
)
scale = click.option(
    "--scale", type=float, default=1.0, metavar="FACTOR", help="Multiply every duration, e.g. 0.1 for a quick look."
)
seed = click.option("--seed", type=int, default=None, metavar="N", help="Same seed, same schedule and choices.")

seconds = click.FloatRange(min=0, min_open=True)
processes = click.option(
    "--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that share each load."
)


def note(text: str) -> None:
    """Say what is worth knowing beside what was asked for."""
    click.echo(wrapped(f"note: {text}", sys.stderr), err=True)


class _Time(click.ParamType):  # type: ignore[type-arg]  # generic for type checkers only
    """A duration with a unit, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from perfgate.plan.units import DURATION, AmountError

        if isinstance(value, float):
            return value
        try:
            return DURATION.parse(value, per="1s", zero=False)
        except AmountError as error:
            return self.fail(f"{error.message}; {error.hint}", param, ctx)


max_duration = click.option(
    "--max-duration",
    type=_Time(),
    metavar="TIME",
    help="Time for each load at both sides, e.g. 5m; that of [compare] unless given.",
)


def timed(plan: Plan, max_duration_s: float | None) -> Plan:
    """The plan with another time for comparisons, where one is given."""
    if max_duration_s is None:
        return plan
    return replace(plan, compare=replace(plan.compare, max_duration_s=max_duration_s))


def sharing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of a load that workers on other machines share."""
    port = click.IntRange(1, 65535)
    for option in (
        click.option("--worker-timeout", type=seconds, default=60.0, show_default=True, help="Seconds."),
        click.option("--bind-port", type=port, default=5557, show_default=True, help="Where the master listens."),
        click.option("--bind-host", default="127.0.0.1", show_default=True, help="Where the master listens."),
        click.option("--workers", type=click.IntRange(1), default=None, help="Drive with this many `perfgate worker`."),
    ):
        command = option(command)
    return command


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for each format of a report, with a path."""
    for name in reversed(FORMATS):
        command = click.option(
            f"--{name}", type=path, metavar="PATH", help=f"Write the result as {name} here; - for standard output."
        )(command)
    return command


def to_stdout(files: Mapping[str, Path | None]) -> bool:
    """Whether a report goes to standard output (`--json -`): where it stands alone; all else goes to the other.

    Raises:
        click.UsageError: several do.
    """
    names = [name for name, path in files.items() if path == STDOUT]
    if len(names) > 1:
        raise click.UsageError(f"only one report can go to standard output: --{', --'.join(names)}")
    return bool(names)
