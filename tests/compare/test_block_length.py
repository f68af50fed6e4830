"""How long blocks are where the budgets file says nothing."""

from __future__ import annotations

import pytest

from perfgate.compare.block_length import block_length
from perfgate.measure.block_entries import BlockEntry
from perfgate.measure.blocks import Requests
from perfgate.measure.histogram import Histogram
from perfgate.plan.plan import Compare


def warmed(times_ms: list[float], measured_s: float = 2.0) -> BlockEntry:
    """A warm-up in which these were the response times."""
    endpoints = {"GET /": Requests(Histogram.of(times_ms))}
    return BlockEntry(0, 0, "base", 0.0, measured_s, endpoints, users=1, requests=len(times_ms))


@pytest.mark.parametrize(
    ("times_ms", "block_s"),
    [
        ([1.0] * 400, 0.05),  # the shortest
        ([30.0] * 400, 0.4),  # ten times as long as a slow response, and then the next step
        ([70.0] * 400, 0.8),
        ([900.0] * 400, 2.0),  # more would leave too few pairs
        ([1.0] * 40, 0.8),  # ten requests in a block
        ([], 2.0),  # nothing is known
    ],
)
def test_blocks_are_as_short_as_the_services_times_and_the_load_allow(times_ms: list[float], block_s: float) -> None:
    """In two minutes."""
    assert block_length(Compare(), [warmed(times_ms)]) == block_s


def test_the_slower_side_counts() -> None:
    """Both are driven in blocks of the same length."""
    assert block_length(Compare(), [warmed([1.0] * 400), warmed([30.0] * 400)]) == 0.4


def test_at_least_thirty_pairs_fit_into_the_time() -> None:
    """With a shorter time blocks are shorter, whatever the service would like."""
    assert block_length(Compare(30.0), [warmed([900.0] * 400)]) == 0.5


def test_what_is_written_holds() -> None:
    """For whoever knows better."""
    assert block_length(Compare(120.0, 1.0), [warmed([1.0] * 400)]) == 1.0
