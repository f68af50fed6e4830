"""Reduction: from what the journals hold to the numbers that are judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.errors import RecordingError
from perfgate.measure import odd
from perfgate.measure.histogram import Histogram
from perfgate.measure.journals import Recording
from perfgate.measure.recording import (
    REQUESTS_JOURNAL,
    SERVICE_JOURNAL,
    Cell,
    End,
    FailureCount,
    MetricCell,
    ServiceExit,
    ServiceSample,
)
from perfgate.measure.run import reduce, summarize
from perfgate.measure.window import NOT_JUDGED
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import BEGUN, HOME, MEGABYTE, cell, samples_of, seconds_of, steady_recording, write

if TYPE_CHECKING:
    from pathlib import Path

    from perfgate.measure.summary import PhaseSummary, RunSummary

LIMITS = HealthLimits()
TEN_S = profile.hold(10, 10).segments


def reduced(recording: Recording, curve: profile.Profile | None = None) -> RunSummary:
    return reduce(recording, (curve or profile.hold(10, 10)).segments, LIMITS)


def the_phase(summary: RunSummary, name: str = "steady") -> PhaseSummary:
    phase = summary.phase(name)
    assert phase is not None
    return phase


def test_a_run_on_disk_reduces_as_one_in_memory(tmp_path: Path) -> None:
    """The journals carry everything."""
    recording = steady_recording()
    assert summarize(write(recording, tmp_path), TEN_S, LIMITS) == reduce(recording, TEN_S, LIMITS)


def test_counts_rates_and_percentiles_of_an_endpoint_and_of_the_whole() -> None:
    """Failures are counted and timed apart: fast ones do not lower a percentile."""
    times = [float(value) for value in range(1, 101)]
    cells = [cell(second, times) for second in range(10)]
    cells += [cell(second, [0.1] * 25, outcome="failed") for second in range(10)]
    cells += [cell(second, [500.0] * 10, endpoint="GET /slow") for second in range(10)]
    summary = reduced(Recording(BEGUN, seconds_of(cells, 10), End("completed", "", 10.0)))
    phase = the_phase(summary)
    home, slow = phase.endpoints
    assert (home.name, home.requests, home.failures, home.error_rate) == (HOME, 1250, 250, 0.2)
    assert (home.throughput_per_s, slow.throughput_per_s, phase.total.throughput_per_s) == (100.0, 10.0, 110.0)
    assert home.latency_ms.p50 == pytest.approx(50.5, rel=0.01)
    assert (home.latency_ms.min, home.failed_ms.max) == (1.0, 0.1)
    assert (phase.total.name, phase.total.requests, phase.total.failures) == (None, 1350, 250)
    assert phase.total.latency_ms.max == 500.0
    assert home.bytes_received == 125_000
    assert home.service_ms == home.latency_ms


def test_fast_failures_never_lower_a_percentile() -> None:
    """The same successes with and without a thousand instant failures have the same percentiles."""
    good = [cell(second, [100.0, 200.0, 300.0]) for second in range(10)]
    bad = [cell(second, [0.01] * 1000, outcome="failed") for second in range(10)]
    clean, failing = (
        the_phase(reduced(Recording(BEGUN, seconds_of(cells, 10), End("completed", "", 10.0))))
        for cells in (good, good + bad)
    )
    assert failing.total.latency_ms == clean.total.latency_ms
    assert failing.total.failures == 10_000


def test_service_times_stand_beside_response_times_in_an_open_model() -> None:
    """Waiting for a user is in the one and not in the other."""
    waited = Cell(HOME, "ok", "steady", 0, Histogram.of([50.0] * 20), Histogram.of([10.0] * 20))
    phase = the_phase(reduced(Recording(BEGUN, seconds_of([waited], 10), End("completed", "", 10.0))))
    assert (phase.total.latency_ms.max, phase.total.service_ms.max) == (50.0, 10.0)


def test_each_request_counts_in_its_own_phase() -> None:
    """The ramp and the drain are apart from the steady phase, each over its own time."""
    curve = profile.hold(10, 10, ramp_up_s=4)
    cells = [cell(second, [1.0] * 10, phase="ramp") for second in range(4)]
    cells += [cell(second, [2.0] * 20) for second in range(4, 10)]
    cells += [cell(10, [3.0] * 5, phase="drain")]
    summary = reduced(Recording(BEGUN, seconds_of(cells, 11), End("completed", "", 10.0)), curve)
    found = [(p.name, p.start_s, p.end_s, p.level, p.total.requests) for p in summary.phases]
    assert found == [("ramp", 0, 4, 10, 40), ("steady", 4, 10, 10, 120), ("drain", 10, 11, None, 5)]
    assert [p.total.throughput_per_s for p in summary.phases] == [10, 20, 5]


def test_the_ramps_of_a_stress_load_are_one_phase() -> None:
    """From the first one's start to the last one's end, with the rate over the time of the ramps alone."""
    cells = [cell(0, [1.0] * 10, phase="ramp"), cell(10, [1.0] * 30, phase="ramp")]
    cells += [cell(5, [1.0] * 80, phase="step_1"), cell(15, [1.0] * 160, phase="step_2")]
    summary = reduced(Recording(BEGUN, seconds_of(cells, 20), End("completed", "", 20.0)), profile.steps([5, 10], 10))
    assert [(p.name, p.start_s, p.end_s) for p in summary.phases] == [
        ("ramp", 0, 12),
        ("step_1", 2, 10),
        ("step_2", 12, 20),
    ]
    assert the_phase(summary, "ramp").total.throughput_per_s == 10.0
    assert (the_phase(summary, "step_2").level, the_phase(summary, "step_2").total.throughput_per_s) == (10, 20)


def test_a_load_that_ended_early_counts_the_time_that_it_was_driven() -> None:
    """Throughput is per second driven, not planned, and later phases do not appear."""
    recording = Recording(BEGUN, seconds_of([cell(0, [1.0] * 30)], 3), End("stopped", "stopped", 3.0))
    summary = reduced(recording, profile.spike(1, 9, spike_at_s=5, spike_duration_s=1, duration_s=9, ramp_up_s=0))
    assert [p.name for p in summary.phases] == ["steady"]
    assert the_phase(summary).total.throughput_per_s == 10.0
    assert (summary.complete, summary.end_reason, summary.duration_s) == (False, "stopped", 3.0)


@pytest.mark.parametrize(
    ("reason", "complete"),
    [
        ("completed", True),
        ("stop_when", True),
        ("shape", True),
        ("stopped", False),
        ("error", False),
        ("refused", False),
    ],
)
def test_a_run_is_complete_when_the_load_ended_as_it_should(reason: str, complete: bool) -> None:
    """By its profile, its own stop condition, or the scenario's shape."""
    assert reduced(replace(steady_recording(), end=End(reason, "why", 10.0))).complete is complete


def test_a_killed_engine_leaves_what_it_had_written(tmp_path: Path) -> None:
    """Without its end the recording is partial, up to the last second in it."""
    folder = write(replace(steady_recording(), end=None), tmp_path)
    path = folder / REQUESTS_JOURNAL
    path.write_bytes(path.read_bytes()[:-10])  # and the last second is torn
    summary = summarize(folder, TEN_S, LIMITS)
    assert (summary.complete, summary.end_reason, summary.duration_s) == (False, "killed", 9.0)
    assert (the_phase(summary).total.requests, the_phase(summary).total.throughput_per_s) == (900, 100.0)


@pytest.mark.parametrize("content", [None, b"", b"PGJ", b"PGJRNL01"], ids=["missing", "empty", "cut", "header only"])
def test_a_recording_that_never_began_is_an_incomplete_summary(tmp_path: Path, content: bytes | None) -> None:
    """No phases and no exception: what judges it says why."""
    if content is not None:
        (tmp_path / REQUESTS_JOURNAL).write_bytes(content)
    summary = summarize(tmp_path, TEN_S, LIMITS)
    assert (summary.complete, summary.end_reason, summary.phases) == (False, "not_started", [])
    assert summary.series.second == []


def test_a_file_that_is_no_journal_is_an_error(tmp_path: Path) -> None:
    """Something else lies where the journal should."""
    (tmp_path / REQUESTS_JOURNAL).write_bytes(b"something else")
    with pytest.raises(RecordingError, match="not a perfgate journal"):
        summarize(tmp_path, TEN_S, LIMITS)


def test_a_run_without_a_service_journal_has_no_resources(tmp_path: Path) -> None:
    """Perfgate did not start that service."""
    folder = write(steady_recording(), tmp_path)
    (folder / SERVICE_JOURNAL).unlink()
    summary = summarize(folder, TEN_S, LIMITS)
    assert the_phase(summary).resources is None
    assert set(summary.series.cpu) == {None}


def test_resources_are_those_of_the_phases_own_seconds() -> None:
    """CPU and memory of the ramp are not the steady phase's."""
    recording = steady_recording()
    recording.samples = [ServiceSample(-1.0, 9.0, 9, 1), *samples_of([1] * 5 + [3] * 4 + [5], cpu=0.5)]
    recording.samples[6] = replace(recording.samples[6], at_s=5.0)  # the steady phase's first moment
    resources = the_phase(reduced(recording, profile.hold(10, 10, ramp_up_s=5))).resources
    assert resources is not None
    assert (resources.cpu_mean, resources.cpu_max) == (0.5, 0.5)
    assert (resources.memory_mean_bytes, resources.memory_max_bytes) == (3.4, 5)


def test_a_service_that_died_is_noted_with_its_code_and_time() -> None:
    """A negative code is a signal."""
    summary = reduced(replace(steady_recording(), exit=ServiceExit(4.5, -9)))
    assert (summary.service_exit, summary.service_exit_at_s) == (-9, 4.5)


def test_a_scenarios_own_shape_is_one_steady_phase() -> None:
    """There is no profile to say otherwise."""
    recording = replace(steady_recording(7), end=End("shape", "", 6.5))
    summary = reduce(recording, None, LIMITS)
    assert [(p.name, p.start_s, p.end_s, p.level) for p in summary.phases] == [("steady", 0.0, 6.5, None)]
    assert reduce(Recording(BEGUN), None, LIMITS).phases == []


def test_failures_are_grouped_by_kind_with_the_first_example() -> None:
    """Most frequent first, in the endpoint and in the whole, and not more than twenty kinds."""
    seconds = seconds_of([cell(0, [1.0] * 99, outcome="failed")], 10)
    seconds[0].failures = [FailureCount(HOME, "steady", 0, "HTTP 503", 2, "first"), *_rare_kinds()]
    seconds[1].failures = [FailureCount(HOME, "steady", 1, "HTTP 503", 3, "second")]
    phase = the_phase(reduced(Recording(BEGUN, seconds, End("completed", "", 10.0))))
    for entry in (phase.total, phase.endpoints[0]):
        first = entry.failures_by_kind[0]
        assert (first.kind, first.count, first.example) == ("HTTP 503", 5, "first")
        assert len(entry.failures_by_kind) == 20


def _rare_kinds() -> list[FailureCount]:
    return [FailureCount(HOME, "steady", 0, f"kind {number}", 1, "once") for number in range(30)]


@pytest.mark.parametrize(("untimed", "known"), [(1, True), (2, False)])
def test_requests_without_a_time_count_and_are_no_latency(untimed: int, known: bool) -> None:
    """Of 100 a single one changes nothing; when more are missing, what the others took is not told as that of all."""
    recording = steady_recording(10, [5.0] * 99)
    for second in recording.seconds:
        second.cells[0].untimed = untimed
    summary = reduced(recording)
    phase = the_phase(summary)
    for entry in (phase.total, phase.endpoints[0]):
        assert (entry.requests, entry.failures, entry.untimed) == (10 * (99 + untimed), 0, 10 * untimed)
        assert entry.throughput_per_s == 99 + untimed
        assert entry.latency_ms.p95 == entry.service_ms.p95 == (5.0 if known else None)
        assert (entry.p95_interval_ms is not None) is known
    assert summary.series.requests == [99 + untimed] * 10
    (words,) = summary.health.notes
    assert words.startswith(f"{10 * untimed} successful requests have no response time ({HOME})")


@pytest.mark.parametrize(("redirected", "told"), [(50, False), (51, True)])
def test_an_endpoint_that_is_mostly_redirected_is_named(redirected: int, told: bool) -> None:
    """Once its session has ended a page is the login, which is fast and a success."""
    recording = steady_recording(10, [5.0] * 100)
    for second in recording.seconds:
        second.cells[0].redirected = redirected
    summary = reduced(recording)
    phase = the_phase(summary)
    assert [entry.redirected for entry in (phase.total, phase.endpoints[0])] == [10 * redirected] * 2
    words = f"answered with, or after, a redirect ({HOME}: {10 * redirected} of 1,000)"
    assert summary.health.notes == [f"{words}: is it the page that was meant, or a login?"] * int(told)


def test_what_successes_were_answered_is_in_the_figures() -> None:
    """How long answers were, and how many were empty; what failed is no answer."""
    recording = steady_recording(10, [5.0] * 100)
    for second in recording.seconds:
        ok = second.cells[0]
        ok.bytes_received, ok.empty = 30_000, 40
        second.cells.append(replace(ok, outcome="failed", bytes_received=900, empty=0))
    phase = the_phase(reduced(recording))
    for entry in (phase.total, phase.endpoints[0]):
        assert (entry.mean_body_bytes, entry.empty, entry.bytes_received) == (300.0, 400, 309_000)


@pytest.mark.parametrize(("at_work", "told"), [(["Buyer"], True), (["Buyer", "Seller"], False), ([], False)])
def test_classes_without_a_user_are_told_where_that_is_known(at_work: list[str], told: bool) -> None:
    """Older recordings do not know."""
    recording = steady_recording()
    assert recording.begin
    assert recording.end
    recording.begin = replace(recording.begin, user_classes=["Buyer", "Seller"])
    recording.end = replace(recording.end, classes_at_work=at_work)
    assert any("no user of Seller was there" in note for note in reduced(recording).health.notes) is told


def test_redirects_of_a_ramp_are_not_told() -> None:
    """Each user logs in as it comes to life."""
    recording = steady_recording(14)
    for second in recording.seconds[:4]:
        second.cells = [replace(second.cells[0], phase="ramp", redirected=100)]
    assert reduced(recording, profile.hold(10, 10, ramp_up_s=4)).health.notes == []


def test_what_a_scenario_told_that_cannot_be_used_is_said() -> None:
    """By what it was, and how often."""
    recording = steady_recording()
    recording.seconds[2].odd = {odd.RESPONSE_LENGTH: 2}
    recording.seconds[7].odd = {odd.RESPONSE_LENGTH: 1, odd.NAME: 1}
    health = reduced(recording).health
    assert health.valid
    assert health.odd == {odd.RESPONSE_LENGTH: 3, odd.NAME: 1}
    assert [words.split(" with ")[0] for words in health.notes] == [
        "the scenario told of 1 event",
        "the scenario told of 3 events",
    ]


def test_custom_metrics_are_reduced_like_response_times() -> None:
    """For the service as a whole, and for each endpoint that values were reported for."""
    recording = steady_recording()
    for second in recording.seconds:
        second.metrics = [
            MetricCell("tokens", "tokens", HOME, "steady", second.second, Histogram.of([100.0] * 3)),
            MetricCell("tokens", "tokens", None, "steady", second.second, Histogram.of([400.0])),
            MetricCell("cost", "", None, "ramp", second.second, Histogram.of([1.0])),
        ]
    metrics = the_phase(reduced(recording)).metrics
    assert [(m.name, m.unit, m.endpoint, m.count, m.mean, m.max) for m in metrics] == [
        ("tokens", "tokens", None, 40, 175.0, 400.0),
        ("tokens", "tokens", HOME, 30, 100.0, 100.0),
    ]


def test_the_series_has_a_row_for_every_second_also_for_silent_ones() -> None:
    """Requests of all endpoints, phases, users and resources, with null where nothing was seen."""
    cells = [cell(0, [10.0] * 20), cell(0, [1.0] * 5, outcome="failed"), cell(2, [30.0, 50.0], endpoint="GET /b")]
    seconds = [second for second in seconds_of(cells, 4) if second.second != 1]
    series = reduced(Recording(BEGUN, seconds, End("completed", "", 3.5), samples_of([7] * 3))).series
    assert series.second == [0, 1, 2, 3]
    assert series.phase == ["steady", "steady", "steady", "drain"]
    assert (series.requests, series.failures) == ([25, 0, 2, 0], [5, 0, 0, 0])
    assert series.users == [10, None, 10, 10]
    assert series.max_ms == [10.0, None, 50.0, None]
    assert [value is None for value in series.p95_ms] == [False, True, True, True]
    assert series.p50_ms[2] == pytest.approx(40.0, rel=0.001)
    assert series.memory_bytes == [7, 7, 7, None]
    assert {len(column) for column in series.model_dump().values()} == {4}


def test_the_series_goes_on_until_the_last_request() -> None:
    """The drain is part of the picture."""
    recording = steady_recording(10)
    recording.seconds[-1].cells.append(cell(12, [5.0], phase="drain"))
    series = reduced(recording).series
    assert (len(series.second), series.requests[10:], series.phase[10:]) == (13, [0, 0, 1], ["drain"] * 3)


@pytest.mark.parametrize("model", ["closed", "open"])
def test_the_model_and_the_start_are_those_of_the_recording(model: str) -> None:
    """As the engine wrote them down."""
    summary = reduced(replace(steady_recording(), begin=replace(BEGUN, model=model)))
    assert (summary.model, summary.started_at) == (model, BEGUN.started_at)


def test_a_request_that_ends_in_a_later_second_counts_in_the_one_it_began_in() -> None:
    """The journal's entry is of second 3; the cell says second 0."""
    seconds = seconds_of([], 4)
    seconds[3].cells = [cell(0, [3000.0])]
    series = reduced(Recording(BEGUN, seconds, End("completed", "", 4.0)), profile.hold(1, 4)).series
    assert (series.requests, series.max_ms) == ([1, 0, 0, 0], [3000.0, None, None, None])


def test_a_steady_phase_has_intervals_and_a_ramp_has_none() -> None:
    """While the level changes, stretches of time are no repetitions of each other."""
    cells = [cell(second, [10.0 + second % 3] * 25, phase="ramp") for second in range(20)]
    cells += [cell(second, [10.0 + second % 3] * 25) for second in range(20, 60)]
    curve = profile.hold(10, 60, ramp_up_s=20)
    summary = reduced(Recording(BEGUN, seconds_of(cells, 60), End("completed", "", 60.0)), curve)
    found = the_phase(summary).endpoints[0].p95_interval_ms
    assert found is not None
    low, high = found
    assert low is not None
    assert high is not None
    assert 10 < low < high < 13
    assert the_phase(summary).total.p99_interval_ms is not None
    assert the_phase(summary, "ramp").endpoints[0].p95_interval_ms is None


def test_the_first_and_the_last_fifth_of_the_steady_phase_are_kept_for_drift() -> None:
    """p95 of the requests, and mean memory, of two seconds each."""
    cells = [cell(second, [float(100 + second)] * 20) for second in range(10)]
    memory = [(100 + second) * MEGABYTE for second in range(10)]
    summary = reduced(Recording(BEGUN, seconds_of(cells, 10), End("completed", "", 10.0), samples_of(memory)))
    assert summary.first_fifth is not None
    assert summary.last_fifth is not None
    assert summary.first_fifth.p95_ms == pytest.approx(101, rel=0.001)
    assert summary.last_fifth.p95_ms == pytest.approx(109, rel=0.001)
    assert summary.first_fifth.memory_mean_bytes == 100.5 * MEGABYTE
    assert summary.last_fifth.memory_mean_bytes == 108.5 * MEGABYTE


def test_no_steady_phase_has_no_fifths() -> None:
    """As in a stress load."""
    summary = reduced(Recording(BEGUN, seconds_of([], 5), End("completed", "", 5.0)), profile.steps([1], 5))
    assert (summary.first_fifth, summary.last_fifth) == (None, None)


def test_only_ramp_warm_up_and_drain_are_not_judged() -> None:
    """The names are those of the profile's phases."""
    assert {profile.RAMP, profile.WARM_UP, profile.DRAIN} == NOT_JUDGED
