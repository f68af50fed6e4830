"""Recordings for tests: what two journals would hold after a load, made second by second."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from perfgate.measure.histogram import Histogram
from perfgate.measure.journal import JournalWriter
from perfgate.measure.journals import Recording
from perfgate.measure.recording import (
    BEGIN,
    END,
    EXIT,
    REQUESTS_JOURNAL,
    SAMPLE,
    SECOND,
    SERVICE_JOURNAL,
    Begin,
    Cell,
    End,
    HealthSample,
    Outcome,
    Second,
    ServiceEnd,
    ServiceSample,
    second_to_body,
)

if TYPE_CHECKING:
    from pathlib import Path

BEGUN = Begin(1_700_000_000.0, ["Visitor"], "closed", "2.46.2")
HOME = "GET /home"
MEGABYTE = 1_000_000


def cell(
    second: int, times_ms: list[float], *, endpoint: str = HOME, outcome: Outcome = "ok", phase: str = "steady"
) -> Cell:
    """Requests of one second."""
    return Cell(endpoint, outcome, phase, second, Histogram.of(times_ms), None, 100 * len(times_ms))


def seconds_of(cells: list[Cell], length: int, *, users: int = 10, cpu: float = 0.3) -> list[Second]:
    """One entry a second, each with the requests of its second."""
    return [
        Second(number, users, [c for c in cells if c.second == number], health=HealthSample(cpu, 1.0, 0.0))
        for number in range(length)
    ]


def samples_of(memory_bytes: list[int], cpu: float = 0.5) -> list[ServiceSample]:
    """One sample in the middle of each second."""
    return [ServiceSample(number + 0.5, cpu, memory, 1) for number, memory in enumerate(memory_bytes)]


def steady_recording(length: int = 10, times_ms: list[float] | None = None) -> Recording:
    """A load of `length` seconds, all of them alike."""
    times = times_ms or [float(value) for value in range(1, 101)]
    seconds = seconds_of([cell(number, times) for number in range(length)], length)
    end = End("completed", "", float(length))
    return Recording(BEGUN, seconds, end, samples_of([100 * MEGABYTE] * length))


def write(recording: Recording, folder: Path) -> Path:
    """The recording as the two journals that the engine and the sampler would leave."""
    with JournalWriter(folder / REQUESTS_JOURNAL) as journal:
        if recording.begin:
            journal.append(BEGIN, asdict(recording.begin))
        for second in recording.seconds:
            journal.append(SECOND, second_to_body(second))
        if recording.end:
            journal.append(END, asdict(recording.end))
    with JournalWriter(folder / SERVICE_JOURNAL) as journal:
        for sample in recording.samples:
            journal.append(SAMPLE, asdict(sample))
        if recording.exit:
            journal.append(EXIT, asdict(recording.exit))
        journal.append(END, asdict(ServiceEnd(len(recording.samples))))
    return folder
