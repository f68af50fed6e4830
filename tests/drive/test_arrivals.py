"""The open model's schedule."""

from __future__ import annotations

from itertools import pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.drive.arrivals import due_times, iteration_random
from perfgate.plan.profile import hold, spike, steps

RATES = st.floats(1, 500)


def test_uniform_arrivals_of_a_constant_rate_are_evenly_spaced() -> None:
    """10/s for 1 s: ten arrivals, each half a gap from the edges."""
    times = list(due_times(hold(10, 1), arrivals="uniform"))
    assert pytest.approx([0.05 + 0.1 * n for n in range(10)]) == times


def test_uniform_arrivals_follow_a_ramp() -> None:
    """From 0 to 20/s in 1 s are ten arrivals, closer and closer together."""
    times = list(due_times(hold(20, 1, ramp_up_s=1), arrivals="uniform"))
    assert len(times) == 10
    gaps = [after - before for before, after in pairwise(times)]
    assert sorted(gaps, reverse=True) == pytest.approx(gaps)


@given(rate=RATES, seed=st.integers(0, 2**32), arrivals=st.sampled_from(["poisson", "uniform"]))
def test_arrivals_are_in_order_and_inside_the_profile(rate: float, seed: int, arrivals: str) -> None:
    """Whatever the rate and seed."""
    profile = spike(rate, 3 * rate, spike_at_s=1, spike_duration_s=0.5, duration_s=2, ramp_up_s=0.3)
    times = list(due_times(profile, arrivals=arrivals, seed=seed))
    assert sorted(times) == times
    assert all(0 <= time <= profile.duration_s for time in times)


@given(rate=RATES)
def test_uniform_arrivals_are_as_many_as_the_profile_owes(rate: float) -> None:
    """To within rounding."""
    profile = steps([rate, 2 * rate, 3 * rate], 1.0)
    assert abs(profile.area - len(list(due_times(profile, arrivals="uniform")))) <= 1


def test_poisson_arrivals_have_the_rate_and_the_spread_of_a_poisson_process() -> None:
    """Counts per second over 2,000 s at 100/s: mean 100, variance 100 (both well within 5 standard errors)."""
    counts = [0] * 2000
    for time in due_times(hold(100, 2000), seed=7):
        counts[int(time)] += 1
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert abs(mean - 100) < 5 * (100 / 2000) ** 0.5
    assert abs(variance - 100) < 5 * 100 * (2 / 2000) ** 0.5


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    """So that both sides of a comparison see the same work."""
    profile = hold(50, 4)
    assert list(due_times(profile, seed=1)) == list(due_times(profile, seed=1))
    assert list(due_times(profile, seed=1)) != list(due_times(profile, seed=2))


def test_a_longer_profile_begins_with_the_same_arrivals() -> None:
    """The schedule does not depend on what comes later."""
    short = list(due_times(hold(50, 2), seed=3))
    assert short == list(takewhile(lambda time: time <= 2, due_times(hold(50, 9), seed=3)))


def test_the_random_numbers_of_an_iteration_depend_on_seed_and_number_alone() -> None:
    """Which user serves it does not matter."""
    assert iteration_random(1, 5).random() == iteration_random(1, 5).random()
    assert iteration_random(1, 5).random() != iteration_random(1, 6).random()
    assert iteration_random(1, 5).random() != iteration_random(2, 5).random()
