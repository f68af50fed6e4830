"""Windows: the stretches of time in which a phase was really driven."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STEADY = "steady"
DRAIN = "drain"
NOT_JUDGED = frozenset({"ramp", "warm_up", DRAIN})


class Span(Protocol):
    """A planned stretch of one phase; a profile's segment is one. Times in seconds from the load's start."""

    @property
    def phase(self) -> str:
        """The phase it belongs to."""

    @property
    def start_s(self) -> float:
        """Its first moment."""

    @property
    def end_s(self) -> float:
        """The moment after its last."""

    def level_at(self, t_s: float) -> float:
        """Users, or arrivals per second, at `t_s`."""


@dataclass(frozen=True)
class Window:
    """A phase as it was driven: one stretch, or, for the ramps of a stress load, several.

    Attributes:
        parts: (start, end) of each stretch, in order, in seconds from the load's start.
        level: users, or arrivals per second, at its end; None where no profile says so.
        left_out: seconds whose requests are not in the recording any more (see `steps`).
    """

    name: str
    parts: tuple[tuple[float, float], ...]
    level: float | None = None
    left_out: frozenset[int] = frozenset()

    @property
    def start_s(self) -> float:
        """When it began."""
        return self.parts[0][0]

    @property
    def end_s(self) -> float:
        """When it ended."""
        return self.parts[-1][1]

    @property
    def duration_s(self) -> float:
        """How long it was driven, all parts together."""
        return sum(end - start for start, end in self.parts)

    @property
    def measured_s(self) -> float:
        """How much of that was measured: without the seconds that are left out. Rates are per second of this."""
        lost = sum(
            max(min(end, second + 1) - max(start, second), 0.0) for second in self.left_out for start, end in self.parts
        )
        return self.duration_s - lost

    @property
    def judged(self) -> bool:
        """Whether budgets and the generator's limits hold in it."""
        return self.name not in NOT_JUDGED

    def holds(self, moment_s: float) -> bool:
        """Whether the moment lies in it."""
        return any(start <= moment_s < end for start, end in self.parts)

    def share_at(self, second: int) -> float:
        """Where the middle of a second lies between the start (0) and the end (1)."""
        return (second + 0.5 - self.start_s) / (self.end_s - self.start_s)


def windows_of(
    spans: Sequence[Span] | None,
    driven_s: float,
    reached: Mapping[str, tuple[int, int]],
    left_out: frozenset[int] = frozenset(),
) -> list[Window]:
    """The phases that were driven, in order of time.

    Args:
        spans: the plan; None is one steady phase (a scenario's own shape).
        driven_s: how long the plan was driven.
        reached: the first and the last second with requests of each phase; one that only they know, such as the drain,
            is as long as they are.
        left_out: seconds whose requests do not count.
    """
    planned = _planned(spans, driven_s)
    known = {window.name for window in planned}
    unplanned = [
        Window(name, ((float(first), float(last + 1)),)) for name, (first, last) in reached.items() if name not in known
    ]
    found = [replace(window, left_out=left_out) for window in (*planned, *unplanned)]
    return sorted(found, key=lambda window: window.start_s)


def _planned(spans: Sequence[Span] | None, driven_s: float) -> list[Window]:
    if spans is None:
        return [Window(STEADY, ((0.0, driven_s),))] if driven_s > 0 else []
    parts: dict[str, list[tuple[float, float]]] = {}
    levels: dict[str, float] = {}
    for span in spans:
        if span.start_s < driven_s:
            end_s = min(span.end_s, driven_s)
            parts.setdefault(span.phase, []).append((span.start_s, end_s))
            levels[span.phase] = span.level_at(end_s)
    return [Window(name, tuple(stretches), levels[name]) for name, stretches in parts.items()]


def window_at(windows: Sequence[Window], moment_s: float) -> Window | None:
    """The window that holds the moment; None outside all of them."""
    return next((window for window in windows if window.holds(moment_s)), None)


def is_judged(windows: Sequence[Window], second: int) -> bool:
    """Whether the middle of the second lies in a judged phase."""
    window = window_at(windows, second + 0.5)
    return window is not None and window.judged
