"""Sizes of built files, for file-size budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def sizes(root: Path, patterns: Iterable[str]) -> dict[str, int | None]:
    """The size in bytes of each path or glob below `root`, the matches of a glob summed; None where nothing matches."""
    return {pattern: _size(root, pattern) for pattern in patterns}


def _size(root: Path, pattern: str) -> int | None:
    files = [path for path in root.glob(pattern) if path.is_file()]
    return sum(path.stat().st_size for path in files) if files else None
