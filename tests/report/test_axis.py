"""Axes that start at 0 and have round ticks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.report.axis import axis_to, seconds_axis


@given(st.floats(1e-6, 1e15), st.sampled_from(["ms", "bytes", "cores", "/s", "users"]))
def test_an_axis_starts_at_zero_and_covers_the_largest_value_without_waste(largest: float, unit: str) -> None:
    """A cut axis makes small differences look large, an endless one hides them."""
    axis = axis_to(largest, unit)
    assert axis.ticks[0] == 0
    assert axis.top >= largest * (1 - 1e-9)
    assert 2 <= len(axis.ticks) <= 7
    assert axis.top <= max(2 * largest, 1)


@given(st.floats(1e-6, 1e12), st.sampled_from(["ms", "bytes", "cores", "/s", "users"]))
def test_no_two_ticks_have_the_same_label(largest: float, unit: str) -> None:
    """Each label has as many decimals as its step needs."""
    axis = axis_to(largest, unit)
    labels = [axis.label(tick) for tick in axis.ticks]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("largest", "unit", "name", "labels"),
    [
        (312.4, "ms", "ms", ["0", "100", "200", "300", "400"]),
        (4_200.0, "ms", "s", ["0", "2", "4", "6"]),
        (0.7, "ms", "µs", ["0", "200", "400", "600", "800"]),
        (9.9, "/s", "/s", ["0.0", "2.5", "5.0", "7.5", "10.0"]),
        (0.83, "cores", "%", ["0", "25", "50", "75", "100"]),
        (2.1e8, "bytes", "MB", ["0", "100", "200", "300"]),
        (3.0, "users", "users", ["0", "1", "2", "3"]),
    ],
)
def test_the_unit_suits_the_values(largest: float, unit: str, name: str, labels: list[str]) -> None:
    """CPU is in percent of one core, users are whole."""
    axis = axis_to(largest, unit)
    assert axis.unit == name
    assert [axis.label(tick) for tick in axis.ticks] == labels


@pytest.mark.parametrize("nothing", [0.0, -1.0, float("nan"), float("inf")])
def test_an_axis_for_nothing_goes_to_one(nothing: float) -> None:
    """All values 0 is a flat line, not a fault."""
    assert axis_to(nothing, "ms").top == 1.0


@pytest.mark.parametrize(
    ("longest_s", "labels", "unit"),
    [
        (60, ["0", "10", "20", "30", "40", "50", "60"], "s"),
        (7, ["0", "1", "2", "3", "4", "5", "6", "7"], "s"),
        (3600, ["0", "10", "20", "30", "40", "50", "60"], "min"),
        (86_400, ["0", "4", "8", "12", "16", "20", "24"], "h"),
    ],
)
def test_time_is_counted_in_steps_that_people_use(longest_s: float, labels: list[str], unit: str) -> None:
    """Seconds by fives and tens, minutes by quarters, hours."""
    axis = seconds_axis(longest_s)
    assert ([axis.label(tick) for tick in axis.ticks], axis.unit) == (labels, unit)


@given(st.floats(0.1, 1e8))
def test_time_has_few_ticks_however_long_it_is(longest_s: float) -> None:
    """A week as well as a second."""
    assert len(seconds_axis(longest_s).ticks) <= 9
