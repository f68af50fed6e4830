"""A curve as one line of text, for where no picture can be shown."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
GAP = "·"  # nothing is known


def sparkline(values: Sequence[float | None], width: int = 24) -> str:
    """The curve from 0 to its largest value, the largest of each stretch; empty when nothing is known.

    Args:
        values: in order of time; None is a gap.
        width: at most so many characters.
    """
    stretches = _stretches(values, width)
    largest = max((value for value in stretches if value is not None), default=None)
    if largest is None:
        return ""
    return "".join(GAP if value is None else _level(value, largest) for value in stretches)


def _stretches(values: Sequence[float | None], width: int) -> list[float | None]:
    count = min(width, len(values))
    bounds = [index * len(values) // count for index in range(count + 1)] if count else []
    groups = [values[start:end] for start, end in pairwise(bounds)]
    return [max((value for value in group if value is not None), default=None) for group in groups]


def _level(value: float, largest: float) -> str:
    share = value / largest if largest > 0 else 0.0
    return LEVELS[min(max(int(share * len(LEVELS)), 0), len(LEVELS) - 1)]
