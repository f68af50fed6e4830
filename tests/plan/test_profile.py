"""A load profile is a curve: its level, its phases and its area at any moment, and how curves combine."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfgate.plan.profile import (
    DRAIN,
    RAMP,
    RECOVERY,
    SPIKE,
    STEADY,
    WARM_UP,
    Phase,
    Profile,
    Segment,
    hold,
    spike,
    step_phase,
    steps,
)

DURATIONS = st.floats(0.1, 1000)
LEVELS = st.floats(0, 10_000)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Any profile: pieces of any length and slope, with jumps between them."""
    pieces = draw(
        st.lists(st.tuples(DURATIONS, LEVELS, LEVELS, st.sampled_from([RAMP, STEADY])), min_size=1, max_size=6)
    )
    segments, now = [], 0.0
    for duration, start, end, phase in pieces:
        segments.append(Segment(now, now + duration, start, end, phase))
        now += duration
    return Profile(tuple(segments))


def moments(profile: Profile, count: int = 50) -> list[float]:
    """Moments spread over a profile, from its start to just before its end."""
    return [profile.duration_s * (number / count) for number in range(count)]


def test_hold_ramps_warms_up_and_stays() -> None:
    """20 users: half of them in the middle of the ramp, all of them from its end to the end of the whole duration."""
    profile = hold(20, 60, ramp_up_s=10, warm_up_s=5)
    assert [profile.level_at(t) for t in (-1, 0, 5, 10, 30, 59.9, 60)] == [0, 0, 10, 20, 20, 20, 0]
    assert profile.phases == (Phase(RAMP, 0, 10), Phase(WARM_UP, 10, 15), Phase(STEADY, 15, 60))
    assert profile.duration_s == 60
    assert profile.area == 10 * 20 / 2 + 50 * 20


def test_hold_without_ramp_starts_at_its_level() -> None:
    """No ramp, no warm-up: one steady phase."""
    profile = hold(20, 60)
    assert profile.level_at(0) == 20
    assert profile.phases == (Phase(STEADY, 0, 60),)


def test_steps_climb_and_hold() -> None:
    """Each step takes its whole time, of which the first fifth climbs from the level before and is not judged."""
    profile = steps([50, 100], 20)
    assert [profile.level_at(t) for t in (0, 2, 4, 19, 20, 22, 24, 39)] == [0, 25, 50, 50, 50, 75, 100, 100]
    assert [phase.name for phase in profile.phases] == [RAMP, step_phase(1), RAMP, step_phase(2)]
    assert [phase.duration_s for phase in profile.phases] == [4, 16, 4, 16]
    assert profile.duration_s == 40
    assert profile.peak == 100


def test_spike_jumps_and_returns() -> None:
    """Steady before, the burst at once and whole, and after it the recovery at the level of before."""
    profile = spike(20, 200, spike_at_s=20, spike_duration_s=10, duration_s=60, ramp_up_s=5)
    assert [profile.level_at(t) for t in (2.5, 5, 19.9, 20, 29.9, 30, 59)] == [10, 20, 20, 200, 200, 20, 20]
    assert profile.phases == (
        Phase(RAMP, 0, 5),
        Phase(STEADY, 5, 20),
        Phase(SPIKE, 20, 30),
        Phase(RECOVERY, 30, 60),
    )
    assert profile.peak == 200


def test_outside_a_profile_there_is_no_load() -> None:
    """Before the start and from the end on the level is 0, and the phase is drain."""
    profile = hold(20, 60)
    assert [profile.segment_at(t) for t in (-0.1, 60, 61)] == [None, None, None]
    assert profile.phase_at(60) == DRAIN
    assert profile.phase_at(59) == STEADY


def test_an_empty_profile_is_no_load_at_all() -> None:
    """It has no length, no level and no area."""
    empty = Profile(())
    assert (empty.duration_s, empty.peak, empty.area, empty.level_at(0), empty.phases) == (0, 0, 0, 0, ())


@given(st.floats(1, 1000), st.floats(0, 0.5), st.floats(0, 0.4), st.floats(0.1, 10_000))
def test_ramp_and_warm_up_are_part_of_the_duration(duration: float, ramp: float, warm: float, level: float) -> None:
    """Whatever the shares, the phases follow each other without gaps from 0 to the whole duration."""
    profile = hold(level, duration, ramp_up_s=ramp * duration, warm_up_s=warm * duration)
    assert profile.duration_s == pytest.approx(duration)
    assert profile.phases[-1].name == STEADY


@given(profiles())
def test_phases_cover_the_duration(profile: Profile) -> None:
    """Each begins where the one before it ends, and no two neighbours have the same name."""
    phases = profile.phases
    assert phases[0].start_s == 0
    assert phases[-1].end_s == profile.duration_s
    assert all(left.end_s == right.start_s for left, right in pairwise(phases))
    assert all(left.name != right.name for left, right in pairwise(phases))
    assert sum(phase.duration_s for phase in phases) == pytest.approx(profile.duration_s)


@given(profiles())
def test_the_phase_at_a_moment_is_the_phase_around_it(profile: Profile) -> None:
    """`phase_at` and `phases` tell the same story."""
    for t in moments(profile):
        assert profile.phase_at(t) == next(p.name for p in profile.phases if p.start_s <= t < p.end_s)


@given(profiles())
def test_the_area_is_the_integral_of_the_level(profile: Profile) -> None:
    """Against a sum of small rectangles (the middle rule is exact on straight lines)."""
    total = 0.0
    for segment in profile.segments:
        width = (segment.end_s - segment.start_s) / 16
        total += sum(profile.level_at(segment.start_s + (number + 0.5) * width) * width for number in range(16))
    assert profile.area == pytest.approx(total, rel=1e-6, abs=1e-6)


@given(profiles(), profiles())
def test_profiles_add_up(left: Profile, right: Profile) -> None:
    """At every moment the sum has the sum of both levels, in either order, and the sum of both areas."""
    total, turned = left + right, right + left
    assert total.duration_s == max(left.duration_s, right.duration_s)
    assert total.area == pytest.approx(left.area + right.area)
    for t in moments(total):
        assume(_far_from_edges(t, total))
        expected = left.level_at(t) + right.level_at(t)
        assert total.level_at(t) == pytest.approx(expected, rel=1e-6, abs=1e-3)
        assert turned.level_at(t) == pytest.approx(expected, rel=1e-6, abs=1e-3)


def _far_from_edges(t: float, profile: Profile) -> bool:
    """Right at a jump, rounding decides on which side a moment lies."""
    return t == 0 or all(abs(t - segment.start_s) > 1e-6 for segment in profile.segments)


def test_the_left_profile_names_the_phases_of_a_sum() -> None:
    """A base with a burst on top keeps the base's phases where it has any."""
    total = hold(10, 60, ramp_up_s=20) + hold(5, 90)
    assert total.phases == (Phase(RAMP, 0, 20), Phase(STEADY, 20, 90))
    assert [total.level_at(t) for t in (0, 10, 30, 70)] == [5, 10, 15, 5]


@given(profiles(), st.floats(0.01, 10))
def test_scaling_stretches_time_and_keeps_levels(profile: Profile, factor: float) -> None:
    """Ten times slower, the level at ten times the moment is the same, and so is the order of phases."""
    scaled = profile.scaled(factor)
    assert scaled.duration_s == pytest.approx(profile.duration_s * factor)
    assert scaled.peak == profile.peak
    assert scaled.area == pytest.approx(profile.area * factor)
    assert [phase.name for phase in scaled.phases] == [phase.name for phase in profile.phases]
    for segment, stretched in zip(profile.segments, scaled.segments, strict=True):
        middle = (segment.start_s + segment.end_s) / 2
        assert stretched.level_at(middle * factor) == pytest.approx(segment.level_at(middle), rel=1e-6, abs=1e-6)


@given(profiles(), st.integers(1, 8))
def test_shares_make_the_whole(profile: Profile, count: int) -> None:
    """Split over several generators, the load is the same."""
    parts = [profile.shared(1 / count) for _ in range(count)]
    assert sum(part.area for part in parts) == pytest.approx(profile.area)
    assert {part.duration_s for part in parts} == {profile.duration_s}


@given(DURATIONS, LEVELS, LEVELS, st.floats(0, 1))
def test_the_time_of_an_area_inverts_the_area(duration: float, start: float, end: float, share: float) -> None:
    """The part of the segment up to `time_of_area(a)` has the area a; it is when the a-th arrival is due."""
    assume(max(start, end) > 1e-3)
    segment = Segment(7.0, 7.0 + duration, start, end)
    area = share * segment.area
    moment = segment.time_of_area(area)
    assert segment.start_s <= moment <= segment.end_s * (1 + 1e-9)
    width = moment - segment.start_s
    until = (start + segment.level_at(moment)) / 2 * width
    assert until == pytest.approx(area, rel=1e-6, abs=1e-6 * segment.area)


def test_a_segment_without_any_load_owes_no_arrival() -> None:
    """An area that is never reached is placed at its end."""
    assert Segment(5, 10, 0, 0).time_of_area(1) == 10


def test_no_area_is_reached_at_once() -> None:
    """On a ramp from 0 too."""
    assert Segment(5, 10, 0, 20).time_of_area(0) == 5


@given(profiles())
def test_a_profile_survives_json(profile: Profile) -> None:
    """The engine gets the same curve that the plan has."""
    assert Profile.from_dict(profile.to_dict()) == profile


def test_time_of_area_is_exact_on_flat_stretches() -> None:
    """400 arrivals per second: the n-th is due after n / 400 seconds."""
    segment = Segment(0, 60, 400, 400)
    assert [segment.time_of_area(n) for n in (0, 1, 400, 24_000)] == [0, 1 / 400, 1, 60]
    assert math.isclose(segment.area, 24_000)
