"""Locust's own statistics, for scenarios and plugins that read them: whole whenever that is, and free until then.

Keeping them costs more than our recording does, and they are rounded. So nothing is kept for them but sums of what the
recorder has reduced anyway. Whoever reads them first, wherever that stands in the code, finds them filled from these
sums and from what was recorded since; from then on each request is logged as Locust does.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from locust import stats as locust_stats
from locust.stats import RequestStats, StatsError

from perfgate.drive.failure import EXAMPLE_LENGTH, example_of, is_failure
from perfgate.drive.values import UNKNOWN, length_of, service_ns_of, text_of
from perfgate.measure.histogram import values_of
from perfgate.measure.pile import Pile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from locust.env import Environment

    from perfgate.drive.recorder import Recorder
    from perfgate.measure.recording import Cell, FailureCount

_READ = frozenset({"entries", "errors", "total", "history"})


class _Sums:
    """All requests of one endpoint."""

    def __init__(self) -> None:
        self.times = Pile()
        self.requests: Counter[int] = Counter()  # by second since the epoch
        self.failures: Counter[int] = Counter()
        self.untimed = 0
        self.bytes = 0


class Totals:
    """Sums of what a recorder has reduced, by endpoint."""

    def __init__(self) -> None:
        self.endpoints: dict[str, _Sums] = {}
        self.errors: dict[tuple[str, str], tuple[int, str]] = {}

    def add(self, cells: Iterable[Cell], failures: Iterable[FailureCount], started_at: float) -> None:
        """Take what was reduced; `started_at` is the wall time of the load's start."""
        for cell in cells:
            sums = self.endpoints.get(cell.endpoint)
            if sums is None:
                sums = self.endpoints[cell.endpoint] = _Sums()
            second, count = int(started_at) + cell.second, cell.requests
            sums.requests[second] += count
            if cell.outcome == "failed":
                sums.failures[second] += count
            sums.times.add(cell.service_ms or cell.response_ms)
            sums.untimed += cell.untimed
            sums.bytes += cell.bytes_received
        for failure in failures:
            key = (failure.endpoint, failure.kind)
            count, example = self.errors.get(key, (0, failure.example))
            self.errors[key] = count + failure.count, example

    def fill(self, stats: RequestStats, recorder: Recorder) -> None:
        """Put everything into Locust's statistics."""
        for endpoint, sums in self.endpoints.items():
            method, name = recorder.label_of(endpoint)
            _fill(stats.total, sums)
            _fill(stats.entries[(name, method)], sums)
        for (endpoint, _), (count, example) in self.errors.items():
            method, name = recorder.label_of(endpoint)
            key = StatsError.create_key(method, name, example)
            error = stats.errors.setdefault(key, StatsError(method, name, example))
            error.occurrences += count


def _fill(entry: Any, sums: _Sums) -> None:  # a StatsEntry, which is typed for whole milliseconds and gets any
    times = sums.times.histogram
    entry.num_requests += sum(sums.requests.values())
    entry.num_none_requests += sums.untimed
    entry.num_failures += sum(sums.failures.values())
    entry.total_content_length += sums.bytes
    if times.count:
        entry.total_response_time += times.total
        lowest = times.minimum if entry.min_response_time is None else min(entry.min_response_time, times.minimum)
        entry.min_response_time = lowest
        entry.max_response_time = max(entry.max_response_time, times.maximum)
    for value, count in zip(values_of(times.bins).tolist(), times.counts.tolist(), strict=True):
        entry.response_times[locust_stats.bucket_response_time(value)] += count
    for per_second, own in ((entry.num_reqs_per_sec, sums.requests), (entry.num_fail_per_sec, sums.failures)):
        for second, count in own.items():
            per_second[second] += count
    if sums.requests:
        first, last = min(sums.requests), min(max(sums.requests) + 1, time.time())
        entry.start_time = min(entry.start_time, first)
        entry.last_request_timestamp = max(entry.last_request_timestamp or 0.0, last)


class LateStatistics(RequestStats):
    """Takes the place of `environment.stats`: what is read of it first makes it what Locust's own would be.

    Args:
        environment: whose statistics these are, and whose `request` event tells of each request once they are read.
        recorder: knows what there was before.
        use_response_times_cache: as Locust's.
    """

    def __init__(self, environment: Environment, recorder: Recorder, *, use_response_times_cache: bool = True) -> None:
        # Not Locust's own: the attributes that it would set are those whose reading is noticed.
        self.use_response_times_cache = use_response_times_cache
        self._environment = environment
        self._recorder = recorder
        recorder.totals = Totals()
        environment.stats = self

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet."""
        if name not in _READ:
            raise AttributeError(name)
        self._begin()
        return getattr(self, name)

    @property
    def is_read(self) -> bool:
        """Whether somebody has read them."""
        return "total" in vars(self)

    def _begin(self) -> None:
        super().__init__(self.use_response_times_cache)
        totals = self._take()
        self._recorder.totals = None
        totals.add(*self._recorder.pending(), self._recorder.started_at)
        totals.fill(self, self._recorder)
        handlers = self._environment.events.request._handlers  # noqa: SLF001
        # Right after the recorder: a listener of the scenario's that reads them finds the request that it is told of.
        handlers.insert(int(self._recorder in handlers[:1]), self._on_request)

    def _take(self) -> Totals:
        totals, self._recorder.totals = self._recorder.totals or Totals(), Totals()
        return totals

    def heed_replacement(self) -> None:
        """Log for what the scenario has put in their place, if it has."""
        if self._environment.stats is not self and not self.is_read:
            self._begin()

    def clear_all(self) -> None:
        """Locust begins each test with it; what nobody has read needs no clearing."""
        if self.is_read:
            super().clear_all()

    def _on_request(
        self,
        request_type: Any = "",
        name: Any = "",
        response_time: Any = None,
        response_length: Any = 0,
        exception: Any = None,
        **_: Any,
    ) -> None:
        """Log a request as Locust does; its own way would raise for values that are no times, names or texts."""
        stats: Any = self._environment.stats
        method, shown = text_of(request_type), text_of(name)
        service_ms = None if service_ns_of(response_time) == UNKNOWN else response_time
        stats.log_request(method, shown, service_ms, length_of(response_length) or 0)
        if exception is None or not is_failure(exception):
            return
        try:
            StatsError.create_key(method, shown, exception)
        except Exception:  # noqa: BLE001  (its text cannot be had, or not be written)
            exception = text_of(example_of(exception), EXAMPLE_LENGTH)
        stats.log_error(method, shown, exception)

    def report(self, data: dict[str, Any], **_: Any) -> None:
        """Add what a worker's master is told of them since the last time, which is no reading."""
        stats: RequestStats = self
        if not self.is_read:
            stats = RequestStats(use_response_times_cache=False)
            self._take().fill(stats, self._recorder)
        data["stats"] = stats.serialize_stats()
        data["stats_total"] = stats.total.get_stripped_report()
        data["errors"] = stats.serialize_errors()
        stats.errors = {}
