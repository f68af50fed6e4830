"""Tallies: the requests of one endpoint, or of several together, in one phase."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import BATCHES, interval, latency, statistics
from perfgate.measure.pile import Pile
from perfgate.measure.summary import EndpointSummary, Failure, MetricSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.recording import Cell, FailureCount, MetricCell
    from perfgate.measure.window import Window

FAILURE_KINDS = 20


class Tally:
    """Counts and histograms that grow cell by cell; tallies of endpoints merge into the tally of the service.

    Args:
        window: the phase.

    Attributes:
        cells: how many were added.
        batches: successful requests' response times, in ten successive stretches of the phase.
        failed: failed requests' response times.
        service: successful requests' service times; None where they are the response times.
        kinds: failures by kind; `examples` has one message of each.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self.cells = 0
        self.batches = [Pile() for _ in range(BATCHES)]
        self.failed = Pile()
        self.service: Pile | None = None
        self.bytes_received = 0
        self.kinds: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def add(self, cell: Cell) -> None:
        """Count the requests of one cell."""
        self.cells += 1
        self.bytes_received += cell.bytes_received
        if cell.outcome == "failed":
            self.failed.add(cell.response_ms)
            return
        if cell.service_ms is not None and self.service is None:
            self.service = Pile.of_piles(self.batches)  # until here, they were the response times
        if self.service is not None:
            self.service.add(cell.service_ms or cell.response_ms)
        self.batches[_batch_of(cell.second, self._window)].add(cell.response_ms)

    def add_failures(self, failure: FailureCount) -> None:
        """Count failures of one kind."""
        self.kinds[failure.kind] += failure.count
        self.examples.setdefault(failure.kind, failure.example)

    @classmethod
    def merged(cls, tallies: Sequence[Tally], window: Window) -> Tally:
        """All of them together."""
        whole = cls(window)
        whole.batches = [Pile(tally.batches[number].histogram for tally in tallies) for number in range(BATCHES)]
        whole.failed = Pile(tally.failed.histogram for tally in tallies)
        if any(tally.service for tally in tallies):
            whole.service = Pile(tally.service.histogram if tally.service else tally.ok for tally in tallies)
        whole.bytes_received = sum(tally.bytes_received for tally in tallies)
        for tally in tallies:
            whole.kinds.update(tally.kinds)
            whole.examples = tally.examples | whole.examples
        return whole

    @property
    def ok(self) -> Histogram:
        """All successful requests' response times."""
        return Histogram.merged(batch.histogram for batch in self.batches)

    def summary(self, name: str | None) -> EndpointSummary:
        """What it reduces to; `name` is None for the whole service."""
        ok, failed, window = self.ok, self.failed.histogram, self._window
        failures = failed.count
        requests = ok.count + failures
        response = latency(ok)
        return EndpointSummary(
            name=name,
            requests=requests,
            failures=failures,
            error_rate=failures / requests if requests else 0.0,
            throughput_per_s=requests / window.measured_s if window.measured_s > 0 else 0.0,
            latency_ms=response,
            service_ms=latency(self.service.histogram) if self.service else response,
            failed_ms=latency(failed),
            bytes_received=self.bytes_received,
            failures_by_kind=self.failures_by_kind(),
            p50_interval_ms=self._interval("p50"),
            p95_interval_ms=self._interval("p95"),
            p99_interval_ms=self._interval("p99"),
        )

    def failures_by_kind(self) -> list[Failure]:
        """The most frequent kinds, most frequent first."""
        ranked = sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))[:FAILURE_KINDS]
        return [Failure(kind=kind, count=count, example=self.examples[kind]) for kind, count in ranked]

    def _interval(self, name: str) -> tuple[float, float] | None:
        # While the level changes, the batches are no repetitions of each other.
        return interval([batch.histogram for batch in self.batches], name) if self._window.judged else None


def _batch_of(second: int, window: Window) -> int:
    return min(max(int(window.share_at(second) * BATCHES), 0), BATCHES - 1)


class MetricTally:
    """The custom metrics of one phase: each for the whole service, and, where endpoints were named, for each."""

    def __init__(self) -> None:
        self._piles: dict[tuple[str, str | None], Pile] = {}
        self._units: dict[tuple[str, str | None], str] = {}

    def add(self, cell: MetricCell) -> None:
        """Take the values of one cell."""
        self._put(cell, None)
        if cell.endpoint is not None:
            self._put(cell, cell.endpoint)

    def _put(self, cell: MetricCell, endpoint: str | None) -> None:
        key = (cell.name, endpoint)
        self._piles.setdefault(key, Pile()).add(cell.values)
        self._units[key] = self._units.get(key) or cell.unit

    @property
    def summaries(self) -> list[MetricSummary]:
        """What they reduce to, by name, the whole service first."""
        return [self._summary(*key) for key in sorted(self._piles, key=_order)]

    def _summary(self, name: str, endpoint: str | None) -> MetricSummary:
        values, unit = self._piles[name, endpoint].histogram, self._units[name, endpoint]
        return MetricSummary(name=name, unit=unit, endpoint=endpoint, count=values.count, **statistics(values))


def _order(key: tuple[str, str | None]) -> tuple[str, bool, str]:
    name, endpoint = key
    return name, endpoint is not None, endpoint or ""
