"""The recorder: requests in, histograms per endpoint, outcome, phase and second out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from perfgate.drive.client.clock import Clock, Timing
from perfgate.drive.extract import Extractor
from perfgate.drive.failure import kind_of
from perfgate.drive.recorder import (
    MAX_ENDPOINTS,
    MAX_FAILURE_KINDS,
    MAX_METRICS,
    OTHER_ENDPOINTS,
    OTHER_FAILURES,
    PhaseFinder,
    Recorder,
    endpoint_of,
)
from perfgate.drive.values import NAME_LENGTH
from perfgate.measure import odd
from perfgate.plan.profile import hold, steps


@dataclass
class Response:
    """What a client hands to the request event."""

    status_code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def json(self) -> Any:
        """The body; not every body is JSON."""
        if self.body is None:
            raise ValueError("not JSON")
        return self.body


class UnspeakableError(Exception):
    """Says nothing."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class EmptyError(Exception):
    """Is false, as an exception with an empty list of errors may be."""

    def __bool__(self) -> bool:
        return False


def _at(recorder: Recorder, moment_s: float, **event: Any) -> None:
    """One request that began `moment_s` seconds after the load's start, which is long enough ago."""
    if recorder.now_s() < moment_s:
        recorder.start(time.monotonic() - 60)
    wall = time.time() - recorder.now_s()
    recorder.on_request(
        **{"request_type": "GET", "name": "/a", "response_time": 10.0, "start_time": wall + moment_s, **event}
    )


def test_requests_are_grouped_by_endpoint_outcome_phase_and_second() -> None:
    """A request belongs to the second and the phase in which it began."""
    recorder = Recorder(hold(1, 3, ramp_up_s=1))
    for moment in (0.5, 1.2, 1.7, 2.5, 3.5):
        _at(recorder, moment)
    _at(recorder, 1.5, exception=ValueError("x"))
    cells = {(c.endpoint, c.outcome, c.phase, c.second): c.response_ms.count for c in recorder.flush().cells}
    assert cells == {
        ("GET /a", "ok", "ramp", 0): 1,
        ("GET /a", "ok", "steady", 1): 2,
        ("GET /a", "failed", "steady", 1): 1,
        ("GET /a", "ok", "steady", 2): 1,
        ("GET /a", "ok", "drain", 3): 1,
    }


def test_response_times_are_not_rounded() -> None:
    """105.1 and 114.9 ms stay apart, which Locust's own statistics cannot do."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, response_time=105.1)
    _at(recorder, 1.5, response_time=114.9)
    (cell,) = recorder.flush().cells
    assert (cell.response_ms.minimum, cell.response_ms.maximum) == (105.1, 114.9)


@pytest.mark.parametrize("error", [None, "wrong answer"])
@pytest.mark.parametrize("clock", ["kernel", "user"])
def test_our_client_may_tell_the_recorder_without_the_event(error: str | None, clock: Clock) -> None:
    """What is recorded is the same either way: times, opening, retries, clock, failures and the slowest."""
    told, heard = Recorder(None), Recorder(None)
    sent_ns = time.time_ns()
    for recorder in (told, heard):
        recorder.start(time.monotonic() - 5)
    timing = Timing(sent_ns, sent_ns + 7_000_000, 1.5, 2.5, clock, 1)
    told.take_request("GET", "/a", timing, 12, error, Response(), "http://x/a")
    heard(
        request_type="GET", name="/a", response_time=7.0, response_length=12, exception=error, response=Response(),
        url="http://x/a", perfgate=timing, context={}, start_time=sent_ns / 1e9,
    )  # fmt: skip
    one, other = told.flush(), heard.flush()
    assert (one.requests, one.failures, one.stamped, one.retried) == (1, error is not None, clock == "kernel", 1)
    assert [(cell.endpoint, cell.outcome, cell.second, cell.bytes_received) for cell in one.cells] == [
        (cell.endpoint, cell.outcome, cell.second, cell.bytes_received) for cell in other.cells
    ]
    assert [cell.response_ms.total for cell in one.cells] == [cell.response_ms.total for cell in other.cells] == [7.0]
    assert one.failures_by_kind == other.failures_by_kind
    assert {cell.name: cell.values.total for cell in one.metrics} == {"connect_time": 1.5, "tls_time": 2.5}
    assert [slow.url for slow in one.slowest] == [slow.url for slow in other.slowest] == ["http://x/a"]


@pytest.mark.parametrize("told", [None, -5, -1e-9, float("nan"), float("inf"), 1e300, "12", b"12", True, object()])
def test_what_is_no_time_is_no_latency(told: Any) -> None:
    """The request counts, and no 0 ms flatters the others; None is a way of saying so, all else is odd."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, response_time=told)
    _at(recorder, 1.5)
    flushed = recorder.flush()
    (cell,) = flushed.cells
    assert (flushed.requests, flushed.failures, cell.requests, cell.untimed) == (2, 0, 2, 1)
    assert (cell.response_ms.count, cell.response_ms.minimum) == (1, 10.0)
    assert flushed.odd == ({} if told is None else {odd.RESPONSE_TIME: 1})
    assert flushed.p95_ms == 10.0


def test_an_event_without_a_response_time_has_none() -> None:
    """A failure too counts as what it is."""
    recorder = Recorder(hold(1, 3))
    recorder.on_request(request_type="GET", name="/a", response_length=5)
    recorder.on_request(request_type="GET", name="/a", exception=ValueError("x"), response_length=7)
    cells = {cell.outcome: cell for cell in recorder.flush().cells}
    assert [(cells[o].untimed, cells[o].response_ms.count, cells[o].bytes_received) for o in ("ok", "failed")] == [
        (1, 0, 5),
        (1, 0, 7),
    ]


@pytest.mark.parametrize("told", [Decimal("1.5"), Fraction(3, 2), np.float32(1.5), np.float64(1.5)])
def test_a_time_may_be_any_kind_of_number(told: Any) -> None:
    """It need not be Python's own float."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, response_time=told)
    (cell,) = recorder.flush().cells
    assert cell.response_ms.maximum == 1.5


@pytest.mark.parametrize("told", [-1, -(10**30), 10**30, float("nan"), "17", object()])
def test_what_is_no_length_is_no_bytes(told: Any) -> None:
    """The request and its time count."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, response_length=told)
    _at(recorder, 1.5, response_length=17)
    flushed = recorder.flush()
    (cell,) = flushed.cells
    assert (cell.bytes_received, cell.response_ms.count, flushed.odd) == (17, 2, {odd.RESPONSE_LENGTH: 1})


@pytest.mark.parametrize(
    "told",
    [time.perf_counter(), time.time() * 1000, time.time() + 7200, -1e200, float("nan"), "now", 0],
    ids=["perf_counter", "milliseconds", "another zone", "-1e200", "nan", "text", "0"],
)
def test_a_start_of_another_clock_puts_no_request_into_another_phase(told: Any) -> None:
    """It would be taken for one of the ramp, or of the drain, which nobody judges."""
    recorder = Recorder(hold(1, 120, ramp_up_s=30))
    recorder.start(time.monotonic() - 60)
    recorder.on_request(request_type="GET", name="/a", response_time=10.0, start_time=told)
    flushed = recorder.flush()
    (cell,) = flushed.cells
    assert (cell.phase, cell.response_ms.maximum, flushed.odd) == ("steady", 10.0, {odd.START_TIME: 1})
    assert cell.second >= 59


@pytest.mark.parametrize(
    ("request_type", "name", "endpoint"),
    [
        ("GET", None, "GET"),
        (None, None, "unnamed"),
        ("GET", 17, "GET 17"),
        ("GET", b"/a", "GET /a"),
        ("GET", "/a\udc80", "GET /a\\udc80"),
        ("GET", "/a\0", "GET /a\\x00"),
        (7, ["/a"], "7 ['/a']"),
        ("GET", UnspeakableError("x"), "GET <UnspeakableError>"),
    ],
)
def test_any_name_is_made_one_that_can_be_written(request_type: Any, name: Any, endpoint: str) -> None:
    """What was asked is counted under it, each time."""
    recorder = Recorder(hold(1, 3))
    for _ in range(2):
        _at(recorder, 1.5, request_type=request_type, name=name)
    (cell,) = recorder.flush().cells
    assert (cell.endpoint, cell.requests) == (endpoint, 2)


def test_huge_names_are_cut_and_stay_apart() -> None:
    """Two that begin alike are two endpoints."""
    recorder = Recorder(hold(1, 3))
    for end in "ab":
        _at(recorder, 1.5, name="x" * 100_000 + end)
    names = {cell.endpoint for cell in recorder.flush().cells}
    assert len(names) == 2
    assert max(map(len, names)) == NAME_LENGTH


@pytest.mark.parametrize("error", [UnspeakableError("x"), "bad \udc80", ValueError("bad \udc80"), b"bad"])
def test_any_exception_is_a_failure_that_can_be_written(error: Any) -> None:
    """Whatever its text does."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, exception=error)
    flushed = recorder.flush()
    (failure,) = flushed.failures_by_kind
    assert flushed.failures == failure.count == 1
    assert failure.kind.encode()
    assert failure.example.encode()


@pytest.mark.parametrize("nothing", [None, "", False, 0])
def test_nothing_told_as_an_exception_is_no_failure(nothing: Any) -> None:
    """As Locust has it; an exception is one whatever it says of itself."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, exception=nothing)
    _at(recorder, 1.5, exception=EmptyError())
    assert recorder.flush().failures == 1


def test_a_metric_keeps_out_what_is_no_number() -> None:
    """It is counted beside the values, so that a budget can tell how much is missing."""
    recorder = Recorder(hold(1, 60))
    for value in (12, float("nan"), None, 1e300, "many", 14):
        recorder.on_metric("tokens", value, "tokens", None)
    flushed = recorder.flush()
    (cell,) = flushed.metrics
    assert (cell.values.count, cell.values.total, cell.unusable) == (2, 26.0, 4)
    assert flushed.odd == {odd.METRIC_VALUE: 4}


def test_metrics_are_bounded() -> None:
    """A name with a number in it does not grow the memory; what came first is kept."""
    recorder = Recorder(hold(1, 60))
    for number in range(MAX_METRICS + 30):
        recorder.on_metric(f"job {number}", 1.0, "", None)
    flushed = recorder.flush()
    assert (len(flushed.metrics), flushed.odd) == (MAX_METRICS, {odd.METRIC_NAME: 30})


class GrpcCode(Enum):
    """As grpc's StatusCode."""

    UNAVAILABLE = (14, "unavailable")


class RpcError(Exception):
    """As grpc's."""

    def code(self) -> GrpcCode:
        """The status."""
        return GrpcCode.UNAVAILABLE


def test_a_grpc_failure_is_known_by_its_status() -> None:
    """The class says only that a call failed."""
    assert kind_of(RpcError(), None) == "gRPC UNAVAILABLE"


def test_a_status_is_found_in_the_exception_when_no_response_was_told() -> None:
    """As `raise_for_status()` of most clients raises it."""
    error = RuntimeError("404 for url")
    error.response = Response(404)  # type: ignore[attr-defined]
    assert kind_of(error, None) == "HTTP 404"


def test_a_flush_empties_the_recorder() -> None:
    """Each request is given out once."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5)
    assert recorder.flush().requests == 1
    assert recorder.flush().requests == 0


def test_waiting_for_a_user_is_added_to_the_response_time_and_moves_the_intended_start() -> None:
    """Open model: a request that began at 2.0 s after waiting 1.5 s was intended at 0.5 s."""
    recorder = Recorder(hold(1, 3), delays_s=lambda: (1.5, 0.0))
    _at(recorder, 2.0)
    (cell,) = recorder.flush().cells
    assert cell.second == 0
    assert pytest.approx(1510) == cell.response_ms.maximum
    assert cell.service_ms is not None
    assert pytest.approx(10) == cell.service_ms.maximum


def test_requests_after_an_early_end_belong_to_the_drain() -> None:
    """`stop_when` or Ctrl-C: what begins later is recorded, and not judged."""
    recorder = Recorder(hold(1, 30))
    recorder.phases.end_at(2.0)
    _at(recorder, 1.0)
    _at(recorder, 2.5)
    assert [cell.phase for cell in recorder.flush().cells] == ["steady", "drain"]


def test_failures_are_counted_by_kind_with_one_example() -> None:
    """The numbers in a text do not make it another kind; the first text is kept as it was."""
    recorder = Recorder(hold(1, 3))
    for number in (17, 18):
        _at(recorder, 1.5, exception=f"wrong answer {number}")
    (failure,) = recorder.flush().failures_by_kind
    assert (failure.kind, failure.count, failure.example) == ("wrong answer N", 2, "wrong answer 17")


def test_kinds_of_failures_are_bounded() -> None:
    """A text with a word of its own in each failure does not grow the memory."""
    recorder = Recorder(hold(1, 3))
    for letter in range(MAX_FAILURE_KINDS + 20):
        _at(recorder, 1.5, exception="x" * (letter + 1))
    failures = recorder.flush().failures_by_kind
    assert len(failures) == MAX_FAILURE_KINDS + 1
    assert next(f.count for f in failures if f.kind == OTHER_FAILURES) == 20


def test_endpoints_are_bounded() -> None:
    """A scenario that forgets `name=` makes an endpoint of every URL; the rest is counted under one name."""
    recorder = Recorder(hold(1, 3))
    for number in range(MAX_ENDPOINTS + 30):
        _at(recorder, 1.5, name=f"/items/{number}")
    by_name = {cell.endpoint: cell.response_ms.count for cell in recorder.flush().cells}
    assert len(by_name) == MAX_ENDPOINTS + 1
    assert by_name[OTHER_ENDPOINTS] == 30


@pytest.mark.parametrize(
    ("request_type", "name", "endpoint"),
    [("GET", "/a", "GET /a"), ("GET", "GET /a", "GET /a"), ("", "job", "job"), ("grpc", "Shop/Get", "grpc Shop/Get")],
)
def test_an_endpoint_is_locusts_type_and_name(request_type: str, name: str, endpoint: str) -> None:
    """The type is not said twice."""
    assert endpoint == endpoint_of(request_type, name)


def _wrapped() -> Exception:
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as inner:
            raise RuntimeError("pool failed") from inner
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RuntimeError("x"), 503, "HTTP 503"),
        (_wrapped(), None, "ConnectionRefusedError"),
        (RuntimeError("HTTPPool", ConnectionResetError()), 0, "ConnectionResetError"),
        ("item 12 is missing", 200, "item N is missing"),
        (TimeoutError(), None, "TimeoutError"),
    ],
)
def test_the_kind_of_a_failure_is_its_root(error: Any, status: int | None, kind: str) -> None:
    """HTTP libraries wrap socket errors several times; people want to know what happened."""
    assert kind == kind_of(error, status)


@pytest.mark.parametrize(
    ("extractor", "response", "value"),
    [
        (Extractor("t", header="X-T"), Response(headers={"X-T": "1.5"}), 1.5),
        (Extractor("t", header="X-T"), Response(headers={"X-T": "many"}), None),
        (Extractor("t", header="X-T"), None, None),
        (Extractor("t", json_field="a.b.1"), Response(body={"a": {"b": [1, 2]}}), 2.0),
        (Extractor("t", json_field="a.c"), Response(body={"a": {"b": 1}}), None),
        (Extractor("t", json_field="a"), Response(body={"a": True}), None),
        (Extractor("t", json_field="a"), Response(), None),
        (Extractor("t", json_field="a", endpoint="GET /b"), Response(body={"a": 1}), None),
    ],
)
def test_metrics_are_read_from_headers_and_json_bodies(
    extractor: Extractor, response: Response | None, value: float | None
) -> None:
    """What is not a number there is no value; a budget on it is then invalid, not passed."""
    assert value == extractor.read("GET /a", response)


def test_metrics_are_grouped_by_phase_and_second() -> None:
    """A scenario's own values are reduced like latencies."""
    recorder = Recorder(hold(1, 60))
    recorder.on_metric("tokens", 12, "tokens", None)
    recorder.on_metric("tokens", 14, "tokens", None)
    (cell,) = recorder.flush().metrics
    assert (cell.name, cell.unit, cell.endpoint, cell.phase, cell.values.count) == (
        "tokens",
        "tokens",
        None,
        "steady",
        2,
    )


def test_what_began_in_the_ramp_and_ended_after_it_belongs_to_the_judged_phase() -> None:
    """A service that freezes as the ramp ends, or as a step begins, would else have frozen in no judged phase."""
    finder = PhaseFinder(hold(10, 20, ramp_up_s=5, warm_up_s=3))
    intended = np.array([4.0, 4.0, 7.9, 7.9, 8.0, 19.0, 21.0])
    took = np.array([500.0, 10_000.0, 50.0, 200.0, 90_000.0, 5_000.0, 1.0])
    names = [finder.names[number] for number in finder.charge(intended, took)]
    assert names == ["ramp", "steady", "warm_up", "steady", "steady", "steady", "drain"]
    climb = PhaseFinder(steps([10, 20], 10))
    frozen = climb.charge(np.array([1.0, 1.0, 9.0, 11.0]), np.array([500.0, 30_000.0, 5_000.0, 5_000.0]))
    assert [climb.names[number] for number in frozen] == ["ramp", "step_1", "step_1", "step_2"]
    climb.end_at(11.5)
    assert climb.names[int(climb.charge(np.array([11.0]), np.array([5_000.0]))[0])] == "ramp"
