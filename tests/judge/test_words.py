"""Numbers in words: never a false 0 or 100 %, never an observed value rounded onto its limit."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfgate.judge.words import change, clock, counted, label, number, quantity, signed_percent

VALUES = st.floats(min_value=0, max_value=1e12)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (312.4, "ms", "312.4 ms"),
        (250.0, "ms", "250 ms"),
        (0.01234, "ms", "12.34 µs"),
        (0.0004422, "ms", "442.2 ns"),
        (0.5425, "ms", "542.5 µs"),
        (0.000001, "ms", "1 ns"),
        (0.00000012, "ms", "0.12 ns"),
        (0.99999, "ms", "1 ms"),
        (0.00099999, "ms", "1 µs"),
        (-0.25, "ms", "-250 µs"),
        (12345.6, "ms", "12,346 ms"),
        (0, "ms", "0 ms"),
        (1.5, "s", "1.5 s"),
        (0.00025, "share", "0.025 %"),
        (0.000000012, "share", "0.0000012 %"),
        (0.07, "share", "7 %"),
        (0.99999, "share", "99.999 %"),
        (1, "share", "100 %"),
        (1.8, "cores", "180 %"),
        (0.999999, "cores", "99.9999 %"),
        (-3.25, "percent", "-3.25 %"),
        (380.04, "/s", "380/s"),
        (200_300_000, "bytes", "200.3 MB"),
        (512, "bytes", "512 B"),
        (1_500, "bytes", "1.5 KB"),
        (3.2e12, "bytes", "3.2 TB"),
        (100, "users", "100 users"),
        (1, "users", "1 user"),
        (123, "tokens", "123 tokens"),
        (0.93, "", "0.93"),
        (1e20, "", "1e+20"),
    ],
)
def test_quantities_are_written_as_people_write_them(value: float, unit: str, text: str) -> None:
    """Four significant digits, thousands separated, the unit behind."""
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("value", "limit", "unit", "text"),
    [
        (250.004, 250.0, "ms", "250.004 ms"),
        (250.0, 250.0, "ms", "250 ms"),
        (0.9999999, 1.0, "ms", "999.9999 µs"),
        (0.0010000001, 0.001, "ms", "1.0000001 µs"),
        (0.010000001, 0.01, "share", "1.0000001 %"),
        (200_000_001, 200_000_000, "bytes", "200.000001 MB"),
    ],
)
def test_a_value_is_not_rounded_onto_its_limit(value: float, limit: float, unit: str, text: str) -> None:
    """Digits are added until the two differ."""
    assert quantity(value, unit, apart_from=limit) == text


@given(VALUES, VALUES, st.sampled_from(["ms", "share", "bytes", "cores", "percent", "/s", ""]))
def test_different_values_never_read_the_same(value: float, other: float, unit: str) -> None:
    """As far as a double can tell them apart at sixteen digits."""
    assume(abs(value - other) > 1e-14 * max(value, other) and max(value, other) > 1e-300)
    assert quantity(value, unit, apart_from=other) != quantity(other, unit, apart_from=value)


@given(st.floats(min_value=0, max_value=2))
def test_a_share_is_never_a_false_nought_or_hundred(value: float) -> None:
    """Only nothing is 0 %, and only everything is 100 %."""
    assume(value * 100 != 100 or value == 1)
    text = quantity(value, "share")
    assert (text == "0 %") == (value == 0)
    assert (text == "100 %") == (value == 1)


@given(st.floats(min_value=1e-290, max_value=1e290), st.sampled_from([-1, 1]))
def test_a_number_keeps_its_first_four_digits(magnitude: float, sign: int) -> None:
    """Whatever its size."""
    value = sign * magnitude
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.0005)


@pytest.mark.parametrize(
    ("observed", "limit", "text"),
    [
        (312.4, 250, "+25 %"),
        (250.1, 250, "+0.04 %"),
        (100, 250, "-60 %"),
        (250, 250, "+0 %"),
        (0, 250, "-100 %"),
        (0.01, 250, "-99.996 %"),
        (501, 250, "+100.4 %"),
        (5, 0, ""),
    ],
)
def test_how_far_a_value_is_from_its_limit(observed: float, limit: float, text: str) -> None:
    """With its sign; of nothing, nothing is a share."""
    assert change(observed, limit) == text


def test_a_change_carries_its_sign() -> None:
    """Both ways."""
    assert (signed_percent(12.345), signed_percent(-0.5)) == ("+12 %", "-0.5 %")


def test_metrics_have_names_for_people() -> None:
    """A custom metric's own name is left as it is."""
    names = ["p95", "p99_9", "error_rate", "cpu", "recovery_time", "cache_hits.p95"]
    assert [label(name) for name in names] == ["p95", "p99.9", "error rate", "CPU", "recovery time", "cache_hits.p95"]


def test_moments_and_counts() -> None:
    """`01:05`, `1 request`, `12,000 requests`."""
    assert [clock(65.9), clock(0), clock(3601)] == ["01:05", "00:00", "60:01"]
    assert [counted(1, "request"), counted(12_000, "request")] == ["1 request", "12,000 requests"]
