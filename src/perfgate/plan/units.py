"""Amounts with their units, as people write them in `budgets.toml`: `250ms`, `400/s`, `5%`, `200MB`, `100 users`.

Arithmetic is exact (fractions) until the last step, so that `"1.1ms"` is 1.1 and not 1.1000000000000001.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_AMOUNT = re.compile(rf"(?P<sign>-?)(?P<number>{_NUMBER})(?P<unit>.*)", re.DOTALL)
_GREEK_MU = "\u03bc"  # some keyboards write it for the micro sign, from which nobody can tell it apart
_LONGEST_NUMBER = 40  # digits; longer ones mean nothing, and Python refuses to convert much longer ones


class AmountError(ValueError):
    """A value cannot be read.

    Args:
        message: what is wrong with the value, which it names.
        hint: the next step.
        below: where inside the value, e.g. `("warn",)`.
    """

    def __init__(self, message: str, hint: str = "", below: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.below = below


def shown(value: object) -> str:
    """A value as it may stand in a message: short, strings and Booleans as TOML writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True)
class Quantity:
    """A kind of amount.

    Attributes:
        noun: with its article, e.g. `a duration`.
        units: the size of each unit.
        examples: how it is written.
        largest: anything above is refused as absurd.
    """

    noun: str
    units: Mapping[str, Fraction]
    examples: tuple[str, ...]
    largest: str

    def parse(self, value: object, per: str, *, zero: bool = True, largest: str = "") -> float:
        """Read an amount.

        Args:
            value: what `budgets.toml` holds.
            per: the amount that is 1 in the answer: `"1ms"` for milliseconds, `"100%"` for a share.
            zero: whether 0 makes sense.
            largest: a smaller bound than the quantity's own.

        Raises:
            AmountError: no unit or a wrong one, negative, zero where that makes no sense, absurdly large, no number.
        """
        exact = self._exact(value)
        if exact == 0 and not zero:
            raise AmountError(f"{shown(value)} must be more than zero", self.hint)
        bound = largest or self.largest
        if exact > self._exact(bound):
            raise AmountError(f"{shown(value)} is absurd: more than {bound}", self.hint)
        return float(exact / self._exact(per))

    def _exact(self, value: object) -> Fraction:
        match = _AMOUNT.fullmatch(self._text(value))
        if match is None:
            raise AmountError(f"{shown(value)} is not {self.noun}", self.hint)
        if match["sign"]:
            raise AmountError(f"{shown(value)} is negative", self.hint)
        size = self._size(match["unit"].removeprefix(" "), value)
        if len(match["number"]) > _LONGEST_NUMBER:
            raise AmountError(f"{shown(value)} is absurd: more than {_LONGEST_NUMBER} digits", self.hint)
        return Fraction(match["number"]) * size

    def _text(self, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise AmountError(f"{shown(value)} is {'negative' if value < 0 else 'without a unit'}", self.hint)
        raise AmountError(f"{self.noun} is expected, not {shown(value)}", self.hint)

    def _size(self, unit: str, value: object) -> Fraction:
        if not unit:
            raise AmountError(f"{shown(value)} is without a unit", self.hint)
        unit = unit.replace(_GREEK_MU, "µ")
        if unit not in self.units:
            raise AmountError(f"{shown(value)} is not {self.noun}: unknown unit {shown(unit)}", self.hint)
        return self.units[unit]

    @property
    def hint(self) -> str:
        """How to write it, with an example and all units."""
        return f'write {self.noun} such as "{self.examples[0]}"; units: {", ".join(self.units)}'

    @property
    def pattern(self) -> str:
        """A regular expression for JSON Schema; it accepts all that `parse` does, and absurd amounts too."""
        units = "|".join(self.units).replace("µ", f"[µ{_GREEK_MU}]")
        return f"^{_NUMBER} ?({units})$"

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of what `parse` accepts."""
        return {"type": "string", "pattern": self.pattern, "examples": list(self.examples)}


def _sizes(**units: int | str) -> dict[str, Fraction]:
    return {unit: Fraction(size) for unit, size in units.items()}


DURATION = Quantity(
    "a duration",
    {
        "ns": Fraction(1, 10**9),
        "us": Fraction(1, 10**6),
        "µs": Fraction(1, 10**6),
        **_sizes(ms="1/1000", s=1, m=60, min=60, h=3600, d=86400),
    },
    ("250ms", "10s", "2m", "1h", "500us", "10ns"),
    "7d",
)
RATE = Quantity(
    "a rate",
    {"/s": Fraction(1), "/m": Fraction(1, 60), "/min": Fraction(1, 60), "/h": Fraction(1, 3600)},
    ("400/s", "100/min"),
    "1000000/s",
)
PERCENT = Quantity("a percentage", {"%": Fraction(1)}, ("5%", "0.5%"), "1000000%")
SIZE = Quantity(
    "a size",
    {
        "B": Fraction(1),
        **{f"{letter}B": Fraction(1000**power) for power, letter in enumerate("KMGT", start=1)},
        "kB": Fraction(1000),
        **{f"{letter}iB": Fraction(1024**power) for power, letter in enumerate("KMGT", start=1)},
    },
    ("200MB", "500KB", "1GiB"),
    "1000TB",
)
_MOST_USERS = 1_000_000
USERS = Quantity("a number of users", _sizes(users=1, user=1), ("100 users",), f"{_MOST_USERS} users")


def parse_users(value: object) -> float:
    """A whole number of users, at least 1: `20` or `"20 users"`.

    Raises:
        AmountError: see `Quantity.parse`; also when it is not whole.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        _check_plain(value)
        value = f"{value} users"
    elif isinstance(value, float):
        raise AmountError(f"{shown(value)} is not a whole number of users", USERS.hint)
    users = USERS.parse(value, "1 user", zero=False)
    if not users.is_integer():
        raise AmountError(f"{shown(value)} is not a whole number of users", USERS.hint)
    return users


def _check_plain(number: int) -> None:
    if number <= 0:
        raise AmountError(f"{shown(number)} is {'negative' if number else 'zero'}", USERS.hint)
    if number > _MOST_USERS:
        raise AmountError(f"{shown(number)} is absurd: more than {USERS.largest}", USERS.hint)


def parse_capacity(value: object) -> tuple[float, str]:
    """What a stress load is held to, with its unit: `"100 users"` is `(100.0, "users")`, `"300/s"` is `(300.0, "/s")`.

    Raises:
        AmountError: see `Quantity.parse`.
    """
    if isinstance(value, str) and "/" in value:
        return RATE.parse(value, "1/s", zero=False), "/s"
    if not isinstance(value, str):
        raise AmountError(
            f"{shown(value)} is not a capacity with its unit", 'write a capacity such as "100 users" or "300/s"'
        )
    return parse_users(value), "users"
