"""Result files of other tools under the same gate: read, and judged against `[benchmarks]`."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from perfgate.baseline.entry import Entry, entry_id, pack
from perfgate.baseline.fingerprint import TOOL_VERSION, Fingerprint, feature_release, platform_parts
from perfgate.baseline.origin import recording_id
from perfgate.importers import HISTORY_LOAD
from perfgate.importers.imported import STATISTICS, Imported
from perfgate.judge.assemble import Circumstances
from perfgate.judge.benchmarks import judge_benchmarks
from perfgate.judge.result import Environment, Result, Revision
from perfgate.judge.verdict import verdict_of
from perfgate.judging import control_of
from perfgate.measure import environment
from perfgate.target import revision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perfgate.judge.result import Check, Verdict
    from perfgate.plan.plan import Plan

IMPORTS = ".perfgate/imports"
_NOWHERE: Mapping[str, str | None] = {}
_DIGITS = 12


def judge(  # noqa: PLR0913  (what was read, and where it was measured)
    plan: Plan,
    imported: Sequence[Imported],
    name: str,
    *,
    strict: bool = False,
    control_ms: Sequence[float] = (),
    files: Sequence[Path] = (),
) -> Result:
    """Judge what was imported by its budgets.

    Args:
        plan: whose `[benchmarks]` hold.
        imported: of `importers.read`.
        name: the result's id.
        strict: a warning fails the gate.
        control_ms: of the job in which it was measured, see `measure.control`.
        files: what was read; they may lie in the work tree and make it none with changes.
    """
    started = [one.started_at.timestamp() for one in imported if one.started_at]
    return judge_benchmarks(
        by_tool(imported),
        plan.benchmarks,
        Circumstances(
            id=name,
            started_at=min(started, default=time.time()),
            duration_s=sum(one.duration_s or 0.0 for one in imported),
            environment=Environment.model_validate(environment.describe()),
            revision=Revision.model_validate(revision.current(plan.root, but=files)),
            control=control_of(control_ms),
            strict=strict,
        ),
    )


def history_entries(
    result: Result,
    imported: Sequence[Imported],
    origin: Mapping[str, str | None] = _NOWHERE,
    name: str = HISTORY_LOAD,
) -> list[Entry]:
    """What the history keeps of imported results: one entry for each tool that measured something.

    The same results, imported again, have the same id.

    Args:
        result: their verdict.
        imported: what was judged.
        origin: of the job, see `baseline.origin`.
        name: of the series, in the place of a load's: results of one tool that are no series have other names.
    """
    made = [_history_entry(result, one, origin, name) for one in by_tool(imported)]
    return [entry for entry in made if entry.values]


def by_tool(imported: Sequence[Imported]) -> list[Imported]:
    """All results of a tool as one; what has the same name in several files is told apart by its number."""
    found = []
    for tool in dict.fromkeys(one.tool for one in imported):
        own = [one for one in imported if one.tool == tool]
        started = next((one.started_at for one in own if one.started_at), None)
        entries = tuple(entry for one in own for entry in one.entries)
        found.append(
            Imported(
                tool=tool,
                version=own[0].version,
                started_at=started,
                duration_s=None,
                entries=entries,
                findings=tuple(finding for one in own for finding in one.findings),
                failures=tuple(failure for one in own for failure in one.failures),
                notes=tuple(note for one in own for note in one.notes),
            )
        )
    return found


def _history_entry(result: Result, imported: Imported, origin: Mapping[str, str | None], name: str) -> Entry:
    tool, found = imported.tool, [entry for entry in imported.entries if not entry.error]
    known = {(entry.name, name): entry.statistic(name) for entry in found for name in STATISTICS}
    values: dict[tuple[str | None, str], float] = {key: value for key, value in known.items() if value is not None}
    times = {entry.name: entry.histogram() for entry in found if entry.unit == "ms"}
    started_at = imported.started_at.timestamp() if imported.started_at else None
    tree = "with changes" if result.revision.dirty else ""  # what is kept of those is never a baseline
    recording = recording_id(
        f"{tool}-{_digest(values)}", started_at or 0.0, result.revision.commit, {**origin, "job": tree}
    )
    return Entry(
        id=entry_id(recording, tool, name),
        recording=recording,
        kind="benchmarks",
        service=tool,
        load=name,
        recorded_at=result.started_at if started_at is None else started_at,
        verdict=own_verdict(result.checks),
        fingerprint=_fingerprint(imported, result),
        commit=result.revision.commit,
        branch=result.revision.branch or origin.get("branch"),
        dirty=result.revision.dirty,
        pull_request=origin.get("pull_request"),
        control_ms=result.control.median_ms if result.control else None,
        values=values,
        units={entry.name: entry.unit for entry in found if entry.unit != "ms"},
        packed=pack({name: histogram for name, histogram in times.items() if histogram is not None}),
    )


def _fingerprint(imported: Imported, result: Result) -> Fingerprint:
    """Another feature release of a tool may measure another thing under the same name, so it begins another series."""
    version = {TOOL_VERSION: feature_release(imported.version)} if imported.version else {}
    return Fingerprint({"tool": imported.tool, **version, **platform_parts(result.environment.model_dump())})


def own_verdict(checks: Sequence[Check]) -> Verdict:
    """The verdict with which results are kept.

    A history that was required and is missing does not count, and where no budget stands for anything nothing is
    broken: else no history would ever begin.
    """
    told = [
        check.status
        for check in checks
        if check.status != "skipped" and (check.kind, check.status) != ("history", "invalid")
    ]
    return verdict_of(told) if told else "pass"


def _digest(values: Mapping[tuple[str | None, str], float]) -> str:
    rows = sorted((endpoint or "", metric, value) for (endpoint, metric), value in values.items())
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:_DIGITS]
