"""Whether the generator can be trusted: its own figures held against its limits, in words.

Only judged phases count: users come to life in the ramps, and that may cost what it costs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeVar

from perfgate.measure.odd import odd_words
from perfgate.measure.strain import loop_lag, percent, remedy, saturation, schedule_lag, stolen, when
from perfgate.measure.summary import CUT_OFF_SHARE, Health
from perfgate.measure.window import is_judged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from perfgate.measure.fold import Fold
    from perfgate.measure.outline import Outline
    from perfgate.measure.recording import End, HealthSample, Tick
    from perfgate.measure.steps import LeftOut
    from perfgate.measure.strain import GeneratorLimits
    from perfgate.measure.window import Window

    _N = TypeVar("_N", int, float)

REDIRECTED_SHARE = 0.5  # of an endpoint's successful requests: with more, it is another page that was measured
NAMED = 3  # endpoints
USER_ERROR_SHARE = 0.01  # of the requests
MISPLACED_MS = 1000.0  # steps that together reach a second move requests into another one
UNSOLICITED_SHARE = 0.01  # of the requests: with more, any answer may be that of another request
STAMPED_SHARE = 0.99  # of the requests: with fewer, percentiles rest on the generator's own clock as well


def health_of(  # noqa: PLR0913  (each is another kind of evidence)
    outline: Outline,
    fold: Fold,
    windows: Sequence[Window],
    limits: GeneratorLimits,
    left_out: LeftOut,
    *,
    stress: bool,
    missing: str = "",
) -> Health:
    """The generator's health over the judged phases of a run.

    Args:
        outline: of the outline.
        fold: its requests.
        windows: the phases that were driven.
        limits: past these the generator, not the service, was measured.
        left_out: what the clock's steps spoiled.
        stress: the load climbs until something gives way, so a saturated generator, arrivals without a user and
            iterations that were cut off bound its capacity, and do not make it invalid.
        missing: users that were not there though the profile asks for them, in words (see `attendance`). A step of a
            stress load in which they were missing is unknown by itself, so there it is only noted.
    """
    judged = [tick for tick in outline.ticks if is_judged(windows, tick.second)]
    begin, lags = outline.begin, fold.judged_lags.histogram
    steps = [tick for tick in left_out.steps if is_judged(windows, tick.second)]
    stepped = _step_words(steps, judged, limits)
    too_often = len(steps) > limits.bad_seconds * len(judged)
    bounds = [*([missing] if missing else []), *saturation(judged, lags, limits, remedy(begin))]
    bounds += _unserved_words(outline)
    users, cut_off = _last_users(outline), outline.end.cut_off if outline.end else 0
    too_many = cut_off > CUT_OFF_SHARE * users
    cut_words = [_cut_off_words(cut_off, users, too_many=too_many)] if cut_off else []
    reasons = [*_refusals(outline.end), *stolen(judged, limits), *_scenario_errors(outline, fold.requests)]
    reasons += [*(stepped if too_often else []), *_misplaced_words(left_out)]
    reasons += [] if stress else [*bounds, *(cut_words if too_many else [])]
    notes = [] if too_often else [f"{words}; {fold.left_out:,} requests are in no figure" for words in stepped]
    notes += [*(bounds if stress else []), *(cut_words if stress or not too_many else [])]
    mixed_up, unasked = _unsolicited_words(outline, fold.requests)
    reasons += mixed_up
    notes += [*_late_words(outline), *_retried_words(outline), *unasked, *odd_words(fold.odd, fold.untimed)]
    notes += [*_redirected_words(fold, windows), *_idle_words(outline)]
    cpus = [second.health.cpu for second in judged]
    return Health(
        valid=not reasons,
        engines=(begin.workers or begin.engines) if begin else 0,
        workers=begin.workers if begin else 0,
        clock=_clock(outline, fold.requests),
        schedule_lag_p99_ms=schedule_lag(lags),
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
        left_out=fold.left_out,
        retried=_retried(outline),
        odd=dict(fold.odd),
        unsolicited=_unsolicited(outline),
        users=users,
        cut_off=cut_off,
        arrivals=_arrivals(outline),
        late=_late(outline),
        unserved=_unserved(outline),
        reasons=reasons,
        notes=notes,
    )


def _most(seconds: Sequence[Tick], read: Callable[[HealthSample], _N | None]) -> _N | None:
    return max((value for second in seconds if (value := read(second.health)) is not None), default=None)


def _step_words(steps: Sequence[Tick], judged: Sequence[Tick], limits: GeneratorLimits) -> list[str]:
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


def _unserved_words(outline: Outline) -> list[str]:
    if not (count := _unserved(outline)):
        return []
    share = _of_arrivals(count, outline)
    return [
        f"{count:,} arrivals{share} never found a user: the service was too slow for this rate, or max_users too low"
    ]


def _last_users(outline: Outline) -> int:
    """How many users there were as the load ended; they may have begun to leave by the end of its last second."""
    driven = [second.users for second in outline.ticks if second.second + 0.5 < outline.driven_s]
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


def _scenario_errors(outline: Outline, requests: int) -> list[str]:
    """Exceptions in scenario code mean that requests were left out; a few are shown, many leave nothing to judge."""
    errors = outline.end.user_errors if outline.end else {}
    count = sum(errors.values())
    if count <= USER_ERROR_SHARE * requests:
        return []
    most = max(errors, key=lambda text: errors[text])
    return [f"the scenario raised {count:,} exceptions beside {requests:,} requests, most often {most}: mend it"]


def _late_words(outline: Outline) -> list[str]:
    if not (count := _late(outline)):
        return []
    share = _of_arrivals(count, outline)
    waited = f"{count:,} arrivals{share} still waited for a user when the second that they fell due in ended"
    return [f"{waited}; their waiting is part of the response time"]


def _retried_words(outline: Outline) -> list[str]:
    if not (count := _retried(outline)):
        return []
    requests = "1 request was" if count == 1 else f"{count:,} requests were"
    return [f"{requests} sent again because the server had closed an idle connection"]


def _idle_words(outline: Outline) -> list[str]:
    """Classes are given users by their weights: with few users some have none, and what they would ask is unknown."""
    at_work = outline.end.classes_at_work if outline.end else []
    idle = [name for name in (outline.begin.user_classes if outline.begin else []) if name not in at_work]
    if not at_work or not idle:
        return []
    named = ", ".join(idle[:NAMED]) + (f" and {len(idle) - NAMED:,} more" if len(idle) > NAMED else "")
    return [f"no user of {named} was there, so nothing that it does was measured: too few users for its weight?"]


def _redirected_words(fold: Fold, windows: Sequence[Window]) -> list[str]:
    """A session that has ended answers every page with the login, fast and with status 200."""
    good: Counter[str] = Counter()
    elsewhere: Counter[str] = Counter()
    for window in windows:
        for endpoint, tally in fold.tallies(window.name).items() if window.judged else ():
            good[endpoint] += tally.ok.count + tally.untimed
            elsewhere[endpoint] += tally.redirected
    named = [
        f"{endpoint}: {count:,} of {good[endpoint]:,}"
        for endpoint, count in elsewhere.items()
        if count > REDIRECTED_SHARE * good[endpoint]
    ]
    if not named:
        return []
    shown = "; ".join(named[:NAMED]) + (f"; and {len(named) - NAMED:,} more" if len(named) > NAMED else "")
    return [f"answered with, or after, a redirect ({shown}): is it the page that was meant, or a login?"]


def _of_arrivals(count: int, outline: Outline) -> str:
    arrivals = _arrivals(outline)
    return f" of {arrivals:,} ({percent(count / arrivals)})" if arrivals else ""


def _arrivals(outline: Outline) -> int:
    return sum(second.arrivals for second in outline.ticks)


def _late(outline: Outline) -> int:
    """Arrivals are served in order: of those that wait as a second ends, its own are the last to have come."""
    return sum(min(second.waiting, second.arrivals) for second in outline.ticks)


def _unserved(outline: Outline) -> int:
    if outline.end:
        return outline.end.unserved
    return outline.ticks[-1].waiting if outline.ticks else 0


def _unsolicited(outline: Outline) -> int:
    return sum(second.unsolicited for second in outline.ticks)


def _unsolicited_words(outline: Outline, requests: int) -> tuple[list[str], list[str]]:
    """Why nothing is known, and what is worth knowing: where much came unasked, answers may be those of others."""
    if not (count := _unsolicited(outline)):
        return [], []
    connections = "1 kept connection" if count == 1 else f"{count:,} kept connections"
    words = f"on {connections} the service sent something that no request had asked for"
    if count <= UNSOLICITED_SHARE * requests:
        return [], [words]
    return [f"{words} ({percent(count / max(requests, 1))} of the requests): answers cannot be told apart"], []


def _retried(outline: Outline) -> int:
    return sum(second.retried for second in outline.ticks)


def _clock(outline: Outline, requests: int) -> Literal["kernel", "user"] | None:
    if not requests:
        return None
    stamped = sum(tick.stamped for tick in outline.ticks)
    return "kernel" if stamped >= STAMPED_SHARE * requests else "user"
