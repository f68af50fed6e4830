"""Every error as words and an exit code; no traceback reaches a user."""

from __future__ import annotations

import sys

import click

from perfgate import __version__
from perfgate.errors import ExitCode, PerfgateError, StoppedError
from perfgate.publish.output import wants_color


def told(error: BaseException) -> int:
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
