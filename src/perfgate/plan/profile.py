"""A load profile: how many users, or arrivals per second, there are at each moment, as a pure value.

A profile is a piecewise linear curve made of segments; each segment belongs to a phase. Profiles add together
(`base + burst`), stretch (`profile.scaled(0.1)`), and know their integral, which is the number of arrivals that an
open model owes by any moment.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import sqrt
from typing import Any

RAMP = "ramp"
WARM_UP = "warm_up"
STEADY = "steady"
SPIKE = "spike"
RECOVERY = "recovery"
DRAIN = "drain"  # after the profile's end, while users finish; never part of a profile


def step_phase(number: int) -> str:
    """The name of the phase of stress step `number`, counted from 1."""
    return f"step_{number}"


@dataclass(frozen=True)
class Segment:
    """A stretch of time [start_s, end_s) on which the level goes linearly from `start_level` to `end_level`."""

    start_s: float
    end_s: float
    start_level: float
    end_level: float
    phase: str = STEADY

    def level_at(self, t_s: float) -> float:
        """The level at `t_s` seconds, which must lie in the segment."""
        share = (t_s - self.start_s) / (self.end_s - self.start_s)
        return self.start_level + share * (self.end_level - self.start_level)

    @property
    def area(self) -> float:
        """The integral of the level over the segment (level-seconds; arrivals when the level is a rate)."""
        return (self.start_level + self.end_level) / 2 * (self.end_s - self.start_s)

    def time_of_area(self, area: float) -> float:
        """The moment at which the integral from the segment's start reaches `area`: the root of a parabola."""
        if area <= 0:
            return self.start_s  # a ramp from 0 would divide 0 by 0
        slope = (self.end_level - self.start_level) / (self.end_s - self.start_s)
        root = sqrt(max(self.start_level**2 + 2 * slope * area, 0.0))
        # The form 2c / (b + root) has no cancellation when the slope is small.
        return self.start_s + 2 * area / (self.start_level + root) if self.start_level + root else self.end_s


@dataclass(frozen=True)
class Phase:
    """A named stretch of the profile, merged from neighbouring segments of the same name."""

    name: str
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """How long the phase is planned to last, in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Profile:
    """Segments in order of time, without gaps, from 0."""

    segments: tuple[Segment, ...]

    @property
    def duration_s(self) -> float:
        """The planned length in seconds."""
        return self.segments[-1].end_s if self.segments else 0.0

    @property
    def peak(self) -> float:
        """The highest level."""
        return max((max(s.start_level, s.end_level) for s in self.segments), default=0.0)

    @cached_property
    def _starts(self) -> list[float]:
        return [segment.start_s for segment in self.segments]

    def segment_at(self, t_s: float) -> Segment | None:
        """The segment that holds moment `t_s`, or None before 0 and from the end on."""
        if not 0 <= t_s < self.duration_s:
            return None
        return self.segments[bisect_right(self._starts, t_s) - 1]

    def level_at(self, t_s: float) -> float:
        """Users, or arrivals per second, at `t_s` seconds; 0 outside the profile."""
        segment = self.segment_at(t_s)
        return segment.level_at(t_s) if segment else 0.0

    def phase_at(self, t_s: float) -> str:
        """The phase's name at `t_s` seconds; `drain` from the end on."""
        segment = self.segment_at(t_s)
        return segment.phase if segment else DRAIN

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases in order; neighbouring segments of one name are one phase."""
        phases: list[Phase] = []
        for segment in self.segments:
            if phases and phases[-1].name == segment.phase:
                phases[-1] = replace(phases[-1], end_s=segment.end_s)
            else:
                phases.append(Phase(segment.phase, segment.start_s, segment.end_s))
        return tuple(phases)

    @property
    def area(self) -> float:
        """The integral over the whole profile: the number of arrivals that an open model owes."""
        return sum(segment.area for segment in self.segments)

    def scaled(self, factor: float) -> Profile:
        """The same curve with every duration multiplied by `factor`."""
        return Profile(tuple(replace(s, start_s=s.start_s * factor, end_s=s.end_s * factor) for s in self.segments))

    def shared(self, share: float) -> Profile:
        """The same curve with every level multiplied by `share`, for one of several generators."""
        return Profile(
            tuple(replace(s, start_level=s.start_level * share, end_level=s.end_level * share) for s in self.segments)
        )

    def __add__(self, other: Profile) -> Profile:
        """The sum of two curves; where both have a phase, the left one names it."""
        ends = sorted({0.0, *(edge for s in (*self.segments, *other.segments) for edge in (s.start_s, s.end_s))})
        return Profile(tuple(_sum_on(self, other, start, end) for start, end in pairwise(ends)))

    def to_dict(self) -> dict[str, Any]:
        """A JSON value that `from_dict` reads back."""
        return {"segments": [asdict(segment) for segment in self.segments]}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Profile:
        """The inverse of `to_dict`."""
        return cls(tuple(Segment(**segment) for segment in value["segments"]))


def _sum_on(left: Profile, right: Profile, start_s: float, end_s: float) -> Segment:
    middle = (start_s + end_s) / 2
    parts = [segment for segment in (left.segment_at(middle), right.segment_at(middle)) if segment]
    return Segment(
        start_s,
        end_s,
        sum(part.level_at(start_s) for part in parts),
        sum(part.level_at(end_s) for part in parts),
        parts[0].phase if parts else STEADY,
    )


def _chain(pieces: list[tuple[float, float, float, str]]) -> Profile:
    """Pieces of (duration_s, from level, to level, phase) one after the other; empty ones are left out."""
    segments: list[Segment] = []
    now = 0.0
    for duration_s, start_level, end_level, phase in pieces:
        if duration_s > 0:
            segments.append(Segment(now, now + duration_s, start_level, end_level, phase))
            now += duration_s
    return Profile(tuple(segments))


def hold(level: float, duration_s: float, *, ramp_up_s: float = 0.0, warm_up_s: float = 0.0) -> Profile:
    """A constant level after a linear ramp; `duration_s` is the whole, ramp and warm-up included."""
    return _chain(
        [
            (ramp_up_s, 0.0, level, RAMP),
            (warm_up_s, level, level, WARM_UP),
            (duration_s - ramp_up_s - warm_up_s, level, level, STEADY),
        ]
    )


STEP_RAMP_SHARE = 0.2


def steps(levels: list[float], step_s: float) -> Profile:
    """Stress: each level held for `step_s`, of which the first fifth climbs there and is not judged."""
    pieces: list[tuple[float, float, float, str]] = []
    for number, (before, level) in enumerate(pairwise([0.0, *levels]), start=1):
        pieces.append((step_s * STEP_RAMP_SHARE, before, level, RAMP))
        pieces.append((step_s * (1 - STEP_RAMP_SHARE), level, level, step_phase(number)))
    return _chain(pieces)


def spike(  # noqa: PLR0913  (each is one key of the load's table)
    level: float, spike_level: float, *, spike_at_s: float, spike_duration_s: float, duration_s: float, ramp_up_s: float
) -> Profile:
    """A constant level with one sudden burst; what follows the burst is the `recovery` phase."""
    return _chain(
        [
            (ramp_up_s, 0.0, level, RAMP),
            (spike_at_s - ramp_up_s, level, level, STEADY),
            (spike_duration_s, spike_level, spike_level, SPIKE),
            (duration_s - spike_at_s - spike_duration_s, level, level, RECOVERY),
        ]
    )
