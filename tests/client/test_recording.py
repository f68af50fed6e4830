"""What is recorded: one event per request, with times of the service alone, and failures of a named kind."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.client.wire_server import OK, always

if TYPE_CHECKING:
    from tests.client.scenarios import Child
    from tests.client.wire_server import WireServer

LINUX = sys.platform.startswith("linux")


def test_a_request_is_recorded_as_locust_records_it(child: Child, wire: WireServer) -> None:
    """Type, name, URL, length and context are those of Locust's own user."""
    kept = ("type", "name", "url", "length", "context", "status", "error")
    code = "self.client.get('/a?b=c'); self.client.post('/a', name='named', context={'k': 1}, data='x')"
    recorded = [
        [{key: event[key] for key in kept} for event in child.run(wire.url, code, by).events]
        for by in ("perfgate", "locust")
    ]
    assert recorded[0] == recorded[1]


@pytest.mark.parametrize("status", [400, 404, 418, 500, 503])
def test_an_error_status_is_a_failure(child: Child, app_url: str, status: int) -> None:
    """Its text names the endpoint, not the URL, so that failures can be grouped."""
    code = f"self.client.get('/status/{status}?id=1', name='/status/[code]')"
    event = child.run(app_url, code).events[0]
    assert (event["kind"], event["error_class"], event["status"]) == (f"HTTP {status}", "HttpError", status)
    assert event["error"].startswith(f"{status} ")
    assert event["error"].endswith(" for url /status/[code]")


def test_raise_for_status_raises_what_requests_raises(child: Child, app_url: str) -> None:
    """A scenario's `except requests.exceptions...` keeps working."""
    code = """
    from requests import exceptions
    found = []
    for url, kind in [("/status/500", exceptions.HTTPError), ("http://127.0.0.1:1/", exceptions.ConnectionError)]:
        try:
            self.client.get(url).raise_for_status()
        except kind as error:
            found.append(error.kind)
    self.client.get("/echo").raise_for_status()
    return found
    """
    assert child.value(app_url, code) == ["HTTP 500", "connect: ConnectionRefusedError"]


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ("with self.client.get('/status/500', catch_response=True) as r: r.success()", None),
        ("with self.client.get('/status/200', catch_response=True) as r: r.failure('too slow')", "too slow"),
        ("with self.client.get('/status/200', catch_response=True) as r: r.failure(ValueError('v'))", "v"),
        ("with self.client.get('/status/200', catch_response=True) as r: pass", None),
        (
            "with self.client.get('/status/404', catch_response=True, name='n') as r: pass",
            "404 NOT FOUND for url n",
        ),
        (
            "with self.client.get('/status/200', catch_response=True) as r:\n    raise ResponseError('bad')",
            "bad",
        ),
    ],
)
def test_a_with_block_decides(child: Child, app_url: str, block: str, error: str | None) -> None:
    """`success()` and `failure()` count, and are recorded when the block ends."""
    seen = child.run(app_url, block)
    assert (seen.raised, [event["error"] for event in seen.events]) == (None, [error])


@pytest.mark.parametrize(
    ("change", "key", "recorded"),
    [
        ("['response_time'] = 1234.5", "response_time", 1234.5),
        ("['name'] = 'renamed'", "name", "renamed"),
        ("['request_type'] = 'QUERY'", "type", "QUERY"),
        ("['response_length'] = 77", "length", 77),
        ("['context'] = {'a': 1}", "context", {"a": 1}),
        ("['exception'] = ValueError('wrong')", "error", "wrong"),
        (".pop('start_time')", "response_time", None),
    ],
)
def test_a_with_block_may_change_what_is_recorded(
    child: Child, app_url: str, change: str, key: str, recorded: object
) -> None:
    """As in Locust: what the scenario puts into `request_meta` counts, its times included."""
    event = child.run(app_url, f"with self.client.get('/echo', catch_response=True) as r: r.request_meta{change}")
    seen = event.events[0] if event.events else {}
    if recorded is None:
        assert event.raised is not None or seen["timing"] is None
    else:
        assert seen[key] == recorded
        took = (seen["timing"]["received_ns"] - seen["timing"]["sent_ns"]) / 1e6
        assert took == pytest.approx(seen["response_time"], abs=1e-5)


@pytest.mark.parametrize("time", ["None", "-5", "float('nan')", "1e300", "'soon'"])
def test_a_time_that_is_none_is_not_the_clients(child: Child, app_url: str, time: str) -> None:
    """The event then carries no `Timing` that would contradict it: the recorder's rule for odd times decides."""
    code = f"with self.client.get('/echo', catch_response=True) as r: r.request_meta['response_time'] = {time}"
    assert [event["timing"] for event in child.run(app_url, code).events] == [None]


def test_a_failure_cannot_be_taken_away_but_by_success(child: Child, app_url: str) -> None:
    """As in Locust: the status is looked at when the block ends, under the name that holds then."""
    code = """
    with self.client.get('/status/500', catch_response=True) as r:
        r.request_meta['exception'] = None
        r.request_meta['name'] = 'renamed'
    """
    events = child.run(app_url, code).events
    assert [event["error"] for event in events] == ["500 INTERNAL SERVER ERROR for url renamed"]


@pytest.mark.parametrize("by", ["perfgate", "locust", "fast"])
@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ("self.client.get('/echo', catch_response=True)", 1),
        ("r = self.client.get('/echo', catch_response=True)\nwith r: pass", 0),
        ("with self.client.get('/echo', catch_response=True): raise InterruptTaskSet", 1),
        ("with self.client.get('/echo', catch_response=True): raise gevent.GreenletExit", 0),
        ("with self.client.get('/echo', catch_response=True) as r:\n    r.success()\n    raise InterruptTaskSet", 0),
        (
            "try:\n    with self.client.get('/echo', catch_response=True): assert False\nexcept AssertionError: pass",
            1,
        ),
        ("with self.client.get('/echo', catch_response=True): raise ResponseError('recorded')", 0),
        ("self.client.get('/echo')", 0),
    ],
)
def test_requests_that_nothing_recorded_are_counted(child: Child, app_url: str, code: str, lost: int, by: str) -> None:
    """Whichever client sent them: what the service did with them stands in no figure."""
    counted = f"""
from locust.exception import InterruptTaskSet
from perfgate.drive.unrecorded import LOST, watch_locusts_own
watch_locusts_own()
before = LOST.count
try:
{textwrap.indent(code, "    ")}
except BaseException as error:
    pass
return LOST.count - before
"""
    seen = child.run(app_url, counted, by)
    assert (seen.raised, seen.result, len(seen.events)) == (None, lost, int(not lost and "GreenletExit" not in code))


def test_an_exception_that_reaches_the_user_is_told_once(child: Child, app_url: str) -> None:
    """It is one of the scenario's exceptions then, which have a rule of their own."""
    code = """
    from perfgate.drive.unrecorded import LOST
    before = LOST.count
    try:
        with self.client.get('/echo', catch_response=True): raise KeyError('mine')
    except KeyError as error:
        LOST.discount(error)
        LOST.discount(error)
        LOST.discount(ValueError())
    return LOST.count - before
    """
    assert child.value(app_url, code) == 0


def test_a_failed_request_is_recorded_whatever_the_scenario_raises(child: Child, app_url: str) -> None:
    """A log-in that is given up because it failed has failed."""
    code = "with self.client.get('/status/503', catch_response=True): raise RuntimeError('given up')"
    seen = child.run(app_url, code)
    assert (seen.kinds, "given up" in str(seen.raised)) == (["HTTP 503"], True)


def test_a_request_that_the_scenario_gives_up_waiting_for_is_a_failure(child: Child, wire: WireServer) -> None:
    """The service has read it; the slowest requests of all must not be in no figure."""
    wire.answer = always(0.5, OK)
    code = """
    with gevent.Timeout(0.1, False):
        self.client.get("/slow?id=1", name="slow")
    """
    seen = child.run(wire.url, code)
    assert [(event["name"], event["kind"]) for event in seen.events] == [("slow", "cut short by the scenario")]
    assert seen.events[0]["response_time"] >= 90


def test_an_exception_of_the_scenarios_own_leaves_nothing_recorded(child: Child, app_url: str) -> None:
    """As in Locust: it says nothing about the response, and goes on to the user."""
    seen = child.run(app_url, "with self.client.get('/echo', catch_response=True): raise KeyError('mine')")
    assert seen.raised is not None
    assert ("KeyError: 'mine'" in seen.raised, seen.events) == (True, [])


@pytest.mark.parametrize(
    "code",
    [
        "with self.client.get('/echo'): pass",
        "self.client.get('/echo', catch_response=True).success()",
        "self.client.get('/echo').failure('x')",
    ],
)
def test_a_with_block_without_catch_response_is_a_mistake(child: Child, app_url: str, code: str) -> None:
    """Locust's error says what to do."""
    seen = child.run(app_url, code)
    assert "LocustError" in str(seen.raised)


def test_requests_can_be_renamed(child: Child, app_url: str) -> None:
    """For a block, or until it is unset; `name=` counts more."""
    code = """
    with self.client.rename_request("/echo/[id]"):
        self.client.get("/echo/1")
        self.client.get("/echo/2", name="own")
    self.client.get("/echo/3")
    self.client.request_name = "set"
    self.client.get("/echo/4")
    """
    names = [event["name"] for event in child.run(app_url, code).events]
    assert names == ["/echo/[id]", "own", "/echo/3", "set"]


@pytest.mark.parametrize("by", ["perfgate", "locust"])
def test_rest_checks_json(child: Child, app_url: str, by: str) -> None:
    """`rest()` parses the answer, and turns a failed assertion into a failure, as with Locust's own user."""
    code = """
    with self.rest("POST", "/echo", json={"a": 1}) as r:
        first = r.js["body"]
    with self.rest("GET", "/bytes/3") as r:
        pass
    with self.rest("GET", "/json") as r:
        assert r.js["items"] == [], "not empty"
    with self.rest_("GET", "/json") as r:
        pass
    with self.rest("GET", "http://127.0.0.1:1/") as r:
        pass
    return first
    """
    seen = child.run(app_url, code, by)
    assert (seen.raised, seen.result) == (None, '{"a": 1}')
    errors = [event["error"] for event in seen.events]
    assert errors[0] is None
    assert errors[1].startswith("Could not parse response as JSON. xxx, response code 200")
    assert errors[2:4] == ["not empty", None]
    assert errors[4] is not None
    assert seen.events[3]["name"] == "/json?_=..."


def test_hooks_see_the_response(child: Child, app_url: str) -> None:
    """Those of the session and those of the request, before it is recorded."""
    code = """
    found = []
    self.client.hooks["response"].append(lambda response: found.append(response.status_code))
    self.client.get("/echo", hooks={"response": lambda response: found.append("own")})
    return found
    """
    assert child.value(app_url, code) == [200, "own"]


def test_the_kernels_clock_is_used(child: Child, wire: WireServer) -> None:
    """On Linux most answers carry the kernel's stamp (the first packets of a machine may not); elsewhere none does."""
    seen = child.run(wire.url, "for _ in range(50): self.client.get('/')")
    kernel = sum(event["timing"]["clock"] == "kernel" for event in seen.events)
    assert kernel >= 25 if LINUX else kernel == 0


@pytest.mark.skipif(not LINUX, reason="only Linux stamps what it receives")
def test_the_generators_own_delay_is_not_the_services(child: Child, wire: WireServer) -> None:
    """While the generator is busy for a second, an answer comes; its service time is not a second."""
    code = """
    import gevent.monkey
    sleep = gevent.monkey.get_original("time", "sleep")
    for _ in range(20):  # the kernel may need a few packets until it stamps
        self.client.get("/")
    gevent.spawn(sleep, 1.0)
    self.client.get("/")
    """
    timed = child.run(wire.url, code).events[-1]
    assert timed["timing"]["clock"] == "kernel"
    assert timed["response_time"] < 1000


def test_service_time_is_that_of_the_service(child: Child, wire: WireServer) -> None:
    """From sending to the last byte: a late last byte counts, and opening the connection does not."""
    wire.answer = always(OK[:-1], 0.2, OK[-1:])
    event = child.run(wire.url, "self.client.get('/')").events[0]
    timing = event["timing"]
    assert event["response_time"] >= 200
    assert (timing["received_ns"] - timing["sent_ns"]) / 1e6 == event["response_time"]
    assert timing["connect_ms"] > 0


def test_opening_a_connection_is_reported_once(child: Child, app_url: str) -> None:
    """With the request that it was opened for."""
    seen = child.run(app_url, "self.client.get('/echo'); self.client.get('/echo')")
    assert [event["timing"]["connect_ms"] > 0 for event in seen.events] == [True, False]


def test_times_of_redirects_add_up(child: Child, wire: WireServer) -> None:
    """The service time is that of all hops together."""
    redirect = b"HTTP/1.1 302 x\r\nLocation: /end\r\nContent-Length: 0\r\n\r\n"
    wire.answer = lambda request: [0.1, OK if request.path == "/end" else redirect]
    code = (
        "r = self.client.get('/'); return r.elapsed.total_seconds() * 1000, r.history[0].elapsed.total_seconds() * 1000"
    )
    seen = child.run(wire.url, code)
    assert min(seen.result) >= 100
    assert seen.events[0]["response_time"] == pytest.approx(sum(seen.result), abs=0.01)


@pytest.mark.parametrize(
    ("sent", "stamp", "elapsed", "expected"),
    [
        (1_000, 6_000, 9_000, (5_000, "kernel")),
        (1_000, 0, 9_000, (9_000, "user")),
        (10**9, 5 * 10**8, 9_000, (9_000, "user")),
        (10**9, 3 * 10**9, 9_000, (9_000, "user")),
        (0, 60_030_000_000, 60_000_000_000, (60_030_000_000, "kernel")),
    ],
    ids=["sound", "no stamp", "clock stepped back", "clock stepped forward", "clock slewed"],
)
def test_a_stamp_that_cannot_be_is_not_believed(
    child: Child, sent: int, stamp: int, elapsed: int, expected: tuple[int, str]
) -> None:
    """A stamp before the sending or after the reading means a step of the clock: the monotonic one serves."""
    code = (
        f"from perfgate.drive.client.clock import service_time_ns; return service_time_ns({sent}, {stamp}, {elapsed})"
    )
    assert tuple(child.value("http://x", code)) == expected


def test_control_messages_are_told_apart(child: Child) -> None:
    """Only a message of the right level, type and size is the stamp, wherever it stands."""
    code = """
    import socket, struct
    from perfgate.drive.client.clock import SO_TIMESTAMPNS, stamp_ns
    stamp = (socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("@ll", 3, 7))
    others = [
        (socket.SOL_SOCKET, 1, b"x" * 16),
        (socket.IPPROTO_IP, SO_TIMESTAMPNS, b"y" * 16),
        (socket.SOL_SOCKET, SO_TIMESTAMPNS, b"z"),
    ]
    return stamp_ns([*others, stamp]), stamp_ns(others), stamp_ns([])
    """
    assert child.value("http://x", code) == [3_000_000_007, 0, 0]


def test_a_user_without_a_host_stops_the_test(child: Child) -> None:
    """As in Locust."""
    code = """
    from locust.exception import StopTest
    try:
        type("NoHost", (type(self).__mro__[1],), {"host": None})(self.environment)
    except StopTest as error:
        return str(error)
    """
    assert "no host" in child.value("http://x", code)


def test_the_recorder_is_told_directly_only_while_nobody_else_listens(child: Child, app_url: str) -> None:
    """A listener that comes later hears what comes later; one who leaves hears no more; each request counts once."""
    code = """
    from locust.event import EventHook
    from perfgate.drive.client.session import Session
    from perfgate.drive.recorder import Recorder
    event, recorder, heard = EventHook(), Recorder(None), []
    event.add_listener(recorder)
    client = Session(self.host, event)
    client.get("/status/200?first")
    listener = event.add_listener(lambda **values: heard.append([values["name"], values["response_length"]]))
    client.get("/status/404", name="second")
    event.remove_listener(recorder)
    client.get("/status/200?third")
    event.add_listener(recorder)
    event.remove_listener(listener)
    client.get("/status/500", name="fourth")
    with client.get("/status/500", name="fifth", catch_response=True) as response:
        response.success()
    done = recorder.flush()
    endpoints = {cell.endpoint: [cell.outcome, cell.response_ms.count] for cell in done.cells}
    kinds = {failure.endpoint: failure.kind for failure in done.failures_by_kind}
    return [endpoints, kinds, [name for name, _ in heard]]
    """
    assert child.value(app_url, code) == [
        {
            "GET /status/200": ["ok", 1],
            "GET second": ["failed", 1],
            "GET fourth": ["failed", 1],
            "GET fifth": ["ok", 1],
        },
        {"GET second": "HTTP 404", "GET fourth": "HTTP 500"},
        ["second", "/status/200?third"],
    ]


@pytest.mark.parametrize("by", ["perfgate", "locust", "fast"])
def test_endpoints_are_named_without_queries(child: Child, app_url: str, by: str) -> None:
    """The same with each client: values of queries are secrets or endlessly many; a name that was chosen stays.

    FastHttpUser does not tell whether a name that is the URL was chosen, so that it counts as not chosen there.
    """
    code = f"""
    from perfgate.drive.recorder import Recorder
    recorder = Recorder(None, budgeted=["GET /echo?budgeted=1"])
    event = self.client.request_event
    event.add_listener(recorder)
    get = self.client.get
    get("/echo?token=secret")
    get("/echo", params={{"password": "secret"}})
    get("{app_url}/echo/1?token=secret")
    get("/echo?go=https://a.test/x")
    get("/echo/2?id=1", name="/echo?id=[id]")
    get("/echo?budgeted=1")
    get("/status/404?token=secret")
    with get("/status/200?token=secret", catch_response=True) as r:
        r.failure(f"not as expected: {{r.url}}")
    with self.client.rename_request("/kept?a=1"):
        get("/echo?b=2")
    event.remove_listener(recorder)
    done = recorder.flush()
    told = str(done.failures_by_kind) + str(done.slowest)
    return {{cell.endpoint: cell.response_ms.count for cell in done.cells}}, "secret" in told
    """
    one = f"GET {app_url}/echo/1" if by == "fast" else "GET /echo/1"
    assert child.value(app_url, code, by=by) == [
        {
            "GET /echo": 3,
            one: 1,
            "GET /echo?id=[id]": 1,
            "GET /echo?budgeted=1": 1,
            "GET /status/404": 1,
            "GET /status/200": 1,
            "GET /kept?a=1": 1,
        },
        False,
    ]


@pytest.mark.parametrize("by", ["perfgate", "locust"])
def test_a_name_that_is_the_url_is_a_name(child: Child, app_url: str, by: str) -> None:
    """Whoever wants a query in a name says so by `name=`; the order of the requests does not matter."""
    code = """
    from perfgate.drive.recorder import Recorder
    recorder = Recorder(None)
    self.client.request_event.add_listener(recorder)
    for name in [None, "/echo?a=1", None]:
        self.client.get("/echo?a=1", name=name)
    self.client.request_event.remove_listener(recorder)
    return {cell.endpoint: cell.response_ms.count for cell in recorder.flush().cells}
    """
    assert child.value(app_url, code, by=by) == {"GET /echo": 2, "GET /echo?a=1": 1}


def test_an_event_that_a_scenario_has_changed_is_fired(child: Child, app_url: str) -> None:
    """Its own kind of event, or its own `fire`: then that is how requests are told."""
    code = """
    from locust.event import EventHook
    from perfgate.drive.client.session import Session
    from perfgate.drive.recorder import Recorder
    fired = []
    class Own(EventHook):
        def fire(self, **values):
            fired.append(values["name"])
    changed = EventHook()
    changed.fire = lambda **values: fired.append(values["name"])
    for number, event in enumerate([Own(), changed]):
        event.add_listener(Recorder(None))
        Session(self.host, event).get("/status/200", name=f"event {number}")
    return fired
    """
    assert child.value(app_url, code) == ["event 0", "event 1"]
