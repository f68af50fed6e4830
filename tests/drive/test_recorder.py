"""The recorder: requests in, histograms per endpoint, outcome, phase and second out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from perfgate.drive.client.clock import Clock, Timing
from perfgate.drive.extract import Extractor
from perfgate.drive.failure import kind_of
from perfgate.drive.recorder import (
    MAX_ENDPOINTS,
    MAX_FAILURE_KINDS,
    OTHER_ENDPOINTS,
    OTHER_FAILURES,
    Recorder,
    endpoint_of,
)
from perfgate.plan.profile import hold


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


def _at(recorder: Recorder, moment_s: float, **event: Any) -> None:
    """One request that began `moment_s` seconds after the load's start."""
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


@pytest.mark.parametrize("event", [{"response_time": 1e300}, {"response_length": 10**30}, {"start_time": -1e200}])
def test_whatever_a_scenario_fires_the_rest_is_recorded(event: dict[str, Any]) -> None:
    """A number beyond all measure is a number of that request alone."""
    recorder = Recorder(hold(1, 3))
    _at(recorder, 1.5, **event)
    _at(recorder, 1.5)
    assert recorder.flush().requests == 2


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
