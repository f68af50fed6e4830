"""Reads the journals of a run back as typed entries: once for what they are about, then second by second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import TYPE_CHECKING, Protocol, TypeVar, overload

from perfgate.errors import RecordingError
from perfgate.measure.journal import JournalReader
from perfgate.measure.merge import merge_begins, merge_ends, merge_seconds, merge_timelines
from perfgate.measure.outline import Outline, Reach
from perfgate.measure.recording import (
    BEGIN,
    END,
    ENDED,
    EXIT,
    LISTENER,
    REQUESTS_JOURNALS,
    SAMPLE,
    SECOND,
    SERVICE_JOURNAL,
    Begin,
    Cell,
    End,
    ProcessEnded,
    Second,
    ServiceEnd,
    ServiceExit,
    ServiceListener,
    ServiceSample,
    Tick,
    begin_from_body,
    end_from_body,
    ended_from_body,
    exit_from_body,
    listener_from_body,
    places_from_body,
    places_of,
    requests_journal,
    sample_from_body,
    second_from_body,
    service_end_from_body,
    tick_from_body,
    tick_of,
)
from perfgate.measure.shape import MisfitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from perfgate.measure.journal import Entry

_T = TypeVar("_T")


@dataclass
class Recording:
    """All that the processes wrote down of one run; what is missing was never written.

    Attributes:
        seconds: of a recording on disk, read anew each time they are gone through, one after the other.
        listeners: who accepted connections at the service's address, each time that it changed.
        ended: processes of the service that ended while it went on.
        samples_missing: `service.journal` has no end, so that samples may be missing.
        torn_bytes: of all journals, how much could not be read.
        lost: names of the engines' journals that have no end: these engines were killed.
    """

    begin: Begin | None = None
    seconds: Sequence[Second] = field(default_factory=list)
    end: End | None = None
    samples: list[ServiceSample] = field(default_factory=list)
    exit: ServiceExit | None = None
    listeners: list[ServiceListener] = field(default_factory=list)
    ended: list[ProcessEnded] = field(default_factory=list)
    samples_missing: bool = False
    torn_bytes: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def cells(self) -> Iterator[Cell]:
        """Every cell of every second."""
        return (cell for second in self.seconds for cell in second.cells)

    @property
    def outline(self) -> Outline:
        """What it says without its requests."""
        if isinstance(self.seconds, StoredSeconds):
            ticks, reach = self.seconds.ticks, self.seconds.reach
        else:
            ticks = [tick_of(second) for second in self.seconds]
            reach = Reach.of(places_of(second.cells) for second in self.seconds)
        return Outline(self.begin, self.end, ticks, reach)

    @property
    def driven_s(self) -> float:
        """How long the load was driven; see `Outline.driven_s`."""
        return self.outline.driven_s


def read_recording(folder: Path) -> Recording:
    """Read a run's folder; a journal that is missing, empty or torn is read as far as it goes.

    Where several engines shared the load, what they recorded is added up. When the end of any of them is missing, the
    end of the whole is: part of the load was lost. Requests are only read when `seconds` are gone through.

    Raises:
        RecordingError: a file is not a journal, cannot be read, is of a later format, or holds something else than this
            version writes.
    """
    engines = [_Requests(_Source(path)) for path in sorted(folder.glob(REQUESTS_JOURNALS))]
    seconds = StoredSeconds(engines)
    begins = [engine.begin for engine in engines if engine.begin]
    begin = merge_begins(begins) if begins else None
    ends = {engine.source.name: engine.end for engine in engines if engine.end}
    service = _Source(folder / SERVICE_JOURNAL)
    sampled = _sampled(service)
    return Recording(
        begin,
        seconds,
        merge_ends(list(ends.values())) if begin and len(ends) == begin.engines else None,
        sampled.samples,
        sampled.exits[0] if sampled.exits else None,
        sampled.listeners,
        sampled.ended,
        sampled.incomplete and service.exists,
        service.torn_bytes + sum(engine.source.torn_bytes for engine in engines),
        [name for name in _journals_of(begin) if name not in ends] if begin else [],
    )


def _journals_of(begin: Begin) -> list[str]:
    """The names of the engines' journals that there should be."""
    return [requests_journal(number, begin.engines) for number in range(begin.engines)]


@dataclass
class _Sampled:
    """All that `service.journal` holds."""

    samples: list[ServiceSample] = field(default_factory=list)
    exits: list[ServiceExit] = field(default_factory=list)
    listeners: list[ServiceListener] = field(default_factory=list)
    ended: list[ProcessEnded] = field(default_factory=list)
    ends: list[ServiceEnd] = field(default_factory=list)

    @property
    def incomplete(self) -> bool:
        """It has no end, or not as many samples as that says."""
        return not self.ends or self.ends[-1].samples != len(self.samples)


def _sampled(source: _Source) -> _Sampled:
    found = _Sampled()
    for entry in source.entries():
        if entry.kind == SAMPLE:
            found.samples.append(source.read(entry, sample_from_body))
        elif entry.kind == EXIT:
            found.exits.append(source.read(entry, exit_from_body))
        elif entry.kind == LISTENER:
            found.listeners.append(source.read(entry, listener_from_body))
        elif entry.kind == ENDED:
            found.ended.append(source.read(entry, ended_from_body))
        elif entry.kind == END:
            found.ends.append(source.read(entry, service_end_from_body))
    return found


class _Source:
    """One journal and where it lies; a file that is missing holds nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader = JournalReader(path) if path.exists() else None

    @property
    def name(self) -> str:
        """The file's."""
        return self._path.name

    @property
    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._reader is not None

    @property
    def torn_bytes(self) -> int:
        """How much of it could not be read, once it has been gone through."""
        return self._reader.torn_bytes if self._reader else 0

    def entries(self) -> Iterable[Entry]:
        """All of them, in order."""
        return self._reader or ()

    def read(self, entry: Entry, read: Callable[[object], _T]) -> _T:
        """What an entry says.

        Raises:
            RecordingError: it is not what this version writes.
        """
        try:
            return read(entry.body)
        except MisfitError as error:
            raise RecordingError(
                f"an entry of the kind {entry.kind!r} cannot be read: {error}",
                place=str(self._path),
                hint="read it with the version of perfgate that wrote it, or measure again",
            ) from error


@dataclass
class _Glance:
    """A second's entry as it is looked at the first time: without its requests, but with their places."""

    tick: Tick
    places: set[tuple[str, int]]

    @property
    def second(self) -> int:
        """Its number."""
        return self.tick.second


def _glance(body: object) -> _Glance:
    return _Glance(tick_from_body(body), places_from_body(body))


@dataclass
class _Requests:
    """The journal of one engine.

    Attributes:
        begin, end: known once `glances` has been gone through.
        ticks: likewise, until they have been merged.
    """

    source: _Source
    begin: Begin | None = None
    end: End | None = None
    ticks: list[Tick] = field(default_factory=list)

    def glances(self) -> Iterator[_Glance]:
        """Every second without its requests; begin, end and ticks are noted on the way."""
        for entry in self.source.entries():
            if entry.kind == SECOND:
                glance = self.source.read(entry, _glance)
                self.ticks.append(glance.tick)
                yield glance
            elif entry.kind == BEGIN:
                self.begin = self.begin or self.source.read(entry, begin_from_body)
            elif entry.kind == END:
                self.end = self.source.read(entry, end_from_body)

    def seconds(self) -> Iterator[Second]:
        """Every second, whole."""
        for entry in self.source.entries():
            if entry.kind == SECOND:
                yield self.source.read(entry, second_from_body)


class _Numbered(Protocol):
    @property
    def second(self) -> int:
        """The second's number."""


_N = TypeVar("_N", bound=_Numbered)


def _side_by_side(timelines: Iterable[Iterator[_N]]) -> Iterator[list[_N]]:
    """What several engines wrote of the same second, second by second."""
    for _, parts in groupby(merge(*timelines, key=_number), key=_number):
        yield list(parts)


def _number(part: _Numbered) -> int:
    return part.second


class StoredSeconds(Sequence[Second]):
    """The seconds of a recording on disk; those of several engines as those of one.

    They are gone through once at the beginning, for all but their requests, and then read anew each time.

    Attributes:
        ticks: every second without its requests.
        reach: where the requests are.

    Raises:
        RecordingError: as `read_recording` does.
    """

    def __init__(self, engines: list[_Requests]) -> None:
        self._engines = engines
        glances = _side_by_side([engine.glances() for engine in engines])
        self.reach = Reach.of({place for part in parts for place in part.places} for parts in glances)
        self.ticks = merge_timelines([engine.ticks for engine in engines])
        for engine in engines:
            engine.ticks = []

    def __iter__(self) -> Iterator[Second]:
        for parts in _side_by_side([engine.seconds() for engine in self._engines]):
            yield merge_seconds(parts, parts[0].second)

    def __len__(self) -> int:
        return self.reach.entries

    @overload
    def __getitem__(self, index: int) -> Second: ...

    @overload
    def __getitem__(self, index: slice) -> list[Second]: ...

    def __getitem__(self, index: int | slice) -> Second | list[Second]:
        """Reads them all: for what looks at a small recording."""
        return list(self)[index]
