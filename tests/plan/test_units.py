"""Amounts are read exactly, with their units, or refused in words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.plan.units import (
    DURATION,
    PERCENT,
    RATE,
    SIZE,
    USERS,
    AmountError,
    Quantity,
    parse_capacity,
    parse_users,
)

QUANTITIES = {"1s": DURATION, "1/s": RATE, "1%": PERCENT, "1B": SIZE, "1 user": USERS}


@pytest.mark.parametrize(
    ("quantity", "per", "text", "expected"),
    [
        (DURATION, "1s", "250ms", 0.25),
        (DURATION, "1s", "10s", 10.0),
        (DURATION, "1s", "2m", 120.0),
        (DURATION, "1s", "2min", 120.0),
        (DURATION, "1s", "1h", 3600.0),
        (DURATION, "1s", "1.5 d", 129600.0),
        (DURATION, "1ms", "500us", 0.5),
        (DURATION, "1ms", "500µs", 0.5),
        (DURATION, "1ms", "500 \u03bcs", 0.5),  # a Greek letter, which looks the same
        (DURATION, "1ms", "10ns", 0.00001),
        (DURATION, "1ms", "1.1ms", 1.1),
        (RATE, "1/s", "400/s", 400.0),
        (RATE, "1/s", "90/min", 1.5),
        (RATE, "1/s", "90/m", 1.5),
        (RATE, "1/s", "7200/h", 2.0),
        (PERCENT, "100%", "5%", 0.05),
        (PERCENT, "100%", "0.5%", 0.005),
        (PERCENT, "1%", "25%", 25.0),
        (SIZE, "1B", "200MB", 200e6),
        (SIZE, "1B", "500KB", 500e3),
        (SIZE, "1B", "500kB", 500e3),
        (SIZE, "1B", "1GiB", 2.0**30),
        (SIZE, "1B", "17B", 17.0),
        (USERS, "1 user", "100 users", 100.0),
    ],
)
def test_an_amount_is_read_in_the_unit_asked_for(quantity: Quantity, per: str, text: str, expected: float) -> None:
    """`250ms` is 0.25 seconds, `5%` the share 0.05, `1GiB` 2**30 bytes."""
    assert quantity.parse(text, per) == expected


@given(
    st.sampled_from(sorted(QUANTITIES)),
    st.data(),
    st.decimals(min_value=0, max_value=1000, places=6, allow_nan=False),
    st.sampled_from(["", " "]),
)
def test_what_is_written_is_what_is_read(per: str, data: st.DataObject, number: object, space: str) -> None:
    """Reading inverts writing, exactly, for every unit of every quantity."""
    quantity = QUANTITIES[per]
    unit = data.draw(st.sampled_from(sorted(quantity.units)))
    exact = Fraction(str(number)) * quantity.units[unit]
    largest = Fraction(quantity.parse(quantity.largest, per)) * quantity.units[per.removeprefix("1").strip()]
    if exact <= largest:
        expected = float(exact / quantity.units[per.removeprefix("1").strip()])
        assert quantity.parse(f"{number:f}{space}{unit}", per) == expected


@pytest.mark.parametrize(
    ("quantity", "per", "value", "message"),
    [
        (DURATION, "1s", 250, "250 is without a unit"),
        (DURATION, "1s", 2.5, "2.5 is without a unit"),
        (DURATION, "1s", "250", '"250" is without a unit'),
        (DURATION, "1s", -5, "-5 is negative"),
        (DURATION, "1s", "-5s", '"-5s" is negative'),
        (DURATION, "1s", "250 sec", '"250 sec" is not a duration: unknown unit "sec"'),
        (DURATION, "1s", "5%", '"5%" is not a duration: unknown unit "%"'),
        (DURATION, "1s", "1m30s", '"1m30s" is not a duration: unknown unit "m30s"'),
        (DURATION, "1s", "soon", '"soon" is not a duration'),
        (DURATION, "1s", "", '"" is not a duration'),
        (DURATION, "1s", "infs", '"infs" is not a duration'),
        (DURATION, "1s", "8d", '"8d" is absurd: more than 7d'),
        (DURATION, "1s", "9" * 41 + "s", f'"{"9" * 41}s" is absurd: more than 40 digits'),
        (DURATION, "1s", True, "a duration is expected, not true"),
        (DURATION, "1s", ["1s"], "a duration is expected, not an array"),
        (DURATION, "1s", {"a": 1}, "a duration is expected, not a table"),
        (RATE, "1/s", "400", '"400" is without a unit'),
        (RATE, "1/s", "400 rps", '"400 rps" is not a rate: unknown unit "rps"'),
        (RATE, "1/s", "1000001/s", '"1000001/s" is absurd: more than 1000000/s'),
        (SIZE, "1B", "200mb", '"200mb" is not a size: unknown unit "mb"'),
        (SIZE, "1B", float("nan"), "nan is without a unit"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(quantity: Quantity, per: str, value: object, message: str) -> None:
    """The message names the value and what is wrong with it; the hint shows how it is written."""
    with pytest.raises(AmountError) as raised:
        quantity.parse(value, per)
    assert raised.value.message == message
    assert quantity.examples[0] in raised.value.hint


def test_zero_is_refused_where_it_makes_no_sense() -> None:
    """No request takes 0 ms."""
    with pytest.raises(AmountError, match='"0ms" must be more than zero'):
        DURATION.parse("0ms", "1ms", zero=False)


def test_a_place_may_have_a_smaller_bound_than_the_quantity() -> None:
    """An error rate cannot be above 100 %."""
    with pytest.raises(AmountError, match='"101%" is absurd: more than 100%'):
        PERCENT.parse("101%", "100%", largest="100%")


@pytest.mark.parametrize(("value", "expected"), [(20, 20.0), ("20 users", 20.0), ("1 user", 1.0)])
def test_users_may_be_a_plain_number(value: object, expected: float) -> None:
    """`users = 20` needs no unit."""
    assert parse_users(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "0 is zero"),
        (-3, "-3 is negative"),
        ("0 users", '"0 users" must be more than zero'),
        (2.5, "2.5 is not a whole number of users"),
        ("2.5 users", '"2.5 users" is not a whole number of users'),
        (True, "a number of users is expected, not true"),
        (1_000_001, "1000001 is absurd: more than 1000000 users"),
        pytest.param(16**5000, "a huge number is absurd: more than 1000000 users", id="huge"),
    ],
)
def test_users_are_whole_and_at_least_one(value: object, message: str) -> None:
    """Half a user, no user and a million and one are refused."""
    with pytest.raises(AmountError) as raised:
        parse_users(value)
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("value", "expected"), [("100 users", (100.0, "users")), ("300/s", (300.0, "/s")), ("60/min", (1.0, "/s"))]
)
def test_a_capacity_has_users_or_a_rate(value: str, expected: tuple[float, str]) -> None:
    """The unit tells for which model of load it is meant."""
    assert parse_capacity(value) == expected


def test_a_capacity_without_a_unit_is_refused() -> None:
    """100 could be users or requests per second."""
    with pytest.raises(AmountError, match="100 is not a capacity with its unit"):
        parse_capacity(100)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers())))
def test_nothing_but_an_amount_error_is_raised(value: object) -> None:
    """Whatever stands there, it is an amount or an AmountError."""
    for per, quantity in QUANTITIES.items():
        try:
            amount = quantity.parse(value, per)
        except AmountError:
            continue
        assert 0 <= amount <= quantity.parse(quantity.largest, per)
