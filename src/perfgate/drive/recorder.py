"""The recorder: takes each request in a few operations, and once a second turns what it took into histograms.

Runs in the engine's process. Recording a request costs an append; the arithmetic is done for a whole second at once.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from perfgate.drive.failure import example_of, kind_of
from perfgate.measure.histogram import Histogram
from perfgate.measure.recording import Cell, FailureCount, MetricCell
from perfgate.plan.profile import DRAIN, STEADY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from perfgate.drive.extract import Extractor
    from perfgate.plan.profile import Profile

MAX_ENDPOINTS = 500
OTHER_ENDPOINTS = "other endpoints"
MAX_FAILURE_KINDS = 50
OTHER_FAILURES = "other failures"


@dataclass(slots=True)
class Row:
    """One request, as the `request` event told it; times in seconds from the load's start, durations in ms."""

    endpoint: str
    intended_s: float
    response_ms: float
    service_ms: float
    length: int
    failure: str | None


@dataclass(frozen=True)
class Flushed:
    """What one flush gives.

    Attributes:
        requests, failures: requests that were completed since the previous flush.
        p95_ms: 95th percentile of the successful ones' response times, None when there were none.
    """

    cells: list[Cell]
    failures_by_kind: list[FailureCount]
    metrics: list[MetricCell]
    requests: int
    failures: int
    p95_ms: float | None


def endpoint_of(request_type: str, name: str) -> str:
    """The endpoint's name: Locust's type and name, the type not repeated when the name already starts with it."""
    return name if not request_type or name.startswith(f"{request_type} ") else f"{request_type} {name}"


class PhaseFinder:
    """Finds the phase of many moments at once."""

    def __init__(self, profile: Profile | None) -> None:
        segments = profile.segments if profile else ()
        self._starts = np.array([segment.start_s for segment in segments])
        self._names = [segment.phase for segment in segments] or [STEADY]
        self._end = profile.duration_s if profile else float("inf")

    def end_at(self, moment_s: float) -> None:
        """The load ended early: what is intended from this moment on belongs to the drain."""
        self._end = min(self._end, moment_s)

    def find(self, moments_s: NDArray[np.float64]) -> list[str]:
        """The phase of each moment; moments before 0 belong to the first."""
        found = np.searchsorted(self._starts, moments_s, side="right") - 1
        past = moments_s >= self._end
        return [DRAIN if over else self._names[max(i, 0)] for i, over in zip(found, past, strict=True)]


class Recorder:
    """Listens to Locust's `request` event.

    Args:
        profile: tells the phase of each moment; None for a scenario's own shape, which is all `steady`.
        waited_s: gives how long the calling user's present iteration had waited for its user when it began, once:
            the first request of an iteration carries the waiting of its arrival (open model). None in a closed model.
        extractors: read custom metrics from responses.
    """

    def __init__(
        self,
        profile: Profile | None,
        waited_s: Callable[[], float] | None = None,
        extractors: Iterable[Extractor] = (),
    ) -> None:
        self.phases = PhaseFinder(profile)
        self._waited_s = waited_s
        self._extractors = list(extractors)
        self._rows: list[Row] = []
        self._metrics: dict[tuple[str, str, str | None], list[tuple[float, float]]] = defaultdict(list)
        self._examples: dict[tuple[str, str], str] = {}
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._endpoints: dict[tuple[str, str], str] = {}
        self._open = waited_s is not None
        self.start()

    def warm(self) -> None:
        """Do a flush's work once, for nothing: numpy's first calls take 40 ms, which the load must not feel."""
        self._rows = [Row("", 0.0, 1.0, 1.0, 0, None), Row("", 0.5, 2.0, 2.0, 0, None)]
        self.flush()

    def start(self) -> None:
        """The load starts now: times count from here."""
        self._origin = time.monotonic()
        self._wall_origin = time.time()

    def now_s(self) -> float:
        """Seconds since the load's start."""
        return time.monotonic() - self._origin

    def phase_now(self) -> str:
        """The phase at this moment."""
        return self.phases.find(np.array([self.now_s()]))[0]

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
        **_context: Any,
    ) -> None:
        """Take one request; the arguments are those of Locust's `request` event."""
        endpoint = self._endpoints.get((request_type, name)) or self._new_endpoint(request_type, name)
        service_ms = float(response_time or 0.0)
        start_s = self.now_s() - service_ms / 1000 if start_time is None else start_time - self._wall_origin
        waited_s = self._waited_s() if self._waited_s else 0.0
        failure = self._note_failure(endpoint, exception, response) if exception else None
        self._rows.append(
            Row(
                endpoint,
                start_s - waited_s,
                service_ms + waited_s * 1000,
                service_ms,
                int(response_length or 0),
                failure,
            )
        )
        for extractor in self._extractors:
            value = extractor.read(endpoint, response)
            if value is not None:
                self.on_metric(extractor.name, value, extractor.unit, endpoint)

    def on_metric(self, name: str, value: float, unit: str, endpoint: str | None) -> None:
        """Take one value of a custom metric."""
        self._metrics[(name, unit, endpoint)].append((self.now_s(), value))

    def _new_endpoint(self, request_type: str, name: str) -> str:
        if len(self._endpoints) >= MAX_ENDPOINTS:  # every URL its own name: a scenario that forgets `name=`
            return OTHER_ENDPOINTS
        return self._endpoints.setdefault((request_type, name), endpoint_of(request_type, name))

    def _note_failure(self, endpoint: str, exception: Any, response: Any) -> str:
        status = getattr(response, "status_code", None)
        kind = kind_of(exception, status if isinstance(status, int) else None)
        kinds = self._kinds[endpoint]
        if kind not in kinds:
            if len(kinds) >= MAX_FAILURE_KINDS:  # a text with an identifier in it would grow without end
                kind = OTHER_FAILURES
            kinds.add(kind)
        self._examples.setdefault((endpoint, kind), example_of(exception))
        return kind

    def flush(self) -> Flushed:
        """Everything since the previous flush, reduced."""
        rows, self._rows = self._rows, []
        metrics, self._metrics = self._metrics, defaultdict(list)
        intended = np.array([row.intended_s for row in rows], dtype=np.float64)
        phases = self.phases.find(intended)
        good = [row.response_ms for row in rows if row.failure is None]
        return Flushed(
            cells=self._cells(rows, phases),
            failures_by_kind=self._failures(rows, phases),
            metrics=[cell for key, values in metrics.items() for cell in self._metric_cells(key, values)],
            requests=len(rows),
            failures=len(rows) - len(good),
            p95_ms=float(np.quantile(good, 0.95)) if good else None,
        )

    def _cells(self, rows: list[Row], phases: list[str]) -> list[Cell]:
        groups: dict[tuple[str, bool, str, int], list[Row]] = defaultdict(list)
        for row, phase in zip(rows, phases, strict=True):
            second = max(int(row.intended_s), 0)
            groups[(row.endpoint, row.failure is None, phase, second)].append(row)
        return [
            Cell(
                endpoint,
                "ok" if good else "failed",
                phase,
                second,
                Histogram.of([max(row.response_ms, 0.0) for row in group]),
                Histogram.of([max(row.service_ms, 0.0) for row in group]) if self._open else None,
                sum(row.length for row in group),
            )
            for (endpoint, good, phase, second), group in groups.items()
        ]

    def _failures(self, rows: list[Row], phases: list[str]) -> list[FailureCount]:
        counts: dict[tuple[str, str, int, str], int] = defaultdict(int)
        for row, phase in zip(rows, phases, strict=True):
            if row.failure is not None:
                counts[(row.endpoint, phase, max(int(row.intended_s), 0), row.failure)] += 1
        return [
            FailureCount(endpoint, phase, second, kind, count, self._examples[(endpoint, kind)])
            for (endpoint, phase, second, kind), count in counts.items()
        ]

    def _metric_cells(self, key: tuple[str, str, str | None], values: list[tuple[float, float]]) -> list[MetricCell]:
        name, unit, endpoint = key
        phases = self.phases.find(np.array([moment for moment, _ in values]))
        groups: dict[tuple[str, int], list[float]] = defaultdict(list)
        for (moment, value), phase in zip(values, phases, strict=True):
            groups[(phase, int(moment))].append(value)
        return [
            MetricCell(name, unit, endpoint, phase, second, Histogram.of(group))
            for (phase, second), group in groups.items()
        ]
