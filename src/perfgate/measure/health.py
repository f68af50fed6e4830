"""Whether the generator can be trusted: its own figures held against its limits, in words.

Only judged phases count: users come to life in the ramps, and that may cost what it costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from perfgate.measure.steps import LeftOut
from perfgate.measure.strain import loop_lag, percent, remedy, saturation, schedule_lag, stolen, when
from perfgate.measure.summary import CUT_OFF_SHARE, Health
from perfgate.measure.window import window_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.measure.journals import Recording
    from perfgate.measure.recording import End, HealthSample, Second
    from perfgate.measure.strain import GeneratorLimits
    from perfgate.measure.window import Window

    _N = TypeVar("_N", int, float)

USER_ERROR_SHARE = 0.01  # of the requests
MISPLACED_MS = 1000.0  # steps that together reach a second move requests into another one
STAMPED_SHARE = 0.99  # of the requests: with fewer, percentiles rest on the generator's own clock as well


def health_of(  # noqa: PLR0913  (each is another kind of evidence)
    recording: Recording,
    windows: Sequence[Window],
    limits: GeneratorLimits,
    left_out: LeftOut | None = None,
    *,
    stress: bool,
    missing: str = "",
) -> Health:
    """The generator's health over the judged phases of a run.

    Args:
        recording: what the journals hold, all of it.
        windows: the phases that were driven.
        limits: past these the generator, not the service, was measured.
        left_out: what the clock's steps spoiled.
        stress: the load climbs until something gives way, so a saturated generator, arrivals without a user and
            iterations that were cut off bound its capacity, and do not make it invalid.
        missing: users that were not there though the profile asks for them, in words (see `attendance`). A step of a
            stress load in which they were missing is unknown by itself, so there it is only noted.
    """
    judged = [second for second in recording.seconds if _is_judged(second, windows)]
    left_out = left_out or LeftOut()
    steps = [second for second in left_out.steps if _is_judged(second, windows)]
    stepped = _step_words(steps, judged, limits)
    too_often = len(steps) > limits.bad_seconds * len(judged)
    bounds = [*([missing] if missing else []), *saturation(judged, limits, remedy(recording.begin))]
    bounds += _unserved_words(recording)
    users, cut_off = _last_users(recording), recording.end.cut_off if recording.end else 0
    too_many = cut_off > CUT_OFF_SHARE * users
    cut_words = [_cut_off_words(cut_off, users, too_many=too_many)] if cut_off else []
    reasons = [*_refusals(recording.end), *stolen(judged, limits), *_scenario_errors(recording)]
    reasons += [*(stepped if too_often else []), *_misplaced_words(left_out)]
    reasons += [] if stress else [*bounds, *(cut_words if too_many else [])]
    notes = [] if too_often else [f"{words}; {left_out.requests:,} requests are in no figure" for words in stepped]
    notes += [*(bounds if stress else []), *(cut_words if stress or not too_many else [])]
    notes += [*_late_words(recording), *_retried_words(recording)]
    cpus = [second.health.cpu for second in judged]
    return Health(
        valid=not reasons,
        clock=_clock(recording),
        schedule_lag_p99_ms=schedule_lag(judged),
        loop_lag_p99_ms=loop_lag(judged),
        cpu_max=max(cpus, default=None),
        cpu_mean=sum(cpus) / len(cpus) if cpus else None,
        steal_max=_most(judged, lambda sample: sample.steal),
        throttled_max_ms=_most(judged, lambda sample: sample.throttled_ms),
        sockets_max=_most(judged, lambda sample: sample.sockets),
        open_files_max=_most(judged, lambda sample: sample.open_files),
        ports_max=_most(judged, lambda sample: sample.ports),
        clock_steps=len(steps),
        clock_step_max_ms=_most(judged, lambda sample: abs(sample.clock_step_ms)),
        left_out=left_out.requests,
        retried=_retried(recording),
        users=users,
        cut_off=cut_off,
        arrivals=_arrivals(recording),
        late=_late(recording),
        unserved=_unserved(recording),
        reasons=reasons,
        notes=notes,
    )


def _is_judged(second: Second, windows: Sequence[Window]) -> bool:
    """Whether the middle of the second lies in a judged phase."""
    window = window_at(windows, second.second + 0.5)
    return window is not None and window.judged


def _most(seconds: Sequence[Second], read: Callable[[HealthSample], _N | None]) -> _N | None:
    return max((value for second in seconds if (value := read(second.health)) is not None), default=None)


def _step_words(steps: Sequence[Second], judged: Sequence[Second], limits: GeneratorLimits) -> list[str]:
    if not steps:
        return []
    most = max(abs(second.health.clock_step_ms) for second in steps)
    stepped = f"the realtime clock stepped by {'up to ' if len(steps) > 1 else ''}{most:.4g} ms"
    mend = "let nothing set the clock while a load is driven"
    return [f"{stepped} {when(steps, judged)} (limit {limits.clock_step_ms:g} ms): {mend}"]


def _misplaced_words(left_out: LeftOut) -> list[str]:
    """Seconds are told by the clock as it stood at the start: set far enough, it puts requests into wrong phases."""
    moved_ms = sum(second.health.clock_step_ms for second in left_out.steps)
    if abs(moved_ms) < MISPLACED_MS:
        return []
    moved = f"the realtime clock was set by {moved_ms / 1000:+,.4g} s in all, so that requests stand in wrong seconds"
    return [f"{moved}: let nothing set the clock while a load is driven"]


def _refusals(end: End | None) -> list[str]:
    hosts = end.refused_hosts if end else []
    return [f"the scenario tried to reach {host}, which allowed_hosts does not name" for host in hosts]


def _unserved_words(recording: Recording) -> list[str]:
    if not (count := _unserved(recording)):
        return []
    share = _of_arrivals(count, recording)
    return [
        f"{count:,} arrivals{share} never found a user: the service was too slow for this rate, or max_users too low"
    ]


def _last_users(recording: Recording) -> int:
    """How many users there were as the load ended; they may have begun to leave by the end of its last second."""
    driven = [second.users for second in recording.seconds if second.second + 0.5 < recording.driven_s]
    return max(driven[-2:], default=0)


def _cut_off_words(cut_off: int, users: int, *, too_many: bool) -> str:
    if not too_many:
        return cut_off_sentence(cut_off, users)
    who = f"{cut_off:,} of {users:,} users were cut off in the middle of a task when the stop timeout ended"
    return f"{who}, so what they waited for is in no figure: look at the service, or raise stop_timeout"


def cut_off_sentence(cut_off: int, users: int) -> str:
    """Stragglers in words: what they waited for may be the slowest answers of all."""
    were, it = ("was", "it") if cut_off == 1 else ("were", "they")
    who = f"{cut_off:,} of {users:,} users {were} cut off in the middle of a task"
    return f"{who}: what {it} waited for is in no figure"


def _scenario_errors(recording: Recording) -> list[str]:
    """Exceptions in scenario code mean that requests were left out; a few are shown, many leave nothing to judge."""
    errors = recording.end.user_errors if recording.end else {}
    count, requests = sum(errors.values()), _requests(recording)
    if count <= USER_ERROR_SHARE * requests:
        return []
    most = max(errors, key=lambda text: errors[text])
    return [f"the scenario raised {count:,} exceptions beside {requests:,} requests, most often {most}: mend it"]


def _late_words(recording: Recording) -> list[str]:
    if not (count := _late(recording)):
        return []
    share = _of_arrivals(count, recording)
    waited = f"{count:,} arrivals{share} still waited for a user when the second that they fell due in ended"
    return [f"{waited}; their waiting is part of the response time"]


def _retried_words(recording: Recording) -> list[str]:
    if not (count := _retried(recording)):
        return []
    requests = "1 request was" if count == 1 else f"{count:,} requests were"
    return [f"{requests} sent again because the server had closed an idle connection"]


def _of_arrivals(count: int, recording: Recording) -> str:
    arrivals = _arrivals(recording)
    return f" of {arrivals:,} ({percent(count / arrivals)})" if arrivals else ""


def _arrivals(recording: Recording) -> int:
    return sum(second.arrivals for second in recording.seconds)


def _late(recording: Recording) -> int:
    """Arrivals are served in order: of those that wait as a second ends, its own are the last to have come."""
    return sum(min(second.waiting, second.arrivals) for second in recording.seconds)


def _unserved(recording: Recording) -> int:
    if recording.end:
        return recording.end.unserved
    return recording.seconds[-1].waiting if recording.seconds else 0


def _retried(recording: Recording) -> int:
    return sum(second.retried for second in recording.seconds)


def _requests(recording: Recording) -> int:
    return sum(cell.response_ms.count for cell in recording.cells)


def _clock(recording: Recording) -> Literal["kernel", "user"] | None:
    requests = _requests(recording)
    if not requests:
        return None
    stamped = sum(second.stamped for second in recording.seconds)
    return "kernel" if stamped >= STAMPED_SHARE * requests else "user"
