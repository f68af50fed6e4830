"""Amounts: numbers that know their unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.suite.amount import Amount, ms, per_second, percent, seconds

VALUES = st.floats(0, 1e6)


@given(VALUES, VALUES)
def test_amounts_of_one_unit_compare_as_their_values_do(first: float, second: float) -> None:
    """All six comparisons."""
    a, b = ms(first), ms(second)
    assert (a < b, a <= b, a == b, a != b) == (first < second, first <= second, first == second, first != second)
    assert (a > b, a >= b) == (first > second, first >= second)


def test_what_has_another_unit_or_none_cannot_be_compared() -> None:
    """And says what to write."""
    with pytest.raises(TypeError, match=r"5 ms cannot be compared with 1/s: the units differ"):
        _ = ms(5) < per_second(1)
    with pytest.raises(TypeError, match=r"which has no unit: write e\.g\. ms\(300\)"):
        _ = ms(5) < 300  # type: ignore[operator]
    assert ms(5) != 5


def test_amounts_show_as_reports_write_them() -> None:
    """With their unit."""
    assert [repr(a) for a in (ms(312.4), seconds(1.5), percent(0.5), per_second(380))] == [
        "312.4 ms",
        "1,500 ms",
        "0.5 %",
        "380/s",
    ]


def test_equal_amounts_are_one_in_a_set() -> None:
    """And can be made plain numbers."""
    assert {ms(1000), seconds(1), Amount(1000.0, "ms")} == {ms(1000)}
    assert float(ms(5)) == 5.0
