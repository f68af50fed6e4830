"""Tallies: the requests of one endpoint, or of several together, in one phase."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from perfgate.measure.histogram import Histogram
from perfgate.measure.percentile import BATCHES, QUANTILES, interval, latency, order_statistics, statistics
from perfgate.measure.pile import Pile
from perfgate.measure.summary import EndpointSummary, Failure, Latency, MetricSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.measure.recording import Cell, FailureCount, MetricCell
    from perfgate.measure.window import Window

FAILURE_KINDS = 20
UNTIMED_SHARE = 0.01  # of the successful requests: when more have no time, what the others took says too little of all


class Tally:
    """Counts and histograms that grow cell by cell; tallies of endpoints merge into the tally of the service.

    Args:
        window: the phase.

    Attributes:
        cells: how many were added.
        early: successful requests that began before the phase, and ended in it: no part of its throughput, which would
            else count those at both of its edges.
        batches: successful requests' response times, in ten successive stretches of the phase.
        failed: failed requests' response times.
        untimed, untimed_failed: successful and failed requests whose times are not known.
        bytes_ok: of the successful requests' answers.
        empty: successful requests without a body.
        redirected: successful requests that were answered from elsewhere, after a redirect, or with one.
        service: successful requests' service times; None where they are the response times.
        kinds: failures by kind; `examples` has one message of each.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self.cells = 0
        self.early = 0
        self.batches = [Pile() for _ in range(BATCHES)]
        self.failed = Pile()
        self.untimed = self.untimed_failed = self.redirected = self.empty = self.bytes_ok = 0
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
            self.untimed_failed += cell.untimed
            return
        self.untimed += cell.untimed
        self.redirected += cell.redirected
        self.empty += cell.empty
        self.bytes_ok += cell.bytes_received
        if cell.service_ms is not None and self.service is None:
            self.service = Pile.of_piles(self.batches)  # until here, they were the response times
        if self.service is not None:
            self.service.add(cell.service_ms or cell.response_ms)
        if cell.second < int(self._window.start_s):
            self.early += cell.requests
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
        whole.early = sum(tally.early for tally in tallies)
        whole.bytes_received = sum(tally.bytes_received for tally in tallies)
        whole.untimed = sum(tally.untimed for tally in tallies)
        whole.redirected = sum(tally.redirected for tally in tallies)
        whole.empty = sum(tally.empty for tally in tallies)
        whole.bytes_ok = sum(tally.bytes_ok for tally in tallies)
        whole.untimed_failed = sum(tally.untimed_failed for tally in tallies)
        for tally in tallies:
            whole.kinds.update(tally.kinds)
            whole.examples = tally.examples | whole.examples
        return whole

    @property
    def ok(self) -> Histogram:
        """All successful requests' response times, as far as they are known."""
        return Histogram.merged(batch.histogram for batch in self.batches)

    @property
    def times_known(self) -> bool:
        """Whether enough of the successful requests have a time, for what these took to speak for all."""
        return self.untimed <= UNTIMED_SHARE * (self.ok.count + self.untimed)

    def summary(self, name: str | None) -> EndpointSummary:
        """What it reduces to; `name` is None for the whole service."""
        ok, failed, window = self.ok, self.failed.histogram, self._window
        failures = failed.count + self.untimed_failed
        requests = ok.count + self.untimed + failures
        known = self.times_known
        response = latency(ok) if known else Latency()
        return EndpointSummary(
            name=name,
            requests=requests,
            failures=failures,
            error_rate=failures / requests if requests else 0.0,
            throughput_per_s=(requests - failures - self.early) / window.measured_s if window.measured_s > 0 else 0.0,
            latency_ms=response,
            service_ms=latency(self.service.histogram) if self.service and known else response,
            failed_ms=latency(failed),
            bytes_received=self.bytes_received,
            untimed=self.untimed,
            empty=self.empty,
            mean_body_bytes=self.bytes_ok / good if (good := requests - failures) else None,
            redirected=self.redirected,
            failures_by_kind=self.failures_by_kind(),
            **self._intervals(ok),
        )

    def failures_by_kind(self) -> list[Failure]:
        """The most frequent kinds, most frequent first."""
        ranked = sorted(self.kinds.items(), key=lambda item: (-item[1], item[0]))[:FAILURE_KINDS]
        return [Failure(kind=kind, count=count, example=self.examples[kind]) for kind, count in ranked]

    def _intervals(self, ok: Histogram) -> dict[str, Any]:
        """The intervals of the percentiles of `ok`, the successful requests' response times."""
        # While the level changes, the batches are no repetitions of each other.
        if not (self._window.judged and self.times_known):
            return {}
        batches = [batch.histogram for batch in self.batches]
        return {f"{name}_interval_ms": interval(ok, batches, name) for name in QUANTILES}


def _batch_of(second: int, window: Window) -> int:
    return min(max(int(window.share_at(second) * BATCHES), 0), BATCHES - 1)


class MetricTally:
    """The custom metrics of one phase: each for the whole service, and, where endpoints were named, for each."""

    def __init__(self) -> None:
        self._piles: dict[tuple[str, str | None], Pile] = {}
        self._units: dict[tuple[str, str | None], str] = {}
        self._unusable: Counter[tuple[str, str | None]] = Counter()

    def add(self, cell: MetricCell) -> None:
        """Take the values of one cell."""
        self._put(cell, None)
        if cell.endpoint is not None:
            self._put(cell, cell.endpoint)

    def _put(self, cell: MetricCell, endpoint: str | None) -> None:
        key = (cell.name, endpoint)
        self._piles.setdefault(key, Pile()).add(cell.values)
        self._units[key] = self._units.get(key) or cell.unit
        self._unusable[key] += cell.unusable

    @property
    def summaries(self) -> list[MetricSummary]:
        """What they reduce to, by name, the whole service first."""
        return [self._summary(*key) for key in sorted(self._piles, key=_order)]

    def _summary(self, name: str, endpoint: str | None) -> MetricSummary:
        values, unit = self._piles[name, endpoint].histogram, self._units[name, endpoint]
        unusable = self._unusable[name, endpoint]
        intervals: dict[str, Any] = {f"{one}_interval": order_statistics(values, one) for one in QUANTILES}
        return MetricSummary(
            name=name,
            unit=unit,
            endpoint=endpoint,
            count=values.count,
            unusable=unusable,
            **statistics(values),
            **intervals,
        )


def _order(key: tuple[str, str | None]) -> tuple[str, bool, str]:
    name, endpoint = key
    return name, endpoint is not None, endpoint or ""
