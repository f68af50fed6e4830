"""Which pairs count is decided by the machine's health alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.compare.disturbance import disturbance
from perfgate.measure.block_entries import BlockEntry
from perfgate.measure.blocks import Requests
from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import HealthSample
from perfgate.plan.plan import HealthLimits

LIMITS = HealthLimits()
QUIET = HealthSample(cpu=0.2, loop_lag_ms=3.0, steal=0.01, throttled_ms=0.0, clock_step_ms=0.01)
BLOCK = BlockEntry(0, 0, "base", 0.0, 0.9, {}, users=10, requests=100, lag_ms=1.0, health=QUIET)
OTHER = replace(BLOCK, number=1, side="head")


def test_a_quiet_machine_disturbs_nothing() -> None:
    """Nor does one on which some of it cannot be known."""
    unknown = replace(BLOCK, lag_ms=None, health=replace(QUIET, steal=None, throttled_ms=None))
    assert disturbance([BLOCK, OTHER], LIMITS) == ""
    assert disturbance([unknown, OTHER], LIMITS) == ""


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (replace(QUIET, steal=0.12), "steal: 12 % at head (limit 10)"),
        (replace(QUIET, throttled_ms=80.0), "throttled: 80 ms/s at head (limit 50)"),
        (replace(QUIET, clock_step_ms=-9.0), "clock step: 9 ms at head (limit 5)"),
        (replace(QUIET, cpu=0.97), "generator busy: 97 % of a core at head (limit 90)"),
        (replace(QUIET, loop_lag_ms=250.0), "loop lag: 250 ms at head (limit 200)"),
    ],
)
def test_one_disturbed_side_takes_both_away(health: HealthSample, words: str) -> None:
    """The reason comes first, so that pairs can be counted by it."""
    assert disturbance([BLOCK, replace(OTHER, health=health)], LIMITS) == words


def test_arrivals_that_were_released_late_disturb() -> None:
    """That is the generator's doing."""
    assert disturbance([replace(BLOCK, lag_ms=150.0), OTHER], LIMITS) == "schedule lag: 150 ms at base (limit 100)"


def test_the_limits_of_the_gate_hold_where_they_are_tighter() -> None:
    """And looser ones do not loosen the rule for steal and throttling."""
    stolen = replace(BLOCK, health=replace(QUIET, steal=0.06))
    assert disturbance([stolen], HealthLimits(steal=0.05)) == "steal: 6 % at base (limit 5)"
    assert disturbance([replace(BLOCK, health=replace(QUIET, steal=0.2))], HealthLimits(steal=1.0)) != ""


@given(st.lists(st.floats(0.01, 1e5), max_size=30), st.integers(0, 50), st.integers(0, 50), st.floats(0.0, 30.0))
def test_how_slow_or_broken_a_service_is_plays_no_part(
    times_ms: list[float], failed: int, unfinished: int, drain_s: float
) -> None:
    """Else the rule would choose the result."""
    endpoints = {"GET /": Requests(Histogram.of(times_ms), failed)}
    slow = replace(BLOCK, endpoints=endpoints, unfinished=unfinished, drain_s=drain_s)
    assert disturbance([slow, OTHER], LIMITS) == ""
