"""The end of every run: judged by its budgets, compared with the history, added to it, in that order.

Nothing that goes wrong with the history can cost the run its result: that is on disk before the history is opened.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from perfgate.baseline.event import read_event
from perfgate.baseline.store import open_store
from perfgate.errors import BaselineError, PerfgateError, RecordingError, StorageError
from perfgate.judge.accepting import acceptances
from perfgate.judging import judge, plan_of
from perfgate.measure.seal import HISTORY
from perfgate.past.adding import add
from perfgate.past.comparing import baseline_of, compared
from perfgate.past.entries import entries_of
from perfgate.past.figures import sound_runs
from perfgate.past.finding import find, without
from perfgate.past.kept import Kept
from perfgate.target.revision import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from perfgate.baseline.entry import Entry
    from perfgate.baseline.event import Event
    from perfgate.baseline.store import Store
    from perfgate.judge.result import Result
    from perfgate.judging import RunTimes
    from perfgate.measure.manifest import Manifest
    from perfgate.plan.plan import Plan

RESULT = "result.json"
_MOST_NAMED = 5


def conclude(  # noqa: PLR0913  (what a caller, or a test, may choose)
    plan: Plan,
    folder: Path,
    manifest: Manifest,
    tell: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
    opening: Callable[[str, Path], Store] = open_store,
) -> Result:
    """Judge a recording that was just made, compare it with the history, and add it to that.

    Args:
        plan: what was driven.
        folder: the recording.
        manifest: its manifest.
        tell: is told what a person should read.
        environ: the environment variables, for what the CI says.
        opening: opens the store; as `baseline.store.open_store` does.
    """
    times: RunTimes = {}
    result = judge(folder, manifest, times)
    if not sound_runs(result):
        return result
    _save(result, folder)
    conclusion = _Conclusion(plan, folder, manifest, tell, read_event(environ))
    try:
        store = opening(plan.gate.store, plan.root)
    except PerfgateError as error:
        return conclusion.unkept(result, without(result, plan, error), error)
    try:
        return conclusion.made(store, result, times)
    finally:
        store.close()


def again(folder: Path, manifest: Manifest) -> Result:
    """The result of a recording, with the comparison that was made then."""
    result = judge(folder, manifest)
    plan = plan_of(manifest, folder)
    kept = _kept(folder, manifest)
    if kept is None and plan.gate.require_baseline and sound_runs(result):
        kept = without(result, plan, BaselineError("perfgate ended before it was compared", hint="run it again"))
    return result if kept is None else _compared(result, kept, manifest, plan)


def entries_in(folder: Path, manifest: Manifest) -> list[Entry]:
    """What the history keeps of a recording, for one that could not be added at its time."""
    times: RunTimes = {}
    result, plan = judge(folder, manifest, times), plan_of(manifest, folder)
    kept = _kept(folder, manifest)
    whole = result if kept is None else _compared(result, kept, manifest, plan)
    return entries_of(whole, manifest, plan, times)


def _kept(folder: Path, manifest: Manifest) -> Kept | None:
    """What the run was compared with; None when it was not.

    Raises:
        RecordingError: that is not as it was recorded: without it, what was slower than before would be green.
    """
    if HISTORY not in manifest.seal:  # perfgate was killed before it noted that it had compared
        return None
    if damage := manifest.damage(folder, HISTORY):
        raise RecordingError(
            f"what the run was compared with is lost: {damage[HISTORY]}",
            place=str(folder / HISTORY),
            hint="measure again, or take the recording from where it was made",
        )
    return Kept.load(folder)


def _compared(result: Result, kept: Kept, manifest: Manifest, plan: Plan) -> Result:
    today = datetime.fromtimestamp(manifest.started_at, UTC).date()
    return compared(result, kept, plan.gate, acceptances(plan.accepts, today))


def _save(result: Result, folder: Path) -> None:
    """The verdict by budgets, for whoever ends perfgate while it waits for the history; the reports come after."""
    from perfgate.report.json import render

    try:
        (folder / RESULT).write_text(render(result), encoding="utf-8")
    except OSError:
        return  # told of when the reports are written


class _Conclusion:
    """One run and the history."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        manifest: Manifest,
        tell: Callable[[str], None],
        event: Event,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._manifest = manifest
        self._tell = tell
        self._event = event

    def made(self, store: Store, result: Result, times: RunTimes) -> Result:
        """Compared with what was there before, then added."""
        try:
            kept = find(result, self._manifest, self._plan, store, self._event)
        except PerfgateError as error:
            return self.unkept(result, without(result, self._plan, error), error)
        self._keep(kept)
        self._say_what_is_changed(result)
        whole = _compared(result, kept, self._manifest, self._plan)
        try:
            add(store, entries_of(whole, self._manifest, self._plan, times), self._plan.gate)
        except PerfgateError as error:
            return self.unkept(whole, kept, error)
        return whole

    def _say_what_is_changed(self, result: Result) -> None:
        """In a CI nobody means to change anything, and wonders why no history begins."""
        changes = changed(self._plan.root) if result.revision.dirty and self._event.source else None
        if changes:
            names = ", ".join(changes[:_MOST_NAMED]) + (", ..." if len(changes) > _MOST_NAMED else "")
            self._tell(
                f"note: the work tree has changes ({names}), so this run will not be compared with; "
                "what a job writes belongs into .gitignore"
            )

    def unkept(self, result: Result, kept: Kept, error: PerfgateError) -> Result:
        """The result of a run that the history did not take."""
        told = f"{error.message}; add it later: perfgate baseline import {self._folder}"
        if error.slug == "history-push":  # it is kept here: whoever may not push loses nothing
            told = f"it is kept in this clone only: {error.message}"
        self._tell(f"warning: the history: {told}")
        after = kept.model_copy(update={"unkept": told})
        self._keep(after)
        if result.baseline:
            return result.model_copy(update={"baseline": baseline_of(after)})
        return _compared(result, after, self._manifest, self._plan)

    def _keep(self, kept: Kept) -> None:
        try:
            kept.save(self._folder)
            self._manifest.save(self._folder)  # seals what was kept
        except StorageError as error:
            self._tell(f"warning: {error}")
