"""Whether the generator can be trusted: each way in which it cannot is a reason in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from perfgate.measure.histogram import Histogram
from perfgate.measure.journals import Recording
from perfgate.measure.recording import End, HealthSample
from perfgate.measure.run import reduce
from perfgate.plan import profile
from perfgate.plan.plan import HealthLimits
from tests.measure.recordings import BEGUN, cell, seconds_of, steady_recording

if TYPE_CHECKING:
    from perfgate.measure.summary import Health

LIMITS = HealthLimits(
    generator_cpu=0.9,
    loop_lag_ms=200,
    schedule_lag_ms=100,
    steal=0.3,
    throttled_ms=100,
    clock_step_ms=5,
    open_files=0.9,
    ports=0.8,
    bad_seconds=0.1,
)
LENGTH = 60


def recording_with(samples: dict[int, HealthSample]) -> Recording:
    recording = steady_recording(LENGTH)
    for second, sample in samples.items():
        recording.seconds[second].health = sample
    return recording


def health_of(recording: Recording, *, ramp_up_s: float = 0, stress: bool = False) -> Health:
    curve = profile.hold(10, LENGTH, ramp_up_s=ramp_up_s)
    return reduce(recording, curve.segments, LIMITS, stress=stress).health


def test_a_generator_within_its_limits_is_trusted() -> None:
    """Its figures are shown all the same."""
    health = health_of(steady_recording(LENGTH))
    assert (health.valid, health.reasons, health.clock) == (True, [], "user")
    assert health.cpu_max == 0.3
    assert health.cpu_mean == pytest.approx(0.3)
    assert (health.loop_lag_p99_ms, health.schedule_lag_p99_ms, health.steal_max) == (1.0, None, 0.0)


def test_a_saturated_generator_says_from_when_on_and_what_to_do() -> None:
    """As a sentence, with the share of a core."""
    health = health_of(recording_with({second: HealthSample(0.98, 1.0) for second in range(12, LENGTH)}))
    assert health.reasons == [
        "the generator used 98 % of a core from 00:12 on (limit 90 %): add `--processes 2` or use fewer users"
    ]
    assert not health.valid


def test_the_remedy_suits_the_model_and_doubles_the_processes_that_there_are() -> None:
    """Users are few or many, arrivals have a rate."""
    recording = recording_with({second: HealthSample(0.98, 1.0) for second in range(LENGTH)})
    recording.begin = replace(BEGUN, model="open", engines=2)
    assert health_of(recording).reasons[0].endswith(": add `--processes 4` or lower the rate")


def test_a_generator_that_was_busy_now_and_then_says_how_often() -> None:
    """Seven of sixty seconds are more than a tenth."""
    health = health_of(recording_with({second: HealthSample(0.95, 1.0) for second in range(0, 28, 4)}))
    assert "used 95 % of a core in 7 of 60 judged seconds, first at 00:00 (limit 90 %)" in health.reasons[0]


def test_a_few_bad_seconds_are_borne() -> None:
    """Six of sixty are a tenth, and not more."""
    assert health_of(recording_with({second: HealthSample(0.95, 1.0) for second in range(6)})).valid


def test_a_figure_on_its_limit_keeps_it() -> None:
    """As with budgets."""
    sample = HealthSample(0.9, 200.0, steal=0.3, throttled_ms=100, clock_step_ms=-5, open_files=0.9, ports=0.8)
    assert health_of(recording_with(dict.fromkeys(range(LENGTH), sample))).valid


def test_moments_past_the_first_minute_are_told_in_minutes_and_seconds() -> None:
    """The seventy-fifth second is 01:15."""
    recording = steady_recording(100)
    for second in recording.seconds[75:]:
        second.health = HealthSample(0.98, 1.0)
    health = reduce(recording, profile.hold(10, 100).segments, LIMITS).health
    assert "from 01:15 on" in health.reasons[0]


def test_bad_seconds_of_the_ramp_do_not_count() -> None:
    """Users come to life there; it is not judged."""
    recording = recording_with({second: HealthSample(1.0, 900.0) for second in range(20)})
    assert health_of(recording, ramp_up_s=20).valid
    assert not health_of(recording, ramp_up_s=5).valid


def test_a_late_event_loop_is_a_reason() -> None:
    """Timers that fire late delay requests as well."""
    health = health_of(recording_with({second: HealthSample(0.3, 350.0) for second in (30, 31, 32)}))
    assert health.loop_lag_p99_ms == 350.0
    assert "event loop was 350 ms late (p99 over seconds, limit 200 ms)" in health.reasons[0]
    assert "in 3 of 60 judged seconds, first at 00:30" in health.reasons[0]


def test_a_late_schedule_is_a_reason() -> None:
    """Arrivals that are released late are not the load that was asked for."""
    recording = steady_recording(LENGTH)
    for second in recording.seconds:
        second.schedule_lag_ms = Histogram.of([1.0] * 90 + [150.0] * 10)
    health = health_of(recording)
    assert health.schedule_lag_p99_ms == pytest.approx(150, rel=0.001)
    assert "released arrivals" in health.reasons[0]
    assert "from 00:00 on" in health.reasons[0]


def test_a_hypervisor_that_takes_the_cpu_is_a_reason_under_every_load() -> None:
    """It is no property of the service, and no bound of its capacity."""
    recording = recording_with({second: HealthSample(0.3, 1.0, steal=0.5) for second in range(40, 50)})
    assert health_of(recording).steal_max == 0.5
    for stress in (False, True):
        assert "the hypervisor took 50 %" in health_of(recording, stress=stress).reasons[0]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (
            HealthSample(0.3, 1.0, throttled_ms=420.0),
            (
                "the container's CPU quota held the generator back for up to 420 ms in a second from 00:31 on "
                "(limit 100 ms): raise the quota or lower the load"
            ),
        ),
        (
            HealthSample(0.3, 1.0, open_files=0.95),
            (
                "the generator had used 95 % of its open files from 00:31 on (limit 90 %): "
                "raise it with `ulimit -n`, or use fewer users"
            ),
        ),
        (
            HealthSample(0.3, 1.0, ports=0.83),
            (
                "the machine had used 83 % of its ephemeral ports from 00:31 on (limit 80 %): "
                "keep connections alive instead of opening one for each request, or use fewer users"
            ),
        ),
    ],
    ids=["quota", "open files", "ports"],
)
def test_what_runs_out_is_a_reason_and_bounds_a_stress_load(bad: HealthSample, words: str) -> None:
    """With what to do about it; a few seconds of it are borne."""
    recording = recording_with(dict.fromkeys(range(31, LENGTH), bad))
    health = health_of(recording)
    assert (health.valid, health.reasons) == (False, [words])
    under_stress = health_of(recording, stress=True)
    assert (under_stress.valid, under_stress.notes) == (True, [words])
    assert health_of(recording_with(dict.fromkeys(range(6), bad))).valid


def test_the_most_of_each_figure_is_kept() -> None:
    """Null where the system does not tell."""
    sample = HealthSample(0.3, 1.0, None, 12.0, -0.4, 37, 0.2, 0.1)
    health = health_of(recording_with({30: sample}))
    figures = (health.throttled_max_ms, health.clock_step_max_ms, health.sockets_max)
    assert figures == (12.0, 0.4, 37)
    assert (health.open_files_max, health.ports_max) == (0.2, 0.1)
    unknown = health_of(steady_recording(LENGTH))
    assert (unknown.throttled_max_ms, unknown.sockets_max, unknown.ports_max) == (None, None, None)


@pytest.mark.parametrize(("stamped", "clock"), [(100, "kernel"), (99, "kernel"), (98, "user"), (0, "user")])
def test_the_clock_is_the_kernels_when_nearly_all_requests_have_its_time(stamped: int, clock: str) -> None:
    """Of a hundred requests in each second."""
    recording = steady_recording(LENGTH)
    for second in recording.seconds:
        second.stamped = stamped
    assert health_of(recording).clock == clock


def test_without_requests_there_is_no_clock() -> None:
    """Nothing was timed."""
    assert health_of(Recording(BEGUN, seconds_of([], LENGTH), End("completed", "", 60.0))).clock is None


def test_requests_that_were_sent_again_are_noted() -> None:
    """They were slower than need be, and nothing is wrong with the generator."""
    recording = steady_recording(LENGTH)
    recording.seconds[3].retried = 2
    recording.seconds[40].retried = 1
    health = health_of(recording)
    assert (health.valid, health.retried) == (True, 3)
    assert health.notes == ["3 requests were sent again because the server had closed an idle connection"]


def test_arrivals_that_waited_past_their_own_second_are_counted_and_noted() -> None:
    """They are served in order: no more of a second's own can wait at its end than came in it."""
    recording = steady_recording(LENGTH)
    for second in recording.seconds:
        second.arrivals = 10
    recording.seconds[5].waiting = 4
    recording.seconds[6].waiting = 14
    health = health_of(recording)
    assert (health.valid, health.arrivals, health.late) == (True, 600, 14)
    assert health.notes == [
        (
            "14 arrivals of 600 (2.33 %) still waited for a user when the second that they fell due in ended; "
            "their waiting is part of the response time"
        )
    ]


def test_arrivals_without_a_user_are_a_reason() -> None:
    """The load that was asked for was not driven."""
    recording = replace(steady_recording(LENGTH), end=End("completed", "", 60.0, unserved=1312))
    health = health_of(recording)
    assert health.unserved == 1312
    assert "1,312 arrivals never found a user" in health.reasons[0]


def test_arrivals_that_waited_when_the_engine_was_killed_are_unserved() -> None:
    """The last second that it wrote knows how many."""
    recording = replace(steady_recording(LENGTH), end=None)
    recording.seconds[-1].waiting = 7
    assert health_of(recording).unserved == 7


def test_arrivals_are_counted() -> None:
    """Over the whole load."""
    recording = steady_recording(LENGTH)
    for second in recording.seconds:
        second.arrivals = 5
    assert health_of(recording).arrivals == 300


def test_users_that_still_waited_at_the_end_are_a_reason() -> None:
    """A service that hangs leaves nothing behind but users that were cut off."""
    health = health_of(replace(steady_recording(LENGTH), end=End("completed", "", 60.0, cut_off=10)))
    assert health.cut_off == 10
    assert "10 of 10 users were cut off" in health.reasons[0]
    assert "stop_timeout" in health.reasons[0]


def test_a_single_straggler_is_counted_and_borne() -> None:
    """One of ten users."""
    health = health_of(replace(steady_recording(LENGTH), end=End("completed", "", 60.0, cut_off=1)))
    assert (health.cut_off, health.users, health.valid, health.hangs) == (1, 10, True, False)
    assert health.notes == [
        "1 of 10 users was cut off in the middle of a task: what it waited for is in no figure",
    ]


def test_a_host_that_is_not_allowed_is_named() -> None:
    """Together with the key that would allow it."""
    end = End("refused", "", 60.0, refused_hosts=["elsewhere.example"])
    assert health_of(replace(steady_recording(LENGTH), end=end)).reasons == [
        "the scenario tried to reach elsewhere.example, which allowed_hosts does not name"
    ]


@pytest.mark.parametrize(("count", "valid"), [(60, True), (61, False)])
def test_exceptions_beside_more_than_one_in_a_hundred_requests_are_a_reason(count: int, valid: bool) -> None:
    """Each means that requests may have been left out; there are 6,000 requests here."""
    end = End("completed", "", 60.0, user_errors={"KeyError: 'id'": count - 1, "ValueError: x": 1})
    health = health_of(replace(steady_recording(LENGTH), end=end))
    assert health.valid is valid
    if not valid:
        assert "KeyError: 'id'" in health.reasons[0]


def test_a_saturated_step_bounds_a_stress_load_and_does_not_make_it_invalid() -> None:
    """The step is marked; the run stands. The same in any other load is a reason."""
    cells = [cell(second, [1.0] * 20, phase="step_1" if second < 10 else "step_2") for second in range(20)]
    seconds = seconds_of(cells, 20)
    for second in seconds[10:]:
        second.health = HealthSample(1.0, 1.0)
    recording = Recording(steady_recording().begin, seconds, End("completed", "", 20.0, cut_off=10, unserved=3))
    curve = profile.steps([5, 10], 10)
    stress = reduce(recording, curve.segments, LIMITS, stress=True)
    assert {phase.name: phase.saturated for phase in stress.phases if phase.name != "ramp"} == {
        "step_1": False,
        "step_2": True,
    }
    assert (stress.health.valid, stress.health.unserved) == (True, 3)
    assert not reduce(recording, curve.segments, LIMITS).health.valid


def test_the_drain_is_never_saturated() -> None:
    """Users end there; nothing is measured that could be judged."""
    cells = [cell(second, [1.0] * 20) for second in range(10)] + [cell(11, [1.0], phase="drain")]
    seconds = seconds_of(cells, 13, cpu=1.0)
    recording = Recording(BEGUN, seconds, End("completed", "", 10.0))
    summary = reduce(recording, profile.hold(10, 10).segments, LIMITS)
    assert {phase.name: phase.saturated for phase in summary.phases} == {"steady": True, "drain": False}


def test_a_master_is_given_more_workers_rather_than_processes() -> None:
    """They drive, it only adds up."""
    recording = recording_with({second: HealthSample(0.98, 1.0) for second in range(LENGTH)})
    recording.begin = replace(BEGUN, workers=3)
    assert health_of(recording).reasons[0].endswith(": use 6 workers or use fewer users")
