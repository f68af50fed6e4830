"""`perfgate worker`."""

from __future__ import annotations

import click

from perfgate.cli import options


@click.command(
    epilog="""\b
Examples:
  perfgate worker --master 127.0.0.1
  perfgate worker --master 10.0.0.7 --port 5557 --timeout 300"""
)
@click.option("--master", required=True, metavar="HOST", help="Where `perfgate run --workers` runs.")
@click.option("--port", type=click.IntRange(1, 65535), default=5557, show_default=True, help="Its --bind-port.")
@click.option(
    "--timeout",
    type=options.seconds,
    default=60.0,
    show_default=True,
    metavar="S",
    help="How long to wait for the master.",
)
def worker(*, master: str, port: int, timeout: float) -> None:
    """Drive a share of the loads of a `perfgate run --workers` on another machine, until it has no more.

    The scenario comes from there and is executed here: join only masters that you trust.
    """
    from perfgate.drive.agent import serve

    loads = serve(master, port, timeout, click.echo)
    click.echo(f"done: a share of {loads} {'load' if loads == 1 else 'loads'} was driven")
