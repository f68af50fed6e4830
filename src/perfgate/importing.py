"""Result files of other tools under the same gate: read, and judged against `[benchmarks]`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from perfgate import importers
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
