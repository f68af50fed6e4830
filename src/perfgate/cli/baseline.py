"""`perfgate baseline`: what the history holds, and what is done with it by hand."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

import click

from perfgate.cli import history_store, options
from perfgate.cli.completing import load_names, service_names
from perfgate.cli.grouping import Group
from perfgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perfgate.baseline.entry import Entry


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  perfgate baseline list --branch main --limit 20
  perfgate baseline promote latest --reason "released as 1.4"
  perfgate baseline export history.jsonl.gz
  perfgate baseline import .perfgate/runs/20260101T120000Z
A run is named by its recording, by its recording/service/load, or by `latest`.""",
)
def baseline() -> None:
    """Look at the history, promote and drop runs, and carry them from one store to another."""


@baseline.command(
    "list",
    epilog="""\b
Examples:
  perfgate baseline list --branch main
  perfgate baseline list --service catalog --load peak --limit 20""",
)
@history_store.filters
@history_store.store_options
def list_(  # noqa: PLR0913  (one argument per option)
    *,
    service: str | None,
    load: str | None,
    branch: str | None,
    limit: int | None,
    budgets: Path,
    store: str | None,
) -> None:
    """List runs, the newest first; * marks promoted ones."""
    from perfgate.report.history import listing, none_listed

    with history_store.opened(history_store.read(budgets), store) as opened:
        wanted = history_store.wanted(service, load, branch, limit or 50)
        found = opened.find(wanted)
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(listing(found, width) if found else none_listed(opened.name, wanted, opened.find()))


@baseline.command(
    epilog="""\b
Examples:
  perfgate baseline show latest
  perfgate baseline show 20260101T120000Z-1a2b3c4d"""
)
@click.argument("name", metavar="RUN")
@history_store.store_options
def show(*, name: str, budgets: Path, store: str | None) -> None:
    """Show all that is kept of a run."""
    from perfgate.past.promoting import named
    from perfgate.report.history import details

    with history_store.opened(history_store.read(budgets), store) as opened:
        for entry in named(opened, name, history_store.wanted(None, None)):
            click.echo(details(entry))


@baseline.command(
    epilog="""\b
Examples:
  perfgate baseline promote latest --reason "released as 1.4"
  perfgate baseline promote 20260101T120000Z-1a2b3c4d --load peak --reason "accepted in the review" --yes"""
)
@click.argument("name", metavar="RUN")
@click.option("--reason", required=True, help="Why; shown wherever a run is compared with it.")
@click.option("--by", metavar="NAME", help="Who; Git's user unless given.")
@click.option("--service", metavar="NAME", shell_complete=service_names, help="Only this service of the run.")
@click.option("--load", metavar="NAME", shell_complete=load_names, help="Only this load of the run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@history_store.store_options
def promote(  # noqa: PLR0913  (one argument per option)
    *,
    name: str,
    reason: str,
    by: str | None,
    service: str | None,
    load: str | None,
    yes: bool,
    budgets: Path,
    store: str | None,
) -> None:
    """Make a run a baseline, whatever its verdict: it is kept for good, and compared with.

    With `baseline = "pinned"` in [gate] it is what everything is compared with; else it counts among the runs of its
    commit. Shows first what would change, and asks.
    """
    from perfgate.baseline.entry import Pin
    from perfgate.past.figures import COMPARED
    from perfgate.past.promoting import named, promotion_of
    from perfgate.report.history import promotion_table

    if not reason.strip():
        raise UsageError("a promotion needs a reason", place="--reason")
    plan = history_store.read(budgets)
    with history_store.opened(plan, store) as opened:
        entries = named(opened, name, history_store.wanted(service, load))
        entries = [one for one in entries if service in (None, one.service) and load in (None, one.load)]
        for made in (promotion_of(opened, entry, COMPARED) for entry in entries):
            click.echo(promotion_table(made))
        _confirm(f"promote {_named(entries)}?", yes=yes)
        pin = Pin(by or _user(plan.root), time.time(), reason.strip())
        gone = [entry for entry in entries if not opened.pin(entry.id, pin)]
    if gone:
        raise UsageError(f"no longer in the history: {_named(gone)}", slug="no-entry")
    click.echo(f"promoted {_named(entries)}, by {pin.by}: {pin.reason}")


@baseline.command(
    epilog="""\b
Examples:
  perfgate baseline drop 20260101T120000Z-1a2b3c4d
  perfgate baseline drop latest --unpin --yes"""
)
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option("--unpin", is_flag=True, help="Take promotions back, and keep the runs.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@history_store.store_options
def drop(*, names: tuple[str, ...], unpin: bool, yes: bool, budgets: Path, store: str | None) -> None:
    """Forget runs, or only their promotions."""
    from perfgate.past.promoting import named

    with history_store.opened(history_store.read(budgets), store) as opened:
        entries = [entry for name in names for entry in named(opened, name, history_store.wanted(None, None))]
        _confirm(f"{'unpin' if unpin else 'drop'} {_named(entries)}?", yes=yes)
        ids = [entry.id for entry in entries]
        count = sum(map(opened.unpin, ids)) if unpin else opened.drop(ids)
    click.echo(f"{'unpinned' if unpin else 'dropped'} {count} of {len(ids)}")


@baseline.command(
    epilog="""\b
Examples:
  perfgate baseline export history.jsonl.gz
  perfgate baseline export main.jsonl --branch main --limit 500"""
)
@click.argument("file", type=options.path)
@history_store.filters
@history_store.store_options
def export(  # noqa: PLR0913  (one argument per option)
    *,
    file: Path,
    service: str | None,
    load: str | None,
    branch: str | None,
    limit: int | None,
    budgets: Path,
    store: str | None,
) -> None:
    """Write runs to a file, one a line, as JSON; compressed when its name ends in .gz."""
    from perfgate.baseline.exchange import export_entries

    with history_store.opened(history_store.read(budgets), store) as opened:
        count = export_entries(opened, file, history_store.wanted(service, load, branch, limit))
    click.echo(f"wrote {count} entries to {file}")


@baseline.command(
    "import",
    epilog="""\b
Examples:
  perfgate baseline import history.jsonl.gz
  perfgate baseline import .perfgate/runs/20260101T120000Z""",
)
@click.argument("path", type=options.path)
@history_store.store_options
def import_(*, path: Path, budgets: Path, store: str | None) -> None:
    """Add what `export` wrote, or a recording that could not be added at its time; what is known already stays."""
    from perfgate.baseline.exchange import import_entries

    with history_store.opened(history_store.read(budgets), store) as opened:
        if path.is_dir():
            found = _recorded(path)
            new, total = opened.add(found), len(found)
        else:
            new, total = import_entries(opened, path)
    click.echo(f"{new} of {total} entries were new")


@baseline.command(
    epilog="""\b
Examples:
  perfgate baseline prune --keep "90 days"
  perfgate baseline prune --keep 500        runs of each load"""
)
@click.option("--keep", metavar="TIME|N", help="E.g. 90 days, or 500 (runs of each load); that of [gate] unless given.")
@history_store.store_options
def prune(*, keep: str | None, budgets: Path, store: str | None) -> None:
    """Forget what is older than [gate] keep; promoted runs stay."""
    from perfgate.baseline.store import Keep

    plan = history_store.read(budgets)
    written = keep or plan.gate.keep
    if written is None:
        raise UsageError("nothing says how long runs are kept", hint='give --keep "90 days", or write keep in [gate]')
    parsed = Keep.parse(written)
    with history_store.opened(plan, store) as opened:
        count = opened.prune(parsed, time.time())
    click.echo(f"forgot {count} entries")


def _recorded(folder: Path) -> Sequence[Entry]:
    from perfgate.measure.manifest import Manifest
    from perfgate.past.concluding import entries_in

    manifest = Manifest.load(folder)
    if manifest.comparison:
        raise UsageError(
            "this is the recording of a comparison: it is judged by itself, and no part of the history",
            place=str(folder),
            slug="not-for-history",
        )
    entries = entries_in(folder, manifest)
    if not entries:
        raise UsageError(
            f"no run of this recording was driven to its end and can be trusted{_why(manifest.stopped)}",
            place=str(folder),
            hint="run it again",
            slug="not-for-history",
        )
    return entries


def _why(stopped: str) -> str:
    return f": {stopped}" if stopped else ""


def _named(entries: Sequence[Entry]) -> str:
    return ", ".join(entry.id for entry in entries)


def _confirm(question: str, *, yes: bool) -> None:
    """Ask, unless the answer was given; nobody who answers is no yes."""
    if yes:
        return
    try:
        sure = click.confirm(question)
    except click.Abort:
        if sys.stdin is not None and sys.stdin.isatty():
            raise
        raise UsageError("nobody answered, so nothing was changed", hint="give --yes") from None
    if not sure:
        raise UsageError("nothing was changed")


def _user(root: Path) -> str:
    """Who promotes: Git's user, else the CI's, else the machine's."""
    import getpass
    import os

    from perfgate.baseline.repository import Repository
    from perfgate.errors import BaselineError

    try:
        with Repository.around(root) as repository:
            words = [repository.ask("config", f"user.{key}").out.strip() for key in ("name", "email")]
    except BaselineError:
        words = ["", ""]
    if any(words):
        return f"{words[0]} <{words[1]}>" if all(words) else "".join(words)
    names = [os.environ.get(name, "") for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN")]
    try:
        return next(filter(None, names), "") or getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that no user has
        return f"user {os.getuid()}"
