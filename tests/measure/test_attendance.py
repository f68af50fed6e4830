"""Users that the profile asks for and that were not there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.measure.journals import Recording
from perfgate.measure.recording import End, Second
from perfgate.measure.run import reduce
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import BEGUN

if TYPE_CHECKING:
    from perfgate.measure.summary import RunSummary
    from perfgate.plan.profile import Profile

LIMITS = HealthLimits()


def counted(users: list[int]) -> Recording:
    """Seconds with so many users at the end of each."""
    seconds = [Second(number, count) for number, count in enumerate(users)]
    return Recording(BEGUN, seconds, End("completed", "", float(len(users))))


def summary_of(users: list[int], curve: Profile | None, *, stress: bool = False, model: str = "closed") -> RunSummary:
    recording = replace(counted(users), begin=replace(BEGUN, model=model))
    return reduce(recording, curve.segments if curve else None, LIMITS, stress=stress)


def test_users_who_were_all_there_are_no_reason() -> None:
    """They come in the first second, and some have left when the last is over."""
    assert summary_of([2, 4, 4, 4, 0], profile.hold(4, 5)).health.reasons == []


def test_users_who_disappear_are_a_reason() -> None:
    """The scenario ended the load, or raised StopUser: what was measured is another load."""
    summary = summary_of([4, 3, 0, 0, 0], profile.hold(4, 5))
    words = "only 0 of 4 users were at work from 00:01 on: did the scenario stop them?"
    assert (summary.health.valid, summary.health.reasons) == (False, [words])


@pytest.mark.parametrize(("users", "valid"), [(18, True), (17, False)])
def test_a_tenth_of_the_users_may_be_missing(users: int, valid: bool) -> None:
    """Of twenty."""
    assert summary_of([20, *[users] * 8, 0], profile.hold(20, 10)).health.valid is valid


@pytest.mark.parametrize(("short", "valid"), [(1, True), (3, False)])
def test_a_few_seconds_may_be_short(short: int, valid: bool) -> None:
    """A tenth of twenty-two, of which the last is not looked at."""
    users = [4] * 22
    users[5 : 5 + short] = [1] * short
    assert summary_of(users, profile.hold(4, 22)).health.valid is valid


def test_users_of_a_ramp_and_of_a_spikes_edges_may_be_late() -> None:
    """Ramps are not judged, and at a jump users are on their way."""
    ramp = profile.hold(10, 8, ramp_up_s=4)
    assert summary_of([0, 0, 0, 0, 10, 10, 10, 0], ramp).health.valid
    curve = profile.spike(2, 50, spike_at_s=3, spike_duration_s=3, duration_s=9, ramp_up_s=0)
    assert summary_of([2, 2, 2, 20, 50, 2, 2, 2, 0], curve).health.valid
    assert not summary_of([2, 2, 2, 2, 2, 2, 2, 2, 0], curve).health.valid


def test_arrivals_and_a_scenarios_own_shape_plan_no_users() -> None:
    """So none can be missing."""
    assert summary_of([4, 0, 0, 0, 0], profile.hold(4, 5), model="open").health.valid
    assert summary_of([4, 0, 0, 0, 0], None).health.valid


def test_a_step_of_a_stress_load_with_missing_users_is_marked() -> None:
    """The run stands; the steps before it are known."""
    users = [2] * 10 + [4] * 3 + [0] * 7
    summary = summary_of(users, profile.steps([2, 4], 10), stress=True)
    assert {phase.name: phase.users_missing for phase in summary.phases} == {
        "ramp": False,
        "step_1": False,
        "step_2": True,
    }
    assert summary.health.valid
    assert "only 0 of 4 users were at work" in summary.health.notes[0]
