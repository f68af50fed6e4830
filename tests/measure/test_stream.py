"""Recordings are read entry by entry: whatever their length, only figures are kept."""

from __future__ import annotations

import tracemalloc
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.errors import RecordingError
from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalWriter
from perfgate.measure.journals import Recording, read_recording
from perfgate.measure.percentile import latency, percentile
from perfgate.measure.recording import (
    BEGIN,
    END,
    REQUESTS_JOURNAL,
    SECOND,
    Begin,
    Cell,
    End,
    Second,
    requests_journal,
    second_to_body,
)
from perfgate.measure.run import reduce, summarize
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import BEGUN, cell, samples_of, seconds_of, steady_recording, write

LENGTH = 10
SPANS = profile.hold(10, LENGTH).segments
LIMITS = HealthLimits()

# Of an entry's own second or of an earlier one: (endpoint, failed, how much earlier, times)
CELLS = st.lists(
    st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 4), st.lists(st.floats(1, 999), min_size=1)),
    max_size=3,
)
ENGINES = st.lists(st.lists(CELLS, min_size=LENGTH, max_size=LENGTH), min_size=1, max_size=3)


def entry(number: int, drawn: list[tuple[str, bool, int, list[float]]]) -> Second:
    cells = {(name, failed, max(number - ago, 0)): times for name, failed, ago, times in drawn}
    found = [
        cell(second, times, endpoint=name, outcome="failed" if failed else "ok")
        for (name, failed, second), times in cells.items()
    ]
    return Second(number, 5, found)


def write_engines(folder: Path, engines: list[list[Second]]) -> Path:
    for number, seconds in enumerate(engines):
        with JournalWriter(folder / requests_journal(number, len(engines))) as journal:
            journal.append(BEGIN, asdict(Begin(1e9, ["Visitor"], "closed", "2", len(engines))))
            for second in seconds:
                journal.append(SECOND, second_to_body(second))
            journal.append(END, asdict(End("completed", "", float(LENGTH))))
    return folder


def times_of(cells: list[Cell]) -> Histogram:
    return Histogram.merged(one.response_ms for one in cells if one.outcome == "ok")


@settings(max_examples=25)
@given(ENGINES)
def test_entry_by_entry_is_the_same_as_all_at_once(drawn: list[list[list[tuple[str, bool, int, list[float]]]]]) -> None:
    """Of any number of engines, with requests that end seconds after they began: counts, percentiles and the series."""
    engines = [[entry(number, cells) for number, cells in enumerate(engine)] for engine in drawn]
    with TemporaryDirectory() as folder:
        summary = summarize(write_engines(Path(folder), engines), SPANS, LIMITS)
    cells = [one for engine in engines for second in engine for one in second.cells]
    total = summary.phases[0].total
    assert total.requests == sum(one.response_ms.count for one in cells)
    assert total.latency_ms.model_dump(exclude={"mean"}) == latency(times_of(cells)).model_dump(exclude={"mean"})
    assert total.latency_ms.mean == pytest.approx(latency(times_of(cells)).mean)
    own = [[one for one in cells if one.second == second] for second in range(LENGTH)]
    assert summary.series.requests == [sum(one.response_ms.count for one in some) for some in own]
    assert summary.series.p50_ms == [percentile(times_of(some), "p50") for some in own]


def test_a_straggler_counts_among_the_requests_of_its_second() -> None:
    """It ended long after them: until then, their second is kept open."""
    seconds = seconds_of([cell(second, [10.0] * 30) for second in range(LENGTH)], LENGTH)
    seconds[9].cells.append(cell(0, [9000.0] * 10))
    series = reduce(Recording(BEGUN, seconds, End("completed", "", LENGTH)), SPANS, LIMITS).series
    assert series.p95_ms[0] == pytest.approx(9000, rel=0.001)
    assert series.p95_ms[1] == pytest.approx(10, rel=0.001)


def peak_of(length: int) -> int:
    """The most memory in use while a recording of so many seconds is reduced, in bytes."""
    spread = [1.002**power for power in range(4200)]  # each in a bin of its own
    seconds = seconds_of([cell(second, spread) for second in range(length)], length)
    recording = Recording(BEGUN, seconds, End("completed", "", float(length)), samples_of([1] * length))
    with TemporaryDirectory() as name:
        folder = write(recording, Path(name))
        del recording, seconds
        tracemalloc.start()
        try:
            summarize(folder, profile.hold(5, length).segments, LIMITS)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_memory_grows_by_what_is_kept_of_a_second_and_not_by_its_requests() -> None:
    """The histogram of a second is 50 kB here; what is kept of it is a row of the series and of the generator's."""
    short, long = 100, 300
    peak_of(10)  # whatever is imported late
    assert (peak_of(long) - peak_of(short)) / (long - short) < 2000


def test_what_is_appended_while_a_recording_is_read_is_not_in_it(tmp_path: Path) -> None:
    """Both times that it is gone through, it is the same."""
    recording = steady_recording(4)
    recording.end = None
    stored = read_recording(write(recording, tmp_path))
    before = reduce(stored, SPANS, LIMITS)
    _append(tmp_path, b"\0" * 5)
    assert reduce(stored, SPANS, LIMITS) == before
    assert stored.torn_bytes == 0
    assert read_recording(tmp_path).torn_bytes == 5


def _append(folder: Path, data: bytes) -> None:
    with (folder / REQUESTS_JOURNAL).open("ab") as file:
        file.write(data)


def test_a_recording_that_is_cut_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    """Half of its requests would be missing without a word."""
    stored = read_recording(write(steady_recording(4), tmp_path))
    path = tmp_path / REQUESTS_JOURNAL
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RecordingError, match="has changed while it was read"):
        reduce(stored, SPANS, LIMITS)


def test_a_stored_recording_has_its_seconds_by_number(tmp_path: Path) -> None:
    """As one in memory."""
    stored = read_recording(write(steady_recording(4), tmp_path))
    assert len(stored.seconds) == 4
    assert stored.seconds[-1].second == 3
    assert [second.second for second in stored.seconds[1:3]] == [1, 2]
    assert stored.driven_s == 4.0


def drivers(**begun: int) -> tuple[int, int]:
    recording = steady_recording(4)
    recording.begin = Begin(1e9, ["Visitor"], "closed", "2", **begun)
    health = reduce(recording, SPANS, LIMITS).health
    return health.engines, health.workers


def test_the_health_says_how_many_drove() -> None:
    """Processes of this machine, or a master's workers."""
    assert (drivers(), drivers(engines=4), drivers(workers=3)) == ((1, 0), (4, 0), (3, 3))


def test_nobody_drove_what_never_began() -> None:
    """The journal is empty."""
    assert reduce(Recording(), SPANS, LIMITS).health.engines == 0
