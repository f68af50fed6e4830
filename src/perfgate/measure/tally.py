"""Tallies: the requests of one endpoint, or of several together, in one phase."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import BATCHES, interval, latency, statistics
from perfgate.measure.summary import EndpointSummary, Failure, MetricSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from perfgate.measure.recording import Cell, FailureCount, MetricCell
    from perfgate.measure.window import Window

FAILURE_KINDS = 20


@dataclass
class Tally:
    """Counts and histograms; tallies of endpoints merge into the tally of the service.

    Attributes:
        batches: successful requests' response times, in ten successive stretches of the phase.
        failed: failed requests' response times.
        service: successful requests' service times; None where they are the response times.
        kinds: failures by kind; `examples` has one message of each.
    """

    batches: list[Histogram]
    failed: Histogram
    service: Histogram | None = None
    bytes_received: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Sequence[Cell], failures: Iterable[FailureCount], window: Window) -> Tally:
        """The tally of some cells of one phase."""
        good = [cell for cell in cells if cell.outcome == "ok"]
        batches: list[list[Histogram]] = [[] for _ in range(BATCHES)]
        for cell in good:
            batches[_batch_of(cell.second, window)].append(cell.response_ms)
        tally = cls(
            [Histogram.merged(batch) for batch in batches],
            Histogram.merged(cell.response_ms for cell in cells if cell.outcome == "failed"),
            _service_times(good),
            sum(cell.bytes_received for cell in cells),
        )
        for failure in failures:
            tally.kinds[failure.kind] += failure.count
            tally.examples.setdefault(failure.kind, failure.example)
        return tally

    @classmethod
    def merged(cls, tallies: Sequence[Tally]) -> Tally:
        """All of them together."""
        services = [tally.service or tally.ok for tally in tallies]
        return cls(
            [Histogram.merged(tally.batches[number] for tally in tallies) for number in range(BATCHES)],
            Histogram.merged(tally.failed for tally in tallies),
            Histogram.merged(services) if any(tally.service for tally in tallies) else None,
            sum(tally.bytes_received for tally in tallies),
            sum((tally.kinds for tally in tallies), Counter()),
            {kind: example for tally in reversed(tallies) for kind, example in tally.examples.items()},
        )

    @property
    def ok(self) -> Histogram:
        """All successful requests' response times."""
        return Histogram.merged(self.batches)

    def summary(self, name: str | None, window: Window) -> EndpointSummary:
        """What it reduces to; `name` is None for the whole service."""
        ok, failures = self.ok, self.failed.count
        requests = ok.count + failures
        response = latency(ok)
        return EndpointSummary(
            name=name,
            requests=requests,
            failures=failures,
            error_rate=failures / requests if requests else 0.0,
            throughput_per_s=requests / window.measured_s if window.measured_s > 0 else 0.0,
            latency_ms=response,
            service_ms=latency(self.service) if self.service else response,
            failed_ms=latency(self.failed),
            bytes_received=self.bytes_received,
            failures_by_kind=self.failures_by_kind(),
            p50_interval_ms=self._interval("p50", window),
            p95_interval_ms=self._interval("p95", window),
            p99_interval_ms=self._interval("p99", window),
        )

    def failures_by_kind(self) -> list[Failure]:
        """The most frequent kinds, most frequent first."""
        ranked = sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))[:FAILURE_KINDS]
        return [Failure(kind=kind, count=count, example=self.examples[kind]) for kind, count in ranked]

    def _interval(self, name: str, window: Window) -> tuple[float, float] | None:
        # While the level changes, the batches are no repetitions of each other.
        return interval(self.batches, name) if window.judged else None


def _batch_of(second: int, window: Window) -> int:
    return min(max(int(window.share_at(second) * BATCHES), 0), BATCHES - 1)


def _service_times(good: Sequence[Cell]) -> Histogram | None:
    if all(cell.service_ms is None for cell in good):
        return None
    return Histogram.merged(cell.service_ms or cell.response_ms for cell in good)


def metric_summaries(cells: Sequence[MetricCell]) -> list[MetricSummary]:
    """The custom metrics of one phase: each for the whole service, then, where endpoints were named, for each."""
    whole = _by(cells, lambda cell: (cell.name, None))
    named = _by([cell for cell in cells if cell.endpoint is not None], lambda cell: (cell.name, cell.endpoint))
    groups = {**whole, **named}
    return [_metric(name, endpoint, groups[name, endpoint]) for name, endpoint in sorted(groups, key=_order)]


def _order(key: tuple[str, str | None]) -> tuple[str, bool, str]:
    name, endpoint = key
    return name, endpoint is not None, endpoint or ""


def _by(
    cells: Iterable[MetricCell], key: Callable[[MetricCell], tuple[str, str | None]]
) -> dict[tuple[str, str | None], list[MetricCell]]:
    groups: dict[tuple[str, str | None], list[MetricCell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return groups


def _metric(name: str, endpoint: str | None, cells: Sequence[MetricCell]) -> MetricSummary:
    values = Histogram.merged(cell.values for cell in cells)
    unit = next((cell.unit for cell in cells if cell.unit), "")
    return MetricSummary(name=name, unit=unit, endpoint=endpoint, count=values.count, **statistics(values))
