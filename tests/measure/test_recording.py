"""Entries of a recording: what goes into the journal comes out the same."""

from __future__ import annotations

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import (
    Cell,
    FailureCount,
    HealthSample,
    MetricCell,
    Second,
    SlowRequest,
    second_from_body,
    second_to_body,
)

COUNTS = st.integers(0, 10_000)
NAMES = st.text(max_size=8)
TIMES = st.floats(0, 1e6)
HISTOGRAMS = st.builds(Histogram.of, st.lists(TIMES, max_size=5))
OUTCOMES = st.sampled_from(["ok", "failed"])
SECONDS = st.builds(
    Second,
    second=COUNTS,
    users=COUNTS,
    cells=st.lists(
        st.builds(Cell, NAMES, OUTCOMES, NAMES, COUNTS, HISTOGRAMS, st.none() | HISTOGRAMS, COUNTS), max_size=3
    ),
    failures=st.lists(st.builds(FailureCount, NAMES, NAMES, COUNTS, NAMES, COUNTS, NAMES), max_size=3),
    metrics=st.lists(st.builds(MetricCell, NAMES, NAMES, st.none() | NAMES, NAMES, COUNTS, HISTOGRAMS), max_size=3),
    health=st.builds(
        HealthSample,
        TIMES,
        TIMES,
        st.none() | TIMES,
        st.none() | TIMES,
        st.floats(-1e6, 1e6),
        st.none() | COUNTS,
        st.none() | TIMES,
        st.none() | TIMES,
    ),
    iterations=COUNTS,
    arrivals=COUNTS,
    waiting=COUNTS,
    schedule_lag_ms=st.none() | HISTOGRAMS,
    slowest=st.lists(
        st.builds(SlowRequest, NAMES, TIMES, TIMES, st.none() | COUNTS, NAMES, st.none() | NAMES), max_size=3
    ),
    stamped=COUNTS,
    retried=COUNTS,
)


@given(SECONDS)
def test_a_second_comes_back_from_the_journal_as_it_was(second: Second) -> None:
    """Through msgpack, cells and histograms included."""
    body = second_to_body(second)
    back = second_from_body(msgpack.unpackb(msgpack.packb(body), strict_map_key=False))
    assert second_to_body(back) == body
    assert (back.health, back.failures, back.slowest) == (second.health, second.failures, second.slowest)
    assert (back.stamped, back.retried) == (second.stamped, second.retried)
    assert [(c.endpoint, c.outcome, c.phase, c.second, c.bytes_received) for c in back.cells] == [
        (c.endpoint, c.outcome, c.phase, c.second, c.bytes_received) for c in second.cells
    ]
    assert [c.service_ms is None for c in back.cells] == [c.service_ms is None for c in second.cells]
