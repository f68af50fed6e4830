"""Benchmarks and other imported results: compared with what the same tool gave earlier, and added to that.

As for loads, nothing that goes wrong with the history costs anybody a result: it is told, and the verdict is that of
the budgets alone. Each tool's figures are one entry of the history; times are compared, other metrics are kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perfgate.baseline.choose import choose
from perfgate.baseline.event import read_event
from perfgate.baseline.history import Subject, history
from perfgate.baseline.origin import origin_of
from perfgate.baseline.store import open_store
from perfgate.errors import BaselineError, PerfgateError
from perfgate.importers import HISTORY_LOAD
from perfgate.importing import by_tool, history_entries, own_verdict
from perfgate.judge.accepting import acceptances
from perfgate.judge.benchmarks import amend_benchmarks
from perfgate.past.adding import add
from perfgate.past.comparing import baseline_of, benchmark_checks
from perfgate.past.figures import TIMED
from perfgate.past.finding import past_runs, trouble_of
from perfgate.past.kept import Kept, PastRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from perfgate.baseline.choose import Chosen
    from perfgate.baseline.entry import Entry
    from perfgate.baseline.event import Event
    from perfgate.baseline.store import Store
    from perfgate.importers.imported import Imported
    from perfgate.judge.result import Result
    from perfgate.past.figures import Key
    from perfgate.plan.plan import Plan


@dataclass(frozen=True)
class _Measured:
    """What one tool gave.

    Attributes:
        entry: as the history keeps it.
        figures: what is compared.
    """

    entry: Entry
    figures: dict[Key, float]


def conclude(  # noqa: PLR0913  (what a caller, or a test, may choose)
    result: Result,
    imported: Sequence[Imported],
    plan: Plan,
    tell: Callable[[str], None],
    *,
    away: Collection[str] = (),
    name: str = HISTORY_LOAD,
    environ: Mapping[str, str] = os.environ,
    opening: Callable[[str, Path], Store] = open_store,
) -> Result:
    """Compare imported results that were just judged by their budgets with the history, and add them to it.

    Args:
        result: of `importing.judge`.
        imported: what was judged.
        plan: whose `[gate]` says what is tolerated, and where the history is.
        tell: is told what a person should read.
        away: names that were not asked for this time, and so are not gone.
        name: of the series; results are compared with those of the same tool and name.
        environ: the environment variables, for what the CI says.
        opening: opens the store.
    """
    origin = origin_of(environ, result.revision.commit)
    entries = history_entries(result, imported, origin, name)
    measured = [_Measured(entry, _figures(entry, imported)) for entry in entries]
    if not measured:
        return result
    work = _Work(result, measured, plan, tell, away)
    try:
        store = opening(plan.gate.store, plan.root)
    except PerfgateError as error:
        return work.unkept(work.without(error), error)
    try:
        return work.done(store, read_event(environ))
    finally:
        store.close()


def _figures(entry: Entry, imported: Sequence[Imported]) -> dict[Key, float]:
    found = next(one for one in by_tool(imported) if one.tool == entry.service)
    times = {own.name for own in found.entries if own.unit == "ms"}
    return {key: value for key, value in entry.values.items() if key[0] in times and key[1] in TIMED}


def _alike(other: Entry, entry: Entry) -> Entry:
    """An earlier entry without what it has in another unit under the same name."""
    names = {name for name, _ in entry.values if name and other.units.get(name, "ms") != entry.units.get(name, "ms")}
    return replace(other, values={key: value for key, value in other.values.items() if key[0] not in names})


class _Work:
    """One result and the history."""

    def __init__(
        self,
        result: Result,
        measured: Sequence[_Measured],
        plan: Plan,
        tell: Callable[[str], None],
        away: Collection[str],
    ) -> None:
        self._result, self._measured, self._plan = result, measured, plan
        self._tell, self._away = tell, away

    def done(self, store: Store, event: Event) -> Result:
        """Compared with what was there before, then added."""
        try:
            kept = self._found(store, event)
        except PerfgateError as error:
            return self.unkept(self.without(error), error)
        whole = self._compared(kept)
        verdict = own_verdict(whole.checks)
        try:
            add(store, [replace(own.entry, verdict=verdict) for own in self._measured], self._plan.gate)
        except PerfgateError as error:
            return self.unkept(kept, error)
        return whole

    def _found(self, store: Store, event: Event) -> Kept:
        gate = self._plan.gate
        try:
            chosen = choose(self._plan.root, gate.baseline, branch=gate.branch, event=event)
        except PerfgateError as error:  # a revision that does not exist: everything was measured, and it is told
            return self.without(error)
        runs = [self._past(own, store, chosen) for own in self._measured]
        return Kept(choice=chosen.choice, commit=chosen.commit, branch=chosen.branch, note=store.note, runs=runs)

    def _past(self, own: _Measured, store: Store, chosen: Chosen) -> PastRuns:
        entry = own.entry
        subject = Subject(entry.service, entry.load, entry.fingerprint, "benchmarks")
        try:
            past = history(store, chosen, subject, self._plan.gate.history)
        except BaselineError as error:
            return PastRuns(service=entry.service, load=entry.load, trouble=trouble_of(error))
        earlier = [_alike(other, entry) for other in past.entries if other.id != entry.id]  # not itself, imported again
        # Results of one tool may be several series, that share no name. Where none shares one, all names have changed.
        others = tuple(other for other in earlier if other.values.keys() & own.figures.keys()) or tuple(earlier)
        return past_runs(entry.service, entry.load, replace(past, entries=others), TIMED)

    def without(self, error: PerfgateError) -> Kept:
        """Nothing can be compared, and why."""
        entries = [own.entry for own in self._measured]
        runs = [PastRuns(service=entry.service, load=entry.load, trouble=trouble_of(error)) for entry in entries]
        return Kept(choice=self._plan.gate.baseline, branch=self._plan.gate.branch, runs=runs)

    def unkept(self, kept: Kept, error: PerfgateError) -> Result:
        """The result, when the history did not take it."""
        told = f"{error.message}; import it again later"
        if error.slug == "history-push":  # it is kept here: whoever may not push loses nothing
            told = f"it is kept in this clone only: {error.message}"
        self._tell(f"warning: the history: {told}")
        return self._compared(kept.model_copy(update={"unkept": told}))

    def _compared(self, kept: Kept) -> Result:
        day = datetime.fromtimestamp(self._result.started_at, UTC).date()
        known = acceptances(self._plan.accepts, day)
        figures = {own.entry.service: own.figures for own in self._measured}
        other = {name for own in self._measured for name, _ in own.entry.values.keys() - own.figures.keys()}
        timed = {name for own in figures.values() for name, _ in own}
        away = [*self._away, *(name for name in other - timed if name)]
        found, rate = benchmark_checks(self._result, figures, kept, self._plan.gate, known, away)
        return amend_benchmarks(
            self._result, found, baseline=baseline_of(kept), false_alarm_rate=rate, acceptances=known
        )
