"""What the journals of one run hold, as typed entries: written by the engine and the service's sampler, read by `run`.

Two journals lie in a run's folder, because two processes write them: `requests.journal` (the engine) and
`service.journal` (the parent, which samples the service's process tree). When N processes share a load, each engine
writes its own `requests-1.journal` to `requests-N.journal`. Times are seconds since the load started,
on the monotonic clock; the wall time of that start is in the first entry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from perfgate.measure import forms, shape
from perfgate.measure.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUESTS_JOURNAL = "requests.journal"
REQUESTS_JOURNALS = "requests*.journal"
SERVICE_JOURNAL = "service.journal"

# Kinds of entries.
BEGIN = "begin"
SECOND = "second"
END = "end"
SAMPLE = "sample"
EXIT = "exit"
LISTENER = "listener"
ENDED = "ended"

_PHASE, _SECOND = 2, 3  # where they stand in a row of cells

Outcome = Literal["ok", "failed"]


def requests_journal(number: int, count: int) -> str:
    """The name of the journal of engine `number`, from 0, of `count`."""
    return REQUESTS_JOURNAL if count == 1 else f"requests-{number + 1}.journal"


@dataclass
class Begin:
    """The first entry of `requests.journal`.

    Attributes:
        started_at: wall time of the load's start, seconds since the epoch.
        user_classes: the Locust user classes that are driven.
        model: `closed` (users) or `open` (arrivals per second).
        locust: the version of Locust.
        engines: how many engines share the load, each with a journal of its own.
        workers: how many workers on other machines share it, all in this journal; 0 without.
    """

    started_at: float
    user_classes: list[str]
    model: str
    locust: str
    engines: int = 1
    workers: int = 0


@dataclass
class Cell:
    """Requests of one endpoint, outcome, phase and second (of their intended start).

    Attributes:
        response_ms: response times: intended start -> last byte.
        service_ms: service times: sent -> last byte; None where it is the same (closed model).
        bytes_received: the sum of response lengths.
        empty: how many of them had no body, or nobody told its length.
        redirected: how many were answered from elsewhere, after a redirect, or are one.
        untimed: requests besides whose times are not known: nobody told them, or what was told is no time.
    """

    endpoint: str
    outcome: Outcome
    phase: str
    second: int
    response_ms: Histogram
    service_ms: Histogram | None = None
    bytes_received: int = 0
    untimed: int = 0
    empty: int = 0
    redirected: int = 0

    @property
    def requests(self) -> int:
        """How many there are."""
        return self.response_ms.count + self.untimed

    @property
    def place(self) -> tuple[str, Outcome, str, int]:
        """What tells it from other cells."""
        return self.endpoint, self.outcome, self.phase, self.second


@dataclass
class FailureCount:
    """Failures of one kind at one endpoint in one phase since the previous entry, with one example.

    Attributes:
        kind: what groups them, e.g. `HTTP 503` or `ConnectionRefusedError`.
        example: the first message seen, cut to 300 characters.
    """

    endpoint: str
    phase: str
    second: int
    kind: str
    count: int
    example: str


@dataclass
class MetricCell:
    """Values of one custom metric in one phase and second; `endpoint` is None where none was named.

    Attributes:
        unusable: how many values besides were reported that are no numbers.
    """

    name: str
    unit: str
    endpoint: str | None
    phase: str
    second: int
    values: Histogram
    unusable: int = 0


@dataclass
class SlowRequest:
    """One of the slowest requests of its endpoint, to be looked up in traces and logs.

    Attributes:
        at_s: intended start, seconds from the load's start.
        response_ms: its response time.
        status: HTTP status; None where there was no response, or it has none.
        trace_id: from the request's or the response's headers; None without one.
    """

    endpoint: str
    at_s: float
    response_ms: float
    status: int | None
    url: str
    trace_id: str | None = None


@dataclass(slots=True)  # one for each second of a load, all of which are kept
class HealthSample:
    """How the generator was in one second.

    Attributes:
        cpu: share of one core that the generator used (1.0 is a whole core).
        loop_lag_ms: the longest that a timer was late.
        steal: share of all CPU time that the hypervisor took; None where it is not known.
        throttled_ms: time for which the cgroup's CPU quota held it back; None where it is not known.
        clock_step_ms: how far the realtime clock moved against the monotonic one.
        sockets: descriptors that the generator has opened since it was set up, nearly all of them sockets; None
            where it is not known.
        open_files: share of its limit of open files that it uses, sockets included; None likewise.
        ports: share of the ephemeral ports that the machine's TCP sockets use, closing ones included; None likewise.
    """

    cpu: float
    loop_lag_ms: float
    steal: float | None = None
    throttled_ms: float | None = None
    clock_step_ms: float = 0.0
    sockets: int | None = None
    open_files: float | None = None
    ports: float | None = None


@dataclass
class Second:
    """Everything that happened since the previous entry; written once a second.

    Attributes:
        second: the index of the second that has just ended, from 0.
        users: users running.
        iterations: tasks begun (open model: arrivals served).
        arrivals: arrivals that fell due (open model; else 0).
        waiting: arrivals that wait for a user at this moment (open model; else 0).
        schedule_lag_ms: how late the scheduler released arrivals (open model), None when there were none.
        slowest: requests that joined the slowest of their endpoint; a later one may have pushed them out again.
        stamped: requests whose receive time came from the kernel's clock.
        retried: requests that were sent again because the server had closed an idle connection.
        odd: how often what a scenario told could not be used as it was, by code; see `odd`.
        unsolicited: kept connections that were given up since the service had sent what nobody had asked for.
    """

    second: int
    users: int
    cells: list[Cell] = field(default_factory=list)
    failures: list[FailureCount] = field(default_factory=list)
    metrics: list[MetricCell] = field(default_factory=list)
    health: HealthSample = field(default_factory=lambda: HealthSample(0.0, 0.0))
    iterations: int = 0
    arrivals: int = 0
    waiting: int = 0
    schedule_lag_ms: Histogram | None = None
    slowest: list[SlowRequest] = field(default_factory=list)
    stamped: int = 0
    retried: int = 0
    odd: dict[str, int] = field(default_factory=dict)
    unsolicited: int = 0


@dataclass(slots=True)
class Tick:
    """A `Second` without its requests: small, so that those of a whole load can be kept.

    Attributes:
        lag_max_ms: the latest that the scheduler released an arrival; None when there were none.
    """

    second: int
    users: int
    health: HealthSample
    arrivals: int = 0
    waiting: int = 0
    stamped: int = 0
    retried: int = 0
    unsolicited: int = 0
    lag_max_ms: float | None = None


@dataclass
class End:
    """The last entry of `requests.journal`; its absence means that the engine was killed.

    Attributes:
        reason: `completed` (the profile ran out), `stopped` (asked to), `stop_when` (the load's own condition held),
            `shape` (the scenario's shape ended), `error` (the engine gave up; `detail` says why), or
            `refused` (the scenario tried to reach a host that is not allowed).
        detail: the reason in words, for people.
        duration_s: how long the profile was driven, draining excluded.
        cut_off: iterations that were still running when the stop timeout ended.
        unserved: arrivals that never found a user (open model).
        user_errors: exceptions raised by scenario code, by text, with counts; at most 50 kinds.
        refused_hosts: hosts that the scenario tried to reach and `allowed_hosts` does not name.
        classes_at_work: user classes that had a user; empty where that is not known.
    """

    reason: str
    detail: str
    duration_s: float
    cut_off: int = 0
    unserved: int = 0
    user_errors: dict[str, int] = field(default_factory=dict)
    refused_hosts: list[str] = field(default_factory=list)
    classes_at_work: list[str] = field(default_factory=list)


@dataclass(slots=True)  # as `HealthSample`
class ServiceSample:
    """The service's process tree at one moment.

    Attributes:
        at_s: seconds since the load started (negative before it).
        cpu: share of one core used since the previous sample, summed over the tree (2.0 is two whole cores).
        memory_bytes: resident memory, summed over the tree.
        processes: how many processes the tree has.
        unread: how many more there were, of which nothing could be read.
    """

    at_s: float
    cpu: float
    memory_bytes: int
    processes: int
    unread: int = 0


@dataclass
class ServiceExit:
    """The service ended by itself during the load: when, and with which code (negative: a signal)."""

    at_s: float
    code: int


@dataclass
class ServiceListener:
    """Who accepted connections at the service's address; see `target.listening.Listener`."""

    at_s: float
    where: Literal["inside", "outside", "unknown"]
    process: str
    peers: list[str]


@dataclass
class ProcessEnded:
    """A process of the service ended in the middle of the load, while the service went on: it was restarted, or died.

    Attributes:
        process: as `gunicorn (pid 12)`.
    """

    at_s: float
    process: str


@dataclass
class ServiceEnd:
    """The last entry of `service.journal`: how many samples there are. Without it, some may be missing."""

    samples: int


def _wire(histogram: Histogram | None) -> list[Any] | None:
    return histogram.to_wire() if histogram else None


def second_to_body(second: Second) -> dict[str, Any]:
    """A `Second` as a msgpack map; lists rather than maps inside, as there are many."""
    return {
        "second": second.second,
        "users": second.users,
        "cells": [
            [c.endpoint, c.outcome, c.phase, c.second, c.response_ms.to_wire(), _wire(c.service_ms), c.bytes_received]
            for c in second.cells
        ],
        "failures": [[f.endpoint, f.phase, f.second, f.kind, f.count, f.example] for f in second.failures],
        "metrics": [[m.name, m.unit, m.endpoint, m.phase, m.second, m.values.to_wire()] for m in second.metrics],
        "health": asdict(second.health),
        "iterations": second.iterations,
        "arrivals": second.arrivals,
        "waiting": second.waiting,
        "schedule_lag_ms": _wire(second.schedule_lag_ms),
        "slowest": [[s.endpoint, s.at_s, s.response_ms, s.status, s.url, s.trace_id] for s in second.slowest],
        "stamped": second.stamped,
        "retried": second.retried,
        # Rare, so told beside the rows: the number of a row of `cells` or `metrics`, and a count.
        "untimed": [[number, cell.untimed] for number, cell in enumerate(second.cells) if cell.untimed],
        "answers": [
            [number, cell.empty, cell.redirected]
            for number, cell in enumerate(second.cells)
            if cell.empty or cell.redirected
        ],
        "unusable": [[number, cell.unusable] for number, cell in enumerate(second.metrics) if cell.unusable],
        "odd": second.odd,
        "unsolicited": second.unsolicited,
    }


# What was not written at first: recordings without it are read as they were meant.
LATER: dict[str, Any] = {"untimed": [], "unusable": [], "answers": [], "odd": {}}


def _second_of(body: object) -> dict[str, Any]:
    return shape.mapping({**LATER, **body} if isinstance(body, dict) else body, forms.SECOND)


def _beside(entry: dict[str, Any], name: str, rows: int) -> dict[int, int]:
    """Counts by the number of the row that they belong to."""
    counts: dict[int, int] = dict(shape.rows(entry[name], name, (shape.is_count, shape.is_count)))
    if any(number >= rows for number in counts):
        raise shape.MisfitError(f"a row of {name!r} belongs to nothing")
    return counts


def _answers(entry: dict[str, Any], rows: int) -> dict[int, tuple[int, int]]:
    """Empty and redirected answers by the number of the cell that they belong to."""
    found = shape.rows(entry["answers"], "answers", (shape.is_count,) * 3)
    if any(row[0] >= rows for row in found):
        raise shape.MisfitError("a row of 'answers' belongs to nothing")
    return {number: (empty, redirected) for number, empty, redirected in found}


def second_from_body(body: object) -> Second:
    """The inverse of `second_to_body`.

    Raises:
        MisfitError: it is something else; the message says in what.
    """
    entry = _second_of(body)
    cells = shape.rows(entry["cells"], "cells", forms.CELL)
    metrics = shape.rows(entry["metrics"], "metrics", forms.METRIC)
    untimed = _beside(entry, "untimed", len(cells))
    unusable = _beside(entry, "unusable", len(metrics))
    answers = _answers(entry, len(cells))
    return Second(
        second=entry["second"],
        users=entry["users"],
        cells=[
            Cell(
                *(c[0], c[1], c[2], c[3], Histogram.from_wire(c[4]), _read(c[5]), c[6]),
                *(untimed.get(number, 0), *answers.get(number, (0, 0))),
            )
            for number, c in enumerate(cells)
        ],
        failures=[FailureCount(*f) for f in shape.rows(entry["failures"], "failures", forms.FAILURE)],
        metrics=[
            MetricCell(m[0], m[1], m[2], m[3], m[4], Histogram.from_wire(m[5]), unusable.get(number, 0))
            for number, m in enumerate(metrics)
        ],
        health=shape.instance(HealthSample, entry["health"], forms.HEALTH),
        iterations=entry["iterations"],
        arrivals=entry["arrivals"],
        waiting=entry["waiting"],
        schedule_lag_ms=_read(entry["schedule_lag_ms"]),
        slowest=[SlowRequest(*s) for s in shape.rows(entry["slowest"], "slowest", forms.SLOW)],
        stamped=entry["stamped"],
        retried=entry["retried"],
        odd=entry["odd"],
        unsolicited=entry["unsolicited"],
    )


def tick_of(second: Second) -> Tick:
    """What is kept of a second."""
    lags = second.schedule_lag_ms
    return Tick(
        second=second.second,
        users=second.users,
        health=second.health,
        arrivals=second.arrivals,
        waiting=second.waiting,
        stamped=second.stamped,
        retried=second.retried,
        unsolicited=second.unsolicited,
        lag_max_ms=lags.maximum if lags else None,
    )


def tick_from_body(body: object) -> Tick:
    """The tick of a second, without a look at its requests; raises as `second_from_body` does."""
    entry = _second_of(body)
    lags = _read(entry["schedule_lag_ms"])
    return Tick(
        second=entry["second"],
        users=entry["users"],
        health=shape.instance(HealthSample, entry["health"], forms.HEALTH),
        arrivals=entry["arrivals"],
        waiting=entry["waiting"],
        stamped=entry["stamped"],
        retried=entry["retried"],
        unsolicited=entry["unsolicited"],
        lag_max_ms=lags.maximum if lags else None,
    )


def places_of(cells: Iterable[Cell]) -> set[tuple[str, int]]:
    """The phases and seconds in which requests are."""
    return {(cell.phase, cell.second) for cell in cells}


def places_from_body(body: object) -> set[tuple[str, int]]:
    """The places of a second's requests, and nothing else of them; raises as `second_from_body` does."""
    rows = shape.mapping(body, {"cells": lambda _value: True})["cells"]
    try:
        places = {(row[_PHASE], row[_SECOND]) for row in rows}
    except (TypeError, LookupError):
        raise shape.MisfitError("a row of 'cells' has the wrong length or a wrong type") from None
    if not all(shape.is_text(phase) and shape.is_second(second) for phase, second in places):
        raise shape.MisfitError("a row of 'cells' has a wrong type or a value out of range")
    return places


def _read(wire: list[Any] | None) -> Histogram | None:
    return Histogram.from_wire(wire) if wire else None


def begin_from_body(body: object) -> Begin:
    """A `Begin`, written as its map; raises as `second_from_body` does."""
    return shape.instance(Begin, body, forms.BEGIN)


def end_from_body(body: object) -> End:
    """An `End`, written as its map; raises as `second_from_body` does."""
    # Recordings of before it was known which classes had users say nothing of that.
    return shape.instance(End, {"classes_at_work": [], **body} if isinstance(body, dict) else body, forms.END)


def sample_from_body(body: object) -> ServiceSample:
    """A `ServiceSample`, written as its map; raises as `second_from_body` does."""
    return shape.instance(ServiceSample, body, forms.SAMPLE)


def exit_from_body(body: object) -> ServiceExit:
    """A `ServiceExit`, written as its map; raises as `second_from_body` does."""
    return shape.instance(ServiceExit, body, forms.EXIT)


def listener_from_body(body: object) -> ServiceListener:
    """A `ServiceListener`, written as its map; raises as `second_from_body` does."""
    return shape.instance(ServiceListener, body, forms.LISTENER)


def ended_from_body(body: object) -> ProcessEnded:
    """A `ProcessEnded`, written as its map; raises as `second_from_body` does."""
    return shape.instance(ProcessEnded, body, forms.ENDED)


def service_end_from_body(body: object) -> ServiceEnd:
    """A `ServiceEnd`, written as its map; raises as `second_from_body` does."""
    return shape.instance(ServiceEnd, body, forms.SERVICE_END)
