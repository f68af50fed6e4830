"""How long blocks are where `[compare] block` says nothing: as short as the service's own times allow.

How fast a shared machine is changes within tenths of a second: the shorter the blocks, the more of that falls on both
sides of a pair, and the less is left in their difference (benchmarks/block_design.py: with blocks of 50 ms the
interval of a mean is half as wide as with blocks of a quarter of a second, and a fifth as wide as with blocks of
one). But a block begins with idle
connections and empty queues, so it must be long against the service's own times, or it would measure beginnings only.
"""

from __future__ import annotations

from math import ceil, log2
from typing import TYPE_CHECKING

from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.block_entries import BlockEntry
    from perfgate.plan.plan import Compare

SHORTEST_S = 0.05
_RESPONSES = 10  # a block lasts as long as so many of the service's slow responses, at their 95 % point,
_REQUESTS = 10  # and as so many requests take to come
_FEWEST_PAIRS = 30  # have to fit into the time there is


def block_length(compare: Compare, warm_up: Sequence[BlockEntry]) -> float:
    """The length of every block of a comparison, in seconds; decided before anything is compared.

    Args:
        compare: what the plan says.
        warm_up: of both sides.
    """
    if compare.block_s is not None:
        return compare.block_s
    longest_s = max(compare.max_duration_s / (2 * _FEWEST_PAIRS), SHORTEST_S)
    wanted_s = min(max((_wanted_s(entry) for entry in warm_up), default=SHORTEST_S), longest_s)
    # In steps, so that two comparisons of one service have the same, and never past what fits.
    steps = ceil(log2(max(wanted_s / SHORTEST_S, 1.0)))
    return min(SHORTEST_S * 2.0**steps, longest_s)


def _wanted_s(entry: BlockEntry) -> float:
    times = Histogram.merged(own.response_ms for own in entry.endpoints.values())
    if not times.count:
        return float("inf")
    return max(_RESPONSES * times.quantile(0.95) / 1000, _REQUESTS * entry.measured_s / times.count)
