"""Reduces the recording of one run to its summary: the numbers that are judged and reported."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import ceil
from typing import TYPE_CHECKING

from perfgate.measure.attendance import missing_users
from perfgate.measure.health import health_of
from perfgate.measure.histogram import Histogram
from perfgate.measure.journals import Recording, read_recording
from perfgate.measure.percentile import percentile
from perfgate.measure.slowest import slowest_of
from perfgate.measure.steps import without_steps
from perfgate.measure.strain import saturation
from perfgate.measure.summary import Fifth, PhaseSummary, Resources, RunSummary, Series
from perfgate.measure.tally import Tally, metric_summaries
from perfgate.measure.window import DRAIN, STEADY, Window, window_at, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from perfgate.measure.recording import Cell, FailureCount, ServiceSample
    from perfgate.measure.strain import GeneratorLimits
    from perfgate.measure.window import Span

KILLED = "killed"
NOT_STARTED = "not_started"
WHOLE_ENDS = frozenset({"completed", "stop_when", "shape"})


def summarize(
    folder: Path, spans: Sequence[Span] | None, limits: GeneratorLimits, *, stress: bool = False
) -> RunSummary:
    """Reduce a run's folder.

    Args:
        folder: where the journals lie; either may be missing or torn.
        spans: the profile's segments, in order; None for a scenario's own shape, which is one steady phase.
        limits: past these the generator, not the service, was measured.
        stress: whether the load climbs until something gives way (see `health_of`).

    Returns:
        The summary. Without a readable begin it is incomplete and has no phases.

    Raises:
        RecordingError: a file is not a journal, cannot be read, or is of a later format.
    """
    return reduce(read_recording(folder), spans, limits, stress=stress)


def reduce(
    recording: Recording, spans: Sequence[Span] | None, limits: GeneratorLimits, *, stress: bool = False
) -> RunSummary:
    """Reduce what the journals hold; see `summarize`."""
    begin, end, died = recording.begin, recording.end, recording.exit
    kept, left_out = without_steps(recording, limits.clock_step_ms)
    windows = windows_of(spans, recording.driven_s, recording.cells, left_out.seconds)
    steady = next((window for window in windows if window.name == STEADY), None)
    short = {window.name for window in windows if missing_users(recording, [window], spans, limits)}
    missing = missing_users(recording, windows, spans, limits)
    return RunSummary(
        model="open" if begin and begin.model == "open" else "closed",
        started_at=begin.started_at if begin else 0.0,
        duration_s=recording.driven_s,
        complete=end is not None and end.reason in WHOLE_ENDS,
        end_reason=end.reason if end else KILLED if begin else NOT_STARTED,
        end_detail=end.detail if end else _lost_words(recording),
        phases=[
            phase.model_copy(update={"users_missing": phase.name in short}) for phase in _phases(kept, windows, limits)
        ],
        series=_series(recording, kept, windows),
        health=health_of(recording, windows, limits, left_out, stress=stress, missing=missing),
        slowest=slowest_of((slow for second in kept.seconds for slow in second.slowest), windows),
        service_exit=died.code if died else None,
        service_exit_at_s=died.at_s if died else None,
        user_errors=end.user_errors if end else {},
        first_fifth=_fifth(kept, steady, 0.0, 0.2) if steady else None,
        last_fifth=_fifth(kept, steady, 0.8, 1.0) if steady else None,
    )


def _lost_words(recording: Recording) -> str:
    """Which of several engines were killed; the only one there is needs no name."""
    shared = recording.begin is not None and recording.begin.engines > 1
    return f"without an end: {', '.join(recording.lost)}" if shared else ""


def _phases(recording: Recording, windows: Sequence[Window], limits: GeneratorLimits) -> list[PhaseSummary]:
    cells: dict[str, dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in recording.cells:
        cells[cell.phase][cell.endpoint].append(cell)
    failures: dict[tuple[str, str], list[FailureCount]] = defaultdict(list)
    for second in recording.seconds:
        for failure in second.failures:
            failures[failure.phase, failure.endpoint].append(failure)
    return [_phase(recording, window, cells[window.name], failures, limits) for window in windows]


def _phase(
    recording: Recording,
    window: Window,
    cells: dict[str, list[Cell]],
    failures: dict[tuple[str, str], list[FailureCount]],
    limits: GeneratorLimits,
) -> PhaseSummary:
    tallies = {name: Tally.of(cells[name], failures[window.name, name], window) for name in sorted(cells)}
    metrics = [cell for second in recording.seconds for cell in second.metrics if cell.phase == window.name]
    own = [second for second in recording.seconds if window.holds(second.second + 0.5)]
    return PhaseSummary(
        name=window.name,
        start_s=window.start_s,
        end_s=window.end_s,
        level=window.level,
        total=Tally.merged(list(tallies.values())).summary(None, window),
        endpoints=[tally.summary(name, window) for name, tally in tallies.items()],
        metrics=metric_summaries(metrics),
        resources=_resources([sample for sample in recording.samples if window.holds(sample.at_s)]),
        left_out_s=window.duration_s - window.measured_s,
        saturated=window.name != DRAIN and bool(saturation(own, limits)),
    )


def _resources(samples: Sequence[ServiceSample]) -> Resources | None:
    if not samples:
        return None
    cpus = [sample.cpu for sample in samples]
    memory = [sample.memory_bytes for sample in samples]
    return Resources(
        cpu_mean=sum(cpus) / len(cpus),
        cpu_max=max(cpus),
        memory_mean_bytes=sum(memory) / len(memory),
        memory_max_bytes=max(memory),
    )


def _fifth(recording: Recording, steady: Window, low: float, high: float) -> Fifth:
    """The steady phase from share `low` to share `high` of its time."""
    good = [cell for cell in recording.cells if cell.phase == STEADY and cell.outcome == "ok"]
    times = Histogram.merged(cell.response_ms for cell in good if low <= steady.share_at(cell.second) < high)
    length = steady.end_s - steady.start_s
    start_s, end_s = steady.start_s + low * length, steady.start_s + high * length
    memory = [sample.memory_bytes for sample in recording.samples if start_s <= sample.at_s < end_s]
    return Fifth(p95_ms=percentile(times, "p95"), memory_mean_bytes=sum(memory) / len(memory) if memory else None)


def _series(recording: Recording, kept: Recording, windows: Sequence[Window]) -> Series:
    """Counts of the whole recording; response times of what is kept of it."""
    good: dict[int, list[Histogram]] = defaultdict(list)
    requests: Counter[int] = Counter()
    failed: Counter[int] = Counter()
    for cell in kept.cells:
        if cell.outcome == "ok":
            good[cell.second].append(cell.response_ms)
    for cell in recording.cells:
        requests[cell.second] += cell.response_ms.count
        failed[cell.second] += cell.response_ms.count if cell.outcome == "failed" else 0
    users = {second.second: second.users for second in recording.seconds}
    arrivals = {second.second: second.arrivals for second in recording.seconds}
    samples = {int(sample.at_s): sample for sample in recording.samples if sample.at_s >= 0}
    length = max(ceil(recording.driven_s), *(last + 1 for last in (*requests, *users)), 0)
    seconds = range(length)
    times = [Histogram.merged(good[second]) for second in seconds]
    return Series(
        second=list(seconds),
        phase=[_phase_name(windows, second) for second in seconds],
        users=[users.get(second) for second in seconds],
        arrivals=[arrivals.get(second, 0) for second in seconds],
        requests=[requests[second] for second in seconds],
        failures=[failed[second] for second in seconds],
        p50_ms=[percentile(histogram, "p50") for histogram in times],
        p95_ms=[percentile(histogram, "p95") for histogram in times],
        p99_ms=[percentile(histogram, "p99") for histogram in times],
        max_ms=[histogram.maximum if histogram.count else None for histogram in times],
        cpu=_column(samples, seconds, lambda sample: sample.cpu),
        memory_bytes=_column(samples, seconds, lambda sample: float(sample.memory_bytes)),
    )


def _column(
    samples: dict[int, ServiceSample], seconds: range, read: Callable[[ServiceSample], float]
) -> list[float | None]:
    return [read(samples[second]) if second in samples else None for second in seconds]


def _phase_name(windows: Sequence[Window], second: int) -> str:
    window = window_at(windows, second + 0.5)
    return window.name if window else DRAIN
