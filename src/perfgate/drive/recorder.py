"""The recorder: takes each request in a few operations, and once a second turns what it took into histograms.

Runs in the engine's process. Recording a request extends one list; the arithmetic is done once a second for all.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from perfgate.drive.client.cache import RecentCache
from perfgate.drive.client.clock import Timing
from perfgate.drive.client.response import Response
from perfgate.drive.columns import OK, REDIRECTED, Columns, Groups, Table, histograms
from perfgate.drive.failure import (
    EXAMPLE_LENGTH,
    KIND_LENGTH,
    example_of,
    is_failure,
    is_redirected,
    kind_of,
    status_of,
)
from perfgate.drive.outcomes import FAILED, forget_dead, note_failure, note_success
from perfgate.drive.slowest import Slowest, trace_id_of
from perfgate.drive.values import (
    EARLIEST_S,
    LONGEST_TIME_MS,
    MOST_BYTES,
    UNKNOWN,
    length_of,
    number_of,
    service_ns_of,
    text_of,
)
from perfgate.measure import odd
from perfgate.measure.histogram import Histogram
from perfgate.measure.names import without_query, without_values
from perfgate.measure.recording import Cell, FailureCount, MetricCell, SlowRequest
from perfgate.measure.window import NOT_JUDGED
from perfgate.plan.profile import DRAIN, STEADY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from perfgate.drive.extract import Extractor
    from perfgate.drive.statistics import Totals
    from perfgate.measure.recording import Outcome
    from perfgate.plan.profile import Profile

MAX_ENDPOINTS = 500
OTHER_ENDPOINTS = "other endpoints"
UNNAMED = "unnamed"  # neither a type nor a name was told
MAX_FAILURE_KINDS = 50  # per endpoint
OTHER_FAILURES = "other failures"
MAX_METRICS = 500  # names, units and endpoints of custom metrics: a name with a number in it would grow without end
CONNECT = "connect_time"
TLS = "tls_time"
URL_LENGTH = 300
CLOCK_STEP_NS = 1_000_000  # less than this is the two clocks being read one after the other
_NOW_SLACK_S = 1.0  # a start time is told by the realtime clock, which may be set


@dataclass(frozen=True)
class Flushed:
    """What one flush gives.

    Attributes:
        requests, failures: requests that were completed since the previous flush.
        stamped, retried, unsolicited: see `measure.recording.Second`.
        p95_ms: 95th percentile of the successful ones' response times, None when there were none.
        odd: see `measure.recording.Second`.
    """

    cells: list[Cell]
    failures_by_kind: list[FailureCount]
    metrics: list[MetricCell]
    slowest: list[SlowRequest]
    requests: int
    failures: int
    stamped: int
    retried: int
    unsolicited: int
    p95_ms: float | None
    odd: dict[str, int] = field(default_factory=dict)


def endpoint_of(request_type: str, name: str) -> str:
    """The endpoint's name: Locust's type and name, the type not repeated when the name already starts with it."""
    if not name:
        return request_type or UNNAMED
    return name if not request_type or name.startswith(f"{request_type} ") else f"{request_type} {name}"


def _before_fragment(url: str) -> str:
    return url.partition("#")[0]


def has_own_name(response: Any) -> bool:
    """Whether the scenario has named the request: a name that happens to be its URL is meant so.

    FastHttpUser's responses do not tell.
    """
    try:
        own = getattr(response, "has_own_name", None)
        if type(own) is bool:
            return own
        first = (getattr(response, "history", None) or [response])[0]
        return isinstance(getattr(getattr(first, "request", None), "_explicit_name", None), str)
    except Exception:  # noqa: BLE001  (the response is whatever the scenario's client made)
        return False


def _add_answers(cell: Cell, table: Table, rows: NDArray[np.intp]) -> None:
    """What was answered to requests that the cell has, or will have."""
    body_bytes = table.body_bytes[rows]
    cell.bytes_received += int(body_bytes.sum())
    cell.empty += int((body_bytes == 0).sum())
    cell.redirected += int(table.is_redirected[rows].sum())


class PhaseFinder:
    """Finds the phase of many moments at once."""

    def __init__(self, profile: Profile | None) -> None:
        segments = profile.segments if profile else ()
        self._starts = np.array([segment.start_s for segment in segments])
        names = [segment.phase for segment in segments] or [STEADY]
        self.names = list(dict.fromkeys([*names, DRAIN]))
        self._numbers = np.array([self.names.index(name) for name in names])
        # Of each segment that is not judged: when the next judged one begins, and its phase.
        ahead = [
            next((later for later in segments[at:] if later.phase not in NOT_JUDGED), None)
            for at in range(len(segments))
        ]
        own = [segment.phase not in NOT_JUDGED for segment in segments]
        self._edges = np.array(
            [float("inf") if judged or not later else later.start_s for judged, later in zip(own, ahead, strict=True)]
        )
        self._next = np.array([self.names.index(later.phase) if later else 0 for later in ahead], dtype=np.int64)
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

    def charge(self, intended_s: NDArray[np.float64], response_ms: NDArray[np.float64]) -> NDArray[np.int64]:
        """The number of the phase that each request belongs to: that of its intended start.

        But what began in a ramp or warm-up and ended later than it belongs to the judged phase that comes next: it was
        waited for there too, and a service that freezes as the ramp ends would else have frozen in no judged phase.
        """
        found = self.find(intended_s)
        if not len(self._starts):
            return found
        segments = np.maximum(np.searchsorted(self._starts, intended_s, side="right") - 1, 0)
        edges = self._edges[segments]
        crossed = (intended_s + response_ms / 1000 > edges) & (edges < self._end) & (intended_s < self._end)
        return np.where(crossed, self._next[segments], found)

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
        budgeted: endpoints that budgets name: they are called so, with their queries where they have some.

    Attributes:
        totals: where what is reduced is summed up besides, for Locust's own statistics.
    """

    def __init__(
        self,
        profile: Profile | None,
        delays_s: Callable[[], tuple[float, float]] | None = None,
        extractors: Iterable[Extractor] = (),
        budgeted: Iterable[str] = (),
    ) -> None:
        self.phases = PhaseFinder(profile)
        self._delays_s = delays_s
        self._extractors = list(extractors)
        self._budgeted = frozenset(budgeted)
        self._shown: RecentCache[str] = RecentCache(2 * MAX_ENDPOINTS)
        self._columns = Columns()
        self._add = self._columns.add
        self.totals: Totals | None = None
        self._endpoints: list[str] = []
        self._labels: dict[str, tuple[str, str]] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._failures: list[tuple[int, str, str]] = []  # (endpoint, kind, example) by number
        self._failure_numbers: dict[tuple[int, str], int] = {}
        self._kinds: dict[int, int] = defaultdict(int)
        self._metrics: dict[tuple[str, str, str | None], list[tuple[float, float]]] = defaultdict(list)
        self._known_metrics: set[tuple[str, str, str | None]] = set()
        self._odd: Counter[str] = Counter()
        self._slowest = Slowest()
        self._phase = ""
        self._stamped = 0
        self._retried = self._unsolicited = 0
        self.start()

    def warm(self) -> None:
        """Do a flush's work once, for nothing: numpy's first calls take 40 ms, which the load must not feel."""
        totals, self.totals = self.totals, None
        self._add(0, OK, 0, 1, 0, 0)
        self._add(0, OK, 1, 2, 0, 0)
        self._endpoints.append("")
        self.flush()
        self._endpoints.clear()
        self.totals = totals

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
        response_time: float | None = None,
        response_length: int | None = 0,
        exception: Any = None,
        start_time: float | None = None,
        response: Any = None,
        url: str | None = None,
        perfgate: Any = None,
        **_context: Any,
    ) -> None:
        """Take one request; the arguments are those of Locust's `request` event, and our client's `Timing`.

        They may be anything: see `values`.
        """
        timing = perfgate if type(perfgate) is Timing else self._timing(start_time, response_time, response)
        if type(response_length) is not int or not 0 <= response_length <= MOST_BYTES:
            response_length = self._length(response_length)
        self.take_request(request_type, name, timing, response_length, exception, response, url)

    __call__ = on_request

    def take_request(  # noqa: PLR0913  (what a request is)
        self, request_type: str, name: str, timing: Any, length: int, exception: Any, response: Any, url: str | None
    ) -> None:
        """Take one request: what `on_request` does, without the event's keyword arguments.

        Our client calls this by itself when there is nobody else to tell; see `client.session`.
        """
        if type(name) is str and ("?" in name or "://" in name):
            name = self._shown_name(request_type, name, response, url)
        try:
            number = self._numbers.get((request_type, name))
        except Exception:  # noqa: BLE001  (a name that cannot be hashed)
            number = None
        if number is None:
            number = self._new_endpoint(request_type, name)
        if timing.clock == "kernel":
            self._stamped += 1
        if timing.connect_ms or timing.tls_ms or timing.retried or timing.unsolicited or timing.redirects:
            self._note_opening(timing)
            length += REDIRECTED if timing.redirects else 0
        sent_ns = timing.sent_ns - self._wall_origin_ns
        service_ns = timing.received_ns - timing.sent_ns
        waited_ns = late_ns = 0
        if self._delays_s is not None:
            waited_s, late_s = self._delays_s()
            waited_ns, late_ns = int(waited_s * 1e9), int(late_s * 1e9)
        failure = OK if exception is None else self._failure(number, exception, response)
        if FAILED and failure == OK:
            note_success()
        self._add(number, failure, sent_ns - late_ns, service_ns, waited_ns, length)
        if service_ns + waited_ns > self._slowest.floor_ns[number] and service_ns >= 0:
            self._note_slow(number, sent_ns - waited_ns, service_ns + waited_ns, response, url)
        if self._extractors:
            self._extract(self._endpoints[number], response)

    def _shown_name(self, request_type: str, name: str, response: Any, url: str | None) -> str:
        """The name, without its query when nobody has chosen it: the values are often secrets, or endlessly many."""
        if type(response) is not Response or type(url) is not str:
            return self._without_query(request_type, name, response, url)
        key = (request_type, name, url, response.has_own_name)
        shown = self._shown.get(key)
        if shown is None:
            shown = self._without_query(request_type, name, response, url)
            self._shown.put(key, shown)
        return shown

    def _without_query(self, request_type: str, name: str, response: Any, url: str | None) -> str:
        if not (isinstance(url, str) and _before_fragment(url).endswith(_before_fragment(name))) or has_own_name(
            response
        ):
            return name
        return name if endpoint_of(text_of(request_type), name) in self._budgeted else without_query(name) or "/"

    def _note_slow(self, number: int, intended_ns: int, response_ns: int, response: Any, url: str | None) -> None:
        status, shown, trace_id = None, "", None
        try:  # the response is whatever the scenario's client made, and may raise when it is asked
            status = status_of(response)
            shown = text_of(without_values(str(url or getattr(response, "url", None) or "")), URL_LENGTH)
            trace_id = trace_id_of(response)
        except Exception:  # noqa: BLE001
            self._odd[odd.RESPONSE] += 1
        endpoint, at_s, response_ms = self._endpoints[number], intended_ns / 1e9, response_ns / 1e6
        self._slowest.note(number, SlowRequest(endpoint, at_s, response_ms, status, shown, trace_id))

    def _timing(self, start_time: Any, response_time: Any, response: Any) -> Timing:
        """The timing of a request that is not our client's, and whether its answer came from elsewhere."""
        timing = self._told_timing(start_time, response_time)
        if response is not None:
            try:
                timing.redirects = int(is_redirected(response))
            except Exception:  # noqa: BLE001  (the response is whatever the scenario's client made)
                self._odd[odd.RESPONSE] += 1
        return timing

    def _told_timing(self, start_time: Any, response_time: Any) -> Timing:
        """The timing of a request that is not our client's; without a response time it was received before it was sent.

        Only seconds of the load that have been can be told as a start: other numbers are of another clock.
        """
        if type(response_time) is float and 0.0 <= response_time < LONGEST_TIME_MS:
            service_ns = int(response_time * 1e6)
        else:
            service_ns = service_ns_of(response_time)
            if service_ns == UNKNOWN and response_time is not None:
                self._odd[odd.RESPONSE_TIME] += 1
        now_ns = time.time_ns()
        if start_time is not None:
            start_s = start_time if type(start_time) is float else number_of(start_time)
            earliest_s = self._wall_origin_ns / 1e9 + EARLIEST_S
            if start_s is not None and earliest_s <= start_s <= now_ns / 1e9 + _NOW_SLACK_S:
                sent_ns = int(start_s * 1e9)
                return Timing(sent_ns, sent_ns + service_ns)
            self._odd[odd.START_TIME] += 1
        sent_ns = now_ns - max(service_ns, 0)
        return Timing(sent_ns, sent_ns + service_ns)

    def _length(self, response_length: Any) -> int:
        length = 0 if response_length is None else length_of(response_length)
        if length is None:
            self._odd[odd.RESPONSE_LENGTH] += 1
        return length or 0

    def _note_opening(self, timing: Any) -> None:
        self._retried += timing.retried
        self._unsolicited += timing.unsolicited
        if timing.connect_ms:
            self.on_metric(CONNECT, timing.connect_ms, "ms", None)
        if timing.tls_ms:
            self.on_metric(TLS, timing.tls_ms, "ms", None)

    def _extract(self, endpoint: str, response: Any) -> None:
        for extractor in self._extractors:
            try:
                value = extractor.read(endpoint, response)
            except Exception:  # noqa: BLE001  (the response is whatever the scenario's client made)
                self._odd[odd.RESPONSE] += 1
                continue
            if value is not None:
                self.on_metric(extractor.name, value, extractor.unit, endpoint)

    def on_metric(self, name: Any, value: Any, unit: Any, endpoint: Any) -> None:
        """Take one value of a custom metric; what is no number is counted beside its values."""
        key = (self._text(name), self._text(unit), None if endpoint is None else self._text(endpoint))
        if key not in self._known_metrics:
            if len(self._known_metrics) >= MAX_METRICS:
                self._odd[odd.METRIC_NAME] += 1
                return
            self._known_metrics.add(key)
        number = number_of(value)
        if number is None:
            self._odd[odd.METRIC_VALUE] += 1
        self._metrics[key].append((self.now_s(), np.nan if number is None else number))

    def _text(self, value: Any) -> str:
        """A name of the scenario's as it can be written."""
        text = text_of("" if value is None else value)
        if value is not None and not (isinstance(value, str) and text == value):
            self._odd[odd.NAME] += 1
        return text

    def _new_endpoint(self, request_type: Any, name: Any) -> int:
        full = len(self._endpoints) >= MAX_ENDPOINTS  # every URL its own name: a scenario that forgets `name=`
        label = self._text(request_type), self._text(name)
        endpoint = text_of(endpoint_of(*label))
        if full and endpoint not in self._endpoints:
            endpoint, label = OTHER_ENDPOINTS, ("", OTHER_ENDPOINTS)
        self._labels.setdefault(endpoint, label)
        if endpoint not in self._endpoints:
            self._endpoints.append(endpoint)
            self._slowest.add_endpoint()
        number = self._endpoints.index(endpoint)
        if not full and type(name) is str and type(request_type) is str:
            self._numbers[(request_type, name)] = number
        return number

    def label_of(self, endpoint: str) -> tuple[str, str]:
        """The type and the name that an endpoint was first told with."""
        return self._labels.get(endpoint, ("", endpoint))

    def _failure(self, endpoint: int, exception: Any, response: Any) -> int:
        """The number of this failure's kind, or OK where what was told as an exception says that there was none."""
        if not is_failure(exception):
            return OK
        note_failure(exception, response)
        try:
            kind = kind_of(exception, status_of(response))
        except Exception:  # noqa: BLE001  (it is a failure whatever its own text and attributes do)
            self._odd[odd.FAILURE] += 1
            kind = type(exception).__name__
        number = self._failure_numbers.get((endpoint, kind))
        return self._new_failure(endpoint, kind, exception) if number is None else number

    def _new_failure(self, endpoint: int, told: str, exception: Any) -> int:
        kind = text_of(told, KIND_LENGTH)
        if kind != told:
            self._odd[odd.FAILURE] += 1
        full = self._kinds[endpoint] >= MAX_FAILURE_KINDS  # a text with an identifier in it would grow without end
        if full and (endpoint, kind) not in self._failure_numbers:
            kind = OTHER_FAILURES
        if (endpoint, kind) not in self._failure_numbers:
            self._kinds[endpoint] += 1
            self._failure_numbers[(endpoint, kind)] = len(self._failures)
            self._failures.append((endpoint, kind, text_of(example_of(exception), EXAMPLE_LENGTH)))
        return self._failure_numbers[(endpoint, kind)]

    def flush(self) -> Flushed:
        """Everything since the previous flush, reduced."""
        self._follow_clock()
        forget_dead()
        if (phase := self.phase_now()) != self._phase:
            self._phase = phase
            self._slowest.begin_phase()
        table = self._columns.take()
        metrics, self._metrics = self._metrics, defaultdict(list)
        stamped, retried, self._stamped, self._retried = self._stamped, self._retried, 0, 0
        unsolicited, self._unsolicited = self._unsolicited, 0
        cells, failures = self._reduced(table)
        if self.totals is not None:
            self.totals.add(cells, failures, self.started_at)
        good = table.response_ms[(table.failure == OK) & table.is_timed]
        noticed, self._odd = self._odd, Counter()
        return Flushed(
            cells=cells,
            failures_by_kind=failures,
            metrics=[cell for key, values in metrics.items() for cell in self._metric_cells(key, values)],
            slowest=self._slowest.take(),
            requests=len(table.endpoint),
            failures=int((table.failure != OK).sum()),
            stamped=stamped,
            retried=retried,
            unsolicited=unsolicited,
            p95_ms=float(np.quantile(good, 0.95)) if len(good) else None,
            odd=dict(noticed),
        )

    def pending(self) -> tuple[list[Cell], list[FailureCount]]:
        """What the next flush will give of the requests that there are so far; nothing is taken out."""
        return self._reduced(self._columns.look())

    def _reduced(self, table: Table) -> tuple[list[Cell], list[FailureCount]]:
        phases = self.phases.charge(table.intended_s, np.nan_to_num(table.response_ms))
        seconds = np.maximum(table.intended_s, 0).astype(np.int64)
        return self._cells(table, phases, seconds), self._failure_counts(table, phases, seconds)

    def _cells(self, table: Table, phases: NDArray[np.int64], seconds: NDArray[np.int64]) -> list[Cell]:
        is_timed = table.is_timed
        if is_timed.all():
            return self._timed_cells(table, phases, seconds)
        timed = Table(*(column[is_timed] for column in table))
        cells = {cell.place: cell for cell in self._timed_cells(timed, phases[is_timed], seconds[is_timed])}
        rest = Table(*(column[~is_timed] for column in table))
        for (endpoint, failed, phase, second), rows in self._groups(rest, phases[~is_timed], seconds[~is_timed]):
            own = self._cell(endpoint, failed, phase, second)
            cell = cells.setdefault(own.place, own)
            cell.untimed = len(rows)
            _add_answers(cell, rest, rows)
        return list(cells.values())

    def _timed_cells(self, table: Table, phases: NDArray[np.int64], seconds: NDArray[np.int64]) -> list[Cell]:
        groups = self._groups(table, phases, seconds)
        response = histograms(table.response_ms, groups)
        service = histograms(table.service_ms, groups) if self._delays_s else [None] * len(response)
        cells = []
        for (key, rows), response_ms, service_ms in zip(groups, response, service, strict=True):
            cell = self._cell(*key)
            cell.response_ms, cell.service_ms = response_ms, service_ms
            _add_answers(cell, table, rows)
            cells.append(cell)
        return cells

    def _groups(self, table: Table, phases: NDArray[np.int64], seconds: NDArray[np.int64]) -> Groups:
        return Groups(table.endpoint, (table.failure != OK).astype(np.int8), phases, seconds)

    def _cell(self, endpoint: int, failed: int, phase: int, second: int) -> Cell:
        """One without requests yet."""
        outcome: Outcome = "failed" if failed else "ok"
        return Cell(self._endpoints[endpoint], outcome, self.phases.names[phase], second, Histogram())

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
        phases, seconds = self.phases.find(moments), np.maximum(moments, 0).astype(np.int64)
        cells = []
        for (phase, second), rows in Groups(phases, seconds):
            own = numbers[rows]
            usable = own[~np.isnan(own)]
            unusable = len(own) - len(usable)
            place = self.phases.names[phase], second
            cells.append(MetricCell(name, unit, endpoint, *place, Histogram.of(usable), unusable))
        return cells
