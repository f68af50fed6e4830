"""The open model's schedule: when each arrival is due, as a pure function of the profile and the seed.

Poisson arrivals of a rate that changes over time are made by time rescaling: unit-rate exponential gaps are summed,
and each sum is mapped through the inverse of the profile's integral (Çinlar, Introduction to Stochastic Processes,
1975, chapter 4.7). Uniform arrivals map the whole numbers instead.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perfgate.drive.share import Share
    from perfgate.plan.profile import Profile


def due_times(profile: Profile, *, arrivals: str = "poisson", seed: int = 0) -> Iterator[float]:
    """The moments, in seconds from the load's start and in order, at which arrivals are due.

    Args:
        profile: its levels are arrivals per second.
        arrivals: `poisson` or `uniform`.
        seed: the same seed gives the same moments.
    """
    targets = _unit_poisson(seed) if arrivals == "poisson" else _unit_uniform()
    passed = 0.0
    target = next(targets)
    for segment in profile.segments:
        while target <= passed + segment.area:
            yield segment.time_of_area(target - passed)
            target = next(targets)
        passed += segment.area


def arrivals_of(
    share: Share, profile: Profile, *, arrivals: str = "poisson", seed: int = 0
) -> Iterator[tuple[int, float]]:
    """One engine's arrivals: the number in the whole schedule, and the due time.

    Every engine makes the whole schedule and keeps its own numbers (about a microsecond for each arrival of the
    whole), so the engines' schedules together are exactly that of a single engine.
    """
    schedule = enumerate(due_times(profile, arrivals=arrivals, seed=seed))
    return ((number, due_s) for number, due_s in schedule if share.owns(number))


def _unit_poisson(seed: int) -> Iterator[float]:
    random = Random(f"arrivals/{seed}")
    total = 0.0
    while True:
        total += random.expovariate(1.0)
        yield total


def _unit_uniform() -> Iterator[float]:
    # Half a gap in, so that a rate held for n gaps has exactly n arrivals, none of them on an edge.
    number = 0
    while True:
        yield number + 0.5
        number += 1


def iteration_random(seed: int, iteration: int) -> Random:
    """The random numbers of one iteration: the same for both sides of a comparison."""
    return Random(f"iteration/{seed}/{iteration}")
