"""Amounts with a unit, for assertions that read well: `assert result["GET /items"].p95 < ms(300)`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering

from perfgate.judge.words import quantity


@total_ordering
@dataclass(frozen=True, eq=False)
class Amount:
    """A number with its unit; only amounts of the same unit can be compared.

    Attributes:
        value: in `unit`.
        unit: `ms`, `/s`, `share`, `bytes`, or `cores`.
    """

    value: float
    unit: str

    def __repr__(self) -> str:
        """As reports write it: `312.4 ms`."""
        return quantity(self.value, self.unit)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Amount) and self.unit == other.unit and self.value == other.value

    def __hash__(self) -> int:
        return hash((self.value, self.unit))

    def __lt__(self, other: Amount) -> bool:
        """Whether it is less.

        Raises:
            TypeError: the units differ, or `other` is a plain number, which has none.
        """
        if not isinstance(other, Amount):
            raise TypeError(f"{self!r} cannot be compared with {other!r}, which has no unit: write e.g. ms({other!r})")
        if self.unit != other.unit:
            raise TypeError(f"{self!r} cannot be compared with {other!r}: the units differ")
        return self.value < other.value

    def __float__(self) -> float:
        return self.value


def ms(value: float) -> Amount:
    """So many milliseconds."""
    return Amount(float(value), "ms")


def seconds(value: float) -> Amount:
    """So many seconds, as milliseconds: all latencies are."""
    return ms(value * 1000)


def percent(value: float) -> Amount:
    """A share, e.g. of failed requests: `percent(1)` is one in a hundred."""
    return Amount(value / 100, "share")


def per_second(value: float) -> Amount:
    """A rate, e.g. a throughput."""
    return Amount(float(value), "/s")
