"""The control: a fixed piece of work, timed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.control import measure, median_and_spread


def test_every_repetition_is_timed() -> None:
    """In milliseconds, which no work takes none of."""
    times = measure(7)
    assert len(times) == 7
    assert min(times) > 0


def test_the_median_and_half_the_distance_of_the_quartiles_in_percent_of_it() -> None:
    """As numpy has them."""
    median, spread = median_and_spread([5.0, 1.0, 2.0, 3.0, 4.0])
    assert (median, spread) == (3.0, 1 / 3.0 * 100)


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=50))
def test_the_median_lies_among_the_times_and_the_spread_is_not_negative(times: list[float]) -> None:
    """Whatever they are."""
    median, spread = median_and_spread(times)
    assert min(times) <= median <= max(times)
    assert spread >= 0


def test_without_times_there_is_no_control() -> None:
    """Nothing is made up."""
    with pytest.raises(ValueError, match="nothing to take a median of"):
        median_and_spread([])
