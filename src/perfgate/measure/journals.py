"""Reads the journals of a run back as typed entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from perfgate.errors import RecordingError
from perfgate.measure.journal import Journal, read_journal
from perfgate.measure.merge import merge_begins, merge_ends, merge_timelines
from perfgate.measure.recording import (
    BEGIN,
    END,
    EXIT,
    REQUESTS_JOURNALS,
    SAMPLE,
    SECOND,
    SERVICE_JOURNAL,
    Begin,
    Cell,
    End,
    Second,
    ServiceExit,
    ServiceSample,
    begin_from_body,
    end_from_body,
    exit_from_body,
    requests_journal,
    sample_from_body,
    second_from_body,
)
from perfgate.measure.shape import MisfitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_T = TypeVar("_T")


@dataclass
class Recording:
    """All that the processes wrote down of one run; what is missing was never written.

    Attributes:
        torn_bytes: of all journals, how much could not be read.
        lost: names of the engines' journals that have no end: these engines were killed.
    """

    begin: Begin | None = None
    seconds: list[Second] = field(default_factory=list)
    end: End | None = None
    samples: list[ServiceSample] = field(default_factory=list)
    exit: ServiceExit | None = None
    torn_bytes: int = 0
    lost: list[str] = field(default_factory=list)

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

    Where several engines shared the load, what they recorded is added up. When the end of any of them is missing, the
    end of the whole is: part of the load was lost.

    Raises:
        RecordingError: a file is not a journal, cannot be read, is of a later format, or holds something else than this
            version writes.
    """
    engines = [_Source.of(path) for path in sorted(folder.glob(REQUESTS_JOURNALS))]
    service = _Source.of(folder / SERVICE_JOURNAL)
    begins = [begin for engine in engines for begin in engine.entries(BEGIN, begin_from_body)[:1]]
    begin = merge_begins(begins) if begins else None
    ends = {engine.path.name: end for engine in engines for end in engine.entries(END, end_from_body)[-1:]}
    exits = service.entries(EXIT, exit_from_body)
    return Recording(
        begin,
        merge_timelines([engine.entries(SECOND, second_from_body) for engine in engines]),
        merge_ends(list(ends.values())) if begin and len(ends) == begin.engines else None,
        service.entries(SAMPLE, sample_from_body),
        exits[0] if exits else None,
        service.journal.torn_bytes + sum(engine.journal.torn_bytes for engine in engines),
        [name for name in _journals_of(begin) if name not in ends] if begin else [],
    )


def _journals_of(begin: Begin) -> list[str]:
    """The names of the engines' journals that there should be."""
    return [requests_journal(number, begin.engines) for number in range(begin.engines)]


@dataclass(frozen=True)
class _Source:
    """One journal and where it lies."""

    path: Path
    journal: Journal

    @classmethod
    def of(cls, path: Path) -> _Source:
        """What can be read there; a file that is missing holds nothing."""
        return cls(path, read_journal(path) if path.exists() else Journal((), 0))

    def entries(self, kind: str, read: Callable[[object], _T]) -> list[_T]:
        """All entries of a kind, in order.

        Raises:
            RecordingError: one of them is not what this version writes.
        """
        try:
            return [read(body) for body in self.journal.of_kind(kind)]
        except MisfitError as error:
            raise RecordingError(
                f"an entry of the kind {kind!r} cannot be read: {error}",
                place=str(self.path),
                hint="read it with the version of perfgate that wrote it, or measure again",
            ) from error
