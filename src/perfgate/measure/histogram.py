"""Log-linear histograms of any float: mergeable by addition, relative error at most 2^-11 (0.05 %).

A bin is the upper bits of the value's own IEEE 754 pattern: sign, exponent and the first ten bits of the mantissa.
So each power of two is cut into 1,024 equal bins, there is no range to configure, and finding a bin is a shift.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

MANTISSA_BITS = 10
_SHIFT = 52 - MANTISSA_BITS
_STEP = np.dtype("<i4")  # on the wire: from bin to bin
_COUNT = np.dtype("<u4")
_DENSE_SPAN = 16  # bins counted densely for each bin that is given


def bins_of(values: NDArray[np.float64]) -> NDArray[np.int32]:
    """The bin of each value; negative values have negative bins, so the order of bins is the order of values.

    Args:
        values: finite floats, any shape.
    """
    magnitude = (np.abs(values).view(np.int64) >> _SHIFT).astype(np.int32)
    return np.where(values < 0, -magnitude, magnitude).astype(np.int32)


def values_of(bins: NDArray[np.int32]) -> NDArray[np.float64]:
    """The middle of each bin; bin 0 is exactly 0."""
    pattern = (np.abs(bins).astype(np.int64) << _SHIFT) + (np.int64(1) << (_SHIFT - 1))
    middle = pattern.view(np.float64)
    return np.where(bins == 0, 0.0, np.sign(bins) * middle)


def _sums(bins: NDArray[np.int32], counts: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each bin once, in order, with the sum of its counts (float weights are exact up to 2^53)."""
    lowest = int(bins.min())
    if int(bins.max()) - lowest < _DENSE_SPAN * bins.size:
        dense = np.bincount(bins - lowest, weights=counts)
        filled = np.flatnonzero(dense)
        return (filled + lowest).astype(np.int32), dense[filled].astype(np.int64)
    # A zero among milliseconds lies a million bins away from them: sorting is then quicker than counting.
    once, places = np.unique(bins, return_inverse=True)
    return once, np.bincount(places, weights=counts).astype(np.int64)


@dataclass
class Histogram:
    """Counts per bin, kept sparse and sorted, with the exact count, sum, minimum and maximum beside them."""

    bins: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")

    @classmethod
    def of(cls, values: ArrayLike) -> Histogram:
        """A histogram of finite `values`, in whatever unit they have.

        Raises:
            ValueError: when a value is NaN or infinite.
        """
        array = np.ascontiguousarray(values, dtype=np.float64)
        if array.size == 0:
            return cls()
        if not np.isfinite(array).all():
            raise ValueError("a histogram holds finite numbers only")
        bins, counts = np.unique(bins_of(array), return_counts=True)
        return cls(bins, counts.astype(np.int64), float(array.sum()), float(array.min()), float(array.max()))

    @classmethod
    def merged(cls, histograms: Iterable[Histogram]) -> Histogram:
        """The sum of histograms; exact, and the same in any order."""
        parts = [part for part in histograms if part.bins.size]
        if len(parts) <= 1:
            return parts[0] if parts else cls()
        all_bins = np.concatenate([part.bins for part in parts])
        all_counts = np.concatenate([part.counts for part in parts])
        bins, counts = _sums(all_bins, all_counts)
        return cls(
            bins,
            counts,
            fsum(part.total for part in parts),  # rounded once, so the order of the parts does not matter
            min(part.minimum for part in parts),
            max(part.maximum for part in parts),
        )

    @property
    def count(self) -> int:
        """How many values were recorded."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """The exact mean; NaN when empty."""
        count = self.count
        return self.total / count if count else float("nan")

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        """The quantiles at `shares` (0 to 1), interpolated linearly as numpy does (Hyndman and Fan's type 7).

        Returns NaN for each when the histogram is empty; results lie within the exact minimum and maximum.
        """
        count = self.count
        if not count:
            return [float("nan")] * len(shares)
        cumulative = np.cumsum(self.counts)
        ranks = np.asarray(shares, dtype=np.float64) * (count - 1)
        low = np.floor(ranks).astype(np.int64)
        high = np.minimum(low + 1, count - 1)
        middles = np.clip(values_of(self.bins), self.minimum, self.maximum)
        low_values = middles[np.searchsorted(cumulative, low, side="right")]
        high_values = middles[np.searchsorted(cumulative, high, side="right")]
        # The outermost values are known exactly.
        low_values = np.where(low == 0, self.minimum, np.where(low == count - 1, self.maximum, low_values))
        high_values = np.where(high == count - 1, self.maximum, high_values)
        return [float(v) for v in low_values + (ranks - low) * (high_values - low_values)]

    def quantile(self, share: float) -> float:
        """One quantile; see `quantiles`."""
        return self.quantiles([share])[0]

    def at_rank(self, rank: int) -> float:
        """The value of a rank, 1 for the least and `count` for the largest; these two are exact, others to 0.05 %."""
        if rank <= 1:
            return self.minimum
        if rank >= self.count:
            return self.maximum
        place = int(np.searchsorted(np.cumsum(self.counts), rank - 1, side="right"))
        middle = float(values_of(self.bins[place : place + 1])[0])
        return min(max(middle, self.minimum), self.maximum)

    def to_wire(self) -> list[Any]:
        """A compact msgpack value: [bins' bytes, counts' bytes, total, minimum, maximum]."""
        steps = self.bins.astype(_STEP)
        steps[1:] -= self.bins[:-1]
        return [steps.tobytes(), self.counts.astype(_COUNT).tobytes(), self.total, self.minimum, self.maximum]

    @classmethod
    def from_wire(cls, wire: Sequence[Any]) -> Histogram:
        """The inverse of `to_wire`."""
        bins = np.add.accumulate(np.frombuffer(wire[0], _STEP), dtype=np.int32)
        counts = np.frombuffer(wire[1], _COUNT).astype(np.int64)
        return cls(bins, counts, float(wire[2]), float(wire[3]), float(wire[4]))
