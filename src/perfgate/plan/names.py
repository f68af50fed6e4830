"""Names of services, loads and custom metrics: they become folder names, labels and keys of budgets."""

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
