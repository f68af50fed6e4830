"""An axis that starts at 0 and ends at a round number, in the unit that suits its largest value."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Unit of the values: the units to choose from, as (name, size of one in the values' unit), largest first.
_SCALES: dict[str, tuple[tuple[str, float], ...]] = {
    "ms": (("s", 1000.0), ("ms", 1.0), ("µs", 1e-3), ("ns", 1e-6)),
    "bytes": (("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1.0)),
    "cores": (("%", 0.01),),
    "/s": (("/s", 1.0),),
}


@dataclass(frozen=True)
class Axis:
    """Ticks from 0 to `top`.

    Attributes:
        top: the end of the axis, in the values' unit.
        step: the distance between two ticks, in the values' unit.
        unit: what the tick labels are in, e.g. `ms`.
        size: one `unit` in the values' unit.
    """

    top: float
    step: float
    unit: str
    size: float

    @property
    def ticks(self) -> list[float]:
        """Where the ticks stand, in the values' unit."""
        return [number * self.step for number in range(math.floor(self.top / self.step + 1e-9) + 1)]

    def label(self, tick: float) -> str:
        """A tick's number in `unit`, with as many decimals as the step needs."""
        return f"{tick / self.size:,.{_decimals(self.step / self.size)}f}"


def _decimals(step: float) -> int:
    return next((places for places in range(9) if abs(step - round(step, places)) < step * 1e-6), 9)


def axis_to(largest: float, unit: str, *, ticks: int = 4) -> Axis:
    """The axis for values from 0 to `largest`.

    Steps are 1, 2, 2.5 or 5 times a power of ten; integers for counted things (`users`).

    Args:
        largest: in `unit`; 0 or less gives an axis to 1.
        unit: `ms`, `bytes`, `cores`, `/s`, or anything else, which is shown as it is.
        ticks: about how many steps.
    """
    largest = largest if largest > 0 and math.isfinite(largest) else 1.0
    name, size = _suited(largest, unit)
    step = _round_step(largest / size / ticks, whole=unit == "users") * size
    return Axis(math.ceil(largest / step - 1e-9) * step, step, name, size)


def _suited(largest: float, unit: str) -> tuple[str, float]:
    scales = _SCALES.get(unit, ((unit, 1.0),))
    return next((scale for scale in scales if largest >= scale[1]), scales[-1])


def _round_step(rough: float, *, whole: bool) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))
    return max(1.0, math.ceil(step)) if whole else step


def seconds_axis(longest_s: float, *, ticks: int = 8) -> Axis:
    """The axis of time, of at most so many steps that people count in (5 s, 1 min, 15 min, 1 h)."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
    step = next((step for step in steps if longest_s / step <= ticks), math.ceil(longest_s / ticks / 86400) * 86400)
    unit, size = ("s", 1.0) if step < 60 else ("min", 60.0) if step < 3600 else ("h", 3600.0)
    return Axis(max(longest_s, 1.0), float(step), unit, size)
