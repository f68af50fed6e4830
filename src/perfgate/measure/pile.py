"""Piles: histograms that grow part by part, in the memory of one."""

from __future__ import annotations

from math import fsum, isfinite
from typing import TYPE_CHECKING

from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_WAITING = 4096  # bins of parts that wait to be added: merging many parts at once is much cheaper than each alone
_PART = 64  # what a small part costs beside its own bins


class Pile:
    """The sum of the histograms that were put on it; the same, to the last bit, as that of all of them at once."""

    __slots__ = ("_parts", "_totals", "_waiting", "_whole")

    def __init__(self, parts: Iterable[Histogram] = ()) -> None:
        self._whole = Histogram()
        self._parts: list[Histogram] = []
        self._totals: list[float] = []
        self._waiting = 0
        for part in parts:
            self.add(part)

    @classmethod
    def of_piles(cls, piles: Sequence[Pile]) -> Pile:
        """The sum of several, as if all their parts had been put on one."""
        pile, histograms = cls(), [other.histogram for other in piles]
        pile._whole = Histogram.merged(histograms)
        pile._totals = [total for other in piles for total in other._totals]  # noqa: SLF001  (its own kind)
        return pile

    def add(self, part: Histogram) -> None:
        """Put a histogram on it."""
        if not part.bins.size:
            return
        self._parts.append(part)
        self._waiting += part.bins.size + _PART
        if self._waiting > _MOST_WAITING:
            self._settle()

    def _settle(self) -> None:
        self._totals = exact_sum([*self._totals, *(part.total for part in self._parts)])
        self._whole = Histogram.merged([self._whole, *self._parts])
        self._parts, self._waiting = [], 0

    @property
    def histogram(self) -> Histogram:
        """The sum."""
        if self._parts:
            self._settle()
        self._whole.total = fsum(self._totals)  # rounded once, however often it has settled
        return self._whole


def exact_sum(values: Sequence[float]) -> list[float]:
    """A few floats whose sum is exactly that of the values: their rounded sum, what that leaves, and so on.

    >>> exact_sum([1e16, 1.0, 1.0, 1.0])
    [1.0000000000000004e+16, -1.0]
    """
    sums: list[float] = []
    while rest := fsum([*values, *(-part for part in sums)]):
        sums.append(rest)
        if not isfinite(rest):
            break
    return sums
