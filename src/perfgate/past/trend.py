"""The history of a branch as series: one figure of every run, commit by commit, and where it moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, isfinite, log
from typing import TYPE_CHECKING

from perfgate.baseline.branches import by_branch
from perfgate.baseline.choose import LATEST, choose
from perfgate.baseline.store import Wanted
from perfgate.judge.changes import find_changes
from perfgate.past.figures import SHOWN, TIMES, unit_of

if TYPE_CHECKING:
    from collections import Counter
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
        above = [value or self.zero for value in self.values]
        return [log(value / control) for value, control in zip(above, controls, strict=True)]

    @property
    def unit(self) -> str:
        """Of the values."""
        return unit_of(self.metric, self.entries[-1].units.get(self.endpoint or "", "ms"))

    @property
    def zero(self) -> float:
        """What stands for zero among the logarithms: less than all else."""
        return min((value for value in self.values if value), default=1.0) / 2

    def level(self, log_of: float) -> float:
        """A level in the series' unit, of its logarithm."""
        return 0.0 if any(value == 0 for value in self.values) and exp(log_of) <= self.zero * 1.001 else exp(log_of)

    def changes(self) -> list[ChangePoint]:
        """Where it moved to another level; see `judge.changes`."""
        return find_changes(self.logs)

    def range_of(self, change: ChangePoint) -> tuple[str | None, str | None]:
        """The commits between which a change began: the last that is surely before it, the first surely after."""
        return self.entries[change.earliest - 1].commit, self.entries[change.latest].commit


_LOOKED_AT = 500  # imports, to see whose there are


@dataclass(frozen=True)
class Unseen:
    """What the history has and the series of a branch have not.

    Attributes:
        branch: that was looked at.
        why: where its name comes from, in words.
        unfit: runs of the branch that are in no series: measured with uncommitted changes, or invalid.
        moved: runs recorded on the branch, of commits that it does not lead to (any more).
        elsewhere: how many runs of the same loads each other branch has.
        otherwise: how many runs of services and loads there are that were not looked for.
    """

    branch: str
    why: str
    unfit: int
    moved: int
    elsewhere: Counter[str]
    otherwise: int


def unseen_by(plan: Plan, store: Store, event: Event, *, branch: str | None = None, benchmarks: bool = False) -> Unseen:
    """What else the history has than the runs that `series_of` looks at; see there for arguments and errors."""
    chosen = _chosen(plan, event, branch)
    name = chosen.branch or ""
    entries = store.find()
    asked = {(one.kind, one.service, one.load) for one in _wanted(plan, store, benchmarks=benchmarks)}
    sought = [entry for entry in entries if (entry.kind, entry.service, entry.load) in asked]
    line, counts = frozenset(chosen.line), by_branch([])
    unfit = moved = 0
    for entry in sought:
        own = entry.branch == name and entry.pull_request is None
        if entry.commit in line or (own and not line):
            unfit += not _is_fit(entry)
        elif own:
            moved += 1
        else:
            counts += by_branch([entry])
    return Unseen(name, _source(plan, event, branch), unfit, moved, counts, len(entries) - len(sought))


def _source(plan: Plan, event: Event, branch: str | None) -> str:
    """Where the name of the branch comes from, in the order in which it is asked for."""
    if branch:
        return "--branch"
    if plan.gate.branch:
        return "branch in [gate]"
    return "the target of this change" if event.target else "the default branch"


def _chosen(plan: Plan, event: Event, branch: str | None) -> Chosen:
    return choose(plan.root, LATEST, branch=branch or plan.gate.branch, event=event)


def _wanted(plan: Plan, store: Store, *, benchmarks: bool) -> list[Wanted]:
    wanted = [Wanted(service=own.name, load=load, kind="load") for own in plan.services.values() for load in own.loads]
    if benchmarks:
        seen = store.find(Wanted(kind="benchmarks", limit=_LOOKED_AT))
        names = dict.fromkeys((entry.service, entry.load) for entry in seen)
        wanted += [Wanted(service=tool, load=name, kind="benchmarks") for tool, name in names]
    return wanted


def _is_fit(entry: Entry) -> bool:
    return not entry.dirty and entry.verdict != "invalid"


def series_of(  # noqa: PLR0913  (whose, from where, and which)
    plan: Plan,
    store: Store,
    event: Event,
    metric: str,
    limit: int,
    *,
    branch: str | None = None,
    benchmarks: bool = False,
) -> list[Series]:
    """The series of a metric on the branch of the history, for every load at every service of the plan.

    Args:
        plan: whose services, loads and branch.
        store: open.
        event: what the CI says.
        metric: of the history's figures.
        limit: the newest so many runs of each load.
        branch: another than that of `[gate]`, of the event, or the default one.
        benchmarks: those of imported results too.

    Raises:
        BaselineError: the branch cannot be told.
        StorageError: the store cannot be read.
    """
    chosen = _chosen(plan, event, branch)
    wanted = _wanted(plan, store, benchmarks=benchmarks)
    return [series for one in wanted for series in _series(_runs(store, chosen, one)[-limit:], metric)]


def _runs(store: Store, chosen: Chosen, wanted: Wanted) -> list[Entry]:
    """The comparable runs of the branch, oldest first: red ones too, for a lasting change makes them red."""
    if chosen.line:
        place = {commit: number for number, commit in enumerate(reversed(chosen.line))}
        found = store.find(replace(wanted, commits=chosen.line))
        found.sort(key=lambda entry: (place[entry.commit or ""], entry.recorded_at))
    else:
        found = store.find(replace(wanted, branch=chosen.branch, own=True))[::-1]
    fit = [entry for entry in found if _is_fit(entry)]
    return [entry for entry in fit if entry.fingerprint.digest == fit[-1].fingerprint.digest]


def _series(runs: Sequence[Entry], metric: str) -> Iterator[Series]:
    endpoints = dict.fromkeys(endpoint for entry in reversed(runs) for endpoint, name in entry.values if name == metric)
    for endpoint in sorted(endpoints, key=lambda name: (name is not None, name or "")):
        known = ((entry, entry.values.get((endpoint, metric))) for entry in runs)
        own = [(entry, value) for entry, value in known if value is not None and isfinite(value) and value >= 0]
        if own:
            entries, values = zip(*own, strict=True)
            # Zero is zero on any machine.
            relative = metric in _RELATIVE and all(entry.control_ms for entry in entries) and all(values)
            yield Series(runs[-1].service, runs[-1].load, endpoint, metric, entries, values, relative)
