"""Names of services, loads, custom metrics and artifacts: folder names, labels, keys of budgets, globs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from perfgate.plan.budget import METRICS
from perfgate.plan.tables import NAME_PATTERN
from perfgate.plan.units import shown

if TYPE_CHECKING:
    from perfgate.plan.findings import Place


def check_name(name: str, place: Place) -> None:
    """Report a name that could not be a folder's."""
    if not re.fullmatch(NAME_PATTERN, name):
        place.wrong(
            f"{shown(name)} is not a usable name",
            "write up to 64 letters, digits, dots, hyphens and underscores, not beginning with a dot or hyphen",
        )


def check_load_name(name: str, place: Place) -> None:
    """Report a load's name that could not be told from a limit's in a budget table."""
    check_name(name, place)
    if name in METRICS or name == "metrics":
        place.wrong(
            f"{shown(name)} is the name of a limit, and a budget table could not tell the two", "rename the load"
        )


def check_pattern(pattern: str, place: Place) -> None:
    """Report an artifact's path or glob that cannot be looked for below the folder of the file."""
    parts = pattern.split("/")
    if not pattern.strip("./") or pattern.startswith("/") or "\0" in pattern:
        place.wrong(f"{shown(pattern)} is not a path below the folder of this file", 'write e.g. "dist/app.js"')
    elif any("**" in part and part != "**" for part in parts):
        place.wrong("in a glob, ** stands for folders and cannot be part of a name", 'write e.g. "dist/**/*.js"')
