"""A change as a small picture: a line for its interval, a dot for the estimate, dashes for what is tolerated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.words import signed_percent
from perfgate.report.changes import change_told, tolerated_percent
from perfgate.report.element import element

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from perfgate.report.tables import CheckRow

WIDTH, HEIGHT = 200.0, 24.0
_EDGE = 8.0  # room for an arrowhead
# Intervals are drawn as far as 5 times what is tolerated, estimates as far as 20: a wild one would flatten all others.
_MOST_TIMES, _MOST_TIMES_ESTIMATE = 5.0, 20.0
_LEAST_PERCENT = 2.0


@dataclass(frozen=True)
class Axis:
    """The changes, in percent, that the pictures of one table span; zero is among them."""

    low: float
    high: float

    def x(self, percent: float) -> float:
        """Where a change is drawn; what lies beyond is drawn at the edge."""
        share = (percent - self.low) / (self.high - self.low)
        return _EDGE + min(max(share, 0.0), 1.0) * (WIDTH - 2 * _EDGE)

    def holds(self, percent: float) -> bool:
        """Whether a change lies within."""
        return self.low <= percent <= self.high


def axis_of(rows: Iterable[CheckRow]) -> Axis:
    """One axis for all rows, so that their pictures can be compared."""
    shown = [row for row in rows if row.check.change_percent is not None]
    tolerated = [limit for row in shown if (limit := tolerated_percent(row)) is not None]
    estimates = [0.0, *tolerated, *(row.check.change_percent or 0.0 for row in shown)]
    values = [*estimates, *(end for row in shown for end in row.check.interval_percent or ())]
    unit = max([abs(limit) for limit in tolerated] or [max(map(abs, values)) / _MOST_TIMES])
    most = min(max(_MOST_TIMES * unit, *map(abs, estimates)), _MOST_TIMES_ESTIMATE * unit)
    low, high = max(min(values), -most), min(max(values), most)
    margin = max((high - low) * 0.05, _LEAST_PERCENT / 2)
    return Axis(low - margin, high + margin)


def picture(row: CheckRow, axis: Axis) -> Element | None:
    """The picture of one check, coloured by its decision; None when there is no change to draw."""
    check = row.check
    if check.change_percent is None:
        return None
    tolerated = tolerated_percent(row)
    told = change_told(row) + ("" if tolerated is None else f", tolerated {signed_percent(tolerated)}")
    middle = HEIGHT / 2
    return element(
        "svg",
        _upright("nothing", axis.x(0.0)),
        None if tolerated is None or not axis.holds(tolerated) else _upright("tolerated", axis.x(tolerated)),
        _interval(check.interval_percent, axis, middle),
        _estimate(check.change_percent, axis, middle),
        class_=f"plot {'accepted' if check.accepted else check.decision or 'none'}",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
        aria_label=told,
    )


def _upright(style: str, x: float) -> Element:
    return element("line", x1=x, x2=x, y1=1, y2=HEIGHT - 1, class_=style)


def _estimate(percent: float, axis: Axis, middle: float) -> Element:
    if not axis.holds(percent):
        return _arrow(axis.x(percent), middle, -1 if percent < axis.low else 1)
    return element("circle", cx=axis.x(percent), cy=middle, r=4, class_="dot")


def _interval(ends: tuple[float, float] | None, axis: Axis, middle: float) -> list[Element]:
    """The line, and an arrowhead where it goes on; without ends it goes on at both sides."""
    low, high = ends if ends is not None else (float("-inf"), float("inf"))
    drawn = [element("line", x1=axis.x(low), x2=axis.x(high), y1=middle, y2=middle, class_="whisker")]
    if not axis.holds(low):
        drawn.append(_arrow(axis.x(low), middle, -1))
    if not axis.holds(high):
        drawn.append(_arrow(axis.x(high), middle, 1))
    return drawn


def _arrow(x: float, middle: float, side: int) -> Element:
    tip = x + side * (_EDGE - 2)
    corners = f"M{x:.2f} {middle - 4:.2f}L{tip:.2f} {middle:.2f}L{x:.2f} {middle + 4:.2f}z"
    return element("path", d=corners, class_="dot")
