"""A broken warning limit as a warning of pytest's."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from perfgate.suite.words import source_line

if TYPE_CHECKING:
    from pathlib import Path


class PerfgateWarning(UserWarning):
    """A warning limit is broken."""


def warn(words: str, budgets: Path, source: str) -> None:
    """Warn, as if from the limit's line in the budgets file.

    Args:
        words: of the warning.
        budgets: the file.
        source: of the limit, `budgets.toml:42`.

    Raises:
        PerfgateWarning: the project's filters make errors of warnings.
    """
    warnings.warn_explicit(PerfgateWarning(words), None, str(budgets), source_line(source))
