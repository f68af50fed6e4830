"""A chart over time as inline SVG: lines with gaps where nothing is known, phases shaded, limits dashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from perfgate.judge.words import counted
from perfgate.report.axis import Axis, axis_to, seconds_axis
from perfgate.report.element import decimal, element
from perfgate.report.tables import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from xml.etree.ElementTree import Element

WIDE, SMALL, HEIGHT = 560, 372, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 22, 26
MOST_POINTS = 300
_FARTHEST_LIMIT = 4.0  # a limit this many times above the data is named, not drawn: it would flatten the data
_CHARACTER = 6.2  # about the width of one character of a label


@dataclass(frozen=True)
class Line:
    """One curve; `values[i]` is the value of second i, None where nothing is known.

    Attributes:
        style: the CSS class that colours it.
        reduce: what one point shows when it stands for several seconds.
        filled: whether the area down to 0 is filled.
    """

    name: str
    style: str
    values: Sequence[float | None]
    reduce: Callable[[Sequence[float]], float]
    filled: bool = False


@dataclass(frozen=True)
class Band:
    """A phase; what is not judged is shaded."""

    name: str
    start_s: float
    end_s: float
    judged: bool


@dataclass(frozen=True)
class LimitLine:
    """A limit over the stretch of time in which it is judged; `least` when values are to stay above it."""

    name: str
    style: str
    value: float
    start_s: float
    end_s: float
    tier: str = "fail"
    least: bool = False


@dataclass(frozen=True)
class Chart:
    """What is drawn; see `figure`.

    Attributes:
        unit: of the values: `ms`, `/s`, `users`, `cores` or `bytes`.
        note: how a point that stands for several seconds was reduced, e.g. `the worst`.
        width: of the drawing, `WIDE` or `SMALL`; letters are of one size in both.
    """

    title: str
    unit: str
    lines: Sequence[Line]
    bands: Sequence[Band]
    limits: Sequence[LimitLine] = ()
    note: str = ""
    width: int = WIDE

    @property
    def length_s(self) -> int:
        """How many seconds the longest line has."""
        return max((len(line.values) for line in self.lines), default=0)

    @property
    def known(self) -> list[float]:
        """All values that are known."""
        return [value for line in self.lines for value in line.values if value is not None]


@dataclass(frozen=True)
class _Plot:
    """Where seconds and values lie in the drawing."""

    x_axis: Axis
    y_axis: Axis
    width: int

    @property
    def right(self) -> int:
        return self.width - RIGHT

    def x(self, second: float) -> float:
        inside = min(max(second, 0.0), self.x_axis.top)
        return LEFT + (self.right - LEFT) * inside / self.x_axis.top

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(value / self.y_axis.top, 0.0), 1.0)


def figure(chart: Chart) -> Element | None:
    """The chart with its caption and legend; None when nothing is known, because an empty chart says nothing."""
    if not chart.known:
        return None
    width_s = -(-chart.length_s // MOST_POINTS)
    lines = [(line, reduced(line, width_s)) for line in chart.lines]
    shown, beyond = _limits_in_reach(chart, [value for _, values in lines for value in values if value is not None])
    largest = max([value for _, values in lines for value in values if value is not None] + [x.value for x in shown])
    plot = _Plot(
        seconds_axis(float(chart.length_s), ticks=8 if chart.width == WIDE else 5),
        axis_to(largest, chart.unit),
        chart.width,
    )
    svg = element(
        "svg",
        element("title", f"{chart.title} over time"),
        (_band(plot, band) for band in chart.bands),
        _grid(plot),
        (drawn for line, values in lines for drawn in _curve(plot, line, values, width_s)),
        _limits(plot, shown, chart.unit),
        (_tooltip(plot, chart, lines, index, width_s) for index in range(len(lines[0][1]))),
        viewBox=f"0 0 {chart.width} {HEIGHT}",
        role="img",
    )
    return element(
        "figure", _caption(chart, plot, beyond, width_s), svg, class_="wide" if chart.width == WIDE else "small"
    )


def reduced(line: Line, width_s: int) -> list[float | None]:
    """The line with one point per `width_s` seconds; None where none of them is known."""
    groups = (line.values[start : start + width_s] for start in range(0, len(line.values), width_s))
    known = ([value for value in group if value is not None] for group in groups)
    return [line.reduce(values) if values else None for values in known]


def _limits_in_reach(chart: Chart, values: Sequence[float]) -> tuple[list[LimitLine], list[LimitLine]]:
    reach = max(values) * _FARTHEST_LIMIT
    shown = [limit for limit in chart.limits if limit.value <= reach]
    return shown, [limit for limit in chart.limits if limit.value > reach]


def _caption(chart: Chart, plot: _Plot, beyond: Sequence[LimitLine], width_s: int) -> Element:
    keys = (
        element("span", element("i", class_=f"key {line.style}"), line.name, class_="legend") for line in chart.lines
    )
    limits = ", ".join(f"{limit.name} {number(limit.value, chart.unit)}" for limit in beyond)
    notes = [f"above the chart: {limits}"] if limits else []
    if width_s > 1:
        notes.append(f"one point is {chart.note} of {counted(width_s, 'second')}")
    unit = f" ({plot.y_axis.unit})" if plot.y_axis.unit != chart.title.lower() else ""
    return element(
        "figcaption",
        element("b", f"{chart.title}{unit}"),
        keys,
        element("span", "; ".join(notes), class_="note") if notes else None,
    )


def _band(plot: _Plot, band: Band) -> Element:
    left, right = plot.x(band.start_s), plot.x(band.end_s)
    label = None
    if len(band.name) * _CHARACTER + 6 < right - left:
        label = element("text", band.name, x=left + 3, y=TOP - 6, class_="phase")
    style = "band judged" if band.judged else "band"
    box = element("rect", x=left, y=TOP, width=right - left, height=HEIGHT - TOP - BOTTOM, class_=style)
    edge = element("line", x1=left, x2=left, y1=TOP - 14, y2=HEIGHT - BOTTOM, class_="edge")
    return element("g", element("title", f"phase {band.name}"), box, edge, label)


def _grid(plot: _Plot) -> Iterator[Element]:
    for tick in plot.y_axis.ticks:
        y = plot.y(tick)
        yield element("line", x1=LEFT, x2=plot.right, y1=y, y2=y, class_="grid" if tick else "zero")
        yield element("text", plot.y_axis.label(tick), x=LEFT - 6, y=y + 4, text_anchor="end")
    for tick in plot.x_axis.ticks:
        x = plot.x(tick)
        unit = f" {plot.x_axis.unit}" if tick == plot.x_axis.ticks[-1] else ""
        anchor = "end" if x > plot.right - 20 else "middle"
        yield element("text", plot.x_axis.label(tick) + unit, x=x, y=HEIGHT - 8, text_anchor=anchor)


def _middle(index: int, width_s: int) -> float:
    return (index + 0.5) * width_s


def _stretches(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """The parts of a line between its gaps, as (index, value)."""
    stretch: list[tuple[int, float]] = []
    for index, value in enumerate([*values, None]):
        if value is not None:
            stretch.append((index, value))
        elif stretch:
            yield stretch
            stretch = []


def _curve(plot: _Plot, line: Line, values: Sequence[float | None], width_s: int) -> Iterator[Element]:
    for stretch in _stretches(values):
        points = [(plot.x(_middle(index, width_s)), plot.y(value)) for index, value in stretch]
        path = "M" + "L".join(f"{decimal(x)} {decimal(y)}" for x, y in points)
        if line.filled and len(points) > 1:
            floor = decimal(plot.y(0))
            area = f"{path}L{decimal(points[-1][0])} {floor}L{decimal(points[0][0])} {floor}Z"
            yield element("path", d=area, class_=f"area {line.style}")
        # A lone point between two gaps: a line of no length with round ends is a dot.
        yield element("path", d=path if len(points) > 1 else f"{path}h0", class_=f"line {line.style}")


def _limits(plot: _Plot, limits: Sequence[LimitLine], unit: str) -> Iterator[Element]:
    """The lines, and their labels at the right end, or at the left where the label before is too near."""
    before, at_right = float("-inf"), False
    for limit in sorted(limits, key=lambda limit: limit.value):
        y, left, right = plot.y(limit.value), plot.x(limit.start_s), plot.x(limit.end_s)
        yield element("line", x1=left, x2=right, y1=y, y2=y, class_=f"limit {limit.tier} {limit.style}")
        label_y = y - 4 if y - 14 > TOP and not limit.least else y + 12
        at_right = not (at_right and abs(label_y - before) < 12)
        before = label_y
        text = f"{limit.name} {number(limit.value, unit)}"
        # A label that does not fit on a short stretch still has to stay inside the drawing.
        end = max(right - 4, LEFT + 4 + len(text) * _CHARACTER)
        x, anchor = (end, "end") if at_right else (left + 4, "start")
        yield element("text", text, x=x, y=label_y, text_anchor=anchor, class_="at")


def _tooltip(
    plot: _Plot, chart: Chart, lines: Sequence[tuple[Line, list[float | None]]], index: int, width_s: int
) -> Element:
    start, end = index * width_s, (index + 1) * width_s
    when = f"second {start}" if width_s == 1 else f"seconds {start} to {end - 1}"
    facts = [f"{line.name} {number(values[index], chart.unit)}" for line, values in lines if index < len(values)]
    return element(
        "rect",
        element("title", f"{when}: {', '.join(facts)}"),
        x=plot.x(start),
        y=TOP,
        width=plot.x(end) - plot.x(start),
        height=HEIGHT - TOP - BOTTOM,
        class_="tip",
    )
