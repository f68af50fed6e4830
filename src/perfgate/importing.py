"""Result files of other tools under the same gate: read, and judged against `[benchmarks]`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from perfgate import importers
from perfgate.baseline.entry import Entry, entry_id, pack
from perfgate.baseline.fingerprint import Fingerprint, platform_parts
from perfgate.importers.imported import STATISTICS
from perfgate.judge.assemble import Circumstances
from perfgate.judge.benchmarks import judge_benchmarks
from perfgate.judge.result import Environment, Result, Revision
from perfgate.measure import environment
from perfgate.target import revision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from perfgate.importers.imported import Imported
    from perfgate.plan.plan import Plan

IMPORTS = ".perfgate/imports"
HISTORY_LOAD = "benchmarks"  # as the history names what has no load


def run(plan: Plan, tool: str | None, files: Sequence[Path], name: str, *, strict: bool = False) -> Result:
    """Read files and judge all that is in them.

    Args:
        plan: whose `[benchmarks]` hold.
        tool: whose files they are, one of `importers.names()`; None to tell by what is in each.
        files: at least one.
        name: the result's id.
        strict: a warning fails the gate.

    Raises:
        ImportFileError: one cannot be used; nothing was judged.
    """
    return judge(plan, [importers.read(file, tool) for file in files], name, strict=strict)


def judge(plan: Plan, imported: Sequence[Imported], name: str, *, strict: bool = False) -> Result:
    """Judge what was imported; arguments as in `run`."""
    started = [one.started_at.timestamp() for one in imported if one.started_at]
    return judge_benchmarks(
        [entry for one in imported for entry in one.entries],
        plan.benchmarks,
        Circumstances(
            id=name,
            started_at=min(started, default=time.time()),
            duration_s=sum(one.duration_s or 0.0 for one in imported),
            environment=Environment.model_validate(environment.describe()),
            revision=Revision.model_validate(revision.current(plan.root)),
            strict=strict,
        ),
    )


def history_entries(result: Result, imported: Sequence[Imported]) -> list[Entry]:
    """What the history keeps of imported results: one entry per tool.

    Args:
        result: their verdict.
        imported: what was judged.
    """
    tools = dict.fromkeys(one.tool for one in imported)
    return [_history_entry(result, tool, [one for one in imported if one.tool == tool]) for tool in tools]


def _history_entry(result: Result, tool: str, imported: Sequence[Imported]) -> Entry:
    found = [entry for one in imported for entry in one.entries if not entry.error]
    known = {(entry.name, name): entry.statistic(name) for entry in found for name in STATISTICS}
    times = {entry.name: entry.histogram() for entry in found if entry.unit == "ms"}
    return Entry(
        id=entry_id(result.id, tool, HISTORY_LOAD),
        recording=result.id,
        kind="benchmarks",
        service=tool,
        load=HISTORY_LOAD,
        recorded_at=result.started_at,
        verdict=result.verdict,
        fingerprint=Fingerprint({"tool": tool, **platform_parts(result.environment.model_dump())}),
        commit=result.revision.commit,
        branch=result.revision.branch,
        dirty=result.revision.dirty,
        control_ms=result.control.median_ms if result.control else None,
        values={key: value for key, value in known.items() if value is not None},
        packed=pack({name: histogram for name, histogram in times.items() if histogram is not None}),
    )
