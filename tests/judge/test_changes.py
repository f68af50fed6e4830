"""Change points of a series of runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.judge.changes import SHORTEST, find_changes


def noise(runs: int, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0, 0.03, runs)


def test_a_step_is_found_with_its_place_and_size() -> None:
    """And how sure that is."""
    logs = noise(80)
    logs[50:] += np.log(1.1)
    (change,) = find_changes(logs.tolist())
    assert change.earliest <= 50 <= change.latest
    assert change.index == pytest.approx(50, abs=2)
    assert change.change_percent == pytest.approx(10, abs=3)
    assert change.confidence > 0.99
    assert change.after - change.before == pytest.approx(np.log1p(change.change_percent / 100))


def test_several_steps_are_found_in_order() -> None:
    """Each against the level before it."""
    logs = noise(120)
    logs[40:] += 0.2
    logs[80:] -= 0.1
    changes = find_changes(logs.tolist())
    assert [change.index for change in changes] == pytest.approx([40, 80], abs=2)
    assert changes[0].change_percent == pytest.approx(22, abs=4)
    assert changes[1].change_percent == pytest.approx(-9.5, abs=4)


def test_wild_runs_are_no_change() -> None:
    """However wild, and however near each other: fewer than five are no level."""
    logs = noise(60)
    logs[[20, 21, 22, 45]] += 3.0
    assert find_changes(logs.tolist()) == []


def test_a_step_among_wild_runs_is_found() -> None:
    """They count as one rank each."""
    logs = noise(80)
    logs[50:] += 0.1
    logs[[10, 30, 70]] += [2.0, -2.0, 2.0]
    (change,) = find_changes(logs.tolist())
    assert change.earliest <= 50 <= change.latest


@pytest.mark.parametrize("logs", [[], [1.0], [1.0] * 9, [1.0] * 100])
def test_short_and_constant_series_do_not_move(logs: list[float]) -> None:
    """Less than two levels' worth of runs cannot tell."""
    assert find_changes(logs) == []


def test_steps_without_noise_are_found_exactly() -> None:
    """Nothing is divided by zero."""
    (change,) = find_changes([0.0] * 10 + [1.0] * 10)
    assert (change.index, change.earliest, change.latest) == (10, 10, 10)


def test_noise_is_hardly_ever_said_to_move() -> None:
    """At most at the rate: 300 series that do not, at 5 %."""
    moved = sum(bool(find_changes(noise(40, seed).tolist(), rate=0.05)) for seed in range(300))
    assert moved <= 28  # 15 expected


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(-10, 10), st.floats(0.01, 100))
def test_neither_the_unit_nor_the_spread_matters(seed: int, shift: float, factor: float) -> None:
    """Ranks are the same."""
    logs = noise(40, seed)
    logs[25:] += 0.06
    here, there = find_changes(logs.tolist()), find_changes((logs * factor + shift).tolist())
    assert [change.index for change in here] == [change.index for change in there]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-5, 5), max_size=60))
def test_ranges_hold_their_place(logs: list[float]) -> None:
    """And leave a level on either side."""
    for change in find_changes(logs, rate=0.2):
        assert change.earliest <= change.index <= change.latest
        assert SHORTEST <= change.index <= len(logs) - SHORTEST
        assert 0.8 <= change.confidence <= 1


def test_numbers_must_be_finite() -> None:
    """Runs without a value are left out by the caller, who knows which."""
    with pytest.raises(ValueError, match="finite"):
        find_changes([0.0, float("nan")])
