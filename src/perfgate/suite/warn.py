"""Warnings of pytest's: a broken warning limit, and a verdict that nobody looked at."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from perfgate.suite.words import source_line

if TYPE_CHECKING:
    from pathlib import Path


class PerfgateWarning(UserWarning):
    """A warning limit is broken, or a test passed without having looked at what is red."""


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
