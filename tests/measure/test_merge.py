"""What several engines recorded, added up as if one had."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalWriter
from perfgate.measure.journals import read_recording
from perfgate.measure.merge import merge_cells, merge_ends, merge_seconds, merge_timelines, worst_health
from perfgate.measure.recording import (
    BEGIN,
    END,
    SECOND,
    Begin,
    Cell,
    End,
    FailureCount,
    HealthSample,
    MetricCell,
    Second,
    requests_journal,
    second_to_body,
    tick_of,
)
from tests.measure.recordings import cell, steady_recording, write

if TYPE_CHECKING:
    from pathlib import Path

TIMES = st.lists(st.floats(0.01, 60_000), min_size=1, max_size=50)


def _wire(cells: list[Cell]) -> list[list[object]]:
    return [[c.endpoint, c.outcome, c.phase, c.second, c.response_ms.to_wire(), c.bytes_received] for c in cells]


@given(st.lists(TIMES, min_size=1, max_size=6))
def test_cells_add_up_exactly(parts: list[list[float]]) -> None:
    """The histogram of all values is the sum of the parts' histograms."""
    (merged,) = merge_cells(cell(0, times) for times in parts)
    whole = Histogram.of([time for times in parts for time in times])
    assert merged.response_ms.to_wire()[:2] == whole.to_wire()[:2]
    assert (merged.response_ms.minimum, merged.response_ms.maximum) == (whole.minimum, whole.maximum)
    assert merged.bytes_received == 100 * whole.count


def test_cells_of_different_endpoints_outcomes_phases_and_seconds_stay_apart() -> None:
    """Only what is the same is added."""
    cells = [cell(0, [1.0]), cell(1, [1.0]), cell(0, [1.0], endpoint="b"), cell(0, [1.0], outcome="failed")]
    cells.append(cell(0, [1.0], phase="ramp"))
    assert _wire(merge_cells(cells)) == _wire(cells)


def test_a_second_of_two_engines_is_their_sum() -> None:
    """Users, arrivals, failures and metrics; of the health the worst."""
    metric = MetricCell("tokens", "", None, "steady", 0, Histogram.of([1.0]))
    failure = FailureCount("GET /home", "steady", 0, "HTTP 503", 2, "first")
    left = Second(0, 3, [cell(0, [1.0])], [failure], [metric], HealthSample(0.9, 1.0, sockets=3), 5, 6, 1)
    right = Second(0, 2, [cell(0, [2.0])], [failure], [metric], HealthSample(0.2, 7.0, steal=0.1, sockets=4), 1, 2, 3)
    both = merge_seconds([left, right], 0)
    assert (both.users, both.iterations, both.arrivals, both.waiting) == (5, 6, 8, 4)
    assert [c.response_ms.count for c in both.cells] == [2]
    assert [(f.kind, f.count, f.example) for f in both.failures] == [("HTTP 503", 4, "first")]
    assert [m.values.count for m in both.metrics] == [2]
    assert (both.health.cpu, both.health.loop_lag_ms, both.health.steal, both.health.sockets) == (0.9, 7.0, 0.1, 7)


def test_the_worst_clock_step_may_be_one_backwards() -> None:
    """The largest by size."""
    assert worst_health([HealthSample(0, 0, clock_step_ms=2), HealthSample(0, 0, clock_step_ms=-9)]).clock_step_ms == -9


def test_an_engine_that_missed_a_second_keeps_its_users_in_it() -> None:
    """It was late, not gone; after its last entry it is gone."""
    left = [tick_of(Second(number, 2)) for number in range(4)]
    right = [tick_of(Second(0, 3)), tick_of(Second(2, 4))]
    assert [(s.second, s.users) for s in merge_timelines([left, right])] == [(0, 5), (1, 5), (2, 6), (3, 2)]


def test_the_gravest_end_stands_for_all_and_counts_are_summed() -> None:
    """Whoever looks at the whole must see the worst."""
    ends = [
        End("completed", "", 10.0, 1, 2, {"E: x": 1}),
        End("refused", "host", 9.0, 3, 4, {"E: x": 2}, ["a"]),
        End("stopped", "why", 9.5, 0, 0, {}, ["a", "b"]),
    ]
    assert merge_ends(ends) == End("refused", "host", 10.0, 4, 6, {"E: x": 3}, ["a", "b"])


def _engine(folder: Path, number: int, count: int, times: list[float], *, ended: bool = True) -> None:
    with JournalWriter(folder / requests_journal(number, count)) as journal:
        journal.append(BEGIN, asdict(Begin(1e9 + number, ["Visitor"], "closed", "2", count)))
        for second in range(3):
            journal.append(SECOND, second_to_body(Second(second, 5, [cell(second, times)])))
        if ended:
            journal.append(END, asdict(End("completed", "", 3.0, cut_off=number)))


def test_the_journals_of_two_engines_are_read_as_one(tmp_path: Path) -> None:
    """The earliest start, the sums, and one end."""
    _engine(tmp_path, 0, 2, [1.0, 2.0])
    _engine(tmp_path, 1, 2, [3.0])
    recording = read_recording(tmp_path)
    assert recording.begin is not None
    assert recording.begin.started_at == 1e9
    assert [second.users for second in recording.seconds] == [10, 10, 10]
    assert [c.response_ms.count for c in recording.cells] == [3, 3, 3]
    assert recording.end == End("completed", "", 3.0, cut_off=1)
    assert recording.lost == []


def test_an_engine_without_an_end_leaves_the_whole_without_one(tmp_path: Path) -> None:
    """Its journal is named; what was written is kept."""
    _engine(tmp_path, 0, 3, [1.0])
    _engine(tmp_path, 1, 3, [1.0], ended=False)
    recording = read_recording(tmp_path)
    assert recording.end is None
    assert recording.lost == ["requests-2.journal", "requests-3.journal"]
    assert sum(c.response_ms.count for c in recording.cells) == 6


def test_a_single_engine_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Nothing is changed by the merging of one."""
    recording = steady_recording(4)
    again = read_recording(write(recording, tmp_path))
    assert [second_to_body(second) for second in again.seconds] == [second_to_body(s) for s in recording.seconds]
    assert again.end == recording.end
