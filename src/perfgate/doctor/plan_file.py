"""The budgets file: whether it can be read, and what it asks of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.doctor.finding import Finding
from perfgate.doctor.scenario import scenario
from perfgate.errors import PerfgateError
from perfgate.plan.budgets_file import read_plan

if TYPE_CHECKING:
    from perfgate.plan.plan import Plan

BUDGETS = "budgets.toml"


def read(path: Path | None) -> tuple[Plan | None, list[Finding]]:
    """The plan, and what was found in reading it.

    Args:
        path: the file; None looks for `budgets.toml` here, where there may be none yet.
    """
    if path is None and not Path(BUDGETS).exists():
        mend = "write one with `perfgate init`"
        return None, [Finding("warn", BUDGETS, f"there is none in {Path.cwd()}", mend, "file")]
    path = path or Path(BUDGETS)
    try:
        plan = read_plan(path)
    except PerfgateError as error:
        detail = f"{error.place}: {error.message}" if error.place else error.message
        return None, [Finding("fail", path.name, detail, error.hint or "mend the file", "file")]
    detail = f"{_several(len(plan.services), 'service')}, {_several(len(plan.loads), 'load')}"
    scenarios = dict.fromkeys(service.scenario for service in plan.services.values())
    return plan, [Finding("ok", path.name, detail, area="file"), *map(scenario, scenarios)]


def most_users(plan: Plan | None) -> int:
    """The largest number of users that any load may have; 0 without a plan, and for a scenario's own shape."""
    if plan is None:
        return 0
    peaks = (
        load.max_users if load.model == "open" else load.profile.peak if load.profile else 0
        for load in plan.loads.values()
    )
    return int(max(peaks, default=0))


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
