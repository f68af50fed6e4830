"""The budgets file: whether it can be read, and what it asks of the machine."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from perfgate.doctor.finding import Finding
from perfgate.doctor.needs import needs
from perfgate.doctor.scenario import scenario
from perfgate.errors import PerfgateError
from perfgate.plan.budgets_file import budgets_schema, read_plan
from perfgate.reading import LARGEST_SOURCE, read_bytes

if TYPE_CHECKING:
    from perfgate.plan.plan import Plan

BUDGETS = "budgets.toml"
# As Taplo and Even Better TOML read it: among the comments at the head of the file.
_DIRECTIVE = re.compile(r"(?:[^\S\n]*(?:#(?!:schema)[^\n]*)?\n)*#:schema[^\S\n]+(\S+)")


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
        return None, [Finding.failed(path.name, error, "mend the file", "file")]
    detail = f"{_several(len(plan.services), 'service')}, {_several(len(plan.loads), 'load')}"
    scenarios = dict.fromkeys(service.scenario for service in plan.services.values())
    found = [Finding("ok", path.name, detail, area="file"), *_schema(plan), *map(scenario, scenarios)]
    return plan, [*found, *(need for service in plan.services.values() for need in needs(service, os.environ))]


def _schema(plan: Plan) -> list[Finding]:
    """Whether the schema that the file names for editors is there and, where it is perfgate's, is this one's."""
    found = _DIRECTIVE.match(plan.text)
    if found is None or "://" in found[1]:
        return []
    path = plan.root / found[1]
    mend = f"perfgate schema budgets > {shlex.quote(str(path))}"
    try:
        written = json.loads(read_bytes(path, LARGEST_SOURCE))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not JSON"
        return [Finding("warn", path.name, f"editors cannot complete {plan.path.name}: {why}", mend, "file")]
    schema = budgets_schema()
    if not isinstance(written, dict) or written.get("title") != schema["title"] or written == schema:
        return []
    return [Finding("warn", path.name, "editors go by it, and it is of another version of perfgate", mend, "file")]


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
