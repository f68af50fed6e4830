"""The recorder: takes each request in a few operations, and once a second turns what it took into histograms.

Runs in the engine's process. Recording a request extends one list; the arithmetic is done once a second for all.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perfgate.drive.client.clock import Timing
from perfgate.drive.columns import OK, Columns, Groups, Table, histograms
from perfgate.drive.failure import example_of, kind_of
from perfgate.drive.slowest import Slowest, trace_id_of
from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import Cell, FailureCount, MetricCell, SlowRequest
from perfgate.plan.profile import DRAIN, STEADY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from perfgate.drive.extract import Extractor
    from perfgate.plan.profile import Profile

MAX_ENDPOINTS = 500
OTHER_ENDPOINTS = "other endpoints"
MAX_FAILURE_KINDS = 50  # per endpoint
OTHER_FAILURES = "other failures"
CONNECT = "connect_time"
TLS = "tls_time"
URL_LENGTH = 300
CLOCK_STEP_NS = 1_000_000  # less than this is the two clocks being read one after the other
_MOST = 1 << 62  # whatever a scenario's own event says, its numbers must fit into the columns


@dataclass(frozen=True)
class Flushed:
    """What one flush gives.

    Attributes:
        requests, failures: requests that were completed since the previous flush.
        stamped, retried: see `measure.recording.Second`.
        p95_ms: 95th percentile of the successful ones' response times, None when there were none.
    """

    cells: list[Cell]
    failures_by_kind: list[FailureCount]
    metrics: list[MetricCell]
    slowest: list[SlowRequest]
    requests: int
    failures: int
    stamped: int
    retried: int
    p95_ms: float | None


def endpoint_of(request_type: str, name: str) -> str:
    """The endpoint's name: Locust's type and name, the type not repeated when the name already starts with it."""
    return name if not request_type or name.startswith(f"{request_type} ") else f"{request_type} {name}"


def _bounded(number: int) -> int:
    return max(-_MOST, min(number, _MOST))


class PhaseFinder:
    """Finds the phase of many moments at once."""

    def __init__(self, profile: Profile | None) -> None:
        segments = profile.segments if profile else ()
        self._starts = np.array([segment.start_s for segment in segments])
        names = [segment.phase for segment in segments] or [STEADY]
        self.names = list(dict.fromkeys([*names, DRAIN]))
        self._numbers = np.array([self.names.index(name) for name in names])
        self._end = profile.duration_s if profile else float("inf")

    def end_at(self, moment_s: float) -> None:
        """The load ended early: what is intended from this moment on belongs to the drain."""
        self._end = min(self._end, moment_s)

    def find(self, moments_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """The number of each moment's phase, an index of `names`; moments before 0 belong to the first."""
        segments = np.maximum(np.searchsorted(self._starts, moments_s, side="right") - 1, 0)
        drain = len(self.names) - 1
        found: NDArray[np.int64] = np.where(moments_s >= self._end, drain, self._numbers[segments]).astype(np.int64)
        return found

    def name_at(self, moment_s: float) -> str:
        """The name of one moment's phase."""
        return self.names[int(self.find(np.array([moment_s]))[0])]


class Recorder:
    """Listens to Locust's `request` event: add the recorder itself as a listener.

    Args:
        profile: tells the phase of each moment; None for a scenario's own shape, which is all `steady`.
        delays_s: gives, once, how long the calling user's present iteration had waited for its user when it began, and
            how late the generator was besides: the first request of an iteration carries the waiting of its arrival
            (open model). None in a closed model.
        extractors: read custom metrics from responses.
    """

    def __init__(
        self,
        profile: Profile | None,
        delays_s: Callable[[], tuple[float, float]] | None = None,
        extractors: Iterable[Extractor] = (),
    ) -> None:
        self.phases = PhaseFinder(profile)
        self._delays_s = delays_s
        self._extractors = list(extractors)
        self._columns = Columns()
        self._add = self._columns.add
        self._endpoints: list[str] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._failures: list[tuple[int, str, str]] = []  # (endpoint, kind, example) by number
        self._failure_numbers: dict[tuple[int, str], int] = {}
        self._kinds: dict[int, int] = defaultdict(int)
        self._metrics: dict[tuple[str, str, str | None], list[tuple[float, float]]] = defaultdict(list)
        self._slowest = Slowest()
        self._phase = ""
        self._stamped = 0
        self._retried = 0
        self.start()

    def warm(self) -> None:
        """Do a flush's work once, for nothing: numpy's first calls take 40 ms, which the load must not feel."""
        self._add(0, OK, 0, 1, 0, 0)
        self._add(0, OK, 1, 2, 0, 0)
        self._endpoints.append("")
        self.flush()
        self._endpoints.clear()

    def start(self, at_s: float | None = None) -> None:
        """The load starts at this moment of the monotonic clock, now unless given: times count from there."""
        now_s, now_ns = time.monotonic(), time.time_ns()
        self._origin = now_s if at_s is None else at_s
        self._wall_origin_ns = now_ns - int((now_s - self._origin) * 1e9)

    @property
    def started_at(self) -> float:
        """Wall time of the load's start, seconds since the epoch."""
        return self._wall_origin_ns / 1e9

    def _follow_clock(self) -> None:
        """After the realtime clock has stepped, requests that it stamps must still fall into the right second."""
        moved_ns = time.time_ns() - self._wall_origin_ns - int(self.now_s() * 1e9)
        if abs(moved_ns) > CLOCK_STEP_NS:
            self._wall_origin_ns += moved_ns

    def now_s(self) -> float:
        """Seconds since the load's start."""
        return time.monotonic() - self._origin

    def phase_now(self) -> str:
        """The phase at this moment."""
        return self.phases.name_at(self.now_s())

    def on_request(  # noqa: PLR0913  (the event's own arguments)
        self,
        *,
        request_type: str = "",
        name: str = "",
        response_time: float | None = 0.0,
        response_length: int | None = 0,
        exception: Any = None,
        start_time: float | None = None,
        response: Any = None,
        url: str | None = None,
        perfgate: Any = None,
        **_context: Any,
    ) -> None:
        """Take one request; the arguments are those of Locust's `request` event, and our client's `Timing`."""
        timing = perfgate or self._timing(start_time, _bounded(int((response_time or 0.0) * 1e6)))
        length = _bounded(int(response_length or 0))
        self.take_request(request_type, name, timing, length, exception, response, url)

    __call__ = on_request

    def take_request(  # noqa: PLR0913  (what a request is)
        self, request_type: str, name: str, timing: Any, length: int, exception: Any, response: Any, url: str | None
    ) -> None:
        """Take one request: what `on_request` does, without the event's keyword arguments.

        Our client calls this by itself when there is nobody else to tell; see `client.session`.
        """
        number = self._numbers.get((request_type, name))
        if number is None:
            number = self._new_endpoint(request_type, name)
        if timing.clock == "kernel":
            self._stamped += 1
        if timing.connect_ms or timing.tls_ms or timing.retried:
            self._note_opening(timing)
        sent_ns = timing.sent_ns - self._wall_origin_ns
        service_ns = timing.received_ns - timing.sent_ns
        waited_ns = late_ns = 0
        if self._delays_s is not None:
            waited_s, late_s = self._delays_s()
            waited_ns, late_ns = int(waited_s * 1e9), int(late_s * 1e9)
        failure = self._failure(number, exception, response) if exception else OK
        self._add(number, failure, sent_ns - late_ns, service_ns, waited_ns, length)
        if service_ns + waited_ns > self._slowest.floor_ns[number]:
            self._note_slow(number, sent_ns - waited_ns, service_ns + waited_ns, response, url)
        if self._extractors:
            self._extract(self._endpoints[number], response)

    def _note_slow(self, number: int, intended_ns: int, response_ns: int, response: Any, url: str | None) -> None:
        status = getattr(response, "status_code", None)
        self._slowest.note(
            number,
            SlowRequest(
                self._endpoints[number],
                intended_ns / 1e9,
                response_ns / 1e6,
                status if isinstance(status, int) and status else None,
                str(url or getattr(response, "url", None) or "")[:URL_LENGTH],
                trace_id_of(response),
            ),
        )

    def _timing(self, start_time: float | None, service_ns: int) -> Timing:
        """The timing of a request that is not our client's."""
        sent_ns = time.time_ns() - service_ns if start_time is None else _bounded(int(start_time * 1e9))
        return Timing(sent_ns, sent_ns + service_ns)

    def _note_opening(self, timing: Any) -> None:
        self._retried += timing.retried
        if timing.connect_ms:
            self.on_metric(CONNECT, timing.connect_ms, "ms", None)
        if timing.tls_ms:
            self.on_metric(TLS, timing.tls_ms, "ms", None)

    def _extract(self, endpoint: str, response: Any) -> None:
        for extractor in self._extractors:
            value = extractor.read(endpoint, response)
            if value is not None:
                self.on_metric(extractor.name, value, extractor.unit, endpoint)

    def on_metric(self, name: str, value: float, unit: str, endpoint: str | None) -> None:
        """Take one value of a custom metric."""
        self._metrics[(name, unit, endpoint)].append((self.now_s(), value))

    def _new_endpoint(self, request_type: str, name: str) -> int:
        full = len(self._endpoints) >= MAX_ENDPOINTS  # every URL its own name: a scenario that forgets `name=`
        endpoint = OTHER_ENDPOINTS if full else endpoint_of(request_type, name)
        if endpoint not in self._endpoints:
            self._endpoints.append(endpoint)
            self._slowest.add_endpoint()
        number = self._endpoints.index(endpoint)
        if not full:
            self._numbers[(request_type, name)] = number
        return number

    def _failure(self, endpoint: int, exception: Any, response: Any) -> int:
        """The number of this failure's kind."""
        status = getattr(response, "status_code", None)
        kind = kind_of(exception, status if isinstance(status, int) else None)
        number = self._failure_numbers.get((endpoint, kind))
        if number is not None:
            return number
        if self._kinds[endpoint] >= MAX_FAILURE_KINDS:  # a text with an identifier in it would grow without end
            kind = OTHER_FAILURES
        if (endpoint, kind) not in self._failure_numbers:
            self._kinds[endpoint] += 1
            self._failure_numbers[(endpoint, kind)] = len(self._failures)
            self._failures.append((endpoint, kind, example_of(exception)))
        return self._failure_numbers[(endpoint, kind)]

    def flush(self) -> Flushed:
        """Everything since the previous flush, reduced."""
        self._follow_clock()
        if (phase := self.phase_now()) != self._phase:
            self._phase = phase
            self._slowest.begin_phase()
        table = self._columns.take()
        metrics, self._metrics = self._metrics, defaultdict(list)
        stamped, retried, self._stamped, self._retried = self._stamped, self._retried, 0, 0
        phases = self.phases.find(table.intended_s)
        seconds = np.maximum(table.intended_s, 0).astype(np.int64)
        good = table.response_ms[table.failure == OK]
        return Flushed(
            cells=self._cells(table, phases, seconds),
            failures_by_kind=self._failure_counts(table, phases, seconds),
            metrics=[cell for key, values in metrics.items() for cell in self._metric_cells(key, values)],
            slowest=self._slowest.take(),
            requests=len(table.endpoint),
            failures=len(table.endpoint) - len(good),
            stamped=stamped,
            retried=retried,
            p95_ms=float(np.quantile(good, 0.95)) if len(good) else None,
        )

    def _cells(self, table: Table, phases: NDArray[np.int64], seconds: NDArray[np.int64]) -> list[Cell]:
        groups = Groups(table.endpoint, (table.failure != OK).astype(np.int8), phases, seconds)
        response = histograms(table.response_ms, groups)
        service = histograms(table.service_ms, groups) if self._delays_s else [None] * len(response)
        return [
            Cell(
                self._endpoints[endpoint],
                "failed" if failed else "ok",
                self.phases.names[phase],
                second,
                response_ms,
                service_ms,
                int(table.length[rows].sum()),
            )
            for ((endpoint, failed, phase, second), rows), response_ms, service_ms in zip(
                groups, response, service, strict=True
            )
        ]

    def _failure_counts(
        self, table: Table, phases: NDArray[np.int64], seconds: NDArray[np.int64]
    ) -> list[FailureCount]:
        failed = np.flatnonzero(table.failure != OK)
        counts = []
        for (number, phase, second), rows in Groups(table.failure[failed], phases[failed], seconds[failed]):
            endpoint, kind, example = self._failures[number]
            name = self._endpoints[endpoint]
            counts.append(FailureCount(name, self.phases.names[phase], second, kind, len(rows), example))
        return counts

    def _metric_cells(self, key: tuple[str, str, str | None], values: list[tuple[float, float]]) -> list[MetricCell]:
        name, unit, endpoint = key
        moments, numbers = np.array(values).T
        phases = self.phases.find(moments)
        return [
            MetricCell(name, unit, endpoint, self.phases.names[phase], second, Histogram.of(numbers[rows]))
            for (phase, second), rows in Groups(phases, moments.astype(np.int64))
        ]
