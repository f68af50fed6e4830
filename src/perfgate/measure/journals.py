"""Reads the two journals of a run back as typed entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.measure.journal import Journal, read_journal
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
    Second,
    ServiceExit,
    ServiceSample,
    second_from_body,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Recording:
    """All that two processes wrote down of one run; what is missing was never written.

    Attributes:
        torn_bytes: of both journals, how much could not be read.
    """

    begin: Begin | None = None
    seconds: list[Second] = field(default_factory=list)
    end: End | None = None
    samples: list[ServiceSample] = field(default_factory=list)
    exit: ServiceExit | None = None
    torn_bytes: int = 0

    @property
    def cells(self) -> Iterator[Cell]:
        """Every cell of every second."""
        return (cell for second in self.seconds for cell in second.cells)

    @property
    def driven_s(self) -> float:
        """How long the load was driven; of a killed engine, up to the last second that it wrote down."""
        if self.end:
            return self.end.duration_s
        return float(self.seconds[-1].second + 1) if self.seconds else 0.0


def read_recording(folder: Path) -> Recording:
    """Read a run's folder; a journal that is missing, empty or torn is read as far as it goes.

    Raises:
        RecordingError: a file is not a journal, cannot be read, or is of a later format.
    """
    requests, service = _read(folder / REQUESTS_JOURNAL), _read(folder / SERVICE_JOURNAL)
    begins = [Begin(**body) for body in requests.of_kind(BEGIN)]
    ends = [End(**body) for body in requests.of_kind(END)]
    exits = [ServiceExit(**body) for body in service.of_kind(EXIT)]
    return Recording(
        begins[0] if begins else None,
        [second_from_body(body) for body in requests.of_kind(SECOND)],
        ends[-1] if ends else None,
        [ServiceSample(**body) for body in service.of_kind(SAMPLE)],
        exits[0] if exits else None,
        requests.torn_bytes + service.torn_bytes,
    )


def _read(path: Path) -> Journal:
    return read_journal(path) if path.exists() else Journal((), 0)
