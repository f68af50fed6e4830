"""What every tool's results are read into. All times are in milliseconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import QUANTILES, needed_for, order_statistics, statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from perfgate.measure.summary import Failure, Interval

STATISTICS = ("mean", *QUANTILES, "min", "max")


def _given(given: Mapping[str, float], name: str, count: int | None) -> float | None:
    """A statistic that the file states; of no values none is known, and percentiles need enough of them."""
    if count is not None and count < (needed_for(QUANTILES[name]) if name in QUANTILES else 1):
        return None
    return given.get(name)


@dataclass(frozen=True)
class Series:
    """A benchmark, or any other metric: its values in the order in which they were measured.

    Attributes:
        name: unique in the file, and the same in the next one.
        unit: `ms` for times; else as the tool has it, empty for a number without a unit.
        unit_known: False where the file does not state it and `unit` is a guess: a limit's own unit is taken then.
        samples: one value per round, in order (so that neighbours can be joined into blocks); empty where the file has
            a summary alone, or too many to keep in order.
        values: all of them, where there were too many to keep in order.
        given: statistics that the file states (`mean`, `p50`, ... `min`, `max`), where it has no single values.
        rounds: how many values there were; None when the file does not say.
        iterations: calls per round; a sample is the mean over them.
        also: other names by which it may be called, e.g. without the file it stands in.
        error: why it has no values; empty when it has.
        unknown: why no statistic is known, where that is no fault: an optional metric that never occurred.
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
    unknown: str = ""
    unit_known: bool = True

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

    def interval(self, name: str) -> Interval | None:
        """The 95 % interval of a percentile; None of another statistic, and where only a summary is known."""
        return _interval_of(self.histogram(), name)

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


def _interval_of(values: Histogram | None, name: str) -> Interval | None:
    return None if values is None or name not in QUANTILES else order_statistics(values, name)


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
        unknown: why no time is known although requests were made; empty when times are.
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
    unknown: str = ""
    unit_known: bool = True

    def histogram(self) -> Histogram | None:
        """The response times; None where only a summary is known."""
        return self.latency_ms

    def interval(self, name: str) -> Interval | None:
        """The 95 % interval of a percentile; None of another statistic, and where only a summary is known."""
        return _interval_of(self.latency_ms, name)

    @property
    def error_rate(self) -> float | None:
        """The share of requests that failed, 0 to 1; None without requests."""
        return self.failures / self.requests if self.requests else None

    def statistic(self, name: str) -> float | None:
        """One of `STATISTICS`, in ms; None where it is not known, or too few requests carry it.

        Where every request failed there is no response time, even where the tool states one.
        """
        if self.failures == self.requests:
            return None
        if self.latency_ms is not None:
            return statistics(self.latency_ms)[name]
        return _given(self.given, name, self.requests if self.mixed else self.requests - self.failures)


Entry = Series | ImportedEndpoint

FindingKind = Literal["threshold", "checks", "user_errors", "dropped_iterations"]


@dataclass(frozen=True)
class OwnFinding:
    """What the tool itself found wrong with its run.

    Attributes:
        kind: a threshold of the tool that was not kept; checks of answers that failed; exceptions of the scenario;
            iterations that could not be begun when they were due.
        name: of the threshold or check; of what else the name of the whole.
        failures: how often.
        total: of how many; 0 where that is not known.
        detail: the most frequent one in words, where there are several.
    """

    kind: FindingKind
    name: str
    failures: int = 1
    total: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Imported:
    """A result file.

    Attributes:
        tool: one of `importers.names()`.
        version: of the tool, where the file says.
        started_at: when the first was measured, with its time zone; None when the file does not say.
        duration_s: from the first begun to the last ended; None when the file does not say.
        entries: in the file's order. Names are unique: a repeated one has its number after it, as `true (2)`.
        findings: what the tool itself found wrong.
        failures: failed requests by kind, the most frequent first; empty where the file does not tell kinds.
        notes: what the tool itself warns of, and what its file does not say, in words.
    """

    tool: str
    version: str | None
    started_at: datetime | None
    duration_s: float | None
    entries: tuple[Entry, ...]
    findings: tuple[OwnFinding, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "entries", tuple(_numbered(self.entries)))


def _numbered(entries: Iterable[Entry]) -> Iterator[Entry]:
    times: Counter[str] = Counter()
    for entry in entries:
        times[entry.name] += 1
        again = times[entry.name]
        yield entry if again == 1 else replace(entry, name=f"{entry.name} ({again})", also=(entry.name, *entry.also))
