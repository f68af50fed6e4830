"""Clock steps: the seconds around one are in no figure, and many make the run invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from perfgate.measure.journals import Recording
from perfgate.measure.recording import End, FailureCount, HealthSample, SlowRequest
from perfgate.measure.run import reduce
from perfgate.measure.steps import LeftOut, left_out_of
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import BEGUN, HOME, cell, seconds_of, steady_recording

if TYPE_CHECKING:
    from perfgate.measure.summary import RunSummary

LENGTH = 60
LIMITS = HealthLimits(clock_step_ms=5, bad_seconds=0.1)


def stepping(*at: int, step_ms: float = 120.0) -> Recording:
    """A steady load of 100 requests a second, whose clock steps in some seconds and spoils their times."""
    recording = steady_recording(LENGTH)
    for second in at:
        recording.seconds[second].health = HealthSample(0.3, 1.0, clock_step_ms=step_ms)
        recording.seconds[second].cells = [cell(second, [9999.0] * 100)]
    return recording


def left_out(recording: Recording) -> LeftOut:
    return left_out_of(recording.outline.ticks, 5)


def reduced(recording: Recording) -> RunSummary:
    return reduce(recording, profile.hold(10, LENGTH).segments, LIMITS)


@pytest.mark.parametrize("step_ms", [120.0, -120.0])
def test_a_step_leaves_its_second_and_the_one_before_out_of_every_figure(step_ms: float) -> None:
    """Forwards or backwards; rates are per second of what is left, and the run stands."""
    summary = reduced(stepping(30, step_ms=step_ms))
    total = summary.phases[0].total
    assert (total.requests, total.throughput_per_s, total.latency_ms.max) == (5800, 100.0, 100.0)
    assert summary.phases[0].left_out_s == 2
    health = summary.health
    assert (health.valid, health.clock_steps, health.left_out, health.clock_step_max_ms) == (True, 1, 200, 120.0)
    assert health.notes == [
        (
            "the realtime clock stepped by 120 ms in 1 of 60 judged seconds, first at 00:30 (limit 5 ms): "
            "let nothing set the clock while a load is driven; 200 requests are in no figure"
        )
    ]


def test_the_series_counts_requests_whose_times_are_not_known() -> None:
    """A gap in the chart of response times, none in that of requests."""
    series = reduced(stepping(30)).series
    assert series.requests == [100] * LENGTH
    assert [second for second in series.second if series.p95_ms[second] is None] == [29, 30]
    assert [second for second in series.second if series.max_ms[second] is None] == [29, 30]


def test_steps_in_too_many_seconds_make_the_run_invalid() -> None:
    """More than a tenth of the judged ones; six of sixty are a tenth."""
    assert reduced(stepping(*range(10, 16))).health.valid
    health = reduced(stepping(*range(10, 17))).health
    assert (health.valid, health.notes) == (False, [])
    assert health.reasons == [
        (
            "the realtime clock stepped by up to 120 ms in 7 of 60 judged seconds, first at 00:10 (limit 5 ms): "
            "let nothing set the clock while a load is driven"
        )
    ]


@pytest.mark.parametrize(("step_ms", "moved"), [(7200.0, "+7.2"), (-3_600_000.0, "-3,600")])
def test_a_clock_that_is_set_by_seconds_makes_the_run_invalid_at_once(step_ms: float, moved: str) -> None:
    """Requests after it stand in wrong seconds, perhaps in wrong phases."""
    health = reduced(stepping(30, step_ms=step_ms)).health
    assert not health.valid
    assert health.reasons == [
        (
            f"the realtime clock was set by {moved} s in all, so that requests stand in wrong seconds: "
            "let nothing set the clock while a load is driven"
        )
    ]


def test_a_clock_that_only_slews_spoils_nothing() -> None:
    """An entry of a recording without a step is handed on as it is."""
    recording = stepping(30, step_ms=4.9)
    assert left_out(recording) == LeftOut()
    assert left_out(recording).kept(recording.seconds[30]) is recording.seconds[30]
    assert reduced(recording).health.left_out == 0


def test_a_request_that_began_long_before_a_step_and_ended_after_it_is_left_out() -> None:
    """Its duration is wrong as well; one that ended before the step is not."""
    recording = stepping(30)
    recording.seconds[29].cells.append(cell(20, [9000.0]))
    recording.seconds[33].cells.append(cell(20, [13_000.0]))
    recording.seconds[33].cells.append(cell(31, [2000.0]))
    latency = reduced(recording).phases[0].total.latency_ms
    assert latency.max == 9000.0
    kept = left_out(recording).kept(recording.seconds[33])
    assert [c.second for c in kept.cells] == [33, 31]


def test_an_entry_that_covers_several_seconds_spoils_all_of_them() -> None:
    """The event loop was busy, so no second of its own was written in between."""
    recording = stepping(30)
    recording.seconds = [*recording.seconds[:31], *recording.seconds[34:]]
    assert left_out(recording).seconds == {29, 30, 31, 32, 33}


def test_failures_and_slow_requests_of_a_left_out_second_are_left_out() -> None:
    """They would not fit the counts."""
    recording = stepping(30)
    recording.seconds[30].failures = [FailureCount(HOME, "steady", 30, "HTTP 503", 1, "x")]
    recording.seconds[30].slowest = [SlowRequest(HOME, 30.2, 9999.0, 200, "http://h/")]
    recording.seconds[31].slowest = [SlowRequest(HOME, 31.2, 99.0, 200, "http://h/")]
    summary = reduced(recording)
    assert summary.phases[0].total.failures_by_kind == []
    assert [slow.response_ms for slow in summary.slowest] == [99.0]


def test_a_step_in_the_first_second_and_in_an_empty_load() -> None:
    """There is no second before the first; where nothing is left, there is no rate."""
    assert left_out(stepping(0)).seconds == {0}
    seconds = seconds_of([cell(0, [1.0])], 1)
    seconds[0].health = HealthSample(0.3, 1.0, clock_step_ms=50)
    summary = reduce(Recording(BEGUN, seconds, End("completed", "", 1.0)), profile.hold(1, 1).segments, LIMITS)
    assert (summary.phases[0].total.requests, summary.phases[0].total.throughput_per_s) == (0, 0.0)
    assert not summary.health.valid
