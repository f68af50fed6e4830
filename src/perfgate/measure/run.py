"""Reduces the recording of one run to its summary: the numbers that are judged and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perfgate.measure.attendance import missing_users
from perfgate.measure.fold import FIRST_FIFTH, LAST_FIFTH, Fold
from perfgate.measure.health import health_of
from perfgate.measure.histogram import Histogram
from perfgate.measure.journals import Recording, read_recording
from perfgate.measure.percentile import percentile
from perfgate.measure.sampled import Sampled
from perfgate.measure.series import series_of
from perfgate.measure.steps import left_out_of
from perfgate.measure.strain import saturation
from perfgate.measure.summary import Fifth, Health, PhaseSummary, ProcessEnd, RunSummary
from perfgate.measure.tally import Tally
from perfgate.measure.window import DRAIN, STEADY, Window, windows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from perfgate.measure.outline import Outline
    from perfgate.measure.strain import GeneratorLimits
    from perfgate.measure.window import Span

    Times = dict[str, dict[str | None, Histogram]]

KILLED = "killed"
NOT_STARTED = "not_started"
WHOLE_ENDS = frozenset({"completed", "stop_when", "shape"})


def summarize(
    folder: Path,
    spans: Sequence[Span] | None,
    limits: GeneratorLimits,
    *,
    stress: bool = False,
    times: Times | None = None,
) -> RunSummary:
    """Reduce a run's folder.

    Args:
        folder: where the journals lie; either may be missing or torn.
        spans: the profile's segments, in order; None for a scenario's own shape, which is one steady phase.
        limits: past these the generator, not the service, was measured.
        stress: whether the load climbs until something gives way (see `health_of`).
        times: where to put successful requests' response times in ms, by phase and endpoint (None: the whole service).

    Returns:
        The summary. Without a readable begin it is incomplete and has no phases.

    Raises:
        RecordingError: a file is not a journal, cannot be read, or is of a later format.
    """
    return reduce(read_recording(folder), spans, limits, stress=stress, times=times)


def reduce(
    recording: Recording,
    spans: Sequence[Span] | None,
    limits: GeneratorLimits,
    *,
    stress: bool = False,
    times: Times | None = None,
) -> RunSummary:
    """Reduce what the journals hold; see `summarize`.

    The recording is gone through once more than its outline asks for: requests can only be put where they belong once
    it is known which phases were driven, for how long, and when the clock stepped.
    """
    begin, end, died = recording.begin, recording.end, recording.exit
    outline = recording.outline
    left_out = left_out_of(outline.ticks, limits.clock_step_ms)
    windows = windows_of(spans, outline.driven_s, outline.reach.phases, left_out.seconds)
    fold = Fold(windows, outline.reach.final, left_out)
    for entry in recording.seconds:
        fold.add(entry)
    if times is not None:
        times.update({window.name: _times(fold.tallies(window.name)) for window in windows})
    short = {window.name for window in windows if missing_users(outline, [window], spans, limits)}
    missing = missing_users(outline, windows, spans, limits)
    sampled = Sampled.of(recording)
    phases = [_phase(window, outline, fold, sampled, limits) for window in windows]
    steady = next((window for window in windows if window.name == STEADY), None)
    return RunSummary(
        model="open" if begin and begin.model == "open" else "closed",
        started_at=begin.started_at if begin else 0.0,
        duration_s=outline.driven_s,
        complete=end is not None and end.reason in WHOLE_ENDS,
        end_reason=end.reason if end else KILLED if begin else NOT_STARTED,
        end_detail=end.detail if end else _lost_words(recording),
        phases=[phase.model_copy(update={"users_missing": phase.name in short}) for phase in phases],
        series=series_of(outline, recording.samples, fold.series, windows),
        health=_with_peers(
            health_of(outline, fold, windows, limits, left_out, stress=stress, missing=missing), sampled
        ),
        slowest=fold.slowest.requests,
        service_exit=died.code if died else None,
        service_exit_at_s=died.at_s if died else None,
        restarts=[ProcessEnd(at_s=one.at_s, process=one.process) for one in recording.ended],
        user_errors=end.user_errors if end else {},
        first_fifth=_fifth(sampled, fold, steady, FIRST_FIFTH) if steady else None,
        last_fifth=_fifth(sampled, fold, steady, LAST_FIFTH) if steady else None,
    )


def _with_peers(health: Health, sampled: Sampled) -> Health:
    """With a note of what the service used besides: it may be little more than a proxy, and the work done elsewhere."""
    if not sampled.peers:
        return health
    words = f"not counted in the service's CPU and memory: what it was connected to, {', '.join(sampled.peers)}"
    return health.model_copy(update={"notes": [*health.notes, words]})


def _times(tallies: Mapping[str, Tally]) -> dict[str | None, Histogram]:
    own: dict[str | None, Histogram] = {name: tally.ok for name, tally in tallies.items() if tally.times_known}
    whole = Histogram.merged(own.values()) if len(own) == len(tallies) else Histogram()
    return {None: whole, **own}


def _lost_words(recording: Recording) -> str:
    """Which of several engines were killed; the only one there is needs no name."""
    shared = recording.begin is not None and recording.begin.engines > 1
    return f"without an end: {', '.join(recording.lost)}" if shared else ""


def _phase(window: Window, outline: Outline, fold: Fold, sampled: Sampled, limits: GeneratorLimits) -> PhaseSummary:
    tallies = fold.tallies(window.name)
    own = [tick for tick in outline.ticks if window.holds(tick.second + 0.5)]
    return PhaseSummary(
        name=window.name,
        start_s=window.start_s,
        end_s=window.end_s,
        level=window.level,
        total=Tally.merged(list(tallies.values()), window).summary(None),
        endpoints=[tally.summary(name) for name, tally in tallies.items()],
        metrics=fold.metrics[window.name].summaries,
        resources=sampled.resources(window),
        left_out_s=window.duration_s - window.measured_s,
        saturated=window.name != DRAIN and bool(saturation(own, fold.lags[window.name].histogram, limits)),
    )


def _fifth(sampled: Sampled, fold: Fold, steady: Window, shares: tuple[float, float]) -> Fifth:
    """The steady phase between two shares of its time."""
    start_s, end_s = (steady.start_s + share * (steady.end_s - steady.start_s) for share in shares)
    return Fifth(
        p95_ms=percentile(fold.fifths[shares].histogram, "p95"),
        memory_mean_bytes=sampled.mean_memory(start_s, end_s),
    )
