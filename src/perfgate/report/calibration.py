"""A calibration as text, and as a picture: how small a slowdown is found after how long."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from perfgate.judge.words import counted, label, number, quantity
from perfgate.report.element import element, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from perfgate.compare.calibration import Calibration, Detectable

_ASKED_PERCENT = 5.0  # above what is tolerated
_LONGEST_TOLD_S = 3600.0
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 320, 56, 120, 34, 40
_COLOURS = {"mean": "#666666", "p50": "#1f77b4", "p95": "#d62728"}


def render(found: Calibration, place: str) -> str:
    """The calibration as text, without a newline at its end; `place` names what was calibrated."""
    low, high = found.false_alarm_interval
    lines = [
        f"{place}: {counted(found.rounds, 'comparison')} of the service with itself",
        (
            f"  falsely red: {found.reds} of {found.rounds} ({_percent(found.reds / found.rounds)}; "
            f"95 % interval {_percent(low)} to {_percent(high)}); undecided: {found.undecided}"
        ),
        "  spread of changes that are none: "
        + ", ".join(f"{_called(metric)} {_percent(spread / 100)}" for metric, spread in found.spread_percent.items()),
        "",
        f"the smallest slowdown that is found in 9 of 10 cases ({number(found.tolerated_percent)} % is tolerated):",
        *_table([row for row in found.detectable if row.by_metric]),
        "",
        *_sentences(found),
    ]
    return "\n".join(lines)


def _percent(share: float) -> str:
    return quantity(share, "share")


def _table(rows: Sequence[Detectable]) -> Iterator[str]:
    if not rows:
        yield "  too few pairs: measure longer"
        return
    metrics = [metric for metric in _COLOURS if any(metric in row.by_metric for row in rows)]
    yield "  ".join(
        ["  time", " pairs", *(f"{_called(metric):>{_width(metric)}}" for metric in metrics), "  worst endpoint's p95"]
    )
    for row in rows:
        cells = [f"{_found(row.by_metric.get(metric)):>{_width(metric)}}" for metric in metrics]
        yield "  ".join([f"{row.duration_s:>5.0f}s", f"{row.pairs:>6}", *cells, f"{_found(row.worst.get('p95')):>22}"])


def _called(metric: str) -> str:
    """As in the comparison itself, whose mean is the geometric one."""
    return label(metric, "paired")


def _width(metric: str) -> int:
    return max(9, len(_called(metric)))


def _found(value: float | None) -> str:
    return "-" if value is None else f"+{value:.1f} %"


def _sentences(found: Calibration) -> Iterator[str]:
    if not found.detectable:
        return
    last = found.detectable[-1]
    seen = ", ".join(
        f"{_found(last.by_metric[metric])} {metric}" for metric in ("p50", "p95") if metric in last.by_metric
    )
    yield f"on this machine {last.duration_s:.0f} s finds {seen}"
    asked = found.tolerated_percent + _ASKED_PERCENT
    for metric in ("p50", "p95"):
        needed = found.needed_s(metric, asked)
        if needed is not None:
            yield f"for +{number(asked)} % {metric} you need {_time(needed)}"


def _time(seconds: float) -> str:
    if seconds > _LONGEST_TOLD_S:
        return "more than an hour: it is not found here in practice"
    return f"{max(seconds, 1):.0f} s"


def picture(found: Calibration, place: str) -> str:
    """The table as an SVG document: time on a logarithmic axis, the slowdown that is found above it."""
    rows = [row for row in found.detectable if row.by_metric]
    root = element(
        "svg",
        *(_drawing(rows, place) if rows else [_text(_WIDTH / 2, _HEIGHT / 2, "too few pairs", "middle")]),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=_WIDTH,
        height=_HEIGHT,
        role="img",
        style="background:#fff;font:12px sans-serif",
    )
    return f"{written(root)}\n"


def _drawing(rows: Sequence[Detectable], place: str) -> Iterator[Element]:
    highest = max(value for row in rows for value in row.by_metric.values()) * 1.1 or 1.0
    yield _text(_LEFT, 18, f"{place}: smallest slowdown found, by time of comparison", "start")
    step = _step(highest)
    for tick in range(int(highest / step) + 1):
        y = _y(tick * step, highest)
        yield element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, stroke="#dddddd")
        yield _text(_LEFT - 6, y + 4, f"+{number(tick * step)} %", "end")
    for row in rows:
        x = _x(row.duration_s, rows)
        yield _text(x, _HEIGHT - _BOTTOM + 18, f"{row.duration_s:.0f} s", "middle")
    for metric, colour in _COLOURS.items():
        yield from _curve(rows, metric, colour, highest)


def _curve(rows: Sequence[Detectable], metric: str, colour: str, highest: float) -> Iterator[Element]:
    points = [(_x(row.duration_s, rows), _y(row.by_metric[metric], highest)) for row in rows if metric in row.by_metric]
    if not points:
        return
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield element("polyline", points=path, fill="none", stroke=colour, style="stroke-width:2")
    for x, y in points:
        yield element("circle", cx=x, cy=y, r=3, fill=colour)
    x, y = points[-1]
    yield _text(x + 8, y + 4, _called(metric), "start", colour)


def _step(highest: float) -> float:
    return next(step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1e9) if highest / step <= 8)


def _x(duration_s: float, rows: Sequence[Detectable]) -> float:
    first, last = log(rows[0].duration_s), log(rows[-1].duration_s)
    share = (log(duration_s) - first) / (last - first) if last > first else 0.5
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(percent: float, highest: float) -> float:
    return _HEIGHT - _BOTTOM - percent / highest * (_HEIGHT - _TOP - _BOTTOM)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#222222") -> Element:
    return element("text", text, x=x, y=y, fill=colour, style=f"text-anchor:{anchor}")
