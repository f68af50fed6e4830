"""Piles: the sum of histograms that come one after the other is the sum of all of them at once."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.histogram import Histogram
from perfgate.measure.pile import Pile, exact_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMES = st.lists(st.floats(0.01, 60_000), max_size=30)
MANY = 400  # parts: enough that a pile does not keep them all


def wire(histogram: Histogram) -> list[object]:
    return histogram.to_wire()


@given(st.lists(TIMES, max_size=6), st.integers(1, MANY))
def test_a_pile_is_the_sum_of_its_parts_to_the_last_bit(parts: list[list[float]], times: int) -> None:
    """Bins, counts, extremes, and the total, which is rounded once."""
    histograms = [Histogram.of(part) for part in parts] * times
    pile = Pile()
    for histogram in histograms:
        pile.add(histogram)
    assert wire(pile.histogram) == wire(Histogram.merged(histograms))


@given(TIMES, TIMES)
def test_a_pile_may_be_looked_at_while_it_grows(first: list[float], second: list[float]) -> None:
    """What is added later counts as well, and no part is changed."""
    parts = [Histogram.of(first), Histogram.of(second)]
    before = [wire(part) for part in parts]
    pile = Pile()
    seen = []
    for part in parts:
        pile.add(part)
        seen.append(wire(pile.histogram))
    assert seen == [wire(parts[0]), wire(Histogram.merged(parts))]
    assert [wire(part) for part in parts] == before


@given(st.lists(st.lists(TIMES, max_size=4), max_size=4), TIMES)
def test_the_sum_of_piles_goes_on_growing(groups: list[list[list[float]]], more: list[float]) -> None:
    """As if all had been put on one from the beginning."""
    parts = [[Histogram.of(part) for part in group] for group in groups]
    pile = Pile.of_piles([Pile(group) for group in parts])
    pile.add(Histogram.of(more))
    whole = Histogram.merged([*(part for group in parts for part in group), Histogram.of(more)])
    assert wire(pile.histogram) == wire(whole)


def exactly(values: Sequence[float]) -> Fraction:
    return sum((Fraction(value) for value in values), Fraction())


@given(st.lists(st.floats(-1e300, 1e300), max_size=20))
def test_an_exact_sum_loses_nothing(values: list[float]) -> None:
    """However far apart the values lie."""
    assert exactly(exact_sum(values)) == exactly(values)


def test_an_exact_sum_of_what_is_no_number_ends() -> None:
    """As it may stand in a damaged journal."""
    assert exact_sum([float("inf"), 1.0]) == [float("inf")]
