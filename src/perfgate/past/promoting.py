"""Finds entries by what people call them, and what a promotion would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perfgate.baseline.store import Wanted, open_store
from perfgate.errors import BaselineError, UsageError

if TYPE_CHECKING:
    from perfgate.baseline.entry import Entry
    from perfgate.baseline.store import Store
    from perfgate.plan.plan import Plan

LATEST = "latest"


def named(store: Store, name: str, wanted: Wanted) -> list[Entry]:
    """The entries that a name means: an entry's id, a recording's, or `latest` for the newest recording.

    Args:
        store: open.
        name: as given.
        wanted: which services, loads and branches count.

    Raises:
        UsageError: there is none (slug `no-entry`).
        StorageError: the store cannot be read.
    """
    entry = store.get(name) if "/" in name else None
    if entry is not None:
        return [replace(entry, packed=None)]
    recording = name
    if name == LATEST:
        newest = store.find(replace(wanted, limit=1))
        recording = newest[0].recording if newest else ""
    found = store.find(replace(wanted, recording=recording, limit=None)) if recording else []
    if not found:
        what = "the history is empty" if name == LATEST else f"the history has no run {name!r}"
        raise UsageError(what, place=store.name, hint="`perfgate baseline list` shows what there is", slug="no-entry")
    return sorted(found, key=lambda one: (one.service, one.load))


@dataclass(frozen=True)
class Promotion:
    """What promoting an entry would change.

    Attributes:
        before: what it takes the place of: the promoted run of the same load, else the latest that may be compared
            with; None when it is the first.
        figures: by endpoint and metric: before (None: not known) and after.
    """

    entry: Entry
    before: Entry | None
    figures: dict[tuple[str | None, str], tuple[float | None, float]]


def promotion_of(store: Store, entry: Entry, metrics: tuple[str, ...]) -> Promotion:
    """What promoting `entry` would change, of these metrics.

    Raises:
        StorageError: the store cannot be read.
    """
    same = Wanted(service=entry.service, load=entry.load, kind=entry.kind, limit=2)
    pinned = [one for one in store.find(replace(same, pinned=True)) if one.id != entry.id]
    others = pinned or [
        one
        for one in store.find(replace(same, eligible=True, own=True, fingerprint=entry.fingerprint.digest))
        if one.id != entry.id
    ]
    before = others[0] if others else None
    figures = {
        key: (before.values.get(key) if before else None, value)
        for key, value in entry.values.items()
        if key[1] in metrics
    }
    return Promotion(entry, before, figures)


def promoted_commit(plan: Plan) -> str:
    """The commit of the newest promoted run of any of the plan's services.

    Raises:
        BaselineError: none is promoted, or those are of no commit (slug `no-baseline`).
        UsageError, StorageError: the store cannot be used.
    """
    store = open_store(plan.gate.store, plan.root)
    try:
        pinned = [entry for entry in store.find(Wanted(pinned=True)) if entry.service in plan.services and entry.commit]
    finally:
        store.close()
    newest = max(pinned, key=lambda entry: entry.pin.at if entry.pin else 0.0, default=None)
    if newest is None or newest.commit is None:
        raise BaselineError(
            "no run of a commit is promoted",
            place=store.name,
            hint="promote one: perfgate baseline promote",
            slug="no-baseline",
        )
    return newest.commit
