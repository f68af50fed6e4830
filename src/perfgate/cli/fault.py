"""Every error as words and an exit code; no traceback reaches a user."""

from __future__ import annotations

import sys

import click

from perfgate import __version__
from perfgate.cli.wrapping import wrapped
from perfgate.errors import ExitCode, OutOfMemoryError, PerfgateError, StoppedError
from perfgate.publish.output import wants_color


def told(error: BaseException) -> int:
    """Tell the user of an error; returns the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return ExitCode.USAGE
    if isinstance(error, click.Abort | KeyboardInterrupt):
        error = StoppedError("stopped by SIGINT")
    if isinstance(error, MemoryError):
        error = OutOfMemoryError(
            "there is not enough memory", hint="raise the limit (ulimit -v, the container's), or give it less to read"
        )
    if not isinstance(error, PerfgateError):  # the last resort: a fault of perfgate itself
        error = PerfgateError(f"{type(error).__name__}: {error}", hint=f"please report this; {_keep_trace()}")
    _print_error(error)
    return error.exit_code


def _print_error(error: PerfgateError) -> None:
    color = None if wants_color(sys.stderr) else False
    several = "\n" in error.message  # each further line begins with its own place, so the first one does too
    slug = f"error[{error.slug}]: "
    text = _shown(f"{slug}{error.place}: {error.message}" if several and error.place else f"{slug}{error.message}")
    click.secho(slug, fg="red", bold=True, nl=False, err=True, color=color)
    click.echo(wrapped(text, sys.stderr).removeprefix(slug), err=True)
    if error.output:
        click.echo(_shown(error.indented_output()), err=True)
    if error.place and not several:
        click.echo(f"  at:   {_shown(error.place)}", err=True)
    if error.hint:
        click.echo(wrapped(f"  next: {_shown(error.hint)}", sys.stderr), err=True)


def _shown(text: str) -> str:
    """Lines that cannot send commands to a terminal: names in them come from files, services and requests."""
    from perfgate.report.tables import printable

    return "\n".join(printable(line, longest=len(line)) for line in text.split("\n"))


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
