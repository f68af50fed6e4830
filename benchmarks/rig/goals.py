"""How a benchmark shows its figures: a table, and each goal held or missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def mark(held: bool) -> str:
    """The word for a goal that was held, or not."""
    return "ok" if held else "MISSED"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The first column to the left, the others to the right, as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        cells = [
            text.ljust(width) if n == 0 else text.rjust(width)
            for n, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())


def print_goal(words: str, figure: str, held: bool) -> None:
    """One goal, the figure that it is about, and whether it was held."""
    print(f"{mark(held):<7} {words}: {figure}")
