"""The history of a branch as series: one figure of every run, commit by commit, and where it moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, log
from typing import TYPE_CHECKING

from perfgate.baseline.choose import LATEST, choose
from perfgate.baseline.store import Wanted
from perfgate.judge.changes import find_changes
from perfgate.past.figures import SHOWN, TIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from perfgate.baseline.choose import Chosen
    from perfgate.baseline.entry import Entry
    from perfgate.baseline.event import Event
    from perfgate.baseline.store import Store
    from perfgate.judge.changes import ChangePoint
    from perfgate.plan.plan import Plan

_RELATIVE = frozenset({*TIMES, *SHOWN})


@dataclass(frozen=True)
class Series:
    """One figure over the runs of one load at one service.

    Attributes:
        endpoint: None is the whole service.
        entries: the runs that have it, oldest first.
        values: the figure of each, in its unit.
        relative: each run has a control, and the figure is one that a faster machine makes smaller.
    """

    service: str
    load: str
    endpoint: str | None
    metric: str
    entries: tuple[Entry, ...]
    values: tuple[float, ...]
    relative: bool

    @property
    def logs(self) -> list[float]:
        """Logarithms of the values, relative to the control where that is possible."""
        controls = [entry.control_ms if self.relative and entry.control_ms else 1.0 for entry in self.entries]
        return [log(value / control) for value, control in zip(self.values, controls, strict=True)]

    def changes(self) -> list[ChangePoint]:
        """Where it moved to another level; see `judge.changes`."""
        return find_changes(self.logs)

    def range_of(self, change: ChangePoint) -> tuple[str | None, str | None]:
        """The commits between which a change began: the last that is surely before it, the first surely after."""
        return self.entries[change.earliest - 1].commit, self.entries[change.latest].commit


_LOOKED_AT = 500  # imports, to see whose there are


def series_of(  # noqa: PLR0913  (whose, from where, and which)
    plan: Plan, store: Store, event: Event, metric: str, limit: int, *, benchmarks: bool = False
) -> list[Series]:
    """The series of a metric on the branch of the history, for every load at every service of the plan.

    Args:
        plan: whose services, loads and branch.
        store: open.
        event: what the CI says.
        metric: of the history's figures.
        limit: the newest so many runs of each load.
        benchmarks: those of imported results too.

    Raises:
        BaselineError: the branch cannot be told.
        StorageError: the store cannot be read.
    """
    chosen = choose(plan.root, LATEST, branch=plan.gate.branch, event=event)
    wanted = [Wanted(service=own.name, load=load, kind="load") for own in plan.services.values() for load in own.loads]
    if benchmarks:
        seen = store.find(Wanted(kind="benchmarks", limit=_LOOKED_AT))
        names = dict.fromkeys((entry.service, entry.load) for entry in seen)
        wanted += [Wanted(service=tool, load=name, kind="benchmarks") for tool, name in names]
    return [series for one in wanted for series in _series(_runs(store, chosen, one)[-limit:], metric)]


def _runs(store: Store, chosen: Chosen, wanted: Wanted) -> list[Entry]:
    """The comparable runs of the branch, oldest first: red ones too, for a lasting change makes them red."""
    if chosen.line:
        place = {commit: number for number, commit in enumerate(reversed(chosen.line))}
        found = store.find(replace(wanted, commits=chosen.line))
        found.sort(key=lambda entry: (place[entry.commit or ""], entry.recorded_at))
    else:
        found = store.find(replace(wanted, branch=chosen.branch, own=True))[::-1]
    fit = [entry for entry in found if not entry.dirty and entry.verdict != "invalid"]
    return [entry for entry in fit if entry.fingerprint.digest == fit[-1].fingerprint.digest]


def _series(runs: Sequence[Entry], metric: str) -> Iterator[Series]:
    endpoints = dict.fromkeys(endpoint for entry in reversed(runs) for endpoint, name in entry.values if name == metric)
    for endpoint in sorted(endpoints, key=lambda name: (name is not None, name or "")):
        own = [(entry, value) for entry in runs if (value := entry.values.get((endpoint, metric))) and isfinite(value)]
        own = [(entry, value) for entry, value in own if value > 0]
        if own:
            entries, values = zip(*own, strict=True)
            relative = metric in _RELATIVE and all(entry.control_ms for entry in entries)
            yield Series(runs[-1].service, runs[-1].load, endpoint, metric, entries, values, relative)
