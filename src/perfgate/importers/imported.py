"""What every tool's results are read into. All times are in milliseconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import QUANTILES, needed_for, statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

STATISTICS = ("mean", *QUANTILES, "min", "max")


def _given(given: Mapping[str, float], name: str, count: int | None) -> float | None:
    """A statistic that the file states; a percentile only where enough values carry it, if their number is known."""
    if count is not None and name in QUANTILES and count < needed_for(QUANTILES[name]):
        return None
    return given.get(name)


@dataclass(frozen=True)
class Series:
    """A benchmark, or any other metric: its values in the order in which they were measured.

    Attributes:
        name: unique in the file, and the same in the next one.
        unit: `ms` for times; else as the tool has it, empty for a number without a unit.
        samples: one value per round, in order (so that neighbours can be joined into blocks); empty where the file has
            a summary alone, or too many to keep in order.
        values: all of them, where there were too many to keep in order.
        given: statistics that the file states (`mean`, `p50`, ... `min`, `max`), where it has no single values.
        rounds: how many values there were; None when the file does not say.
        iterations: calls per round; a sample is the mean over them.
        also: other names by which it may be called, e.g. without the file it stands in.
        error: why it has no values; empty when it has.
    """

    name: str
    unit: str = "ms"
    samples: tuple[float, ...] = ()
    values: Histogram | None = None
    given: Mapping[str, float] = field(default_factory=dict)
    rounds: int | None = None
    iterations: int = 1
    also: tuple[str, ...] = ()
    error: str = ""

    @cached_property
    def _sorted(self) -> list[float]:
        return sorted(self.samples)

    def statistic(self, name: str) -> float | None:
        """One of `STATISTICS`, in `unit`; None where it is not known, or too few values carry it."""
        if self.samples:
            return self._of_samples(name)
        if self.values is not None:
            return statistics(self.values)[name]
        return _given(self.given, name, self.rounds)

    def histogram(self) -> Histogram | None:
        """All values; None where only a summary is known."""
        return Histogram.of(self.samples) if self.samples else self.values

    def _of_samples(self, name: str) -> float | None:
        ordered = self._sorted
        if name == "mean":
            return sum(ordered) / len(ordered)
        if name in {"min", "max"}:
            return ordered[0 if name == "min" else -1]
        share = QUANTILES[name]
        return _quantile(ordered, share) if len(ordered) >= needed_for(share) else None


def _quantile(ordered: list[float], share: float) -> float:
    """Interpolated linearly, as everywhere in perfgate (Hyndman and Fan's type 7)."""
    rank = share * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])


@dataclass(frozen=True)
class ImportedEndpoint:
    """The requests of one endpoint (or of all, under the tool's own name for them).

    Attributes:
        name: as perfgate names endpoints: `GET /items/{id}`.
        requests: all of them, failed ones too.
        failures: how many failed.
        latency_ms: response times of successful requests; None where the file has a summary alone.
        given: statistics in ms that the file states, where it has no single values.
        mixed: the times are those of failed requests too: the tool does not keep them apart.
    """

    name: str
    requests: int
    failures: int
    latency_ms: Histogram | None = None
    given: Mapping[str, float] = field(default_factory=dict)
    mixed: bool = False
    also: tuple[str, ...] = ()
    unit: str = "ms"
    error: str = ""

    def histogram(self) -> Histogram | None:
        """The response times; None where only a summary is known."""
        return self.latency_ms

    @property
    def error_rate(self) -> float | None:
        """The share of requests that failed, 0 to 1; None without requests."""
        return self.failures / self.requests if self.requests else None

    def statistic(self, name: str) -> float | None:
        """One of `STATISTICS`, in ms; None where it is not known, or too few requests carry it."""
        if self.latency_ms is not None:
            return statistics(self.latency_ms)[name]
        return _given(self.given, name, self.requests if self.mixed else self.requests - self.failures)


Entry = Series | ImportedEndpoint


@dataclass(frozen=True)
class Imported:
    """A result file.

    Attributes:
        tool: one of `importers.names()`.
        version: of the tool, where the file says.
        started_at: when the first was measured, with its time zone; None when the file does not say.
        duration_s: from the first begun to the last ended; None when the file does not say.
        entries: in the file's order. Names are unique: a repeated one has its number after it, as `true (2)`.
    """

    tool: str
    version: str | None
    started_at: datetime | None
    duration_s: float | None
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(_numbered(self.entries)))


def _numbered(entries: Iterable[Entry]) -> Iterator[Entry]:
    times: Counter[str] = Counter()
    for entry in entries:
        times[entry.name] += 1
        again = times[entry.name]
        yield entry if again == 1 else replace(entry, name=f"{entry.name} ({again})", also=(entry.name, *entry.also))
