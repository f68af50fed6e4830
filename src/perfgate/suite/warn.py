"""A broken warning limit as a warning of pytest's."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class PerfgateWarning(UserWarning):
    """A warning limit is broken."""


def warn(words: str, budgets: Path) -> None:
    """Warn, as if from the budgets file.

    Raises:
        PerfgateWarning: the project's filters make errors of warnings.
    """
    warnings.warn_explicit(PerfgateWarning(words), None, str(budgets), 1)
