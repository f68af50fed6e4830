"""The command line: arguments in, the gate called, words and an exit code out.

Each command is a module of its own here, imported when it is asked for; heavy imports stay inside commands.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Never

import click

from perfgate import __version__
from perfgate.cli.completing import COMPLETING, PROGRAM
from perfgate.cli.fault import told
from perfgate.cli.grouping import Group
from perfgate.errors import ExitCode
from perfgate.publish.output import guarded_streams, wants_color
from perfgate.signals import stop_signals

# In the order in which a team meets them; each is `perfgate.cli.NAME`, with a command of that name in it.
COMMANDS = (
    "init",
    "run",
    "compare",
    "bisect",
    "calibrate",
    "selftest",
    "doctor",
    "explain",
    "baseline",
    "trend",
    "report",
    "comment",
    "schema",
    "worker",
    "import",
    "completion",
)
_MODULES = {"import": "importing"}  # `import` cannot be a function's name


class _Group(Group):
    """Finds commands in modules, and turns every error into words and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:  # a shell asks what may follow
                return None
            close = get_close_matches(cmd_name, COMMANDS, 1)
            ctx.fail(f'there is no command "{cmd_name}"{f"; did you mean {close[0]}?" if close else ""}')
        name = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = getattr(import_module(f"perfgate.cli.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        ctx.color = None if wants_color(sys.stdout) else False
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001  (here, because click would make an exit code 1 of a broken pipe)
            ctx.exit(told(error))


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


def _complete() -> Never:
    """Answer a shell that asks what may follow; a fault is no answer, since whoever pressed Tab is in mid-line."""
    with suppress(Exception, KeyboardInterrupt):
        cli.main(prog_name=PROGRAM, complete_var=COMPLETING)
    sys.exit(ExitCode.INVALID)


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    if COMPLETING in os.environ:
        _complete()
    code: int = ExitCode.PASS
    with guarded_streams() as out, stop_signals():
        try:
            code = cli(standalone_mode=False) or ExitCode.PASS
            out.check()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  (all of them become words)
            words = told(error)
            code = code or words  # what is proven bad stays so when the output's disk is full
    sys.exit(code)
