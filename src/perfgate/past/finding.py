"""Finds what a run is compared with: the comparable runs of the baseline, from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.baseline.choose import Chosen, choose
from perfgate.baseline.history import Subject, history
from perfgate.errors import PerfgateError
from perfgate.past.entries import fingerprint
from perfgate.past.figures import ANSWERS, CAPACITY, COMPARED, sound_runs
from perfgate.past.kept import Kept, PastRuns, Row, Trouble

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.event import Event
    from perfgate.baseline.history import Past
    from perfgate.baseline.store import Store
    from perfgate.judge.result import Result, RunResult
    from perfgate.measure.manifest import Manifest
    from perfgate.plan.plan import Plan


def find(result: Result, manifest: Manifest, plan: Plan, store: Store, event: Event) -> Kept:
    """What the history has for each sound run of the result.

    Args:
        result: judged by its budgets.
        manifest: of the recording.
        plan: what was driven.
        store: open.
        event: what the CI says.

    Raises:
        StorageError: the store cannot be read.
    """
    try:
        chosen = choose(plan.root, plan.gate.baseline, branch=plan.gate.branch, event=event)
    except PerfgateError as error:  # a revision that does not exist, too: the run is over, and is told what is amiss
        return without(result, plan, error)
    runs = [_past(run, manifest, plan, store, chosen) for run in sound_runs(result)]
    return Kept(choice=chosen.choice, commit=chosen.commit, branch=chosen.branch, note=store.note, runs=runs)


def without(result: Result, plan: Plan, error: PerfgateError) -> Kept:
    """Nothing can be compared, and why."""
    trouble = trouble_of(error)
    runs = [PastRuns(service=run.service, load=run.load, trouble=trouble) for run in sound_runs(result)]
    return Kept(choice=plan.gate.baseline, branch=plan.gate.branch, runs=runs)


def _past(run: RunResult, manifest: Manifest, plan: Plan, store: Store, chosen: Chosen) -> PastRuns:
    own = fingerprint(plan.services[run.service], plan.loads[run.load], manifest, plan)
    try:
        past = history(store, chosen, Subject(run.service, run.load, own), plan.gate.history)
    except PerfgateError as error:
        if error.slug not in {"no-baseline", "baseline-differs"}:
            raise
        return PastRuns(service=run.service, load=run.load, trouble=trouble_of(error))
    return past_runs(run.service, run.load, past, (*COMPARED, *ANSWERS, CAPACITY))


def past_runs(service: str, load: str, past: Past, metrics: Collection[str]) -> PastRuns:
    """What a comparison needs of earlier runs.

    Args:
        service, load: which runs these are.
        past: the runs.
        metrics: of which figures are needed.
    """
    return PastRuns(
        service=service,
        load=load,
        commit=past.commit,
        branch=past.branch,
        recorded_at=past.entries[0].recorded_at if past.entries else None,
        walked=past.walked,
        detail=past.detail,
        recordings=[entry.recording for entry in past.entries],
        controls_ms=[entry.control_ms for entry in past.entries],
        rows=_rows(past.entries, metrics),
    )


def _rows(entries: Sequence[Entry], metrics: Collection[str]) -> list[Row]:
    keys = dict.fromkeys(key for entry in entries for key in entry.values if key[1] in metrics)
    return [
        Row(endpoint=endpoint, metric=metric, values=[entry.values.get((endpoint, metric)) for entry in entries])
        for endpoint, metric in keys
    ]


def trouble_of(error: PerfgateError) -> Trouble:
    """An error, as it is kept."""
    return Trouble(slug=error.slug, message=error.message, place=error.place, hint=error.hint)
