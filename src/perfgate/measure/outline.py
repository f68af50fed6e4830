"""The outline of a recording: all that it says but its requests, which may be far more than memory holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.measure.column import Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from perfgate.measure.recording import Begin, End, Tick


@dataclass
class Reach:
    """In which seconds requests are, of how many entries: known before they are read.

    Attributes:
        phases: the first and the last second with requests of each phase.
        final: by second: the number of the last entry, counted from 0, with requests of that second; a slow request is
            in the entry of the second in which it ended.
        entries: how many there are.
    """

    phases: dict[str, tuple[int, int]] = field(default_factory=dict)
    final: Column[int] = field(default_factory=lambda: Column("q", -1))
    entries: int = 0

    def note(self, places: Iterable[tuple[str, int]]) -> None:
        """Take the places (phase, second) of one entry's requests."""
        for phase, second in places:
            first, last = self.phases.get(phase, (second, second))
            self.phases[phase] = min(first, second), max(last, second)
            self.final[second] = self.entries
        self.entries += 1

    @classmethod
    def of(cls, entries: Iterable[Iterable[tuple[str, int]]]) -> Reach:
        """Of the places of every entry, in order."""
        reach = cls()
        for places in entries:
            reach.note(places)
        return reach


@dataclass
class Outline:
    """A recording without its requests.

    Attributes:
        ticks: one for each entry, in order of time.
        reach: where the requests are.
    """

    begin: Begin | None
    end: End | None
    ticks: list[Tick]
    reach: Reach

    @property
    def driven_s(self) -> float:
        """How long the load was driven; of a killed engine, up to the last second that it wrote down."""
        if self.end:
            return self.end.duration_s
        return float(self.ticks[-1].second + 1) if self.ticks else 0.0
