"""The store of the history, as commands open it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from perfgate.cli import options
from perfgate.cli.completing import load_names, service_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from perfgate.baseline.store import Store, Wanted
    from perfgate.plan.plan import Plan


@contextmanager
def opened(plan: Plan, url: str | None = None) -> Iterator[Store]:
    """The store that `[gate]` names, or another; what is to be known of it is told on standard error.

    Raises:
        UsageError, StorageError: see `baseline.store.open_store`.
    """
    from perfgate.baseline.store import open_store

    store = open_store(url or plan.gate.store, plan.root)
    try:
        if store.note:
            click.echo(f"note: {store.note}", err=True)
        yield store
    finally:
        store.close()


def read(budgets: Path, services: tuple[str, ...] = (), loads: tuple[str, ...] = ()) -> Plan:
    """The budgets file, for its store; what it says of scenarios need not be there."""
    from perfgate.plan.budgets_file import read_plan

    return read_plan(budgets, services=services, loads=loads)


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that choose entries."""
    for option in (
        click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many, the newest."),
        click.option("--branch", metavar="NAME", help="Recorded on this branch."),
        click.option("--load", metavar="NAME", shell_complete=load_names, help="Of this load."),
        click.option("--service", metavar="NAME", shell_complete=service_names, help="Of this service."),
    ):
        command = option(command)
    return command


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that name the store."""
    url = click.option("--store", metavar="URL", help="Another store than that of [gate].")
    return options.budgets(url(command))


def wanted(service: str | None, load: str | None, branch: str | None = None, limit: int | None = None) -> Wanted:
    """Which entries the options choose."""
    from perfgate.baseline.store import Wanted

    return Wanted(service=service, load=load, branch=branch, limit=limit)
